#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which programs a Linux guest may execute: an instruction of its kernel is watched, and the path that is on its way.
# test: programs of the list are executed, and nothing closes
# test: a copy of one under another name closes the port, and runs
# test: re-attestation reopens, and the next copy closes again
# test: the kernel's code patched at the watched place closes the port
# timeout: 900

. "$(dirname "$0")/linux.sh"
allowed=/bin/sh,/bin/base64,/bin/cat,/bin/cp,/bin/true,/bin/sleep,/proc/self/exe

# The function that every execve() comes to once a format has taken the file; its argument has the path.
exec_path() {
	local at offset
	at=0x$(in_guest "sed -nE 's/^([0-9a-f]+) T begin_new_exec$/\1/p' /proc/kallsyms") &&
		offset=$(build/tests/linux/offset linux_binprm filename) || return
	echo "begin_new_exec is at $at, the path at *(argument + $offset)"
	watch=$(cvadm --json watch add "$vm" --addr "$at" --len 8 --name exec --trigger exec \
		--capture "+0(+$offset(%rdi)):256" | field watch)
}

protect_list() {
	vm=$(cvadm --json vm attach --pid "$vmm" --name guest | field vm) && exec_path &&
		session=$(cvadm --json session add --owner customer --lease 3600000 | field session) &&
		set=$(cvadm --json set add --session "$session" --vm "$vm" --map "allowed=$allowed" \
			'exec bpf build/bpf/executed.bpf.o' "exec == $(of_watch watch_value)" | field set) &&
		await 10 is satisfied && open_port "$guest4"
}

hits() {
	of_watch watch_hits
}

listed() {
	local before
	before=$(hits)
	in_guest '/bin/cp /bin/busybox /tmp/cp; /bin/true; exec /bin/cat /proc/version' &&
		[ "$(hits)" -ge $((before + 3)) ] && is satisfied && [ "$(fetch "$number")" = hello ]
}

# In the guest it runs: what is watched is not prevented.
copied() {
	[ "$(in_guest "/tmp/$1 /proc/version")" != '' ] && is violated && ! fetch "$number" > /dev/null
}

again() {
	cvadm set reattest "$set" > /dev/null && await 10 is satisfied && [ "$(fetch "$number")" = hello ] && copied cat2
}

# The first eight bytes are watched: a kprobe of the guest's own changes some of them.
patched() {
	cvadm set reattest "$set" > /dev/null && await 10 is satisfied || return
	in_guest 'mount -t tracefs t /sys/kernel/tracing 2>/dev/null; cd /sys/kernel/tracing &&
		echo "p:mine begin_new_exec" > kprobe_events && echo 1 > events/kprobes/mine/enable'
	await 10 is violated
}

load && network && guest || { echo "the guest does not come up"; exit 1; }
in_guest 'cp /bin/busybox /tmp/cat; cp /bin/busybox /tmp/cat2'
protect_list || { echo "the guest cannot be protected: $(cvadm watch list)"; exit 1; }
check "programs of the list are executed, and nothing closes" listed
check "a copy of one under another name closes the port, and runs" copied cat
check "re-attestation reopens, and the next copy closes again" again
check "the kernel's code patched at the watched place closes the port" patched
