# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the benches share. A metric is printed as a JSON object on a line of its own.

set -eu
cvadm=build/bin/cvadm
vmm=build/tests/vmm/vmm
bench=build/bench
tracing=/sys/kernel/tracing
export cvadm bench tracing

# metric NAME VALUE UNIT ["KEY":VALUE…]
metric() {
	echo "{\"metric\":\"$1\",\"value\":$2,\"unit\":\"$3\"${4:+,$4}}"
}

load_module() {
	modinfo -F depends "build/$CV_KERNEL/cloudverifier.ko" | tr , '\n' | xargs modprobe -a
	insmod "build/$CV_KERNEL/cloudverifier.ko"
}

# start_guest NAME OPTION…: its pid is in /run/NAME.pid, it answers on /run/NAME.sock
start_guest() {
	local name=$1
	shift
	"$vmm" run --daemon --quiet --vcpus 1 --sock "/run/$name.sock" "$@" > "/run/$name.out"
	sed -E 's/.*pid=([0-9]+).*/\1/' "/run/$name.out" > "/run/$name.pid"
}

guest() {
	local name=$1
	shift
	"$vmm" ctl "/run/$name.sock" "$@"
}

word() {
	guest "$1" addr words
}

attach() {
	"$cvadm" vm attach --pid "$(cat "/run/$1.pid")" --name "$1" > /dev/null
}

# The cycle counter at the last verdict, or (1) where it left the guest.
verdict() {
	sed -nE "s/.*to=violated.* exit_tsc=([0-9]+) tsc=([0-9]+).*/\\$1/p" "$tracing/trace" | tail -n 1
}

# Prepares a set over guest $1, open as long as its word is 0.
watch_guest() {
	attach "$1"
	watch=$("$cvadm" --json watch add "$1" --addr "$(word "$1")" --len 8 | jq .watch)
	session=$("$cvadm" --json session add --owner bench --lease 3600000 | jq .session)
	set=$("$cvadm" --json set add --session "$session" --vm "$1" "$watch == 0" | jq .set)
}

reopen() {
	guest "$1" store "$(word "$1")" 8 0 > /dev/null
	"$cvadm" set reattest "$set" > /dev/null
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# Namespaces client and guest on both sides of this host, 10.9.1.2 and 10.9.2.2.
topology() {
	local side
	sysctl -qw net.ipv4.ip_forward=1
	for side in client guest; do
		ip netns add "$side"
		ip link add "to-$side" type veth peer name eth0 netns "$side"
		ip -n "$side" link set lo up
	done
	wire to-client 10.9.1 client
	wire to-guest 10.9.2 guest
}

# wire DEVICE NET NAMESPACE
wire() {
	ip addr add "$2.1/24" dev "$1"
	ip link set "$1" up
	ip -n "$3" addr add "$2.2/24" dev eth0
	ip -n "$3" link set eth0 up
	ip -n "$3" route add default via "$2.1"
}
