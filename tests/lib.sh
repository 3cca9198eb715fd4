# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For test files: source it first. A file declares what it proves in header comments, one test a line,
#   # test: a store by the guest closes the port
#   # timeout: 900		(seconds, if the usual 300 are too short)
# and reports each of them, in any order, under the same words (more may follow them):
#   ok "a store by the guest closes the port" | fail "…" "why" | skip "…" "why" | check "…" COMMAND ARG…
# A declared test that is not reported, or a file that exits with an error, is a failure.

set -u

ok() {
	echo "ok - $1"
}

fail() {
	echo "not ok - $1${2:+: $2}"
}

skip() {
	echo "skip - $1: $2"
}

# ok if COMMAND succeeds; what it printed otherwise stands above the failure.
check() {
	local name=$1
	shift
	if "$@"; then
		ok "$name"
	else
		fail "$name" "exit status $? of: $*"
	fi
}

# equal NAME EXPECTED GOT
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		fail "$1" "expected '$2', got '$3'"
	fi
}

# await SECONDS COMMAND ARG…: for states that announce themselves nowhere. Fails when they do not come about in time. A
# kernel that looks for faults takes CV_SLOW times as long.
await() {
	local end=$((SECONDS + $1 * ${CV_SLOW:-1}))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}
