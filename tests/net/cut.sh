#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What becomes of connections when the set is violated.
#
# test: a connection the guest has not answered yet is reset
# test: a connection the client has not acknowledged yet is reset in the guest
# test: idle connections are reset at both ends
# test: a new tcp connection is refused at once
# test: a new udp flow is refused at once
# test: 1000 streams on 10 ports: every one is reset at both ends
# test: 1000 streams on 10 ports: no payload after the verdict
# timeout: 600

. "$(dirname "$0")/topo.sh"
pin=(taskset -c 0)	# see the last test; the timer that looks stays where it is started, too
sysctl -qw kernel.timer_migration=0
begin

G=10.2.0.2

unanswered() {
	on "$1" nft -f - <<-NFT
		table inet unanswered
		delete table inet unanswered
		table inet unanswered {
			chain arrives {
				type filter hook prerouting priority -500
				$2 drop
			}
		}
	NFT
}

# --- half open -----------------------------------------------------------------------------------------------------

syn_received() {
	on guest ss -Htn state syn-recv "sport = :$1" | grep -q .
}

not() {
	! "$@"
}

set=$(add_set 0)
port=$(add_port "$set" $G tcp 81)
unanswered guest "tcp dport 81"
start half client connect $G "$port"
await 10 grep -q connecting "$dir/half"
await 10 test "$(of_port "$port" port_conns)" = 1
violate 0 "$set"
# Cut by the verdict, not by the refusal of a later SYN. To connect() a reset is ECONNREFUSED.
equal "a connection the guest has not answered yet is reset" "1 refused" \
	"$(event '"ev_type":"cut"' port_cut) $(how half)"
mend 0 "$set"

port=$(add_port "$set" $G tcp 82)
up server82 guest serve $G 82
unanswered client "tcp flags & (syn | ack) == syn | ack"
start half client connect $G "$port"
await 10 syn_received 82
before=$?
violate 0 "$set"
await 2 not syn_received 82
equal "a connection the client has not acknowledged yet is reset in the guest" "0 0 refused" "$before $? $(how half)"
on client nft delete table inet unanswered
cvadm set del "$set" > /dev/null

# --- idle ----------------------------------------------------------------------------------------------------------

set=$(add_set 1)
port=$(add_port "$set" $G tcp 83)
udp=$(add_port "$set" $G udp 83)
up server guest serve $G 83
up idle client connect -n 20 $G "$port"
violate 1 "$set"
over idle
equal "idle connections are reset at both ends" "20 20" "$(total idle reset) $(now server reset)"

# at_once ARGUMENTS…: refused, and within how many tenths of a second.
at_once() {
	on client build/tests/net/conns connect -l -t 10 "$@" | sed -nE 's/^conn .*how=([a-z]+).*ms=([0-9]+)$/\1 \2/p' |
		{ read -r how ms && echo "$how $((ms < 500))"; }
}

equal "a new tcp connection is refused at once" "refused 1" "$(at_once $G "$port")"
equal "a new udp flow is refused at once" "refused 1" "$(at_once -u $G "$udp")"
cvadm set del "$set" > /dev/null

# --- streams -------------------------------------------------------------------------------------------------------
#
# Everything that sends, forwards or breaks the criterion runs on one CPU, so that no packet can be between the gate
# and the client's device while the verdict falls: a packet stamped later than the verdict passed later. It is stamped
# when it arrives at the device (conns asks for that), not when the capture gets it. The verdict's time is
# CLOCK_MONOTONIC; the capture's is CLOCK_REALTIME, which nothing adjusts here.

capture() {
	on client taskset -c 1 tcpdump -i eth0 -n -w "$dir/pcap" -s 96 -B 32768 --time-stamp-precision=nano -Z root \
		"src host $G" 2> "$dir/tcpdump" &
	pids[capture]=$!
	await 10 grep -q 'listening on' "$dir/tcpdump"
}

# payload NS: packets with payload stamped before that time, and after it.
payload() {
	tcpdump -r "$dir/pcap" -n -tt --time-stamp-precision=nano 2>/dev/null |
		awk -v s=$(($1 / 1000000000)) -v ns=$(($1 % 1000000000)) '
			!/length [1-9]/ { next }
			{ split($1, t, "."); late = (t[1] - s) * 1000000 + (t[2] - ns) / 1000 }
			late > 0 { after++; last = late; next }
			{ before++ }
			END { printf "%d %d %d\n", before, after, last }'
}

set=$(add_set 2)
ports=() services=()
for service in {8000..8009}; do
	services+=("$service")
	ports+=("$(add_port "$set" $G tcp "$service")")
done
up server1000 guest serve -s -i 400 $G "${services[@]}"
up streams client connect -n 1000 -l $G "${ports[@]}"
capture
flows streams
violate 2 "$set"
over streams 60
await 20 test "$(now server1000 reset)" = 1000
equal "1000 streams on 10 ports: every one is reset at both ends" "1000 0 1000 0" \
	"$(total streams reset) $(total streams open) $(now server1000 reset) $(now server1000 open)"
stop capture
verdict=$(event '"set_state":"violated"' ev_time)
done=$(grep '"cut"' "$dir/events" | tail -n 1 | field ev_done)
read -r offset _ < <(conns clock)
read -r before after last < <(payload $((verdict + offset)))
echo "verdict to last reset: $(((done - verdict) / 1000)) us; with payload: $before before the verdict, $after up to $last us after it"
tail -n 3 "$dir/tcpdump"
equal "1000 streams on 10 ports: no payload after the verdict" "1 0" "$((before > 500)) $after"
