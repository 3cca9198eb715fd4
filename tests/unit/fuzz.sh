#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A short run of each fuzz target; for a long one: build/fuzz/fuzz_NAME CORPUS_DIR
#
# test: fuzz_kmod finds nothing in 10 seconds
# test: fuzz_predicate finds nothing in 10 seconds
# test: fuzz_fwlog finds nothing in 10 seconds
# test: fuzz_imalog finds nothing in 10 seconds
# test: fuzz_key finds nothing in 10 seconds

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Evidence of real boots to begin with.
mkdir "$dir"/fuzz_{kmod,predicate,fwlog,imalog,key}
for log in tests/evidence/*/binary_bios_measurements; do cp "$log" "$dir/fuzz_fwlog/${log//\//_}"; done
for key in tests/evidence/*/*.{tpm2b_public,tss}; do cp "$key" "$dir/fuzz_key/${key//\//_}"; done
for log in tests/evidence/*/ima.bin; do cp "$log" "$dir/fuzz_imalog/${log//\//_}"; done

for target in fuzz_kmod fuzz_predicate fuzz_fwlog fuzz_imalog fuzz_key; do
	if [ ! -x "build/fuzz/$target" ]; then
		fail "$target finds nothing in 10 seconds" "build/fuzz/$target is not built"
		continue
	fi
	if "build/fuzz/$target" -max_total_time=10 -max_len=8192 -artifact_prefix="$dir/" "$dir/$target" > "$dir/log" 2>&1; then
		ok "$target finds nothing in 10 seconds, $(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$dir/log") runs"
	else
		tail -n 40 "$dir/log"
		fail "$target finds nothing in 10 seconds"
	fi
done
