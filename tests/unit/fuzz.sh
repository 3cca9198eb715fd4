#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A run of each fuzz target, two at a time: 20 seconds, or as many as CV_FUZZ says. One alone: build/fuzz/fuzz_NAME CORPUS_DIR
#
# test: fuzz_kmod finds nothing
# test: fuzz_predicate finds nothing
# test: fuzz_fwlog finds nothing
# test: fuzz_boot finds nothing
# test: fuzz_imalog finds nothing
# test: fuzz_key finds nothing
# test: fuzz_criteria finds nothing
# test: fuzz_list finds nothing
# test: fuzz_quote finds nothing
# test: fuzz_ek finds nothing
# test: fuzz_token finds nothing

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
seconds=${CV_FUZZ:-20}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Evidence of real boots, and texts of the manual, to begin with.
mkdir "$dir"/fuzz_{kmod,predicate,fwlog,boot,imalog,key,quote,criteria,list,ek,token}
for log in tests/evidence/*/binary_bios_measurements; do
	cp "$log" "$dir/fuzz_fwlog/${log//\//_}"
	cp "$log" "$dir/fuzz_boot/${log//\//_}"
done
for key in tests/evidence/*/*.{tpm2b_public,sig}; do cp "$key" "$dir/fuzz_key/${key//\//_}"; done
for log in tests/evidence/*/binary_runtime_measurements; do cp "$log" "$dir/fuzz_imalog/${log//\//_}"; done
# With the nonce that the target asks for.
for quote in tests/evidence/*/quote*.attest; do
	cp "$quote" "$dir/fuzz_quote/${quote//\//_}"
	dd if=/dev/zero of="$dir/fuzz_quote/${quote//\//_}" bs=1 seek=44 count=32 conv=notrunc status=none
done
cp tests/fuzz/criteria/* "$dir/fuzz_criteria"
cp tests/fuzz/list/* "$dir/fuzz_list"
cp tests/fuzz/ek/* "$dir/fuzz_ek"
cp tests/fuzz/token/* "$dir/fuzz_token"
for key in tests/evidence/*/*.tpm2b_public tests/evidence/*/*.crt; do cp "$key" "$dir/fuzz_ek/${key//\//_}"; done

# fuzz TARGET: its last line says how often it ran.
fuzz() {
	"build/fuzz/$1" -max_total_time="$seconds" -max_len=8192 -artifact_prefix="$dir/" "$dir/$1" > "$dir/$1.log" 2>&1
}

# judge TARGET PID
judge() {
	local name="$1 finds nothing"
	if wait "$2"; then
		ok "$name, $(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$dir/$1.log") runs in $seconds seconds"
	else
		tail -n 40 "$dir/$1.log"
		fail "$name"
	fi
}

# run TARGET…: side by side
run() {
	local target pids=()
	for target; do
		fuzz "$target" & pids+=($!)
	done
	for target; do
		judge "$target" "${pids[0]}"
		pids=("${pids[@]:1}")
	done
}

run fuzz_kmod fuzz_predicate
run fuzz_fwlog fuzz_boot
run fuzz_imalog fuzz_key
run fuzz_criteria fuzz_list
run fuzz_quote fuzz_ek
run fuzz_token
