#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sets and the numbers of their ports.
#
# test: of two sets over one guest, one closes and the other flows
# test: equal registrations share one port, and its users are counted
# test: a shared port goes with its last user
# test: another set has another number for the same service
# test: a number is chosen from the range, not always the same
# test: a range without a free number is refused
# test: a number that is taken is refused
# test: the service port is refused as a criteria port

. "$(dirname "$0")/topo.sh"
begin

G=10.2.0.2

# refusal ARGUMENTS-TO-PORT-ADD…: the exit status and the message.
refusal() {
	local message
	message=$(cvadm port add --address $G --proto tcp "$@" 2>&1)
	echo "$? $message"
}

refused() {
	[[ $1 = "1 "*"no free port number"* ]] || { echo "got: $1"; return 1; }
}

up server guest serve -e 0.0.0.0 80
one=$(add_set 0) other=$(add_set 1)
port=$(add_port "$one" $G tcp 80)
again=$(add_port "$one" $G tcp 80)
equal "equal registrations share one port, and its users are counted" "$port 2" "$again $(of_port "$port" port_users)"
second=$(add_port "$other" $G tcp 80)
check "another set has another number for the same service" test "$second" != "$port"

up first client connect -l -s $G "$port"
up second client connect -l -s $G "$second"
violate 0 "$one"
equal "of two sets over one guest, one closes and the other flows" "reset 0 open" \
	"$(how first) $(flows second > /dev/null; echo $?) $(try client $G "$second")"
stop second

id=$(of_port "$port" port)
cvadm port del "$id" > /dev/null
left=$(of_port "$port" port_users)
cvadm port del "$id" > /dev/null
equal "a shared port goes with its last user" "1 -" "$left $(of_port "$port" port_users)-"

check "a number that is taken is refused" refused "$(refusal --set "$one" --service 80 --port "$second")"
check "the service port is refused as a criteria port" refused "$(refusal --set "$one" --service 80 --port 80)"

numbers=()
for service in {1..12}; do
	numbers+=("$(add_port "$one" $G tcp "$service" --range 20000-29999)")
done
in_range() {
	local number
	for number in "${numbers[@]}"; do
		if [ "$number" -lt 20000 ] || [ "$number" -gt 29999 ]; then
			echo "got $number"
			return 1
		fi
	done
	# Neither rising one by one nor all alike.
	[ "$(printf '%s\n' "${numbers[@]}" | sort -u | wc -l)" = 12 ] && [ $((numbers[11] - numbers[0])) != 11 ]
}
check "a number is chosen from the range, not always the same" in_range

for service in 101 102 103; do
	add_port "$one" $G tcp "$service" --range 30000-30002
done > "$dir/range"
equal "a range without a free number is refused" "30000 30001 30002 0" \
	"$(sort "$dir/range" | xargs) $(refused "$(refusal --set "$one" --service 104 --range 30000-30002)"; echo $?)"
