#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every way a packet takes through a host: one criteria port on each, one violation for all of them. Clients use
# connected sockets, which take nothing that does not come from the address and number they connected to.
#
# test: tcp, IPv4, routed: passes when satisfied, from the criteria port
# test: tcp, IPv4, routed: cut when violated
# test: tcp, IPv4, routed: the service port keeps working
# test: tcp, IPv4, bridged: passes when satisfied, from the criteria port
# test: tcp, IPv4, bridged: cut when violated
# test: tcp, IPv4, bridged: the service port keeps working
# test: tcp, IPv6, routed: passes when satisfied, from the criteria port
# test: tcp, IPv6, routed: cut when violated
# test: tcp, IPv6, routed: the service port keeps working
# test: tcp, IPv6, bridged: passes when satisfied, from the criteria port
# test: tcp, IPv6, bridged: cut when violated
# test: tcp, IPv6, bridged: the service port keeps working
# test: udp, IPv4, routed: passes when satisfied, from the criteria port
# test: udp, IPv4, routed: cut when violated
# test: udp, IPv4, routed: the service port keeps working
# test: udp, IPv4, bridged: passes when satisfied, from the criteria port
# test: udp, IPv4, bridged: cut when violated
# test: udp, IPv4, bridged: the service port keeps working
# test: udp, IPv6, routed: passes when satisfied, from the criteria port
# test: udp, IPv6, routed: cut when violated
# test: udp, IPv6, routed: the service port keeps working
# test: udp, IPv6, bridged: passes when satisfied, from the criteria port
# test: udp, IPv6, bridged: cut when violated
# test: udp, IPv6, bridged: the service port keeps working
# test: the host's own connections pass and are cut too
# test: a new connection to a violated port is refused at once
# test: after re-attestation new connections pass

. "$(dirname "$0")/topo.sh"
bridge_netfilter 1
begin

guest_at() {
	case $1-$2 in
	IPv4-routed) echo 10.2.0.2 ;;
	IPv4-bridged) echo 10.3.0.3 ;;
	IPv6-routed) echo fd02::2 ;;
	IPv6-bridged) echo fd03::3 ;;
	esac
}

udp_flag() {
	[ "$1" = tcp ] || echo -u
}

serve_all() {
	up tcp4 guest serve -e 0.0.0.0 80 && up tcp6 guest serve -e :: 80 &&
		up udp4 guest serve -u -e 0.0.0.0 80 && up udp6 guest serve -u -e :: 80
}

# open NAME PROTO ADDRESS PORT
open() {
	local flags
	flags=$(udp_flag "$2")
	# shellcheck disable=SC2086 # one word or none
	start "$1" client connect $flags -l -s -i 100 "$3" "$4"
}

open_way() {
	local way="$1, $2, $3" address bridged=()
	address=$(guest_at "$2" "$3")
	[ "$3" = routed ] || bridged=(--bridged)
	number[$way]=$(add_port "$set" "$address" "$1" 80 "${bridged[@]}")
	open "$way" "$1" "$address" "${number[$way]}"
	open "$way service" "$1" "$address" 80
}

serve_all || exit
set=$(add_set 0)
declare -A number=()
for proto in tcp udp; do
	for family in IPv4 IPv6; do
		for path in routed bridged; do
			open_way $proto $family $path
		done
	done
done
start own host connect -l -s -i 100 10.2.0.2 "${number[tcp, IPv4, routed]}"
own=$(ready own && flows own && echo passes)

for way in "${!number[@]}"; do
	check "$way: passes when satisfied, from the criteria port" flows "$way"
done
violate 0 "$set"
for way in "${!number[@]}"; do
	how=reset
	[[ $way = tcp* ]] || how=refused
	check "$way: cut when violated" ends "$way" $how 1
	check "$way: the service port keeps working" flows "$way service"
done
equal "the host's own connections pass and are cut too" "passes reset" "$own $(how own)"

refused=''
for way in "${!number[@]}"; do
	IFS=', ' read -r proto family path <<<"$way"
	# shellcheck disable=SC2046 # one word or none
	refused+="$(try client $(udp_flag "$proto") "$(guest_at "$family" "$path")" "${number[$way]}") "
done
equal "a new connection to a violated port is refused at once" "$(printf 'refused %.0s' {1..8})" "$refused"
mend 0 "$set"
equal "after re-attestation new connections pass" open "$(try client 10.2.0.2 "${number[tcp, IPv4, routed]}")"
