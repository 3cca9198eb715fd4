#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A 32-bit guest without paging: a linear address is a physical one.
# test: stores of 1, 2 and 4 bytes on each vCPU
# test: single step and breakpoints of its own stay exact
# test: paging comes and goes
# test: reset by INIT and SIPI
# timeout: 600

. tests/vm/vm.sh

stores() {
	local cpu
	guest g --vcpus 2 --no-paging --idle-hlt
	listen
	watched 0 4 'w == 0'
	does phys words
	has watch "$watch" watch_gpa "$answer"
	for cpu in 0 1; do
		does "@$cpu" store words 4 5
		event "verdict.* set=$set set_state=violated.* $by_any.* old=0x0 new=0x5"
		does "@$cpu" store words+1 1 1
		does "@$cpu" store words 2 2
		does "@$cpu" store words 4 0
		asks set reattest "$set"
		has set "$set" set_state satisfied
	done
	has watch "$watch" watch_hits 8
	does @1 store words+4 4 1
	has watch "$watch" watch_hits 8
	no_surprise
}

exact() {
	guest g --vcpus 2 --no-paging --idle-hlt
	watched 0 4 'w != 99'
	does step 100
	does setdr 0 words+8 1 4
	does dbcount
	does store words+8 4 1 3
	does store words 4 1 2
	does dbcount
	field b0 "$answer"
	is "the guest's hits" 3 "$got"
	has watch "$watch" watch_hits 2
	no_surprise
}

paging() {
	guest g --vcpus 2 --no-paging --idle-hlt
	watched 0 4 'w == 0'
	does @1 paging 1
	does @1 store words 4 5
	has watch "$watch" watch_hits 1
	has set "$set" set_state violated
	does @1 store words 4 0
	does @1 paging 0
	asks set reattest "$set"
	has set "$set" set_state satisfied
	does @1 store words 4 6
	has watch "$watch" watch_hits 3
	has set "$set" set_state violated
}

reset() {
	guest g --vcpus 2 --no-paging --idle-hlt
	watched 0 4 'w == 0'
	does init 1
	does @1 store words 4 5
	has watch "$watch" watch_hits 1
	has set "$set" set_state violated
}

prove "stores of 1, 2 and 4 bytes on each vCPU" stores
prove "single step and breakpoints of its own stay exact" exact
prove "paging comes and goes" paging
prove "reset by INIT and SIPI" reset
