#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A lease that ends makes the verdict UNKNOWN: the gate closes, and a renewal opens it for the same connections.
#
# test: at the end of the lease nothing passes, either way
# test: no connection is reset by it
# test: after the renewal the same connections go on
# test: renewed after a violation it stays closed

. "$(dirname "$0")/topo.sh"
begin

G=10.2.0.2

lapse() {
	forget_events
	cvadm session renew "$session" --lease 10 > /dev/null
	await 10 seen 1 '"set_state":"unknown"'
}

renew() {
	cvadm session renew "$session" --lease 3600000 > /dev/null
}

set=$(add_set 0)
tcp=$(add_port "$set" $G tcp 80) udp=$(add_port "$set" $G udp 80)
up server guest serve -s -e $G 80 && up userver guest serve -u -s -e $G 80
up stream client connect -n 3 -l -s $G "$tcp" && up ustream client connect -n 3 -u -l -s $G "$udp"
flowed=$(flows stream && flows ustream && flows server && flows userver && echo flows)
lapse
readings() {
	echo "$(now stream in) $(now ustream in) $(now server in) $(now userver in)"
}
before=$(readings)
sleep 2
equal "at the end of the lease nothing passes, either way" "flows $before" "$flowed $(readings)"
equal "no connection is reset by it" "3 3 3 3" \
	"$(now stream open) $(now server open) $(now ustream open) $(now userver open)"
renew
goes_on() {
	flows stream 20 && flows server 20 && flows ustream && flows userver &&
		[ "$(now stream open) $(now server open)" = "3 3" ]
}
check "after the renewal the same connections go on" goes_on

store 0 1
over stream
lapse
store 0 0
renew
equal "renewed after a violation it stays closed" "3 refused" "$(total stream reset) $(try client $G "$tcp")"
