#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything with ports and connections in it is taken down: a network namespace, then the module.
#
# test: ports work in another network namespace
# test: a network namespace that goes takes its ports with it
# test: a set whose ports went with a namespace can be deleted
# test: the guest hits a watch all the time while connections flow
# test: the module unloads with connections open and hits going on
# test: after that they do not go on as anything
# test: after that the service port works
# test: the module loads again

. "$(dirname "$0")/topo.sh"
# However fast the guest hits, it is no flood here.
rmmod cloudverifier && insmod "build/$CV_KERNEL/cloudverifier.ko" flood_hits=1000000000 || exit
begin

G=10.2.0.2

# --- a namespace ---------------------------------------------------------------------------------------------------
#
#   client eth9 10.9.1.2 --- in0 10.9.1.1 inner in1 10.9.2.1 --- eth9 10.9.2.2 guest

inner() {
	ip netns add inner
	wire_inner client in0 10.9.1 && wire_inner guest in1 10.9.2
	ip -n client route add 10.9.2.0/24 via 10.9.1.1
	ip -n guest route add 10.9.1.0/24 via 10.9.2.1
	on inner sysctl -qw net.ipv4.ip_forward=1
}

wire_inner() {
	ip link add name "$2" netns inner type veth peer name eth9 netns "$1"
	ip -n inner addr add "$3.1/24" dev "$2" && ip -n inner link set "$2" up
	ip -n "$1" addr add "$3.2/24" dev eth9 && ip -n "$1" link set eth9 up
}

gone() {
	! on client ip link show eth9 > /dev/null 2>&1
}

in_inner() {
	on inner build/bin/cvadm --json "$@"
}

inner
set=$(add_set 0)
up server guest serve -s -e 0.0.0.0 80
up userver guest serve -u -s -e 0.0.0.0 80
for proto in tcp udp; do
	in_inner port add --set "$set" --address 10.9.2.2 --proto $proto --service 80 --port 9000 > /dev/null
done
up inside client connect -n 5 -l -s 10.9.2.2 9000
up uinside client connect -u -n 5 -l -s 10.9.2.2 9000
equal "ports work in another network namespace" "10 0" \
	"$(in_inner status | field st_conns) $(cvadm --json status | field st_conns)"
ip netns del inner
await 20 gone
# The set cuts its ports in the order they were made: this one would be the third.
add_port "$set" $G tcp 80 > /dev/null
violate 0 "$set"
equal "a network namespace that goes takes its ports with it" 1 "$(grep -c '"cut"' "$dir/events")"
stop inside uinside
check "a set whose ports went with a namespace can be deleted" cvadm set del "$set"

# --- the module ----------------------------------------------------------------------------------------------------

deaf client
deaf guest
set=$(add_set 1)
tcp=$(add_port "$set" $G tcp 80) udp=$(add_port "$set" $G udp 80)
up stream client connect -n 10 -l -s -p 44000 $G "$tcp"
up ustream client connect -u -n 10 -l -s -p 44000 $G "$udp"
# What the watch of another word is told of, which is in no criterion.
hits() {
	cvadm --json watch list | tr -d ' \n' | tr '{' '\n' | grep '"watch_name":"w3"' | field watch_hits
}
hits_more() {
	[ "$(hits)" -gt "$1" ]
}
hitting() {
	build/tests/vmm/vmm ctl "$sock" start storm "$(printf '%#x' $((words + 24)))" 8 0 0 > /dev/null
	await 20 hits_more $(($(hits) + 100)) && flows stream && flows ustream && await 20 hits_more $(($(hits) + 100)) &&
		[ "$(cvadm --json set show "$set" | field set_state)" = satisfied ]
}
check "the guest hits a watch all the time while connections flow" hitting
stop monitor
vm='' session=''
check "the module unloads with connections open and hits going on" timeout 60 rmmod cloudverifier
reading() {
	echo "$(now stream in) $(now ustream in)"
}
before=$(reading)
count client "ip saddr $G th dport 44000-44009 meta length > 150"
sleep 3
equal "after that they do not go on as anything" "$before" "$(reading)"
echo "payload that arrived at the client's device, from the service port: $(counted client) packets"
equal "after that the service port works" "open open" "$(try client $G 80) $(try client -u $G 80)"
check "the module loads again" insmod "build/$CV_KERNEL/cloudverifier.ko"
