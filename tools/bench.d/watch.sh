#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a store to a watched word costs the guest, by how it is watched; and what a packet pays for each word of its set.
. tools/bench.d/lib.sh

# A store of the value that is there: a hit, but nothing new.
store() {
	for _ in {1..9}; do
		guest g timed-store "$1" 8 0
		sleep 0.02
	done | sort -n | head -n 1
}

watch() {
	"$cvadm" watch add g --addr "$(guest g addr "$1")" --len 8 --trigger "$2" > /dev/null
}

trips() {
	for _ in {1..9}; do "$bench/packets" client guest 10.9.2.2 "$1" "$2"; done | median
}

# port WORDS NUMBER: a port whose set has that many criteria.
port() {
	local criteria=() i set
	for ((i = 0; i < $1; i++)); do criteria+=("r$i == 0"); done
	set=$("$cvadm" --json set add --session "$session" --vm g "${criteria[@]}" | jq .set)
	"$cvadm" port add --set "$set" --address 10.9.2.2 --proto udp --service "$1" --port "$2" > /dev/null
}

topology
load_module
start_guest g
attach g
metric hit "$(store words)" instructions '"backend":"not watched"'
watch words debug
metric hit "$(store words)" instructions '"backend":"debug"'
watch spare page
metric hit "$(store spare)" instructions '"backend":"page"'
metric hit "$(store spare+16)" instructions '"backend":"page, another word of it"'
watch words+8 none
metric hit "$(store words+8)" instructions '"backend":"none"'

session=$("$cvadm" --json session add --owner bench --lease 3600000 | jq .session)
for i in {0..63}; do
	"$cvadm" watch add g --addr "$(guest g addr "words+$((64 + 8 * i))")" --len 8 --trigger none --name "r$i" > /dev/null
done
port 1 20001
one=$(trips 20001 1)
for n in 4 64; do
	port $n $((20000 + n))
	metric reread_per_word "$(awk -v a="$(trips $((20000 + n)) $n)" -v b="$one" -v n=$n 'BEGIN { printf "%.1f", (a - b) / (n - 1) }')" \
		instructions "\"words\":$n"
done
