#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# test: 2 vCPUs: a store of 1, 2, 4, 8 bytes on any of them violates and is one hit
# test: 4 vCPUs: a store of 1, 2, 4, 8 bytes on any of them violates and is one hit
# test: each kind of store instruction is a hit
# test: a store of an equal value is a hit, not a violation
# test: a neighbour byte of the same word is no event
# test: a store across the watched bytes is seen
# test: KVM's own writes and the VMM's are seen at the next exit, without a hit
# test: a storm's hits are counted exactly and the VMM sees no exit
# timeout: 600

. tests/vm/vm.sh

four_watches() {
	new_vm
	new_session
	new_watch 0 8 w8
	new_watch 8 4 w4
	new_watch 16 2 w2
	new_watch 24 1 w1
	new_set 'w8 == 0'; sets=([8]=$set)
	new_set 'w4 == 0'; sets[4]=$set
	new_set 'w2 == 0'; sets[2]=$set
	new_set 'w1 == 0'; sets[1]=$set
}

# store_on CPU LEN OFFSET
store_on() {
	has set "${sets[$2]}" set_state satisfied
	does "@$1" store "words+$3" "$2" 5
	event "verdict.* set=${sets[$2]} set_state=violated.* $by_any.* old=0x0 new=0x5"
	does "@$1" store "words+$3" "$2" 0
	asks set reattest "${sets[$2]}"
}

on_any_vcpu() {
	local cpu
	guest g --vcpus "$1" --idle-hlt
	four_watches
	listen
	for ((cpu = 0; cpu < $1; cpu++)); do
		store_on $cpu 8 0
		store_on $cpu 4 8
		store_on $cpu 2 16
		store_on $cpu 1 24
	done
	has vm "$vm" vm_hits $((8 * $1))
	has watch "$watch" watch_hits $((2 * $1))
	has watch "$watch" watch_changes $((2 * $1))
	no_surprise
}

# hit_by OP…: one hit
hit_by() {
	expected=$((expected + 1))
	does "$@"
	has watch "$watch" watch_hits $expected
}

instructions() {
	guest g --vcpus 2 --idle-hlt
	watched 0 8 'w != 99'
	expected=0
	hit_by @1 store words 8 1
	hit_by @1 xchg words 8 2
	hit_by @1 lock-add words 8 3
	hit_by @1 push words 4
	hit_by @1 rep-stos words 8 5
	hit_by @1 movss-store words 8 6
	hit_by @1 user-store words 8 7
	hit_by @1 sgdt words
	has set "$set" set_state satisfied
	does @1 load words 8
	has watch "$watch" watch_hits $expected
	no_surprise
}

equal_value() {
	guest g --vcpus 2 --idle-hlt
	watched 0 4 'w == 0'
	does @1 store words 4 0 3
	has watch "$watch" watch_hits 3
	has watch "$watch" watch_changes 0
	has set "$set" set_state satisfied
	has set "$set" set_violations 0
}

neighbour() {
	guest g --vcpus 2 --idle-hlt
	watched 5 1 'w == 0'
	listen
	does @1 store words+4 1 255
	does @1 store words+6 2 0xffff
	does @1 store words 4 0xffffffff
	has watch "$watch" watch_hits 0
	has watch "$watch" watch_changes 0
	does poke words+4 1 7
	does @1 load words 1
	has set "$set" set_state satisfied
	does @1 store words+5 1 1
	event .
	is "the first event" verdict "$(cut -d' ' -f3 <<< "$event")"
	has set "$set" set_state violated
}

across() {
	guest g --vcpus 2 --idle-hlt
	watched 5 1 'w == 0'
	does @1 store words 8 0x0000110000000000
	has watch "$watch" watch_hits 1
	has watch "$watch" watch_value 0x11
	has set "$set" set_state violated
}

without_hit() {
	guest g --vcpus 2 --idle-hlt
	watched 0 4 'w == 0'
	does poke words 4 7
	does @1 load words 4
	has set "$set" set_state violated
	does poke words 4 0
	does @0 load words 4
	asks set reattest "$set"
	has set "$set" set_state satisfied
	does @1 ins words 4 9
	has set "$set" set_state violated
	has watch "$watch" watch_hits 0
	has watch "$watch" watch_changes 3
}

storm() {
	local stores
	no_floods
	guest g --vcpus 2 --idle-hlt
	watched 0 8 'w <= 2'
	does @1 start storm words 8 1 2
	await 60 exceeds watch "$watch" watch_hits 1000 || mistake "no 1000 hits in time"
	does stop 1
	stores=$answer
	at_least stores 1000 "$stores"
	has watch "$watch" watch_hits "$stores"
	has vm "$vm" vm_foreign 0
	has set "$set" set_state satisfied
	no_surprise
	does @1 dbcount
	field all "$answer"
	is "debug exceptions in the guest" 0 "$got"
	floods_again
}

prove "2 vCPUs: a store of 1, 2, 4, 8 bytes on any of them violates and is one hit" on_any_vcpu 2
prove "4 vCPUs: a store of 1, 2, 4, 8 bytes on any of them violates and is one hit" on_any_vcpu 4
prove "each kind of store instruction is a hit" instructions
prove "a store of an equal value is a hit, not a violation" equal_value
prove "a neighbour byte of the same word is no event" neighbour
prove "a store across the watched bytes is seen" across
prove "KVM's own writes and the VMM's are seen at the next exit, without a hit" without_hit
prove "a storm's hits are counted exactly and the VMM sees no exit" storm
