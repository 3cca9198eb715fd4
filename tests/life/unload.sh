#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module goes while guests are watched; they run on and their VMMs notice nothing.
# test: rmmod while vCPUs hit and halt, load and attach again
# test: rmmod with one vCPU halted, one paused, one spinning, one parked
# test: rmmod 10 times in a storm
# test: rmmod with two guests, sets, ports and a lease
# timeout: 600

. tests/vm/vm.sh

load() {
	insmod "build/$CV_KERNEL/cloudverifier.ko" || mistake "the module does not load"
}

unload() {
	timeout 60 rmmod cloudverifier || mistake "rmmod: $?"
	[ ! -d /sys/module/cloudverifier ] || mistake "the module is still there"
}

# The guest, without module: no store is stopped, none reaches the VMM.
runs_on() {
	does @0 store words 8 1 100
	does @0 step 10
	does @0 dbcount
	field b0 "$answer"
	is "hits in the guest" 0 "$got"
	no_surprise
}

# The guest, with the module loaded anew.
watched_again() {
	load
	watched 0 8 'w <= 2'
	does @0 store words 8 5
	has set "$set" set_state violated
	has watch "$watch" watch_hits 1
	no_surprise
}

in_storm() {
	guest g --vcpus 4 --idle-hlt
	watched 0 8 'w <= 2'
	does @1 start storm words 8 1 2
	does @2 start storm words+64 8 1 2
	does @3 start hlt
	await 20 exceeds watch "$watch" watch_hits 100
	unload
	does stop 1
	does stop 2
	does wake 3
	does wait 3
	runs_on
	watched_again
}

in_each_state() {
	guest g --vcpus 4
	does parked
	watched 0 8 'w <= 2'
	does @1 start hlt
	does pause 2
	does @3 start spin
	unload
	does @2 start store words 8 1
	does resume 2
	does wait 2
	does stop 3
	does wake 1
	does wait 1
	does @1 store words 8 1
	does @3 store words 8 1
	does resume 4
	does @4 store words 8 1
	runs_on
	watched_again
}

again_and_again() {
	local i
	guest g --vcpus 2 --idle-hlt
	does @1 start storm words 8 1 2
	for ((i = 0; i < 10; i++)); do
		watched 0 8 'w <= 2'
		await 20 exceeds watch "$watch" watch_hits 1
		unload
		load
	done
	does stop 1
	runs_on
}

with_everything() {
	guest a --vcpus 2 --idle-hlt
	watched 0 8 'w == 0'
	new_port
	guest b --vcpus 2 --idle-hlt
	watched 0 8 'w == 0'
	new_port
	does @1 start storm words 8 1 2
	new_session 10
	unload
	does stop 1
	runs_on
	use a
	runs_on
	load
}

prove "rmmod while vCPUs hit and halt, load and attach again" in_storm
prove "rmmod with one vCPU halted, one paused, one spinning, one parked" in_each_state
prove "rmmod 10 times in a storm" again_and_again
prove "rmmod with two guests, sets, ports and a lease" with_everything
