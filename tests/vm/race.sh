#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A criterion that breaks while its port is being opened: the store and the opening race, and whichever is first, the
# port must be closed in the end. Both orders must have occurred, or nothing raced.
# test: a broken criterion never leaves an open port, 300 races
# timeout: 600

. tests/vm/vm.sh

races() {
	local result
	guest g --vcpus 2
	new_vm
	new_watch 0 8
	result=$("$ask" race "$dir/g.sock" "$vm" "$watch" 300) || mistake "$result"
	echo "$result"
	field opened "$result"
	at_least "openings before the store" 20 "$got"
	field broken-first "$result"
	at_least "stores before the opening" 20 "$got"
	no_surprise
}

prove "a broken criterion never leaves an open port, 300 races" races
