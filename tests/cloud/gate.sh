#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A cloud with a message queue and a database that only members reach, and only as long as they are members.
# test: before it is a member a node reaches neither queue nor database, by tunnel or in the clear
# test: what it sends to a service host lands at the verifier, which says where to join
# test: a member reaches both through its tunnels, by the places in its file
# test: a member reaches nothing else on a service host
# test: a tunnel without the certificate is refused, at a member's address as well
# test: a service host cannot pass for the verifier
# test: a violation ends tunnels that are in use, and no new one begins
# test: the other member's connections go on meanwhile
# test: an operator's word ends them
# test: a reboot ends them, and it comes back
# test: silence ends them
# test: a violation while the verifier is down ends them when it is back
# test: an ejection while the service host's agent is down is made good
# test: an ejection that the front end does not take is tried again until it does
# test: sets that somebody emptied are filled again
# test: a verifier that stays away closes the gate
# test: the history tells when the services had no connection left
# timeout: 900

. "$(dirname "$0")/cloud.sh"
. tests/cloud/net.sh
. tests/cloud/services.sh

bound() {
	echo "bound: $1: $(($(now_ms) - $2)) ms"
}

# node NAME: a compute node with tunnels to both
node() {
	local lines=("queue = queue@${address[queue]}:5671" "database = db@${address[db]}:5433")
	machine "$1"
}

asks_database() {
	at "$1" timeout 5 psql -qAt -h 127.0.0.1 -U cloud -c 'SELECT 6 * 7' postgres 2>> "$dir/psql.log" | grep -qx 42
}

asks_queue() {
	at "$1" timeout 5 amqp-publish --url amqp://127.0.0.1 -r "q-$1" -b hello 2>> "$dir/amqp.log" &&
		at "$1" timeout 5 amqp-declare-queue --url amqp://127.0.0.1 -q "q-$1" > /dev/null 2>> "$dir/amqp.log"
}

reaches_both() {
	asks_database "$1" && asks_queue "$1"
}

reaches_neither() {
	! asks_database "$1" && ! asks_queue "$1"
}

# plain NAME HOST PORT: does anything but the verifier answer there?
plain() {
	at "$1" timeout 3 bash -c "exec 3<> /dev/tcp/$2/$3 && printf 'AMQP\0\0\011\001' >&3 && head -c 8 <&3" 2> /dev/null | grep -qa AMQP
}

outside() {
	agent n1 && becomes n1 pending && reaches_neither n1 && ! plain n1 "${address[queue]}" 5672 && ! plain n1 "${address[queue]}" 5671 &&
		! at n1 timeout 3 psql -h "${address[db]}" -U cloud -c 'SELECT 1' postgres > /dev/null 2>&1
}

# Its file names a port of the queue's host as the verifier's.
lands() {
	sed "s/^verifier = .*/verifier = ${address[queue]}:6000/" "$dir/n1.conf" > "$dir/n1-lost.conf"
	stop n1
	: > "$dir/n1.log"
	netns[lost]=${netns[n1]}
	start lost "$cvnoded" --config "$dir/n1-lost.conf"
	await 20 said lost 'refused: redirected' && await 20 said lost 'refused: not-approved' && [ "$(of n1 address | cut -d: -f1)" = "${address[n1]}" ]
	local rc=$?
	stop lost
	return $rc
}

inside() {
	joined n1 && joined n2 && await 10 reaches_both n1 && await 10 reaches_both n2 || return
	# Another place in the file is another target.
	cat > "$dir/else.conf" < <(sed 's/^database = .*/database = queue@'"${address[queue]}"':5671/' "$dir/n2.conf")
	stop n2
	netns[else]=${netns[n2]}
	start else "$cvnoded" --config "$dir/else.conf"
	await 20 eval 'at n2 timeout 5 amqp-publish --url amqp://127.0.0.1:5432 -r x -b y 2> /dev/null' && ! asks_database n2
	local rc=$?
	stop else
	agent n2 && becomes n2 member && await 10 reaches_both n2 && return $rc
}

nothing_else() {
	! at queue build/bin/cvadm-asan gate install --ports 5671 --keep 22,5671 2> /dev/null && ! plain n1 "${address[queue]}" 5672 && at n1 timeout 2 nc -z "${address[queue]}" 5671
}

# The node's address is a member's; the certificate is of nobody, or of a member that was, or there is none.
no_certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=n1 -keyout "$dir/own.key" -out "$dir/own.pem" -days 1 2> /dev/null
	! shakes n1 && ! shakes n1 -cert "$dir/own.pem" -key "$dir/own.key" && shakes n1 -cert "$dir/n1/node.pem" -key "$dir/n1/node.key"
}

# Its certificate is of the same authority, and for servers.
not_the_verifier() {
	netns[db.false]=${netns[db]} netns[lost]=${netns[n2]}
	start db.false openssl s_server -accept 5433 -naccept 1000 -cert "$dir/db/node.pem" -key "$dir/db/node.key" -quiet
	stop db.stunnel
	sed "s/^verifier = .*/verifier = ${address[db]}:5433/" "$dir/n2.conf" > "$dir/n2-lost.conf"
	stop n2
	: > "$dir/lost.log"
	start lost "$cvnoded" --config "$dir/n2-lost.conf"
	await 20 said lost 'TLS: its certificate: hostname mismatch'
	local rc=$?
	stop lost
	stop db.false
	front_end db 5433 5432 && agent n2 && becomes n2 member && await 10 reaches_both n2 && return $rc
}

# shakes NAME [OPTION…]: does PostgreSQL answer through TLS?
shakes() {
	local name=$1
	shift
	{ printf '\0\0\0\010\004\322\026\057'; sleep 1; } |
		at "$name" timeout 5 openssl s_client -connect "${address[db]}:5433" -CAfile "$dir/state/ca.pem" -quiet "$@" 2>> "$dir/shakes.log" | grep -q '^[NS]'
}

# A tunnel that lasts, of a program that the node's agent knows nothing of; it says when it is over.
hold() {
	start "$1.held" bash -c "openssl s_client -connect ${address[db]}:5433 -CAfile $dir/state/ca.pem -quiet -cert $dir/$1/node.pem -key $dir/$1/node.key < <(sleep 600); echo over"
	await 10 holds "$1"
}

holds() {
	[ -n "$(at db ss -Htn state established "sport = :5433 and dst = ${address[$1]}")" ]
}

released() {
	await 20 said "$1.held" over
}

# severed NAME TEXT SINCE: held connections are over, none is left, no new one begins
severed() {
	await 20 eval "! holds $1" && bound "$2: no connection is left" "$3" && released "$1" && reaches_neither "$1"
	local rc=$?
	stop "$1.held"
	rm -f "$dir/$1.held.log"
	return $rc
}

violates() {
	local since
	hold n1 && hold n2 || return
	since=$(now_ms)
	measure n1 execute /bin/evil && severed n1 "a file that is not allowed" "$since" && is n1 out violated
}

others_go_on() {
	holds n2 && ! said n2.held over && reaches_both n2
}

comes_back() {
	reboot n1 && agent n1 && becomes n1 member && await 10 reaches_both n1
}

by_operator() {
	local since
	comes_back && hold n1 || return
	since=$(now_ms)
	cvadm node eject n1 > /dev/null && severed n1 "an operator" "$since" && cvadm node approve n1 > /dev/null && becomes n1 member && await 10 reaches_both n1
}

reboots() {
	local since
	hold n1 || return
	since=$(now_ms)
	reboot n1 && agent n1 && await 20 eval "! holds n1" && bound "a reboot: no connection is left" "$since"
	stop n1.held
	rm -f "$dir/n1.held.log"
	becomes n1 member && await 10 reaches_both n1
}

# Its tunnels are another process's: the agent is silent, they are not.
silent() {
	local since
	netns[n1.tunnel]=${netns[n1]}
	start n1.tunnel bash -c "sleep 600 | openssl s_client -connect ${address[db]}:5433 -CAfile $dir/state/ca.pem -quiet -cert $dir/n1/node.pem -key $dir/n1/node.key"
	await 10 holds n1 || return
	kill -STOP "${pids[n1]}"
	since=$(now_ms)
	await 20 eval "! holds n1" && bound "silence, of 5 s: no connection is left" "$since" && ! shakes n1 -cert "$dir/n1/node.pem" -key "$dir/n1/node.key"
	local rc=$?
	stop n1 KILL
	stop n1.tunnel
	return $rc
}

verifier_down() {
	local since
	agent n1 && becomes n1 member && await 10 reaches_both n1 && hold n1 || return
	stop cvd KILL
	measure n1 execute /bin/evil
	since=$(now_ms)
	verifier_up && severed n1 "a violation while the verifier is down, from its start" "$since"
}

agent_down() {
	local since
	comes_back && hold n1 || return
	stop db KILL
	cvadm node eject n1 > /dev/null
	agent db
	since=$(now_ms)
	severed n1 "an ejection while the service host's agent was down, from its start" "$since" && cvadm node approve n1 > /dev/null && becomes n1 member &&
		await 10 reaches_both n1
}

# A front end that hangs: packets are dropped and connections ended all the same; it counts as done when it has read anew.
front_end_hangs() {
	local before
	before=$(isolated db)
	hold n1 && kill -STOP "${pids[db.stunnel]}" && cvadm node eject n1 > /dev/null && await 20 eval "! holds n1" && [ "$(isolated db)" = "$before" ]
	local rc=$?
	kill -CONT "${pids[db.stunnel]}"
	await 20 eval "[ \"\$(isolated db)\" -gt $before ]" && severed n1 "a front end that hung" "$(now_ms)" && cvadm node approve n1 > /dev/null && becomes n1 member &&
		await 10 reaches_both n1 && return $rc
}

# isolated GATE: how often it has said that it has no connection of n1 left
isolated() {
	cvadm --json node history n1 --max 1000 | jq "[.[] | select(.what == \"isolated\" and (.text | startswith(\"$1 \")))] | length"
}

# Without the table in between: certificate and connections go all the same.
emptied() {
	hold n1 || return
	at db nft flush ruleset
	cvadm node eject n1 > /dev/null && await 20 eval '! holds n1' && released n1 && ! shakes n1 -cert "$dir/n1/node.pem" -key "$dir/n1/node.key" || return
	stop n1.held
	rm -f "$dir/n1.held.log"
	cvadm node approve n1 > /dev/null && becomes n1 member || return
	at db build/bin/cvadm-asan gate install --ports 5433 > /dev/null && await 20 asks_database n1
}

verifier_away() {
	local since
	hold n1 && since=$(now_ms) || return
	stop cvd KILL
	severed n1 "a verifier that stays away, timeout 5 s" "$since" && verifier_up && becomes n1 member && await 20 reaches_both n1
}

history() {
	[ "$(isolated db)" -ge 6 ] && [ "$(isolated queue)" -ge 6 ] && cvadm node history n1 --max 1000 | grep -q 'isolated .*db has no connection of it left, [0-9]* ms' &&
		cvadm --json node show db | jq -e .gate_settled > /dev/null && at db build/bin/cvadm-asan gate show | grep -q "^members .*${address[n1]}"
}

set_up() {
	here=10.77.0.1
	wire && host cvd 1 && host queue 2 && host db 3 && host n1 11 && host n2 12 || return
	netns[queue.stunnel]=${netns[queue]} netns[queue.rabbitmq]=${netns[queue]}
	netns[db.stunnel]=${netns[db]} netns[db.postgresql]=${netns[db]}
	netns[n1.held]=${netns[n1]} netns[n2.held]=${netns[n2]}
	verifier && criteria service && verifier_up && rabbitmq queue || return
	service queue 5671 && front_end queue 5671 5672 && postgresql db && service db 5433 && front_end db 5433 5432 &&
		node n1 && node n2 && await 60 listens queue 5672 && await 20 listens db 5432
}

mkdir -p "$dir/queue" "$dir/db"
set_up || { tail -n 5 "$dir"/*.log; exit 1; }
check "before it is a member a node reaches neither queue nor database, by tunnel or in the clear" outside
check "what it sends to a service host lands at the verifier, which says where to join" lands
check "a member reaches both through its tunnels, by the places in its file" inside
check "a member reaches nothing else on a service host" nothing_else
check "a tunnel without the certificate is refused, at a member's address as well" no_certificate
check "a service host cannot pass for the verifier" not_the_verifier
check "a violation ends tunnels that are in use, and no new one begins" violates
check "the other member's connections go on meanwhile" others_go_on
check "an operator's word ends them" by_operator
check "a reboot ends them, and it comes back" reboots
check "silence ends them" silent
check "a violation while the verifier is down ends them when it is back" verifier_down
check "an ejection while the service host's agent is down is made good" agent_down
check "an ejection that the front end does not take is tried again until it does" front_end_hangs
check "sets that somebody emptied are filled again" emptied
check "a verifier that stays away closes the gate" verifier_away
check "the history tells when the services had no connection left" history
