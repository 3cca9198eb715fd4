#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# test: 1000 rounds of attach and detach while the guest stores, runs and halts
# test: 100 detaches while a vCPU is in a hit
# test: of two guests at once one is detached, the other stays watched
# timeout: 900

. tests/vm/vm.sh

# rounds NUMBER [hit]: a fresh guest of 4 vCPUs, one in a storm on the watched word, one spinning, two halted
rounds() {
	local said
	guest g --vcpus 4 --idle-hlt
	does @1 start storm words 8 1 2
	does @2 start spin
	does @3 start hlt
	said=$("$ask" rounds "$pid" "${guest_fd[g]}" "$words" "$@") || mistake "$said"
	untouched
}

# Nothing of ours is left in module, guest and VMM: it runs, steps, and hits its own breakpoint.
untouched() {
	asks status
	[[ $out =~ \"st_vms\":\ 0,.*\"st_watches\":\ 0, ]] || mistake "left behind: $out"
	value st_kernel_hooks "$out"
	is "hooks in KVM" false "$got"
	does stop 1
	at_least "stores of the storm" 1000 "$answer"
	does stop 2
	does wake 3
	does wait 3
	does @1 dbcount
	field all "$answer"
	is "debug exceptions in the guest" 0 "$got"
	does @1 store words 8 1 10
	does step 10
	does setdr 0 words 1 8
	does dbcount
	does store words 8 1 10
	does dbcount
	field b0 "$answer"
	is "the guest's own hits" 10 "$got"
	no_surprise
}

two_guests() {
	local first
	guest a --vcpus 2 --idle-hlt
	new_vm
	first=$vm
	new_watch 0 8 w
	guest b --vcpus 2 --idle-hlt
	watched 0 8 'w == 0'
	use a
	does @1 start storm words 8 1 2
	use b
	does @1 start spin
	asks vm detach "$first"
	use a
	does stop 1
	no_surprise
	use b
	does stop 1
	has set "$set" set_state satisfied
	does @1 store words 8 5
	has watch "$watch" watch_hits 1
	has set "$set" set_state violated
	no_surprise
	use a
	does @1 store words 8 5
	has watch "$watch" watch_hits 1
}

prove "1000 rounds of attach and detach while the guest stores, runs and halts" rounds 1000
prove "100 detaches while a vCPU is in a hit" rounds 100 hit
prove "of two guests at once one is detached, the other stays watched" two_guests
