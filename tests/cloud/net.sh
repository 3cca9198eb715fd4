# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Machines with addresses of their own: network namespaces on one bridge, which is in a namespace as well. Source it after
# cloud.sh.

tag=cv$((SRANDOM % 100000))
declare -A address=()

# host NAME NUMBER: a namespace at 10.77.0.NUMBER
host() {
	local ns=$tag-$1
	ip netns add "$ns" && ip -n "$ns" link set lo up &&
		ip -n "$ns" link add eth0 type veth peer name "v$2" netns "$tag-wire" && ip -n "$ns" addr add "10.77.0.$2/24" dev eth0 &&
		ip -n "$ns" link set eth0 up && ip -n "$tag-wire" link set "v$2" master bridge up || return
	address[$1]=10.77.0.$2 netns[$1]=$ns
}

# at NAME COMMAND…: in its namespace
at() {
	local name=$1
	shift
	ip netns exec "$tag-$name" "$@"
}

wire() {
	ip netns add "$tag-wire" && ip -n "$tag-wire" link add bridge type bridge && ip -n "$tag-wire" link set bridge up
}

end_net() {
	local ns left
	end
	for ns in $(ip netns list | grep -o "^$tag-[^ ]*"); do
		mapfile -t left < <(ip netns pids "$ns")
		[ ${#left[@]} -eq 0 ] || kill -KILL "${left[@]}" 2>/dev/null
		ip netns del "$ns"
	done
}
trap end_net EXIT
