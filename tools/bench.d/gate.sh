#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Instructions that the gate adds to a forwarded packet of an established connection, against the same translation by an
# nftables rule; with one port, and among ten thousand.
. tools/bench.d/lib.sh

# Of 25 connections the median: each has its own place in the hash tables.
trips() {
	for _ in {1..25}; do "$bench/packets" client guest 10.9.2.2 "$1" "$2"; done | median
}

over() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a - b }'
}

by_nft() {
	nft -f - <<'NFT'
table ip bench {
	chain prerouting { type nat hook prerouting priority dstnat; udp dport 20000 dnat to :7; }
	chain postrouting { type nat hook postrouting priority srcnat; }
}
NFT
	trips 20000 7
	nft delete table ip bench
}

topology
modprobe nft_chain_nat
# Each new port walks the table for older connections; an empty table need not be a long one.
sysctl -qw net.netfilter.nf_conntrack_buckets=1024
by_nft > /dev/null		# neighbours, routes, caches
baseline=$(by_nft)
conntrack -F 2> /dev/null
metric dnat_by_nftables "$baseline" instructions
load_module
start_guest g
attach g
"$cvadm" watch add g --addr "$(word g)" --len 8 > /dev/null
session=$("$cvadm" --json session add --owner bench --lease 3600000 | jq .session)
set=$("$cvadm" --json set add --session "$session" --vm g "$("$cvadm" --json watch list | jq '.[0].watch') == 0" | jq .set)
"$bench/ports" "$set" 10.9.2.2 1 20001 1
metric gate_over_dnat "$(over "$(trips 1 20001)" "$baseline")" instructions '"ports":1'
"$bench/ports" "$set" 10.9.2.2 2 20002 9999
metric gate_over_dnat "$(over "$(trips 5000 25000)" "$baseline")" instructions '"ports":10000'
