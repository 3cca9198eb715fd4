#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# However a guest dies, its vm is told gone, its ports are closed at once and nothing stays.
# test: the VMM is killed
# test: the VMM is killed in the middle of a storm
# test: the VMM exits
# test: the VMM is killed while a child holds the guest's descriptors
# test: the VMM closes the guest and lives on
# test: another guest stays watched
# timeout: 300

. tests/vm/vm.sh

alive() {
	guest g --vcpus 4 --idle-hlt
	listen
	watched 0 8 'w <= 2'
	new_port
	has port "$port" port_state open
	does @2 start spin
	does @3 start hlt
}

# The set is told closed before the guest is told gone; then all that is left is the session.
all_gone() {
	event "verdict.* set=$set set_state=unknown set_blockers=(guest|page).* from=satisfied"
	event "vm-gone vm=$vm"
	await 20 released || mistake "left behind: $out"
	has session "$session" session_owner someone
}

released() {
	cv status && [[ $out =~ \"st_kernel_hooks\":\ false,.*\"st_vms\":\ 0,.*\"st_watches\":\ 0,.*\"st_sets\":\ 0,.*\"st_ports\":\ 0 ]]
}

kill_it() {
	kill -9 "$pid"
	forget_guest g
}

killed() {
	alive
	kill_it
	all_gone
}

killed_in_storm() {
	no_floods
	alive
	does @1 start storm words 8 1 2
	await 20 exceeds watch "$watch" watch_hits 100
	kill_it
	all_gone
	floods_again
}

exits() {
	alive
	quit g
	all_gone
}

with_child() {
	local child
	alive
	does fork
	child=$answer
	kill_it
	all_gone
	is "the child" 0 "$(kill -0 "$child"; echo $?)"
	kill -9 "$child"
	await 20 is_gone "$child"
}

# By guest-physical address: its one vCPU never ran.
closed() {
	local line
	coproc closer { build/tests/vm/closer; }
	IFS= read -r -t 20 line <&"${closer[0]}"
	pid=${line% ready}
	on=closer
	listen
	new_vm
	new_session
	asks watch add "$vm" --addr 0x100 --len 8 --name w --physical
	new_set 'w == 0'
	new_port
	has port "$port" port_state open
	echo close >&"${closer[1]}"
	IFS= read -r -t 20 line <&"${closer[0]}"
	is "what the VMM says" closed "$line"
	event "verdict.* set=$set set_state=unknown set_blockers=(guest|page).* from=satisfied"
	event "vm-gone vm=$vm"
	await 20 released || mistake "left behind: $out"
	is_gone "$pid" && mistake "the VMM is gone as well"
	line=${closer[1]}
	exec {line}>&-
	# shellcheck disable=SC2154 # coproc sets it
	wait "$closer_PID"
}

another() {
	local other_watch
	guest other --vcpus 2 --idle-hlt
	new_vm
	new_watch 0 8
	other_watch=$watch
	alive
	kill_it
	event "vm-gone vm=$vm"
	use other
	does @1 store words 8 1
	has watch "$other_watch" watch_hits 1
	no_surprise
}

prove "the VMM is killed" killed
prove "the VMM is killed in the middle of a storm" killed_in_storm
prove "the VMM exits" exits
prove "the VMM is killed while a child holds the guest's descriptors" with_child
prove "the VMM closes the guest and lives on" closed
prove "another guest stays watched" another
