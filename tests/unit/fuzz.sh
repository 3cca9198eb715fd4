#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A short run of each fuzz target; for a long one: build/fuzz/fuzz_NAME CORPUS_DIR
#
# test: fuzz_kmod finds nothing in 10 seconds
# test: fuzz_predicate finds nothing in 10 seconds

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

for target in fuzz_kmod fuzz_predicate; do
	if [ ! -x "build/fuzz/$target" ]; then
		fail "$target finds nothing in 10 seconds" "build/fuzz/$target is not built"
		continue
	fi
	if "build/fuzz/$target" -max_total_time=10 -max_len=1024 -artifact_prefix="$dir/" > "$dir/log" 2>&1; then
		ok "$target finds nothing in 10 seconds, $(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$dir/log") runs"
	else
		tail -n 40 "$dir/log"
		fail "$target finds nothing in 10 seconds"
	fi
done
