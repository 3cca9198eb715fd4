#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# From a guest's store to the closed gate on Intel. Bochs counts an instruction as a tick of the cycle counter, but its
# devices interrupt where they like: the least of thirty hits is taken.
. tools/bench.d/lib.sh

# least GUEST LAPIC
least() {
	local store i closed seen
	watch_guest "$1"
	for i in {1..30}; do
		store=$(guest "$1" rdtsc-store "$(word "$1")" 8 "$i")
		echo $(($(verdict 2) - store)) >> /run/closed
		echo $(($(verdict 1) - store)) >> /run/seen
		reopen "$1"
	done
	closed=$(sort -n /run/closed | head -n 1) seen=$(sort -n /run/seen | head -n 1)
	rm /run/closed /run/seen
	metric store_to_closed "$closed" instructions "\"cpu\":\"intel\",\"lapic\":\"$2\""
	metric store_to_exit_seen "$seen" instructions "\"cpu\":\"intel\",\"lapic\":\"$2\""
	"$cvadm" session del "$session" > /dev/null
	"$cvadm" vm detach "$1" > /dev/null
}

load_module
echo 1 > "$tracing/events/cloudverifier/enable"
start_guest plain --no-irqchip
least plain none
guest plain quit > /dev/null
start_guest full
least full kernel
