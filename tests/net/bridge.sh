#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A bridge that does not hand its frames to the IP hooks: nothing of a criteria port crosses it.
#
# test: without br_netfilter a bridged port is blocked and passes nothing
# test: a guest that listens on the criteria port itself is not reached
# test: what the guest sends from the number of a criteria port does not cross
# test: the service port is reached all the same
# test: a port that was not called bridged becomes blocked with the first frame
# test: with br_netfilter loaded and bridge-nf-call switched off it is the same
# test: with bridge-nf-call switched on it opens
# test: switched off during a connection, nothing crosses any more

. "$(dirname "$0")/topo.sh"
modprobe -rq br_netfilter
begin

G4=10.3.0.3 G6=fd03::3

up tcp4 guest serve -e 0.0.0.0 80 9000 9001 && up tcp6 guest serve -e :: 80 9000 &&
	up udp4 guest serve -u -e 0.0.0.0 80 9000 && up udp6 guest serve -u -e :: 80 9000 || exit
set=$(add_set 0)
for proto in tcp udp; do
	add_port "$set" $G4 $proto 80 --port 9000 --bridged > /dev/null
	add_port "$set" $G6 $proto 80 --port 9000 --bridged > /dev/null
done
add_port "$set" $G4 tcp 80 --port 9001 > /dev/null

states() {
	cvadm --json port list | tr -d ' \n' | grep -oE '"port_state":"[a-z]+"' | cut -d'"' -f4 | sort | uniq -c | xargs
}

tries() {
	echo "$(try client "$@" $G4 "$port") $(try client "$@" $G6 "$port")"
}

closed="silent silent, silent silent"
port=9000
equal "a guest that listens on the criteria port itself is not reached" "$closed" "$(tries), $(tries -u)"
equal "without br_netfilter a bridged port is blocked and passes nothing" "4 blocked 1 open" "$(states)"
equal "a port that was not called bridged becomes blocked with the first frame" \
	"silent 5 blocked" "$(try client $G4 9001) $(states)"

up listener client serve -u 0.0.0.0 7000
on guest build/tests/net/conns connect -u -x -p 9100 10.3.0.2 7000 > /dev/null
heard=$(now listener open)
stop udp4
on guest build/tests/net/conns connect -u -x -p 9000 10.3.0.2 7000 > /dev/null
equal "what the guest sends from the number of a criteria port does not cross" "1 1" "$heard $(now listener open)"
up udp4 guest serve -u -e 0.0.0.0 80 9000

port=80
equal "the service port is reached all the same" "open open, open open" "$(tries), $(tries -u)"

port=9000
bridge_netfilter 0
equal "with br_netfilter loaded and bridge-nf-call switched off it is the same" "$closed 5 blocked" \
	"$(tries), $(tries -u) $(states)"
bridge_netfilter 1
equal "with bridge-nf-call switched on it opens" "open open, open open 1 blocked 4 open" "$(tries), $(tries -u) $(states)"

up stream client connect -l -s -i 100 $G4 9000
flowed=$(flows stream && echo flows)
bridge_netfilter 0
before=$(now stream in)
sleep 2
equal "switched off during a connection, nothing crosses any more" "flows 0" \
	"$flowed $(($(now stream in) - before))"
