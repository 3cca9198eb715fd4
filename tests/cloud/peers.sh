#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Peers that do what they should not, while a member goes on proving itself and another node joins. Memory is the process's own
# resident, with sanitizers off.
# test: 10,000 connections that say nothing end, and no more than are allowed stay
# test: bytes that are no TLS
# test: messages that are none of the protocol
# test: evidence before a hello
# test: a message of 100 MiB is refused by its length
# test: a message that comes byte by byte ends in time
# test: the member was asked all the time, and memory is bounded
# timeout: 400

. "$(dirname "$0")/cloud.sh"
cvd=build/bin/cvd

resident() {
	awk '/^VmRSS/ { print $2 }' "/proc/${pids[cvd]}/status"
}

# How many members' evidence came: the member goes on.
goes_on() {
	local before
	before=$(of n1 seen_ms)
	await 10 eval '[ "$(of n1 seen_ms)" -gt "$before" ]' && is n1 member
}

descriptors() {
	find "/proc/${pids[cvd]}/fd" -mindepth 1 | wc -l
}

closed() {
	local n
	n=$(sed -n 's/^closed //p' "$dir/peers.log" | tail -n 1)
	[ "${n:-0}" -ge "$1" ]
}

# bad HOW COUNT CLOSED: all but a few are closed by the verifier, the member goes on
bad() {
	: > "$dir/peers.log"
	start peers build/tests/cloud/peers "$port" "$1" "$2"
	await 120 said peers ready && goes_on && await "${4:-30}" closed "$3" && goes_on ||
		{ tail -n 3 "$dir/peers.log"; return 1; }
	stop peers
}

# Of one address at most 16 that are not members stay; these end 10 s after they came.
ten_thousand() {
	bad silent 10000 9900 && [ "$(descriptors)" -lt 300 ] && machine n2 && joined n2
}

bounded() {
	local now
	now=$(resident)
	echo "resident before and after: $before_kib and $now KiB"
	[ "$now" -lt $((before_kib + 32768)) ] && [ "$(events n1 ejected)" = 0 ]
}

verifier && verifier_up && machine n1 && joined n1 || exit
before_kib=$(resident)
check "10,000 connections that say nothing end, and no more than are allowed stay" ten_thousand
check "bytes that are no TLS" bad garbage 200 200
check "messages that are none of the protocol" bad nonsense 100 100
check "evidence before a hello" bad early 100 100
check "a message of 100 MiB is refused by its length" bad huge 20 20
check "a message that comes byte by byte ends in time" bad slow 8 8 60
check "the member was asked all the time, and memory is bounded" bounded
