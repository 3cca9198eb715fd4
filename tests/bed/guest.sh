#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The Linux guest the tests protect, without anything of ours loaded. Started on this machine, goes on in the bed.
#
# test: a Linux guest comes up on 6.1
# test: 6.1: SELinux is enforcing at boot, and guest root turns it off
# test: 6.1: the guest tells where selinux_state is
# test: 6.1: the guest serves HTTP over IPv4 and IPv6
# test: 6.1: a guest stops, and its tap goes
# test: a Linux guest comes up on 6.12
# test: 6.12: SELinux is enforcing at boot, and guest root turns it off
# test: 6.12: the guest tells where selinux_state is
# test: 6.12: the guest serves HTTP over IPv4 and IPv6
# test: 6.12: a guest stops, and its tap goes

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh

if [ -z "${CV_BED-}" ]; then
	for kernel in 6.1 6.12; do
		tools/bed --smp 1 --name bed-guest --timeout 240 "$kernel" -- "$0" || exit
	done
	exit
fi

v=$CV_KERNEL
enforce() {
	tests/guest/sh guest cat /sys/fs/selinux/enforce
}

serves() {
	[ "$(curl -sf --max-time 20 "$1/")" = hello ] &&
		[ "$(curl -sf --max-time 60 "$1/big" | wc -c)" = $((64 << 20)) ]
}

serves_both() {
	serves http://10.77.0.2 && serves 'http://[fd77::2]'
}

check "a Linux guest comes up on $v" tests/guest/start || exit
before=$(enforce)
tests/guest/sh guest 'echo 0 > /sys/fs/selinux/enforce'
equal "$v: SELinux is enforcing at boot, and guest root turns it off" "1 0 0" "$before $? $(enforce)"
check "$v: the guest tells where selinux_state is" grep -E '^SYMBOL selinux_state f{8}[0-9a-f]{8}.?$' /run/guest/guest/console
check "$v: the guest serves HTTP over IPv4 and IPv6" serves_both
tests/guest/stop
equal "$v: a guest stops, and its tap goes" "" "$(pgrep qemu; ip -br link | grep tap)"
