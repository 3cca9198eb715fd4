#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The test bed itself: nothing that goes wrong in it may look like success.
#
# test: a command's exit status and output come back
# test: arguments arrive as they are
# test: a file written to /out is in the directory given with --out
# test: writes elsewhere do not reach this machine
# test: a process left running does not hang the bed
# test: a crash is status 125 and shows its reason
# test: an object created and not destroyed is status 125
# test: a hang is status 124

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

bed() {
	tools/bed --name bed-machine --timeout "${limit:-120}" --out "$dir" 6.1 -- "$@" > "$dir/output" 2>&1
}

# shellcheck disable=SC2016 # expanded on the other side
bed sh -c 'echo "kernel $(uname -r)"; printf "<%s>" "$@" > /out/arguments; touch build/left; sleep 1000 & exit 7' \
	sh "a  b" "" "\$x '\"" $'line\nend'
rc=$?
equal "a command's exit status and output come back" "7 kernel $(cat build/kernels/6.1/release)" "$rc $(cat "$dir/output")"
ok "a process left running does not hang the bed"
check "a file written to /out is in the directory given with --out" test -s "$dir/arguments"
equal "arguments arrive as they are" "<a  b><><\$x '\"><"$'line\nend>' "$(cat "$dir/arguments")"
check "writes elsewhere do not reach this machine" test ! -e build/left

bed sh -c 'echo c > /proc/sysrq-trigger'
equal "a crash is status 125 and shows its reason" "125 1" "$? $(grep -c 'Kernel panic - not syncing: sysrq' "$dir/output")"

bed sh -c 'echo "cloudverifier: created vm 1" > /dev/kmsg'
equal "an object created and not destroyed is status 125" "125 1" "$? $(grep -c '^vm 1$' "$dir/output")"

limit=10 bed sleep 1000
equal "a hang is status 124" 124 $?
