#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tests/inside.sh GROUP/FILE…: runs test files one after the other, between the lines "<<< GROUP/FILE" and
# ">>> GROUP/FILE STATUS". On the test bed it loads the module first and sees to it that no file leaves objects behind.
# tests/run starts it; for one file by hand: tools/bed 6.1 -- tests/inside.sh GROUP/FILE

set -u
cd "$(dirname "$0")/.." || exit
cvadm=build/bin/cvadm
[ -x "$cvadm" ] || cvadm=userspace/cvadm/cvadm

# insmod does not load what a module needs, as modprobe would from where "make modules_install" puts it.
load() {
	modinfo -F depends "build/$CV_KERNEL/cloudverifier.ko" | tr , '\n' | xargs modprobe -a &&
		insmod "build/$CV_KERNEL/cloudverifier.ko"
}

# Sum of what STATUS counts.
objects() {
	"$cvadm" --json status | jq '[to_entries[]
		| select(.key | test("(vms|watches|sessions|sets|ports|conns)$")) | .value] | add'
}

# A fresh module, so that the next file is not judged by this one's remains.
check_remains() {
	local count
	count=$(objects)
	[ "$count" != 0 ] || return 0
	echo "!!! $1 leaves objects behind"
	"$cvadm" --json status
	rmmod cloudverifier && load
}

# Programs built on "check" report in a file of their own; it is turned into our lines.
from_tap() {
	sed -nE 's/^(ok|not ok) [0-9]+ - ([^:]*:){2}([^:]*): Passed$/\1 - \3/p; t; s/^(ok|not ok) [0-9]+ - ([^:]*:){2}/\1 - /p' "$1"
}

# A script is its own program; that of a C file is where make puts it.
program() {
	local base=${1%.c} path
	case $1 in *.sh) echo "tests/$1"; return ;; esac
	for path in "build/tests/$base" "build/tests/${base##*/}"; do
		[ ! -x "$path" ] || break
	done
	echo "$path"
}

time_limit() {
	local limit
	limit=$(sed -nE 's,^(#|//| \*|/\*) timeout: ([0-9]+).*,\2,p' "tests/$1")
	echo "$((${limit:-300} * ${CV_SLOW:-1}))"
}

run_file() {
	local rc=0 tap
	tap=$(mktemp)
	echo "<<< $1"
	[ -z "${CV_BED-}" ] || echo "test: $1" > /dev/kmsg
	CK_VERBOSITY=silent CK_TAP_LOG_FILE_NAME=$tap \
		timeout -k 5 "$(time_limit "$1")" "$(program "$1")" < /dev/null 2>&1 || rc=$?
	if [ -s "$tap" ]; then
		from_tap "$tap"
		rc=0	# it says "some failed", which the lines say better
	fi
	rm -f "$tap"
	[ -z "${CV_BED-}" ] || check_remains "$1"
	echo ">>> $1 $rc"
}

if [ -n "${CV_BED-}" ]; then
	load || exit 1
fi
for file; do
	run_file "$file"
done
exit 0
