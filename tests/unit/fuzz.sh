#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A short run of each fuzz target, two at a time; for a long one: build/fuzz/fuzz_NAME CORPUS_DIR
#
# test: fuzz_kmod finds nothing in 20 seconds
# test: fuzz_predicate finds nothing in 20 seconds
# test: fuzz_fwlog finds nothing in 20 seconds
# test: fuzz_boot finds nothing in 20 seconds
# test: fuzz_imalog finds nothing in 20 seconds
# test: fuzz_key finds nothing in 20 seconds
# test: fuzz_criteria finds nothing in 20 seconds
# test: fuzz_list finds nothing in 20 seconds
# test: fuzz_ek finds nothing in 20 seconds
# test: fuzz_token finds nothing in 20 seconds

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Evidence of real boots, and texts of the manual, to begin with.
mkdir "$dir"/fuzz_{kmod,predicate,fwlog,boot,imalog,key,criteria,list,ek,token}
for log in tests/evidence/*/binary_bios_measurements; do
	cp "$log" "$dir/fuzz_fwlog/${log//\//_}"
	cp "$log" "$dir/fuzz_boot/${log//\//_}"
done
for key in tests/evidence/*/*.{tpm2b_public,sig}; do cp "$key" "$dir/fuzz_key/${key//\//_}"; done
for log in tests/evidence/*/binary_runtime_measurements; do cp "$log" "$dir/fuzz_imalog/${log//\//_}"; done
cp tests/fuzz/criteria/* "$dir/fuzz_criteria"
cp tests/fuzz/list/* "$dir/fuzz_list"
cp tests/fuzz/ek/* "$dir/fuzz_ek"
cp tests/fuzz/token/* "$dir/fuzz_token"
for key in tests/evidence/*/*.tpm2b_public tests/evidence/*/*.crt; do cp "$key" "$dir/fuzz_ek/${key//\//_}"; done

# fuzz TARGET: its last line says how often it ran.
fuzz() {
	"build/fuzz/$1" -max_total_time=20 -max_len=8192 -artifact_prefix="$dir/" "$dir/$1" > "$dir/$1.log" 2>&1
}

# judge TARGET PID
judge() {
	local name="$1 finds nothing in 20 seconds"
	if wait "$2"; then
		ok "$name, $(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$dir/$1.log") runs"
	else
		tail -n 40 "$dir/$1.log"
		fail "$name"
	fi
}

# both TARGET TARGET
both() {
	local one two
	fuzz "$1" & one=$!
	fuzz "$2" & two=$!
	judge "$1" $one
	judge "$2" $two
}

both fuzz_kmod fuzz_predicate
both fuzz_fwlog fuzz_boot
both fuzz_imalog fuzz_key
both fuzz_criteria fuzz_list
both fuzz_ek fuzz_token
