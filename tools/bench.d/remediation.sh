#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# From a guest's store to the closed gate: in the kernel, and by way of userspace; then from the verdict to the last reset
# for 1, 100 and 10,000 connections. The first hit of a guest pays for page faults; the third is taken.
. tools/bench.d/lib.sh

# in_kernel GUEST LAPIC
in_kernel() {
	local store i
	watch_guest "$1"
	for i in 1 2 3; do
		store=$(guest "$1" rdtsc-store "$(word "$1")" 8 "$i")
		[ "$i" = 3 ] || reopen "$1"
	done
	metric store_to_closed "$(($(verdict 2) - store))" instructions "\"lapic\":\"$2\""
	metric store_to_exit_seen "$(($(verdict 1) - store))" instructions "\"lapic\":\"$2\""
	guest "$1" store "$(word "$1")" 8 0 > /dev/null
	"$cvadm" session del "$session" > /dev/null
	"$cvadm" vm detach "$1" > /dev/null
}

# The rule and its connections, as the monitor will find them.
nft_port() {
	nft -f - <<'NFT'
table ip bench {
	chain prerouting { type nat hook prerouting priority dstnat; tcp dport 19999 dnat to :7; tcp dport 20000 dnat to :7; }
	chain postrouting { type nat hook postrouting priority srcnat; }
}
NFT
	nft -a list chain ip bench prerouting | sed -nE 's/.*dport.*handle ([0-9]+).*/\1/p'
}

# Answers of a background process come through a FIFO of their own.
by_userspace() {
	local store finished handles
	handles=$(nft_port)
	mkfifo /run/hit /run/monitor.out
	exec 7<> /run/hit 8<> /run/monitor.out
	start_guest u --on-debug /run/hit --idle-hlt	# halts after its store: the monitor has the CPU to itself
	guest u guestdebug 0 on "$(word u)" 8 > /dev/null
	guest u store "$(word u)" 8 1 > /dev/null	# page faults
	read -r -N 1 -u 7 _
	# shellcheck disable=SC2086 # two handles
	"$bench/monitor" /run/hit $handles 20000 >&8 &
	read -r -u 8 _
	store=$(guest u rdtsc-store "$(word u)" 8 2)
	read -r -u 8 finished _
	metric userspace_store_to_closed "$((finished - store))" instructions '"lapic":"kernel"'
	guest u quit > /dev/null
	nft delete table ip bench
	rm /run/hit /run/monitor.out
}

last_cut() {
	sed -nE 's/.* cv_cut: .*last_tsc=([0-9]+).*/\1/p' "$tracing/trace" | tail -n 1
}

# resets GUEST N
resets() {
	local counts cut
	"$cvadm" --json port add --set "$set" --address 10.9.2.2 --proto tcp --service 7 --port $((21000 + $2 % 1000)) > /run/port
	mkfifo /run/go /run/conns.out
	exec 7<> /run/go 8<> /run/conns.out
	"$bench/connections" client guest 10.9.2.2 $((21000 + $2 % 1000)) 7 "$2" <&7 >&8 &
	read -r -u 8 _
	guest "$1" store "$(word "$1")" 8 1 > /dev/null
	until [ "$("$cvadm" --json port list | jq '.[0].port_cut')" = "$2" ]; do sleep 0.1; done
	echo >&7
	read -r -u 8 counts
	[ "$counts" = "$2 $2" ] || { echo "resets: expected $2 at both ends, got $counts" >&2; exit 1; }
	cut=$(last_cut)
	metric resets $((cut - $(verdict 2))) instructions "\"connections\":$2"
	"$cvadm" port del "$(jq .port /run/port)" > /dev/null
	rm /run/go /run/conns.out
	reopen "$1"
}

topology
modprobe nft_chain_nat
sysctl -qw net.netfilter.nf_conntrack_max=262144 net.ipv4.ip_local_port_range="1024 65000"
by_userspace
load_module
echo 1 > "$tracing/events/cloudverifier/enable"
start_guest plain --no-irqchip
in_kernel plain none
guest plain quit > /dev/null
start_guest full
in_kernel full kernel
watch_guest full
for n in 1 100 10000; do
	resets full $n
done
