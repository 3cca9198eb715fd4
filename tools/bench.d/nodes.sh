#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How many members one verifier keeps, what each takes, how soon one is out. On this machine: the verifier's process is
# measured, the simulated nodes share the machine with it. Arguments: numbers of members.
set -eu
cd "$(dirname "$0")/../.."

dir=$(mktemp -d /tmp/cv-bench-XXXXXX)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$dir"' EXIT

metric() {
	printf '{"bench":"nodes","metric":"%s","value":%s,"unit":"%s","kernel":"-","nodes":%s}\n' "$1" "$2" "$3" "$nodes"
}

# Clock ticks of the processor that the verifier took, and its resident KiB.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$cvd/stat"
}

resident() {
	awk '/^VmRSS/ { print $2 }' "/proc/$cvd/status"
}

said() {
	local line
	while IFS= read -r -t 3000 line <&"${simulated[0]}"; do
		case $line in
		"$1"*) answer=$line; return ;;
		lost*) echo "nodes: $line" >&2; exit 1 ;;
		esac
	done
	return 1
}

tell() {
	echo "$1" >&"${simulated[1]}"
}

configure() {
	rm -rf "${dir:?}/"*
	mkdir -p "$dir"/{criteria,vendors}
	cat > "$dir/criteria/compute.cv" <<-'CRITERIA'
		criteria "bench" for compute {
			every ima.file where path != "boot_aggregate": digest in file("allowed")
			no ima.file: violation == true
		}
	CRITERIA
	chmod 755 "$dir"
	cat > "$dir/cvd.conf" <<-CONF
		user = nobody
		listen = 127.0.0.1:7599
		state = $dir/state
		control = $dir/state/control
		criteria = $dir/criteria
		members = $dir/members
		vendors = $dir/vendors
		enrol = vendor
		interval = 10 s
		timeout = 30 s
	CONF
}

for nodes; do
	echo "nodes: $nodes…" >&2
	configure
	coproc simulated { exec build/bench/nodes 127.0.0.1:7599 "$dir/state/ca.pem" "$dir/vendors" "$nodes"; }
	said ready
	mv "$dir/vendors/allowed" "$dir/criteria/allowed"
	build/bin/cvd --config "$dir/cvd.conf" 2> "$dir/log" & cvd=$!
	until grep -q 'nodes join' "$dir/log"; do sleep 0.1; done
	empty=$(resident)
	tell go
	tell join
	said joined
	seconds=${answer#joined }
	metric members "$(find "$dir/members" -name '*.pem' ! -name crl.pem | wc -l)" nodes
	metric admissions_per_second "$(awk -v n="$nodes" -v s="$seconds" 'BEGIN { printf "%.1f", n / s }')" 1/s
	sleep 10	# every one is asked at its own time
	before=$(ticks)
	sleep 20
	after=$(ticks)
	metric cpu_share "$(awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.3f", t / hz / 20 }')" "of one processor"
	metric bytes_per_member "$(awk -v kib=$(($(resident) - empty)) -v n="$nodes" 'BEGIN { printf "%.0f", kib * 1024 / n }')" B
	evil=$((nodes < 200 ? nodes : 200))
	tell "evil $evil"
	said ejected
	read -r _ _ median p99 max <<<"$answer"
	metric ejection_p50_ms "$median" ms
	metric ejection_p99_ms "$p99" ms
	metric ejection_max_ms "$max" ms
	# shellcheck disable=SC2154 # coproc sets it
	kill "$cvd" "$simulated_PID"
	wait "$cvd" "$simulated_PID" 2> /dev/null || true
done
