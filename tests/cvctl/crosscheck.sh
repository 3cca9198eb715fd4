#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same evidence by other programs: tpm2_eventlog reads the logs of real boots and those of tests/fixtures, and
# tpm2_checkquote the quotes. Where it reads a made one otherwise, that one says so in a line "# tpm2_eventlog: ", and why.
#
# test: tpm2_eventlog finds the same registers in the log of each boot
# test: tpm2_eventlog finds the same in each log that was made, or that one says why not
# test: tpm2_checkquote takes each quote
# test: tpm2_checkquote takes none with another nonce or signature, as here

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
cvctl=build/bin/cvctl-asan
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# theirs LOG, ours LOG BANKS: "BANK PCR DIGEST", sorted; fails if the log is refused
theirs() {
	tpm2_eventlog "$1" > "$dir/yaml" 2> "$dir/err" || return
	awk '/^pcrs:/ { in_pcrs = 1; next } !in_pcrs { next } /^  [a-z0-9]+:/ { bank = $1; sub(":", "", bank) }
		/ : 0x/ { print bank, $1, substr($3, 3) }' "$dir/yaml" | sort > "$dir/theirs"
}

ours() {
	local bank
	for bank in sha1 sha256 sha384 sha512; do
		$cvctl evidence show --json --bank "$bank" --firmware "$1" > "$dir/json" 2> /dev/null || continue
		jq -r --arg bank "$bank" '.registers[$bank] | to_entries[] | "\($bank) \(.key) \(.value)"' "$dir/json"
	done | sort > "$dir/ours"
	[ -s "$dir/ours" ]
}

# same LOG: both read it to the same registers, or both refuse it
same() {
	local they=0 we=0
	theirs "$1" || they=1
	ours "$1" || we=1
	[ $they = $we ] || { echo "$1: $([ $we = 1 ] && echo refused || echo read) here, not there: $(head -n 1 "$dir/err")"; return 1; }
	[ $we = 1 ] || diff "$dir/theirs" "$dir/ours"
}

boots() {
	local log
	for log in tests/evidence/*/binary_bios_measurements; do same "$log" || return; done
}

# A note that is not needed is wrong, too.
made() {
	local log noted
	mkdir "$dir/made"
	env -u CK_TAP_LOG_FILE_NAME build/tests/unit/test_fixtures --write "$dir/made" > "$dir/out" 2>&1 || { cat "$dir/out"; return 1; }
	for log in "$dir"/made/*; do
		noted=$(grep -c '^# tpm2_eventlog: ' "tests/fixtures/${log##*/}")
		if same "$log" > "$dir/why"; then
			[ "$noted" = 0 ] || { echo "${log##*/}: is read alike, and says that it is not"; return 1; }
		elif [ "$noted" = 0 ]; then
			cat "$dir/why"
			echo "${log##*/}: is read otherwise, and does not say so"
			return 1
		fi
	done
}

# checkquote BOOT QUOTE NONCE SIGNATURE
checkquote() {
	local key=ak hash=sha256
	case $2 in *rsa*) key=akrsa ;; esac
	tpm2_checkquote -u "tests/evidence/$1/$key.tpm2b_public" -m "tests/evidence/$1/$2.attest" -s "$4" -q "$3" -g "$hash" > "$dir/out" 2>&1
}

quotes() {
	local quote boot name
	for quote in tests/evidence/*/quote*.attest; do
		boot=$(basename "$(dirname "$quote")") name=$(basename "$quote" .attest)
		checkquote "$boot" "$name" "$(cat "tests/evidence/$boot/nonce.hex")" "${quote%.attest}.sig" || { echo "$quote"; cat "$dir/out"; return 1; }
	done
}

wrong_quotes() {
	local e=tests/evidence nonce
	nonce=$(cat $e/uki/nonce.hex)
	! checkquote uki quote "ff${nonce:2}" $e/uki/quote.sig && ! checkquote uki quote "$nonce" $e/verity/quote.sig
}

check "tpm2_eventlog finds the same registers in the log of each boot" boots
check "tpm2_eventlog finds the same in each log that was made, or that one says why not" made
check "tpm2_checkquote takes each quote" quotes
check "tpm2_checkquote takes none with another nonce or signature, as here" wrong_quotes
