# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests of this directory share; source it from the top of the tree.
#
#   client                      host                                       guest
#   eth0 10.1.0.2  ------  c0 10.1.0.1   g0 10.2.0.1  ------  eth0 10.2.0.2	routed
#        fd01::2              fd01::1       fd02::1                fd02::2
#   eth1 10.3.0.2  ------  c1 --- br0 10.3.0.1 --- g1  ------  eth1 10.3.0.3	bridged
#        fd03::2                      fd03::1                      fd03::3
#
# client and guest are network namespaces, host is the bed's own. The memory that is watched is that of the mini VMM:
# w0 to w3 are 8-byte words of it, zero at first; a set is satisfied while its word is 0.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
. tests/lib.sh

# Checked once here: without them every test would fail for a reason that is not its own.
for program in bin/cvadm tests/vmm/vmm tests/net/conns; do
	[ -x "build/$program" ] || { echo "no build/$program: make" >&2; exit 1; }
done

dir=$(mktemp -d)
sock=$dir/vmm.sock
declare -A pids=()
session='' vm='' words='' vmm_pid=''
pin=()		# put before what makes traffic or verdicts, e.g. (taskset -c 0)
vmm_options=(--idle-hlt --vcpus 1)
attach_options=()

cvadm() {
	"${pin[@]}" build/bin/cvadm "$@"
}

conns() {
	build/tests/net/conns "$@"
}

# on client|guest COMMAND…
on() {
	ip netns exec "$@"
}

# field NAME: its value in the first JSON object on stdin that has it, however the object is laid out.
field() {
	tr -d ' \n' | grep -oE -m 1 "\"$1\":\"?[^\",}]*" | head -n 1 | sed -E 's/^[^:]*:"?//'
}

# --- network and guest ---------------------------------------------------------------------------------------------

# wire NAMESPACE ETHN HOST-DEVICE
wire() {
	ip link add "$3" type veth peer name "$2" netns "$1" || return
	ip link set "$3" up
	ip -n "$1" link set "$2" up
}

# address DEVICE IPV4 IPV6 [NAMESPACE]
address() {
	ip ${4:+-n "$4"} addr add "$2/24" dev "$1" && ip ${4:+-n "$4"} addr add "$3/64" dev "$1" nodad
}

topology() {
	local ns
	for ns in client guest; do
		ip netns add "$ns" || return
		ip -n "$ns" link set lo up
	done
	wire client eth0 c0 && wire guest eth0 g0 && wire client eth1 c1 && wire guest eth1 g1 || return
	ip link add br0 type bridge && ip link set c1 master br0 && ip link set g1 master br0 && ip link set br0 up
	address c0 10.1.0.1 fd01::1 && address g0 10.2.0.1 fd02::1 && address br0 10.3.0.1 fd03::1
	address eth0 10.1.0.2 fd01::2 client && address eth0 10.2.0.2 fd02::2 guest
	address eth1 10.3.0.2 fd03::2 client && address eth1 10.3.0.3 fd03::3 guest
	ip -n client route add default via 10.1.0.1 && ip -n client -6 route add default via fd01::1
	ip -n guest route add default via 10.2.0.1 && ip -n guest -6 route add default via fd02::1
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	# Refusals and errors are counted here, not rationed.
	sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	# A bridge port learns and forwards before the first test asks.
	await 10 on client ping -qc 1 -W 1 10.3.0.3 > /dev/null
}

bridge_netfilter() {
	modprobe br_netfilter && sysctl -qw net.bridge.bridge-nf-call-iptables="$1" net.bridge.bridge-nf-call-ip6tables="$1"
}

machine() {
	local i pid
	"${pin[@]}" build/tests/vmm/vmm run --daemon "${vmm_options[@]}" --sock "$sock" > "$dir/vmm" || return
	pid=$(grep -oE 'pid=[0-9]+' "$dir/vmm")
	words=$(build/tests/vmm/vmm ctl "$sock" addr words)
	vmm_pid=${pid#pid=}
	vm=$(cvadm --json vm attach --pid "$vmm_pid" --name guest "${attach_options[@]}" | field vm)
	session=$(cvadm --json session add --owner net --lease 3600000 | field session)
	for i in 0 1 2 3; do
		cvadm watch add "$vm" --addr "$(printf '%#x' $((words + 8 * i)))" --len 8 --name "w$i" > /dev/null || return
	done
}

listen() {
	stdbuf -oL build/bin/cvadm --json monitor >> "$dir/events" 2> "$dir/monitor" &
	pids[monitor]=$!
	await 10 grep -q listening "$dir/monitor"
}

begin() {
	trap end EXIT
	topology && machine && listen && return
	echo "the test's network or guest does not come up" >&2
	exit 1
}

end() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null
	done
	wait
	[ -z "$vm" ] || cvadm vm detach "$vm" > /dev/null
	[ -z "$session" ] || cvadm session del "$session" > /dev/null
	build/tests/vmm/vmm ctl "$sock" quit > /dev/null 2>&1
	for dev in c0 g0 c1 g1 br0; do
		ip link del "$dev" 2>/dev/null
	done
	ip netns del client
	ip netns del guest
	rm -rf "$dir"
}

# --- sets, ports, verdicts -----------------------------------------------------------------------------------------

# add_set WORD: prints its id.
add_set() {
	cvadm --json set add --session "$session" --vm "$vm" "w$1 == 0" | field set
}

# add_port SET ADDRESS tcp|udp SERVICE [OPTION…]: prints the number.
add_port() {
	local set=$1 address=$2 proto=$3 service=$4
	shift 4
	cvadm --json port add --set "$set" --address "$address" --proto "$proto" --service "$service" "$@" |
		field port_number
}

# of_port NUMBER FIELD: from the list of ports.
of_port() {
	cvadm --json port list | tr -d ' \n' | tr '{' '\n' | grep "\"port_number\":$1[,}]" | field "$2"
}

ports_of() {
	cvadm --json port list --set "$1" | grep -o '"port_number"' | wc -l
}

# store WORD VALUE: by the guest.
store() {
	build/tests/vmm/vmm ctl "$sock" store "$(printf '%#x' $((words + 8 * $1)))" 8 "$2" > /dev/null
}

# seen COUNT PATTERN…: have so many events come since forget_events with all the patterns?
seen() {
	local count=$1 events pattern
	shift
	events=$(tr -d ' ' < "$dir/events")
	for pattern; do
		events=$(grep -E -- "$pattern" <<<"$events")
	done
	[ -n "$events" ] && [ "$(wc -l <<<"$events")" -ge "$count" ]
}

# event PATTERN FIELD: of the first such event.
event() {
	tr -d ' ' < "$dir/events" | grep -m 1 -E -- "$1" | field "$2"
}

forget_events() {
	: > "$dir/events"
}

# violate WORD SET: the guest breaks it; returns when every port of the set is cut.
violate() {
	local ports
	ports=$(ports_of "$2")
	forget_events
	store "$1" 1
	await 30 seen "$ports" '"ev_type":"cut"' "\"set\":$2[,}]" && return
	echo "no cut of set $2"
	return 1
}

# mend WORD SET: as a customer would, after the guest is in order again.
mend() {
	store "$1" 0
	cvadm set reattest "$2" > /dev/null
}

# --- traffic -------------------------------------------------------------------------------------------------------

# start NAME client|guest|host ARGUMENTS-TO-CONNS…: in the background; stop ends it, its report is in $dir/NAME.
start() {
	local name=$1 where=(ip netns exec "$2")
	[ "$2" != host ] || where=()
	shift 2
	: > "$dir/$name"
	"${where[@]}" "${pin[@]}" build/tests/net/conns "$@" > "$dir/$name" 2>&1 &
	pids[$name]=$!
}

# ready NAME…: everything is established, and heard of with -l.
ready() {
	local name
	for name; do
		await 30 grep -q '^ready' "$dir/$name" || { echo "$name is not ready"; cat "$dir/$name"; return 1; }
	done
}

up() {
	start "$@" && ready "$1"
}

# over NAME [SECONDS]: no connection of it is left, by itself.
over() {
	await "${2:-15}" grep -q '^total' "$dir/$1" || { echo "$1 is not over"; look "$1"; return 1; }
}

stop() {
	local name
	for name; do
		kill "${pids[$name]}" 2>/dev/null
		wait "${pids[$name]}" 2>/dev/null
		unset "pids[$name]"
	done
}

# total NAME FIELD: of the last report.
total() {
	grep '^total' "$dir/$1" | tail -n 1 | grep -oE " $2=[0-9]+" | grep -oE '[0-9]+$'
}

reports() {
	[ "$(grep -c '^total' "$dir/$1")" -gt "$2" ]
}

# now NAME FIELD: of a report made now.
now() {
	local before
	before=$(grep -c '^total' "$dir/$1")
	kill -USR1 "${pids[$1]}" 2>/dev/null && await 5 reports "$1" "$before"
	total "$1" "$2"
}

look() {
	now "$1" open > /dev/null
	grep '^total' "$dir/$1" | tail -n 1
}

more_than() {
	[ "$(now "$1" in)" -gt "$2" ]
}

# flows NAME [SECONDS]: it receives more than it has now.
flows() {
	await "${2:-10}" more_than "$1" "$(now "$1" in)" || { echo "$1 receives nothing"; look "$1"; return 1; }
}

# ends NAME HOW COUNT: all COUNT connections are over, and ended like that.
ends() {
	over "$1" || return
	[ "$(total "$1" "$2")" = "$3" ] || { echo "$1: expected $2=$3"; grep '^total' "$dir/$1"; return 1; }
}

# how NAME: the one connection of it ended; "open" if it did not.
how() {
	over "$1" > /dev/null || look "$1" > /dev/null
	grep '^conn ' "$dir/$1" | tail -n 1 | grep -oE 'how=[A-Za-z]+' | cut -d= -f2
}

# try WHERE ARGUMENTS…: one connection or datagram and what came of it within 3 s: open (heard of), silent, refused…
try() {
	local report
	report=$({ if [ "$1" = host ]; then conns connect -l -x -t 3 "${@:2}"; else
		on "$1" build/tests/net/conns connect -l -x -t 3 "${@:2}"; fi; } | grep '^conn ')
	case $report in
	*"in=0 "*how=open*|*how=open*"in=0 "*|*how=waiting*) echo silent ;;
	*) grep -oE 'how=[A-Za-z]+' <<<"$report" | cut -d= -f2 ;;
	esac
}

# --- what arrives, by the receiver's own count ---------------------------------------------------------------------

# count WHERE MATCH…: from now on, packets that arrive there and match.
count() {
	on "$1" nft -f - <<-NFT
		table inet count
		delete table inet count
		table inet count {
			chain arrives {
				type filter hook prerouting priority -500
				${*:2} counter
			}
		}
	NFT
}

counted() {
	on "$1" nft list table inet count | grep -oE 'packets [0-9]+' | cut -d' ' -f2
}

# deaf WHERE: does not take resets, as a guest may choose.
deaf() {
	on "$1" nft -f - <<-NFT
		table inet deaf
		delete table inet deaf
		table inet deaf {
			chain arrives {
				type filter hook input priority 0
				tcp flags & rst == rst drop
				meta l4proto { icmp, icmpv6 } drop
			}
		}
	NFT
}
