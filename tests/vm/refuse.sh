#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# test: descriptors that are no KVM guest
# test: attaching twice
# test: a guest that is offered nested virtualization, unless allowed
# test: a vCPU that is offered nested virtualization later closes the sets
# test: bad lengths and misaligned addresses
# test: a fifth watch
# test: a watch in use cannot be deleted
# test: an address that does not translate is unresolved until it does
# timeout: 600

. tests/vm/vm.sh

# asking EXPECTED ARGUMENT…: a request that cvadm does not make
asking() {
	local got
	got=$("$ask" "${@:2}")
	# shellcheck disable=SC2053 # a pattern
	[[ $got == $1 ]] || mistake "ask ${*:2}: expected '$1', got '$got'"
}

not_kvm() {
	local file pipe
	exec {file}< /dev/kvm {pipe}< <(:)
	asking 'EINVAL *not a KVM VM*' attach "$file"
	asking 'EINVAL *not a KVM VM*' attach "$pipe"
	asking 'EBADF *not an open file*' attach 999
	asking 'EBADF *not an open file*' attach 4294967295
	exec {file}<&- {pipe}<&-
	guest g
	asks status
	value st_vms "$out"
	is "guests attached" 0 "$got"
	value st_kernel_hooks "$out"
	is "hooks in KVM" false "$got"
	refuses 'no descriptor' vm attach --pid $$
}

twice() {
	guest g
	new_vm
	refuses 'attached already' vm attach --pid "$pid"
	asks vm detach "$vm"
	new_vm
}

nested() {
	guest g --vcpus 2 --idle-hlt --nested
	refuses 'nested virtualization' vm attach --pid "$pid"
	watched_nested
	does @1 store words 8 5
	has set "$set" set_state violated
	no_surprise
}

watched_nested() {
	new_vm --allow-nested
	has vm "$vm" vm_flags allow-nested
	new_session
	new_watch 0 8
	new_set 'w == 0'
	has set "$set" set_state satisfied
}

nested_later() {
	guest g --vcpus 2 --idle-hlt
	watched 0 8 'w == 0'
	new_port
	listen
	has port "$port" port_state open
	does parked
	does nested on
	has set "$set" set_state satisfied
	does resume 2
	event "verdict.* set=$set set_state=unknown set_blockers=nested.* from=satisfied"
	has set "$set" set_state unknown
	has set "$set" set_blockers nested
	has vm "$vm" vm_blockers nested
	has port "$port" port_state closed
	new_set 'w == 0'
	has set "$set" set_state unknown
	asks set reattest "$set"
	has set "$set" set_state unknown
}

bad_places() {
	guest g
	new_vm
	asking 'EINVAL *1, 2, 4 or 8 bytes*' watch "$vm" 0x1000 3
	asking 'EINVAL *1, 2, 4 or 8 bytes*' watch "$vm" 0x1000 0
	asking 'EINVAL *1, 2, 4 or 8 bytes*' watch "$vm" 0x1000 16
	asking 'EINVAL *multiple of the length*' watch "$vm" 0x1004 8
	asking 'EINVAL *multiple of the length*' watch "$vm" 0x1002 4
	asking 'EINVAL *multiple of the length*' watch "$vm" 0x1001 2
	asking 'ENOENT *no vm*' watch $((vm + 1)) 0x1000 8
	refuses '' watch add "$vm" --addr 0x1000 --len 3
	asks watch list
	is "watches" '[]' "$out"
}

fifth() {
	local i last
	guest g --vcpus 2 --idle-hlt
	new_vm
	for i in 0 8 16 24; do
		new_watch $i 8 w$i
		has watch "$watch" watch_trigger debug
	done
	last=$watch
	new_watch 40 8 fifth
	has watch "$watch" watch_trigger page
	does @1 store words+40 8 1
	has watch "$watch" watch_value 0x1
	asks watch del "$watch"
	watch=$last
	refuses 'four debug registers' watch add "$vm" --addr "$words" --len 8 --trigger debug
	asks watch del "$watch"
	new_watch 32 8
	does @1 store words+24 8 1
	does @1 store words+32 8 1
	has watch "$watch" watch_hits 1
	has vm "$vm" vm_hits 1
}

in_use() {
	guest g
	watched 0 8 'w == 0'
	refuses 'still has a criterion' watch del "$watch"
	has watch "$watch" watch_state live
	asks set del "$set"
	asks watch del "$watch"
	asks watch list
	is "watches" '[]' "$out"
}

unresolved() {
	guest g --vcpus 2 --idle-hlt
	does @0 cr3 1
	does @1 cr3 1
	listen
	watched 0 8 'w == 0'
	has watch "$watch" watch_state unresolved
	is "its guest-physical address" absent "$(get watch "$watch" watch_gpa; echo "$got")"
	has set "$set" set_state unknown
	has set "$set" set_blockers unresolved
	asks set reattest "$set"
	has set "$set" set_state unknown
	does @1 cr3 0
	event "watch watch=$watch watch_state=live"
	event "verdict.* set=$set set_state=satisfied.* from=unknown"
	has set "$set" set_blockers ''
	does phys words
	has watch "$watch" watch_gpa "$answer"
	does @1 store words 8 5
	has set "$set" set_state violated
}

prove "descriptors that are no KVM guest" not_kvm
prove "attaching twice" twice
prove "a guest that is offered nested virtualization, unless allowed" nested
prove "a vCPU that is offered nested virtualization later closes the sets" nested_later
prove "bad lengths and misaligned addresses" bad_places
prove "a fifth watch" fifth
prove "a watch in use cannot be deleted" in_use
prove "an address that does not translate is unresolved until it does" unresolved
