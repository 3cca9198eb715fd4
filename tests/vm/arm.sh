#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A watch is in force on every vCPU before its next instruction, whatever the vCPU did while it was added.
# test: spinning without exits
# test: spinning in user mode
# test: halted, then woken
# test: halted for good while others are watched
# test: paused in the VMM
# test: hot-plugged after the watch
# test: parked, then started
# test: waiting for its first INIT and SIPI
# test: reset by INIT and SIPI
# test: reset by the VMM
# timeout: 600

. tests/vm/vm.sh

# The vCPU's first store since the watch: a hit, judged at its exit. stored CPU OP…: OP makes the vCPU store.
stored() {
	local cpu=$1
	shift
	has set "$set" set_state satisfied
	does "$@"
	[ "$1" = store ] || does wait "$cpu"
	event "verdict.* set=$set set_state=violated.* $by_any.* old=0x0 new=0x5"
	has vm "$vm" vm_hits 1
}

# all_armed NUMBER: a vCPU is armed when it next runs
all_armed() {
	local cpu
	for ((cpu = 0; cpu < $1; cpu++)); do does "@$cpu" load words 8; done
	has vm "$vm" vm_armed "$1"
}

prepare() {
	guest g --vcpus 2 "$@"
	listen
}

# No op exits and no idle loop does: only the debug register can stop this guest.
spinning() {
	prepare --quiet
	does @1 start "$1"
	watched 0 8 'w == 0'
	has vm "$vm" vm_armed 2
	does stop 1
	stored 1 @1 start store words 8 5
	no_surprise
}

halted() {
	prepare --idle-hlt
	does @1 start hlt-then-store words 8 5
	watched 0 8 'w == 0'
	stored 1 wake 1
	no_surprise
}

halted_for_good() {
	prepare --idle-hlt
	does @1 start hlt
	watched 0 8 'w == 0'
	stored 0 @0 start store words 8 5
	no_surprise
}

paused() {
	prepare --idle-hlt
	does pause 1
	watched 0 8 'w == 0'
	does @1 start store words 8 5
	stored 1 resume 1
}

hot_plugged() {
	prepare --idle-hlt
	watched 0 8 'w == 0'
	does addcpu
	is "its number" 2 "$answer"
	stored 2 @2 start store words 8 5
	has vm "$vm" vm_vcpus 3
	all_armed 3
	no_surprise
}

parked() {
	prepare --idle-hlt
	does parked
	watched 0 8 'w == 0'
	has vm "$vm" vm_vcpus 3
	does @2 start store words 8 5
	stored 2 resume 2
	all_armed 3
}

first_sipi() {
	prepare --idle-hlt
	does addcpu waiting
	watched 0 8 'w == 0'
	does @2 start store words 8 5
	stored 2 init 2
}

# by_reset HOW
by_reset() {
	prepare --idle-hlt
	watched 0 8 'w == 0'
	does "$1" 1
	stored 1 @1 start store words 8 5
}

prove "spinning without exits" spinning spin
prove "spinning in user mode" spinning user-spin
prove "halted, then woken" halted
prove "halted for good while others are watched" halted_for_good
prove "paused in the VMM" paused
prove "hot-plugged after the watch" hot_plugged
prove "parked, then started" parked
prove "waiting for its first INIT and SIPI" first_sipi
prove "reset by INIT and SIPI" by_reset init
prove "reset by the VMM" by_reset reset
