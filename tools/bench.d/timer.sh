#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A write by another process of the host triggers nothing. No vCPU runs, no packet comes: only the timer can see it. How long
# the set is open after it, at many phases of the timer.
. tools/bench.d/lib.sh

attempts=100

# The time of the last verdict "violated", ns.
closed_at() {
	jq -s 'map(select(.ev_type == "verdict" and .set_state == "violated")) | last | .ev_time // 0' /run/events
}

is_closed() {
	[ "$(grep -c '"violated"' /run/events)" -gt "$1" ]
}

load_module
start_guest g
watch_guest g
guest g pause 0 > /dev/null
"$cvadm" --json monitor > /run/events 2> /run/monitor &
until grep -q listening /run/monitor; do sleep 0.01; done
hva=$(guest g hva words)
pid=$(cat /run/g.pid)
for ((i = 0; i < attempts; i++)); do
	sleep "0.0$((10 + i * 37 % 90))"
	seen=$(grep -c '"violated"' /run/events || true)
	written=$(build/tests/attack/poke "$pid" "$hva" 1)
	until is_closed "$seen"; do sleep 0.005; done
	echo $(($(closed_at) - written))
	build/tests/attack/poke "$pid" "$hva" 0 > /dev/null
	"$cvadm" set reattest "$set" > /dev/null
done > /run/times
kill %1
metric open_for_median_ms "$(median < /run/times | awk '{ printf "%.2f", $1 / 1e6 }')" ms "\"attempts\":$attempts"
metric open_for_max_ms "$(sort -n /run/times | tail -n 1 | awk '{ printf "%.2f", $1 / 1e6 }')" ms "\"attempts\":$attempts"
