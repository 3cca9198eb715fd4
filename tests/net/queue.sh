#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets that have passed the gate and wait in the host when the verdict falls, and errors about connections.
#
# test: tbf, routed: nothing that waited reaches the guest after the cut
# test: netem, routed: nothing that waited reaches the guest after the cut
# test: tbf, bridged: nothing that waited reaches the guest after the cut
# test: netem, bridged: nothing that waited reaches the guest after the cut
# test: ICMP errors about a connection pass while it may
# test: ICMP errors about a connection of a closed port do not pass
# test: ICMP errors about a connection that was cut do not pass

. "$(dirname "$0")/topo.sh"
bridge_netfilter 1
begin

slow() {
	case $1 in
	tbf) tc qdisc replace dev "$2" root tbf rate 160kbit burst 3000 latency 60s ;;
	netem) tc qdisc replace dev "$2" root netem delay 4s ;;
	esac
}

waiting() {
	[ "$(tc -s -j qdisc show dev "$1" | field qlen)" -ge 10 ]
}

# queued QDISC WAY DEVICE ADDRESS FROM
queued() {
	local before
	add_port "$set" "$4" udp 80 --port "$5" > /dev/null
	up "$1$2" client connect -u -l -s -i 10 -b 1000 -p "$5" "$4" "$5"
	slow "$1" "$3"
	await 10 waiting "$3"
	before=$?
	violate 0 "$set"
	count guest "udp sport $5"
	# Longer than netem's delay, and long enough for tbf to let some out.
	sleep 5
	equal "$1, $2: nothing that waited reaches the guest after the cut" "0 0" "$before $(counted guest)"
	tc qdisc del dev "$3" root
	stop "$1$2"
	mend 0 "$set"
}

up server guest serve -u -e 0.0.0.0 80
set=$(add_set 0)
queued tbf routed g0 10.2.0.2 42001
queued netem routed g0 10.2.0.2 42002
queued tbf bridged g1 10.3.0.3 42003
queued netem bridged g1 10.3.0.3 42004

# --- ICMP ----------------------------------------------------------------------------------------------------------
#
# Each end sends errors about what the other one sent: TCP and UDP, IPv4 and IPv6. The ends drop them unread.

only_count() {
	local ns
	for ns in client guest; do
		on $ns nft -f - <<-NFT
			table inet count
			delete table inet count
			table inet count {
				chain arrives {
					type filter hook prerouting priority -500
					icmp type destination-unreachable counter drop
					icmpv6 type destination-unreachable counter drop
				}
			}
		NFT
	done
}

unreach() {
	on "$1" build/tests/net/conns unreach "${@:2}"
}

# errors: what arrives of four errors, "client guest".
errors() {
	only_count
	unreach guest 10.1.0.2 43001 10.2.0.2 80
	unreach guest -u 10.1.0.2 43002 10.2.0.2 80
	unreach guest fd01::2 43003 fd02::2 80
	unreach guest -u fd01::2 43004 fd02::2 80
	unreach client 10.2.0.2 9000 10.1.0.2 43001
	unreach client -u 10.2.0.2 9000 10.1.0.2 43002
	unreach client fd02::2 9000 fd01::2 43003
	unreach client -u fd02::2 9000 fd01::2 43004
	sleep 0.3
	echo "$(($(counted client | paste -sd+))) $(($(counted guest | paste -sd+)))"
}

for proto in tcp udp; do
	for address in 10.2.0.2 fd02::2; do
		add_port "$set" $address $proto 80 --port 9000 > /dev/null
	done
done
up tcp4 guest serve -e 0.0.0.0 80 && up tcp6 guest serve -e :: 80 && up udp6 guest serve -u -e :: 80
up c1 client connect -l -p 43001 10.2.0.2 9000 && up c2 client connect -u -l -p 43002 10.2.0.2 9000 &&
	up c3 client connect -l -p 43003 fd02::2 9000 && up c4 client connect -u -l -p 43004 fd02::2 9000

equal "ICMP errors about a connection pass while it may" "4 4" "$(errors)"
forget_events
cvadm session renew "$session" --lease 10 > /dev/null
await 10 seen 1 '"set_state":"unknown"'
equal "ICMP errors about a connection of a closed port do not pass" "0 0" "$(errors)"
cvadm session renew "$session" --lease 3600000 > /dev/null
violate 0 "$set"
equal "ICMP errors about a connection that was cut do not pass" "0 0" "$(errors)"
