#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Watched instructions: what is about to be executed is judged, and the guest goes on with it.
# test: an allowed execution goes on, and neither guest nor VMM notices
# test: one that is not allowed closes the set
# test: a program sees the registers
# test: a chain of pointers is followed
# test: a chain that leads nowhere violates
# test: a chain that loops ends
# test: text before a page that is not there is captured as far as it goes
# test: a page that the host took away is fetched, the set closed meanwhile
# test: a capture that goes on in a page that the host took away is whole
# test: the bytes of the instruction are watched
# test: the guest's own breakpoint on the same instruction works beside ours
# test: a flood of executions is denied
# test: the parts of a capture belong together, and to an execution watch
# timeout: 600

. tests/vm/vm.sh

bpf=build/bpf own=build/tests/vm/exec.bpf.o

# exec_watch [OPTION…]: on `target`, as "x"
exec_watch() {
	does addr target
	target=$answer
	asks watch add "$vm" --addr "$target" --len 1 --name x --trigger exec "$@"
	value watch "$out"
	watch=$got
}

# scene CAPTURE PROGRAM [SET-OPTION…]: an empty capture is none
scene() {
	local place=$1 program=$2
	shift 2
	guest g --vcpus 2 --idle-hlt
	new_vm
	new_session
	exec_watch ${place:+--capture "$place"}
	new_set "$@" "x bpf $program"
	has set "$set" set_state satisfied
}

# text ADDRESS TEXT: with a NUL, in words of 8 bytes
text() {
	local at=0 part i word
	while [ "$at" -le ${#2} ]; do
		part=${2:at:8} word=0
		for ((i = ${#part} - 1; i >= 0; i--)); do
			word=$((word << 8 | $(printf '%d' "'${part:i:1}")))
		done
		does store "$(printf '%#x' $(($1 + at)))" 8 "$(printf '%#x' "$word")"
		at=$((at + 8))
	done
}

# Through to the end, though the instruction trapped each time.
goes_on() {
	does @1 call "$1" "$2"
	has watch "$watch" watch_hits "$3"
	no_surprise
}

allowed() {
	scene '+0(%rdi):32' $bpf/executed.bpf.o --map allowed=/bin/true,/usr/bin/id
	text $((words + 64)) /usr/bin/id
	text $((words + 128)) /bin/true
	goes_on 3 words+64 3
	goes_on 2 words+128 5
	has set "$set" set_state satisfied
	has set "$set" set_violations 0
	does @1 dbcount
	field all "$answer"
	is "debug exceptions in the guest" 0 "$got"
	has vm "$vm" vm_hits 5
	has watch "$watch" watch_trigger exec
	has watch "$watch" capture_reg rdi
	has watch "$watch" capture_path 0
	has watch "$watch" capture_len 32
}

denied() {
	scene '+0(%rdi):32' $bpf/executed.bpf.o --map allowed=/bin/true
	listen
	text $((words + 64)) /bin/truer
	goes_on 1 words+64 1
	event "verdict.* set=$set set_state=violated.* source=exec.* vcpu=1.* from=satisfied"
	has set "$set" set_state violated
	asks set reattest "$set"
	has set "$set" set_state satisfied
}

registers() {
	scene '' $own:registers
	goes_on 2 0x1234 2
	has set "$set" set_state satisfied
	goes_on 1 0x1235 3
	has set "$set" set_state violated
}

chain() {
	scene '+0(+8(+16(%rdi))):16' $bpf/executed.bpf.o --map allowed=/bin/true
	text $((words + 256)) /bin/true
	does store words+136 8 "$(printf '%#x' $((words + 256)))"
	does store words+80 8 "$(printf '%#x' $((words + 128)))"
	goes_on 1 words+64 1
	has set "$set" set_state satisfied
	does store words+136 8 "$(printf '%#x' $((words + 257)))"
	goes_on 1 words+64 2
	has set "$set" set_state violated
}

# Unmapped; not canonical; mapped to no memory; at the end of the address space.
nowhere() {
	local pointer
	scene '+0(+0(%rdi)):32' $own:whole
	for pointer in 0xdeadbeef000 0x8000000000000000 0xc0000000 0xfffffffffffffff8; do
		asks set reattest "$set"
		has set "$set" set_state satisfied
		does store words 8 "$pointer"
		does @1 call 1 words
		has set "$set" set_state violated
	done
	no_surprise
}

loop() {
	scene '+0(+0(+0(+0(%rdi)))):32' $own:whole
	does store words 8 "$(printf '%#x' "$words")"
	goes_on 2 words 2
	has set "$set" set_state satisfied
}

# The page after `words`' two megabytes is not mapped.
cut_short() {
	local end=$((words - 0x5000 + 0x200000))
	scene '+0(%rdi):32' $bpf/executed.bpf.o --map allowed=/bin/me
	text $((end - 8)) /bin/me
	goes_on 1 "$(printf '%#x' $((end - 8)))" 1
	has set "$set" set_state satisfied
	new_set "x bpf $own:whole"
	goes_on 1 "$(printf '%#x' $((end - 8)))" 2
	has set "$set" set_state violated
}

fetched() {
	scene '+0(%rdi):32' $own:whole
	listen
	does madvise
	goes_on 1 words 1
	event "verdict.* set=$set set_state=unknown set_blockers=exec"
	event "verdict.* set=$set set_state=satisfied.* from=unknown"
	has set "$set" set_violations 0
}

goes_on_in_another() {
	local before
	before=$(printf '%#x' $((words - 16)))
	scene '+0(%rdi):32' $own:whole
	does store "$before" 8 1
	does madvise
	goes_on 1 "$before" 1
	has set "$set" set_state satisfied
	has set "$set" set_violations 0
}

bytes() {
	guest g --vcpus 2 --idle-hlt
	new_vm
	new_session
	exec_watch
	get watch "$watch" watch_value
	new_set "x == $got"
	has set "$set" set_state satisfied
	does @1 call 3
	has watch "$watch" watch_hits 3
	has set "$set" set_state satisfied
	does @1 store target 1 0xc3
	has set "$set" set_state violated
}

beside() {
	scene '' $own:registers
	does @1 setdr 0 "$target" 0 1
	goes_on 2 0x1234 2
	does @1 dbcount
	field b0 "$answer"
	is "the guest's own hits" 2 "$got"
	has set "$set" set_state satisfied
}

flood() {
	module flood_hits=5
	scene '' $own:registers
	does @1 start call 100000000 0x1234
	await 20 exceeds vm "$vm" vm_floods 1 || mistake "no flood: $got"
	does stop 1
	await 20 becomes set "$set" set_state satisfied || mistake "the set stays $got"
	floods_again
}

refusals() {
	guest g
	new_vm
	does addr target
	target=$answer
	refuses 'only an execution watch captures' watch add "$vm" --addr "$target" --len 1 --capture '+0(%rdi)'
	refuses 'linear address' watch add "$vm" --addr 0x1000 --len 1 --trigger exec --physical
	refuses 'expected' watch add "$vm" --addr "$target" --len 1 --trigger exec --capture '+0(%rdi'
	asks watch list
	is watches '[]' "$out"
}

prove "an allowed execution goes on, and neither guest nor VMM notices" allowed
prove "one that is not allowed closes the set" denied
prove "a program sees the registers" registers
prove "a chain of pointers is followed" chain
prove "a chain that leads nowhere violates" nowhere
prove "a chain that loops ends" loop
prove "text before a page that is not there is captured as far as it goes" cut_short
prove "a page that the host took away is fetched, the set closed meanwhile" fetched
prove "a capture that goes on in a page that the host took away is whole" goes_on_in_another
prove "the bytes of the instruction are watched" bytes
prove "the guest's own breakpoint on the same instruction works beside ours" beside
prove "a flood of executions is denied" flood
prove "the parts of a capture belong together, and to an execution watch" refusals
