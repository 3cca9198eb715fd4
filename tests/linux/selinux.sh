#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# SELinux of a Linux guest as a criterion, turned off and on by the guest's root.
# test: turned off on vCPU 0: violated
# test: turned off on vCPU 1: violated
# test: each of them is one hit, and neither guest nor VMM notices
# test: restoring does not reopen
# test: re-attestation while it is off does not reopen
# test: re-attestation after restoring reopens
# test: a download over IPv6 is cut, the one through the original port goes on
# test: the guest and its downloads go on when the guest is detached
# test: the guest and its downloads go on when the module is unloaded
# test: the same guest can be attached again
# test: a hardware breakpoint of the guest's own debugger works beside ours
# timeout: 1200

. "$(dirname "$0")/linux.sh"
selinux=/sys/fs/selinux/enforce

# turn 0|1 [CPU]
turn() {
	in_guest "${2+taskset $((1 << $2))} sh -c 'echo $1 > $selinux'"
}

refused() {
	fetch "$number" "$@" > /dev/null
	[ $? = 7 ]
}

serves() {
	[ "$(fetch "$number" "$@")" = hello ]
}

mend() {
	turn 1 && cvadm set reattest "$set" > /dev/null && is satisfied
}

violated_on() {
	listen
	turn 0 "$1" && await 30 came '.set_state == "violated"' && is violated && refused &&
		[ "$(event '.set_state == "violated"' | jq -r '"\(.ev_old) \(.ev_new)"')" = "0x1 0x0" ] || return
	echo "told by $(event '.set_state == "violated"')"
	stop monitor
}

from_vcpu() {
	check "turned off on vCPU $1: violated" violated_on "$1"
	mend || echo "not mended"
}

# Off and on, twice each; what QEMU complains about would stand in its output.
# QEMU may warn that the guest has more vCPUs than the bed has CPUs.
unnoticed() {
	[ "$(of_watch watch_hits)" = 4 ] && kill -0 "$vmm" && ! grep -v ": warning: " /run/guest/guest/qemu &&
		in_guest 'dmesg | grep -E "debug exception|int3:|Oops|BUG:|traps:"; [ $? = 1 ]'
}

restoring() {
	turn 0 && await 10 is violated && turn 1 && sleep 1 && is violated && refused
}

while_off() {
	turn 0 && cvadm set reattest "$set" > /dev/null && sleep 1 && is violated && refused
}

reopens() {
	mend && serves && [ "$(of_port port_state)" = open ]
}

over_ipv6() {
	local before
	open_port "$guest6" && serves "[$guest6]" || return
	download criteria "$number" "[$guest6]"
	download original 80 "[$guest6]" --limit-rate 500k
	await 60 beyond criteria 1000000 && await 60 beyond original 1000000 && turn 0 && ended criteria 60
	echo "curl: $status, $(cat "$dir/criteria.error")"
	[ "$status" = 56 ] && refused "[$guest6]" && before=$(bytes original) &&
		await 60 beyond original $((before + 1000000)) && [ "$(fetch 80 "[$guest6]")" = hello ]
}

# goes_on BYTES: the download had so many
goes_on() {
	await 60 beyond original $(($1 + 1000000)) && runs original && kill -0 "$vmm" &&
		turn 1 && turn 0 0 && turn 1 1 && [ "$(enforcing)" = 1 ] && [ "$(fetch 80 "[$guest6]")" = hello ]
}

detached() {
	local before
	before=$(bytes original)
	cvadm vm detach "$vm" > /dev/null && [ "$(cvadm --json status | field st_vms)" = 0 ] && goes_on "$before"
}

unloaded() {
	local before
	before=$(bytes original)
	cvadm session del "$session" > /dev/null
	rmmod cloudverifier && goes_on "$before"
}

attached_again() {
	load && protect && await 10 is satisfied && open_port "$guest4" && serves && turn 0 && await 10 is violated && refused
}

prepare() {
	load && network && guest --vcpus 2 && protect && await 10 is satisfied && open_port "$guest4"
}

prepare || { echo "the guest does not come up or cannot be protected"; exit 1; }
from_vcpu 0
from_vcpu 1
check "each of them is one hit, and neither guest nor VMM notices" unnoticed
check "restoring does not reopen" restoring
check "re-attestation while it is off does not reopen" while_off
check "re-attestation after restoring reopens" reopens
check "a download over IPv6 is cut, the one through the original port goes on" over_ipv6
check "the guest and its downloads go on when the guest is detached" detached
check "the guest and its downloads go on when the module is unloaded" unloaded
check "the same guest can be attached again" attached_again
skip "a hardware breakpoint of the guest's own debugger works beside ours" "the guest has no debugger; vm/foreign.sh does it"
