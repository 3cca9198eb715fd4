#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Debug exceptions that are not ours go to whom they belong, exactly, and ours to nobody.
# test: the guest's single step counts exactly
# test: a store under single step gives both causes to their owners
# test: ICEBP and DR7.GD reach the guest
# test: 1 watch and 3 breakpoints of the guest, set after the watch
# test: 1 watch and 3 breakpoints of the guest, set before the watch
# test: with 4 watches a breakpoint of the guest is counted as unserved and told
# test: the VMM's breakpoint and the watch hit side by side
# test: the VMM's single step and the watch side by side
# test: what the VMM's debugger had set before attaching works while attached and after
# test: after detaching the guest's breakpoints are as they were
# timeout: 600

. tests/vm/vm.sh

prepare() {
	guest g --vcpus 2 --idle-hlt
	does dbcount
	watched 0 8 'w != 99'
	does @1 load words 8	# a vCPU is armed when it next runs
}

# seen NAME EXPECTED…: of the guest's debug exceptions since the last call
seen() {
	local all
	does dbcount
	all=$answer
	while [ $# -gt 0 ]; do
		field "$1" "$all"
		is "$1 in the guest" "$2" "$got"
		shift 2
	done
}

single_step() {
	local n
	prepare
	for n in 0 1 100 1000; do
		does step $n
		field total "$answer"
		is "steps in all" $((n + 4)) "$got"
	done
	seen all 1117 bs 1117 none 0
	has vm "$vm" vm_foreign 1117
	has vm "$vm" vm_hits 0
	no_surprise
}

step_store() {
	prepare
	does step-store words 5
	field dr6 "$answer"
	is "DR6 in the guest" 0x4000 "$got"
	has watch "$watch" watch_hits 1
	has watch "$watch" watch_value 0x5
	seen b0 0 b1 0 b2 0 b3 0
	no_surprise
}

without_cause() {
	prepare
	does icebp
	does gd
	seen all 2 none 1 bd 1
	does @1 icebp
	has vm "$vm" vm_hits 0
	no_surprise
}

set_three() {
	does setdr 0 words+8 1 8
	does setdr 1 words+16 1 4
	does setdr 3 words+24 3 1
}

store_to_all() {
	does store words+8 8 1 2
	does store words+16 4 1 3
	does store words+24 1 1
	does load words+24 1
	does store words 8 1 4
}

three_and_ours() {
	does dbcount
	store_to_all
	seen all 7 b0 2 b1 3 b2 0 b3 2
	has watch "$watch" watch_hits 4
	has vm "$vm" vm_unserved 0
	no_surprise
}

guest_reads_its_own() {
	does getdr
	field dr1 "$answer"
	does addr words+16
	is "DR1 in the guest" "$answer" "$got"
}

three_after() {
	prepare
	set_three
	three_and_ours
	guest_reads_its_own
	does cleardr
	store_to_all
	seen all 0
	has watch "$watch" watch_hits 8
}

three_before() {
	guest g --vcpus 2 --idle-hlt
	set_three
	watched 0 8 'w != 99'
	three_and_ours
	guest_reads_its_own
}

no_slot() {
	prepare
	new_watch 8 8 w1
	new_watch 16 8 w2
	new_watch 24 8 w3
	listen
	does setdr 0 words+32 1 8
	event "unserved vm=$vm vcpu=0"
	does dbcount
	does store words+32 8 1
	does store words+24 8 1 3
	seen all 0
	has watch "$watch" watch_hits 3
	get vm "$vm" vm_unserved
	at_least vm_unserved 1 "$got"
	asks watch del "$watch"
	does store words+32 8 1 2
	seen all 2 b0 2
	no_surprise
}

# debug_exits NUMBER OP…: so many more exits to the VMM's debugger
debug_exits() {
	local before
	stat debug
	before=$got
	does "${@:2}"
	stat debug
	is "debug exits of ${*:2}" "$1" $((got - before))
}

vmm_breakpoint() {
	prepare
	listen
	does guestdebug 1 on words+8 8
	debug_exits 6 @1 store words+8 8 1 6
	stat dr6 1
	is "DR6 at the VMM" 1 $((got & 0xe00f))
	stat dr7 1
	is "DR7 at the VMM: no slot of ours" 2 $((got & 0xff))
	event "debugger vm=$vm vcpu=1"
	debug_exits 0 @1 store words 8 1 4
	has watch "$watch" watch_hits 4
	has vm "$vm" vm_rearmed 1
	has vm "$vm" vm_unserved 0
	asks vm detach "$vm"
	debug_exits 2 @1 store words+8 8 1 2
	debug_exits 0 @1 store words 8 1
	does guestdebug 1 off
	debug_exits 0 @1 store words+8 8 1
	does @1 setdr 2 words 1 8
	does @1 store words 8 1 3
	does @1 dbcount
	field b2 "$answer"
	is "the guest's own hits in the end" 3 "$got"
}

vmm_single_step() {
	prepare
	does guestdebug 1 step
	does @1 store words 8 1 4
	does guestdebug 1 off
	stat debug
	at_least "single steps at the VMM" 5 "$got"
	stat dr6_seen 1
	is "causes at the VMM" $((0x4000)) $((got))
	has watch "$watch" watch_hits 4
	get vm "$vm" vm_rearmed
	at_least vm_rearmed 1 "$got"
	debug_exits 0 @1 store words 8 1 2
	has watch "$watch" watch_hits 6
	does @1 dbcount
	left_over "$answer"
}

# A trap that is pending when the VMM ends its single step goes to the guest, on Intel: KVM without the module does so as
# well, in 25 of 60 attempts.
left_over() {
	local steps
	field bs "$1"
	steps=$got
	field all "$1"
	is "debug exceptions in the guest but for single steps" 0 $((got - steps))
	grep -q vmx /proc/cpuinfo && [ "$steps" -le 1 ] || is "single steps in the guest" 0 "$steps"
}

debugger_first() {
	guest g --vcpus 2 --idle-hlt
	does guestdebug 1 on words+8 8
	watched 0 8 'w != 99'
	debug_exits 3 @1 store words+8 8 1 3
	debug_exits 0 @1 store words 8 1 2
	has watch "$watch" watch_hits 2
	has vm "$vm" vm_rearmed 0
	asks vm detach "$vm"
	debug_exits 3 @1 store words+8 8 1 3
	does guestdebug 1 off
	debug_exits 0 @1 store words+8 8 1 3
}

guest_afterwards() {
	prepare
	set_three
	does setdr 2 words 1 8
	asks vm detach "$vm"
	does dbcount
	store_to_all
	seen all 11 b0 2 b1 3 b2 4 b3 2
	does step 10
	no_surprise
}

prove "the guest's single step counts exactly" single_step
prove "a store under single step gives both causes to their owners" step_store
prove "ICEBP and DR7.GD reach the guest" without_cause
prove "1 watch and 3 breakpoints of the guest, set after the watch" three_after
prove "1 watch and 3 breakpoints of the guest, set before the watch" three_before
prove "with 4 watches a breakpoint of the guest is counted as unserved and told" no_slot
prove "the VMM's breakpoint and the watch hit side by side" vmm_breakpoint
prove "the VMM's single step and the watch side by side" vmm_single_step
prove "what the VMM's debugger had set before attaching works while attached and after" debugger_first
prove "after detaching the guest's breakpoints are as they were" guest_afterwards
