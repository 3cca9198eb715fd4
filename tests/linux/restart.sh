#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A Linux guest that restarts or powers off while it is watched.
#
# A restart closes the sets until they are re-attested, and the watches' addresses are translated anew in what the new
# kernel makes of them. With KASLR its variables are elsewhere: to protect the restarted guest, watch them there.
#
# test: a guest that restarts at the same addresses is told, and its port closes
# test: re-attestation after a restart at the same addresses reopens
# test: a guest that restarts at other addresses is told, and its port closes
# test: a restarted guest whose SELinux is off has no open port
# test: attached anew, the restarted guest is protected
# test: a guest that powers off is told gone, and its objects go
# timeout: 1500

. "$(dirname "$0")/linux.sh"

boots() {
	grep -ac 'GUEST READY' /run/guest/guest/console
}

booted() {
	[ "$(boots)" -ge "$1" ]
}

restart() {
	local count
	count=$(boots)
	in_guest '(sleep 1; reboot -f) > /dev/null 2>&1 &'
	await 240 booted $((count + 1)) && kill -0 "$vmm" && await 30 enforcing > /dev/null
}

tell() {
	echo "set: $(of_set set_state), selinux_state was at $address, is at $(selinux_state), watch:" \
		"$(of_watch watch_state) value $(of_watch watch_value) lost $(of_watch watch_lost) hits $(of_watch watch_hits)"
	jq -c 'select(.ev_type)' "$dir/events"
}

prepare() {
	guest --vcpus 2 --reboot "$@" && protect && await 10 is satisfied && open_port "$guest4" && address=$(selinux_state)
}

# The verdict is UNKNOWN until re-attestation; VIOLATED if the new kernel is seen to hold another value there.
told() {
	local blockers
	listen
	restart || { echo "no restart"; return 1; }
	tell
	stop monitor
	blockers=$(cvadm --json set show "$set" | jq -c 'first(.. | objects | select(has("set_blockers")) | .set_blockers)')
	came '.ev_type == "vm-restart"' && came '.ev_from == "satisfied" and .set_blockers == ["restart"]' || return
	is violated || { is unknown && [[ $blockers == *restart* ]]; } || return
	[ "$(fetch "$number")" != hello ]
}

reattested() {
	[ "$(enforcing)" = 1 ] && cvadm set reattest "$set" > /dev/null && await 10 is satisfied &&
		[ "$(fetch "$number")" = hello ] && in_guest 'echo 0 > /sys/fs/selinux/enforce' && await 10 is violated &&
		[ "$(fetch "$number")" != hello ]
}

off_is_closed() {
	local page
	in_guest 'echo 0 > /sys/fs/selinux/enforce'
	sleep 1
	page=$(fetch "$number")
	echo "set: $(of_set set_state), through the port: '$page'"
	in_guest 'echo 1 > /sys/fs/selinux/enforce'
	[ "$page" != hello ]
}

anew() {
	unprotect
	protect && await 10 is satisfied && open_port "$guest4" && [ "$(fetch "$number")" = hello ] &&
		in_guest 'echo 0 > /sys/fs/selinux/enforce' && await 30 is violated && [ "$(fetch "$number")" != hello ]
}

is_gone() {
	! kill -0 "$vmm" 2>/dev/null
}

powers_off() {
	listen
	in_guest '(sleep 1; poweroff -f) > /dev/null 2>&1 &'
	await 60 came '.ev_type == "vm-gone" or .ev_type == "vm_gone"'
	cat "$dir/events"
	stop monitor
	is_gone && [ "$(cvadm --json status | jq '.. | objects | select(has("st_vms")) | .st_vms + .st_watches + .st_sets + .st_ports')" = 0 ] &&
		refused_or_nothing
}

# There is nobody any more to refuse: a reset of the host's or no answer, but no page.
refused_or_nothing() {
	[ "$(on_client curl -s --max-time 5 "http://$guest4:$number/")" != hello ]
}

load && network || exit
prepare --append nokaslr || { echo "the guest does not come up or cannot be protected"; exit 1; }
check "a guest that restarts at the same addresses is told, and its port closes" told
check "re-attestation after a restart at the same addresses reopens" reattested
unprotect
tests/guest/stop guest

prepare || { echo "the guest does not come up or cannot be protected"; exit 1; }
check "a guest that restarts at other addresses is told, and its port closes" told
check "a restarted guest whose SELinux is off has no open port" off_is_closed
check "attached anew, the restarted guest is protected" anew
check "a guest that powers off is told gone, and its objects go" powers_off
