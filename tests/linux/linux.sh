# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A real Linux guest behind the compute host, and a client; source it from anywhere, on the test bed.
#
#   client (namespace)           host                                 guest
#   eth0 10.78.0.2 ---- c0 10.78.0.1   tap-guest 10.77.0.1 ---- eth0 10.77.0.2
#        fd78::2           fd78::1               fd77::1             fd77::2

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
. tests/lib.sh

guest4=10.77.0.2 guest6=fd77::2 number=9443
dir=$(mktemp -d)
vmm='' vm='' watch='' session='' set=''
declare -A jobs=()

cvadm() {
	build/bin/cvadm "$@"
}

on_client() {
	ip netns exec client "$@"
}

in_guest() {
	tests/guest/sh guest "$@"
}

# As tests/inside.sh does: insmod does not load what a module needs.
load() {
	[ ! -d /sys/module/cloudverifier ] || return 0
	modinfo -F depends "build/$CV_KERNEL/cloudverifier.ko" | tr , '\n' | xargs modprobe -a &&
		insmod "build/$CV_KERNEL/cloudverifier.ko"
}

# field NAME: its first value in the JSON on stdin
field() {
	jq -r --arg name "$1" 'first(.. | objects | select(has($name)) | .[$name])'
}

network() {
	ip netns add client && ip -n client link set lo up && ip link add c0 type veth peer name eth0 netns client || return
	ip addr add 10.78.0.1/24 dev c0 && ip addr add fd78::1/64 dev c0 nodad && ip link set c0 up || return
	ip -n client addr add 10.78.0.2/24 dev eth0 && ip -n client addr add fd78::2/64 dev eth0 nodad || return
	ip -n client link set eth0 up && ip -n client route add default via 10.78.0.1 || return
	ip -n client -6 route add default via fd78::1 && sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# guest OPTION…: one with SELinux enforcing; leaves its VMM in $vmm.
guest() {
	vmm=$(tests/guest/start "$@") && [ "$(enforcing)" = 1 ]
}

enforcing() {
	in_guest cat /sys/fs/selinux/enforce
}

# The newest boot's, as the guest's init reads it in its kallsyms. `enforcing` is the first member, a bool.
selinux_state() {
	sed -nE 's/.*SYMBOL selinux_state ([0-9a-f]+).*/0x\1/p' /run/guest/guest/console | tail -n 1
}

# Leaves the objects' ids in $vm $watch $session $set: SELinux must enforce.
protect() {
	vm=$(cvadm --json vm attach --pid "$vmm" --name guest | field vm) &&
		watch=$(cvadm --json watch add "$vm" --addr "$(selinux_state)" --len 1 --name enforcing | field watch) &&
		session=$(cvadm --json session add --owner customer --lease 3600000 | field session) &&
		set=$(cvadm --json set add --session "$session" --vm "$vm" "$watch == 1" | field set) &&
		[ -n "$set" ]
}

# open_port ADDRESS: TCP, $number to the guest's 80
open_port() {
	cvadm port add --set "$set" --address "$1" --proto tcp --service 80 --port "$number" > /dev/null
}

of_set() {
	cvadm --json set show "$set" | field "$1"
}

of_watch() {
	cvadm --json watch list | jq -r --argjson id "$watch" --arg name "$1" \
		'first(.. | objects | select(.watch == $id and has($name)) | .[$name])'
}

# of_port FIELD: the sum over the ports of the set
of_port() {
	cvadm --json port list --set "$set" | jq -r --arg name "$1" \
		'[.. | objects | select(has("port_number")) | .[$name]] | if any(type == "string") then first else add end'
}

is() {
	[ "$(of_set set_state)" = "$1" ]
}

# --- events --------------------------------------------------------------------------------------------------------

listen() {
	: > "$dir/events"
	build/bin/cvadm --json monitor >> "$dir/events" 2> "$dir/monitor" &
	jobs[monitor]=$!
	await 20 grep -q listening "$dir/monitor"
}

# event CONDITION: the first event that meets it, in jq's words
event() {
	jq -c -n "first(inputs | select($1))" "$dir/events" 2>/dev/null
}

came() {
	[ -n "$(event "$1")" ]
}

# --- traffic -------------------------------------------------------------------------------------------------------

# download NAME PORT [ADDRESS [CURL-OPTION…]]: in the background, without end; when it ends, NAME.end says when
download() {
	local name=$1 port=$2 address=${3:-$guest4}
	shift $(($# < 3 ? $# : 3))
	(
		ip netns exec client curl -gsS --connect-timeout 20 -o /dev/null -w '%{size_download}\n' "$@" \
			"http://$address:$port/cgi-bin/endless" > "$dir/$name.size" 2> "$dir/$name.error" &
		echo $! > "$dir/$name.pid"
		wait $!
		status=$?
		date +%s%N > "$dir/$name.end"
		exit $status
	) &
	jobs[$name]=$!
	await 10 [ -s "$dir/$name.pid" ]
}

# Bytes that a running download has handed on.
bytes() {
	local count
	count=$(sed -n 's/^wchar: //p' "/proc/$(< "$dir/$1.pid")/io" 2>/dev/null)
	echo "${count:-0}"
}

# beyond NAME BYTES
beyond() {
	[ "$(bytes "$1")" -gt "$2" ]
}

runs() {
	kill -0 "${jobs[$1]}" 2>/dev/null
}

# ended NAME SECONDS: waits; leaves curl's exit status in $status
ended() {
	status=124
	await "$2" eval "! runs $1" || return
	wait "${jobs[$1]}"
	status=$?
	unset "jobs[$1]"
}

# fetch PORT [ADDRESS]: a small page, prints it; curl's exit status
fetch() {
	on_client curl -gsS --connect-timeout 20 --max-time 60 "http://${2:-$guest4}:$1/" 2>/dev/null
}

stop() {
	local name
	for name; do
		[ -n "${jobs[$name]-}" ] || continue
		[ ! -s "$dir/$name.pid" ] || kill "$(< "$dir/$name.pid")"
		kill "${jobs[$name]}"
		wait "${jobs[$name]}"
		unset "jobs[$name]"
	done 2>/dev/null
}

# --- end -----------------------------------------------------------------------------------------------------------

unprotect() {
	[ ! -d /sys/module/cloudverifier ] || {
		[ -z "$vm" ] || cvadm vm detach "$vm"
		[ -z "$session" ] || cvadm session del "$session"
	} > /dev/null 2>&1
	vm='' session=''
}

clean_up() {
	stop "${!jobs[@]}"
	unprotect
	tests/guest/stop guest > /dev/null
	ip link del c0 2>/dev/null
	ip netns del client 2>/dev/null
	rm -rf "$dir"
}
trap clean_up EXIT
