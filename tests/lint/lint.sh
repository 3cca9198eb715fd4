#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each check of tools/lint/run by itself.
#
# test: sparse and W=1 find nothing on 6.1
# test: sparse and W=1 find nothing on 6.12
# test: checkpatch finds nothing
# test: functions and files are short
# test: no stray space
# test: shellcheck finds nothing
# test: mandoc finds nothing
# test: header, policies and Documentation/netlink.md agree
# test: includes go the allowed ways
# test: nothing is unfinished and no path of this machine is named
# timeout: 900

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh

lint() {
	local out rc
	out=$(tools/lint/run "$2" 2>&1)
	rc=$?
	case $rc in
	0) ok "$1" ;;
	2) skip "$1" "${out%%$'\n'*}" ;;
	*)
		echo "$out"
		fail "$1" "$(grep -c "^$2: " <<<"$out") findings"
		;;
	esac
}

lint "sparse and W=1 find nothing on 6.1" compiler-6.1
lint "sparse and W=1 find nothing on 6.12" compiler-6.12
lint "checkpatch finds nothing" checkpatch
lint "functions and files are short" size
lint "no stray space" space
lint "shellcheck finds nothing" shell
lint "mandoc finds nothing" man
lint "header, policies and Documentation/netlink.md agree" abi
lint "includes go the allowed ways" includes
lint "nothing is unfinished and no path of this machine is named" words
