#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cvctl evidence, on what real boots left in tests/evidence.
#
# test: the logs of each boot are shown as they were
# test: show tells the registers that each TPM told
# test: show --json has every event
# test: each quote of each boot is accepted
# test: verify names what is wrong
# test: criteria are judged, and each verdict has its exit status
# test: verify --json tells the same
# test: what has no size, or cannot be mapped, is read to its end
# test: what is not given or makes no sense is a usage error

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
cvctl=build/bin/cvctl-asan
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

shown() {
	local boot
	for boot in tests/evidence/*/; do
		$cvctl evidence show "$boot" | diff -u "$boot/show.txt" - || return
	done
}

# The registers 0 to 7 of pcrs.yaml, which tpm2_pcrread wrote: "    4 : 0xABC…" below "  sha256:".
registers() {
	awk -v bank="$2:" '$1 ~ /:$/ { on = $1 == bank } on && $2 == ":" && $1 < 8 { print $1, tolower(substr($3, 3)) }' "$1/pcrs.yaml"
}

replayed() {
	local boot bank
	for boot in tests/evidence/*/; do
		for bank in sha1 sha256; do
			diff <(registers "$boot" $bank) <($cvctl evidence show --bank $bank --json "$boot" |
				jq -r ".registers.$bank | to_entries[] | select((.key | tonumber) < 8) | \"\(.key) \(.value)\"") || return
		done
	done
}

every_event() {
	[ "$($cvctl evidence show --json tests/evidence/uki | jq '.firmware | length')" = 38 ] &&
		[ "$($cvctl evidence show --json tests/evidence/uki | jq -r '.firmware[] | select(.kind == "variable" and .text == "SecureBoot") | "\(.pcr) \(.bound)"')" = "7 true" ] &&
		$cvctl evidence show --json tests/evidence/uki | jq -e '.ima | length > 10 and .[0].path == "boot_aggregate"' > /dev/null
}

# verify BOOT QUOTE MORE…
verify() {
	local boot=tests/evidence/$1 key=ak bank=sha256
	case $2 in *-rsa) key=akrsa ;; *-sha1) bank=sha1 ;; esac
	$cvctl evidence verify --pcrs $bank:0-14 --key "$boot/$key.tpm2b_public" --quote "$boot/$2.attest" \
		--signature "$boot/$2.sig" "${@:3}" "$boot"
}

accepted() {
	local quote boot
	for quote in tests/evidence/*/*.attest; do
		boot=$(basename "$(dirname "$quote")")
		verify "$boot" "$(basename "$quote" .attest)" | grep -q '^accepted ' || return
	done
}

# refuses NAME BOOT MORE…: with that name and status 1
refuses() {
	local name=$1 out rc
	out=$(verify "$2" quote "${@:3}")
	rc=$?
	[ "$rc" = 1 ] && grep -q "^refused    $name: " <<<"$out" && return
	echo "expected $name and status 1, got $rc: $out"
	return 1
}

wrong() {
	local e=tests/evidence
	: > "$dir/empty"
	head -c 300 $e/uki/binary_bios_measurements > "$dir/cut"
	echo 00 > "$dir/nonce"
	refuses signature uki --quote $e/verity/quote.attest &&
		refuses signature uki --key $e/verity/ak.tpm2b_public &&
		refuses signature-format uki --signature $e/uki/quote-rsa.attest &&
		refuses key-format uki --key $e/uki/quote.attest &&
		refuses quote-nonce uki --nonce "$dir/nonce" &&
		refuses quote-selection uki --pcrs sha256:0-10 &&
		refuses quote-bank uki --pcrs sha1:0-14 &&
		refuses log-absent uki --firmware "$dir/empty" &&
		refuses log-truncated uki --firmware "$dir/cut" &&
		refuses log-mismatch uki --firmware $e/verity/binary_bios_measurements &&
		refuses log-mismatch uki --ima $e/verity/binary_runtime_measurements
}

# judged STATUS RULE…
judged() {
	local status=$1 rc
	shift
	printf '%s\n' 'criteria "x" {' "$@" '}' > "$dir/x.cv"
	verify verity quote --criteria "$dir/x.cv" > "$dir/out"
	rc=$?
	[ "$rc" = "$status" ] && return
	echo "expected status $status, got $rc:"
	cat "$dir/out"
	return 1
}

judges() {
	$cvctl evidence show --json tests/evidence/verity | jq -r '.ima[] | .digest + "  " + .path' > "$dir/programs"
	judged 0 'boot.secure_boot == false' 'every ima.file: digest in file("programs")' &&
		judged 1 'boot.secure_boot == false' 'no ima.file: path under "/usr"' 'on violation of ima.file close, eject' &&
		grep -q '^violated   line 3: ' "$dir/out" && grep -q 'some ima.file "/usr' "$dir/out" &&
		grep -q 'critical: close, eject' "$dir/out" &&
		judged 3 'boot.option("nothing") == "x"' &&
		grep -q 'the command line has it 0 times' "$dir/out" &&
		sed -i 1,2d "$dir/programs" &&
		judged 1 'every ima.file: digest in file("programs")' &&
		grep -q '/usr/sbin/init2' "$dir/out" &&
		judged 0 'no ima.file: path == "boot_aggregate"' &&
		judged 2 'boot.secureboot == false' 2> "$dir/err" && grep -q 'did you mean "boot.secure_boot"' "$dir/err"
}

# A rule is told even if its texts are not UTF-8.
as_json() {
	printf 'criteria "x" {\nboot.secure_boot == true\nrules "\\xff\\xfe" { tpm.reset_count == 2 }\n}\n' > "$dir/x.cv"
	[ "$(verify verity quote --json --criteria "$dir/x.cv" |
		jq -r '"\(.accepted) \(.quote.reset_count) \(.criteria.verdict) \(.criteria.rules | map(.verdict) | join(","))"')" = \
		"true 2 violated violated,satisfied" ] &&
		[ "$(verify verity quote --json --nonce <(echo 00) | jq -r '"\(.accepted) \(.error.name)"')" = "false quote-nonce" ]
}

# As in securityfs, and in procfs.
unsized() {
	local log=tests/evidence/uki/binary_bios_measurements
	diff <($cvctl evidence show --firmware "$log") <($cvctl evidence show --firmware <(cat "$log")) &&
		verify uki quote --cmdline /proc/cmdline | grep -q '^accepted '
}

# usage ARGUMENT…: status 2, and says why
usage() {
	local rc
	$cvctl "$@" > "$dir/out" 2>&1
	rc=$?
	[ "$rc" = 2 ] && [ -s "$dir/out" ] && return
	echo "expected status 2, got $rc: $*"
	return 1
}

senseless() {
	usage criteria check /nonexistent && $cvctl evidence --help | grep -q verify &&
		usage && usage evidence && usage evidence burn && usage evidence show && usage evidence show /nonexistent &&
		usage evidence show --bank md5 tests/evidence/uki && usage evidence verify tests/evidence/uki &&
		usage evidence verify --pcrs sha256:24 tests/evidence/uki && usage evidence verify --pcrs sha256:0- tests/evidence/uki &&
		usage evidence verify --pcrs sha256:3-1 tests/evidence/uki && usage evidence verify --pcrs md5:0 tests/evidence/uki &&
		usage evidence verify --pcrs sha256:0 "$dir" && usage evidence verify --pcrs sha256:0 --nonce /nonexistent tests/evidence/uki &&
		usage facts x && usage list id && usage list id /nonexistent && usage criteria check
}

check "the logs of each boot are shown as they were" shown
check "show tells the registers that each TPM told" replayed
check "show --json has every event" every_event
check "each quote of each boot is accepted" accepted
check "verify names what is wrong" wrong
check "criteria are judged, and each verdict has its exit status" judges
check "verify --json tells the same" as_json
check "what has no size, or cannot be mapped, is read to its end" unsized
check "what is not given or makes no sense is a usage error" senseless
