#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# test: 1000 rounds of attach and detach beside another watched guest
# test: 100 rounds that detach in the middle of hits, the hooks in KVM coming and going
# test: of two guests at once one is detached, the other stays watched
# timeout: 1500

. tests/vm/vm.sh

# rounds NUMBER [hit]: on a guest with one vCPU in a storm on the watched word, one halted, one idle
rounds() {
	local said began=$SECONDS
	does @1 start storm words 8 1 2
	does @2 start hlt
	said=$("$ask" rounds "$pid" "${guest_fd[g]}" "$words" "$@") || mistake "$said"
	echo "$1 rounds: $((SECONDS - began)) s"
	untouched
}

beside_another() {
	guest other --vcpus 2 --idle-hlt
	watched 0 8 'w == 0'
	guest g --vcpus 3 --idle-hlt
	rounds 1000
	asks vm list
	is "guests attached" "$vm" "$(jq -r '.[].vm' <<< "$out")"
	use other
	does @1 store words 8 5
	has watch "$watch" watch_hits 1
	has set "$set" set_state violated
	no_surprise
}

in_hits() {
	guest g --vcpus 3 --idle-hlt
	rounds 100 hit
	asks status
	[[ $out =~ \"st_vms\":\ 0,.*\"st_watches\":\ 0, ]] || mistake "left behind: $out"
	value st_kernel_hooks "$out"
	is "hooks in KVM" false "$got"
}

# Nothing of ours is left in guest and VMM: it runs, steps, and hits its own breakpoint.
untouched() {
	does stop 1
	at_least "stores of the storm" 1000 "$answer"
	does wake 2
	does wait 2
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

prove "1000 rounds of attach and detach beside another watched guest" beside_another
prove "100 rounds that detach in the middle of hits, the hooks in KVM coming and going" in_hits
prove "of two guests at once one is detached, the other stays watched" two_guests
