#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is forgiven to the emulator, and what is not.
# test: a breakpoint that is not in memory is the emulator's
# test: one that is there, another oops, and none are not

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# oops KIND BYTE: as a kernel logs it; BYTE is the one before the marked one
oops() {
	printf '[    1.0] %s: 0000 [#1] PREEMPT SMP\n[    1.0] RIP: 0010:f+0x1\n[    1.0] Code: 0f 1f 44 %s <00> 00 48\n' "$1" "$2" > "$log"
}

failed() {
	tools/bed.d/emulator-failed "$log"
}

others() {
	oops int3 cc; ! failed || return
	oops 'invalid opcode' 66; ! failed || return
	echo 'all is well' > "$log"; ! failed || return
	rm "$log"; ! failed
}

oops int3 66
check "a breakpoint that is not in memory is the emulator's" failed
check "one that is there, another oops, and none are not" others
