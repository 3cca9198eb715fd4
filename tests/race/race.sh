#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A criterion that breaks while its port is being opened. In the first tests the bytes change, for certain, after the
# judgement has read the good value and before it opens the set: a second criterion holds the judgement there
# (hold.bpf.c). In the last the store and the opening race; both orders must have occurred, or nothing raced.
# test: a store that is taken back in the middle of a set's first judgement violates
# test: a store that is taken back in the middle of a re-attestation violates
# test: a write without a hit in the middle of a set's first judgement violates
# test: a write without a hit in the middle of a re-attestation violates
# test: a broken criterion never leaves an open port, 300 races
# timeout: 600

. tests/vm/vm.sh

hold=build/tests/vm/hold

# The judgement has a CPU to itself, with interrupts off.
raced() {
	guest g --vcpus 1
	taskset -ap 2 "$pid" > /dev/null
	new_vm
	new_session
	new_watch 8 8 later
	new_watch 0 8 w
}

# The guest breaks the criterion and mends it; what it broke is latched, or lost.
store_and_restore() {
	echo "store words 8 1
store words 8 0"
}

# The VMM writes while no vCPU is in the guest: only a judgement that looks again finds it.
poke() {
	echo "pause 0
poke words 8 1"
}

# against WRITE REQUEST…: the bytes change in the middle of what the request judges.
against() {
	local rc=0 write=$1
	shift
	"$write" > "$dir/write"
	taskset 2 "$hold" run "$mini" ctl "$dir/g.sock" - < "$dir/write" > /dev/null &
	taskset 1 "$cvadm" --json "$@" > "$dir/out" 2>&1 || mistake "cvadm $*: $(< "$dir/out")"
	wait $! || rc=$?
	is "store in the middle of the judgement (3: it came too late)" 0 "$rc"
	out=$(< "$dir/out")
}

is_closed() {
	new_port
	becomes set "$set" set_state violated || mistake "set is $got"
	has port "$port" port_state closed
	no_surprise
}

first() {
	raced
	against "$1" set add --session "$session" --vm "$vm" --map first=1 "w == 0" "later bpf build/tests/vm/hold.bpf.o"
	value set "$out"
	set=$got
	is_closed
}

reattestation() {
	raced
	new_set --map first=0 "w == 0" "later bpf build/tests/vm/hold.bpf.o"
	has set "$set" set_state satisfied
	does store words 8 1
	has set "$set" set_state violated
	does store words 8 0
	"$hold" arm
	against "$1" set reattest "$set"
	is_closed
}

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

prove "a store that is taken back in the middle of a set's first judgement violates" first store_and_restore
prove "a store that is taken back in the middle of a re-attestation violates" reattestation store_and_restore
prove "a write without a hit in the middle of a set's first judgement violates" first poke
prove "a write without a hit in the middle of a re-attestation violates" reattestation poke
prove "a broken criterion never leaves an open port, 300 races" races
