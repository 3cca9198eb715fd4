#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Ways around the gate: what the host's own rules and tools, or a guest that ignores resets, could keep alive.
#
# Both ends of the connections here take neither resets nor ICMP errors and go on sending. What of it arrives at the
# other end after the cut is counted by the receiver's own prerouting hook, whatever port it claims to come from.
#
# test: a cut connection whose ends go on sending gets no payload through
# test: conntrack -F, then a violation: no payload
# test: conntrack -F again and again, then a violation: no payload
# test: conntrack -F of a connection the client has half closed, then a violation: no payload
# test: conntrack -F of a udp flow at its start, then a violation: no payload
# test: a violation, then conntrack -F: no payload
# test: conntrack -F while satisfied does not end a connection
# test: notrack from the middle of a connection on: no payload after a violation
# test: notrack from the beginning on: a guest that listens there is not reached
# test: rules that accept established connections first do not keep one alive
# test: a nat rule ahead of ours does not lead around the gate
# test: a nat rule that leads to the criteria port does not lead around the gate
# test: flowtable: a connection of the service port is offloaded, one of the criteria port is not
# test: flowtable: a violation ends the connection of the criteria port only
# test: a connection to the number from before it was a criteria port does not go on

. "$(dirname "$0")/topo.sh"
begin

G=10.2.0.2

# rules: nft on the host, from stdin; no_rules removes them.
rules() {
	nft -f - || echo "nft refuses the rules"
}

no_rules() {
	nft delete table ip rules
}

# link PROTO SERVICE NUMBER FROM [OPTION-OF-CLIENT…]: a connection with data both ways, from a port of its own.
link() {
	local flag=()
	[ "$1" = tcp ] || flag=(-u)
	add_port "$set" $G "$1" "$2" --port "$3" > /dev/null
	up "s$2" guest serve "${flag[@]}" -s -i 50 -b 200 $G "$2"
	up "c$2" client connect "${flag[@]}" -l -s -i 50 -b 200 -p "$4" "${@:5}" $G "$3"
}

more_dropped() {
	[ "$(of_port "$1" port_dropped)" -gt "$2" ]
}

# leaks FROM NUMBER: payload that still arrives, "client guest", until the port has dropped something, or long enough.
leaks() {
	local dropped
	count client "ip saddr $G th dport $1 meta length > 150"
	count guest "th sport $1 meta length > 150"
	dropped=$(of_port "$2" port_dropped)
	# An end that hears nothing sends again, later each time.
	await 15 more_dropped "$2" "$dropped"
	echo "$(counted client) $(counted guest)"
}

deaf client
deaf guest

# --- conntrack -----------------------------------------------------------------------------------------------------

flush() {
	conntrack -F > /dev/null 2>&1
}

set=$(add_set 0)

link tcp 81 9001 41001
flows c81 && flows s81
count client "ip saddr $G th dport 41001 meta length > 150"
sleep 1
sensitive=$(counted client)
violate 0 "$set"
equal "a cut connection whose ends go on sending gets no payload through" "1 0 0" \
	"$((sensitive > 0)) $(leaks 41001 9001)"
flush
equal "a violation, then conntrack -F: no payload" "0 0" "$(leaks 41001 9001)"
stop s81 c81
mend 0 "$set"

link tcp 82 9002 41002
flush
check "conntrack -F while satisfied does not end a connection" flows c82
flush
violate 0 "$set"
equal "conntrack -F, then a violation: no payload" "0 0" "$(leaks 41002 9002)"
stop s82 c82
mend 0 "$set"

link tcp 83 9003 41003
flows c83
for _ in {1..20}; do
	flush
done
violate 0 "$set"
equal "conntrack -F again and again, then a violation: no payload" "0 0" "$(leaks 41003 9003)"
stop s83 c83
mend 0 "$set"

link tcp 84 9004 41004 -w
flows c84
flush
violate 0 "$set"
equal "conntrack -F of a connection the client has half closed, then a violation: no payload" "0 0" \
	"$(leaks 41004 9004)"
stop s84 c84
mend 0 "$set"

link udp 85 9005 41005
flush
violate 0 "$set"
equal "conntrack -F of a udp flow at its start, then a violation: no payload" "0 0" "$(leaks 41005 9005)"
stop s85 c85
mend 0 "$set"

# --- rules ---------------------------------------------------------------------------------------------------------

link tcp 86 9006 41006
flows c86
rules <<NFT
table ip rules {
	chain raw { type filter hook prerouting priority -300; ip saddr $G notrack; ip daddr $G notrack; }
}
NFT
violate 0 "$set"
equal "notrack from the middle of a connection on: no payload after a violation" "0 0" "$(leaks 41006 9006)"
stop s86 c86
mend 0 "$set"

add_port "$set" $G tcp 80 --port 9100 > /dev/null
up own guest serve -e 0.0.0.0 9100 9101
equal "notrack from the beginning on: a guest that listens there is not reached" "silent open" \
	"$(try client $G 9100) $(try client $G 9101)"
no_rules

rules <<NFT
table ip rules {
	chain lead { type nat hook prerouting priority dstnat; ip daddr 10.1.0.1 tcp dport 9100 dnat to $G:9100; }
}
NFT
try client 10.1.0.1 9100 > "$dir/published"
equal "a nat rule that leads to the criteria port does not lead around the gate" 0 "$(now own open)"
no_rules

add_port "$set" $G tcp 87 --port 9007 > /dev/null
up s87 guest serve -s -e $G 87
rules <<NFT
table ip rules {
	chain lead { type nat hook prerouting priority dstnat - 50; tcp dport 9007 dnat to $G:87; }
}
NFT
start c87 client connect -l -s $G 9007
await 3 grep -q '^ready' "$dir/c87"
violate 0 "$set"
before=$(now c87 in)
sleep 2
equal "a nat rule ahead of ours does not lead around the gate" 0 $(($(now c87 in) - before))
stop c87 s87
no_rules
mend 0 "$set"

ip netns exec client nft delete table inet deaf
ip netns exec guest nft delete table inet deaf

add_port "$set" $G tcp 88 --port 9008 > /dev/null
rules <<NFT
table ip rules {
	chain first { type filter hook prerouting priority -199; ct state established,related accept; }
	chain mangle { type filter hook prerouting priority mangle; ct state established,related accept; }
	chain forward { type filter hook forward priority filter; policy drop; ct state established,related accept; accept; }
	chain last { type filter hook postrouting priority -400; ct state established,related accept; }
}
NFT
up s88 guest serve -s -e $G 88
up c88 client connect -l -s $G 9008
flowed=$(flows c88 && echo flows)
violate 0 "$set"
equal "rules that accept established connections first do not keep one alive" "flows reset 1" \
	"$flowed $(how c88) $(now s88 reset)"
no_rules
mend 0 "$set"

# --- flowtable -----------------------------------------------------------------------------------------------------

offloaded() {
	conntrack -L -p tcp 2>/dev/null | grep "dport=$1 " | grep -q OFFLOAD
}

rules <<NFT
table ip rules {
	flowtable fast { hook ingress priority 0; devices = { c0, g0 }; }
	chain forward { type filter hook forward priority filter; ct state established flow add @fast; }
}
NFT
up through client connect -l -s -i 50 $G 9008
up beside client connect -l -s -i 50 $G 88
await 10 offloaded 88
beside=$?
flows through
equal "flowtable: a connection of the service port is offloaded, one of the criteria port is not" "0 1" \
	"$beside $(offloaded 9008; echo $?)"
violate 0 "$set"
equal "flowtable: a violation ends the connection of the criteria port only" "reset 0" \
	"$(how through) $(flows beside > /dev/null; echo $?)"
no_rules
mend 0 "$set"

# --- older connections ---------------------------------------------------------------------------------------------

up s9200 guest serve -s -i 50 $G 9200
up older client connect -l -s -i 50 -p 41200 $G 9200
flowed=$(flows older && echo flows)
add_port "$set" $G tcp 88 --port 9200 > /dev/null
count client "ip saddr $G th dport 41200 meta length > 120"
count guest "tcp dport 9200"
# What the client sends now is for the service port, where nobody knows of this connection.
# Whether it ends by a reset or falls silent depends on who sends next.
equal "a connection to the number from before it was a criteria port does not go on" "flows 0 0" \
	"$flowed $(counted client) $(counted guest)"
