#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What armed but unhit watches add to an exit: a guest makes exits that KVM handles itself, 50 times 100; the least of
# the fifty is free of the host's interrupts. KVM itself has states that add to each exit until it leaves them, so the
# least of fifteen such runs, with pauses between, is taken.
. tools/bench.d/lib.sh

COUNT=100

# cycles GUEST: of COUNT exits
cycles() {
	for _ in {1..15}; do
		guest "$1" exits $COUNT
		sleep 0.02
	done | sort -n | head -n 1
}

kvm_exits() {
	cat /sys/kernel/debug/kvm/exits
}

# exits_made GUEST: the least of five, so with the fewest interrupts of the host
exits_made() {
	local before
	for _ in 1 2 3 4 5; do
		before=$(kvm_exits)
		guest "$1" exits $COUNT > /dev/null
		echo $(($(kvm_exits) - before))
	done | sort -n | head -n 1
}

over() {
	awk -v a="$1" -v b="$2" -v n=$COUNT 'BEGIN { printf "%.1f", (a - b) / n }'
}

start_guest watched
start_guest other
base=$(cycles watched)
exits=$(exits_made watched)
load_module
loaded=$(cycles watched)
attach watched
attached=$(cycles watched)
metric idle_per_exit "$(over "$loaded" "$base")" instructions '"guest":"none attached","watches":0'
metric idle_per_exit "$(over "$attached" "$base")" instructions '"guest":"attached","watches":0'
for i in 1 2 3 4; do
	"$cvadm" watch add watched --addr "$(guest watched addr "words+$((i * 8))")" --len 8 > /dev/null
	[ "$i" = 1 ] || [ "$i" = 4 ] || continue
	metric idle_per_exit "$(over "$(cycles watched)" "$base")" instructions "\"guest\":\"attached\",\"watches\":$i"
done
metric idle_per_exit "$(over "$(cycles other)" "$base")" instructions '"guest":"not attached, another is","watches":0'
metric idle_exits "$(($(exits_made watched) - exits))" exits '"guest":"attached","watches":4'
