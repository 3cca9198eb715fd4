#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who is in the cloud, and how one gets out of it.
# test: a node that nobody approved is pending, and in no directory
# test: an approved node joins by itself, and its certificate is in the directory
# test: it stays a member while it runs what is allowed, and its certificate says who it is
# test: a file that is not allowed ejects it: certificate gone and revoked
# test: in the same boot it does not come back
# test: after a reboot it comes back, with another certificate
# test: a reboot ejects what was admitted before it
# test: silence ejects it
# test: an operator ejects it until it is approved again
# test: a node that was ejected while it has no connection does not come back by reconnecting
# test: an operator ejects what is about to be admitted
# test: a violation while the verifier is down keeps it out
# test: a reboot while the verifier is down makes it join anew
# test: silence while the verifier is down ejects it at the start
# test: a clock of the verifier that went back ejects rather than trusts
# test: a verifier that was killed keeps its members, and they come back
# test: a verifier that falls silent is left, and found again
# test: other criteria are applied to members at their next evidence
# test: criteria that are not good change nothing
# test: a certificate is renewed before it is over
# test: a remedy is run for the reasons that are configured, and its outcome told
# test: what happened can be read
# test: verifier and agent end when they are told to
# timeout: 600

. "$(dirname "$0")/cloud.sh"

pending() {
	agent n1 && becomes n1 pending not-approved && ! cvadm node approve n1 2> "$dir/why" && grep -q 'at least 16 digits of the id' "$dir/why" &&
		! cvadm node approve "${ids[n1]:0:15}" 2> /dev/null && is n1 pending && [ "$(echo "$dir/members/"*)" = "$dir/members/crl.pem" ] && [ ! -e "$dir/n1/node.pem" ]
}

approved() {
	cvadm node approve "${ids[n1]}" > /dev/null && becomes n1 member && await 5 in_directory n1
}

stays() {
	local before
	before=$(of n1 seen_ms)
	measure n1 execute /bin/ls && await 10 eval '[ "$(of n1 seen_ms)" -gt $((before + 1000)) ]' && is n1 member &&
		openssl verify -CAfile "$dir/state/ca.pem" -purpose sslclient "$dir/n1/node.pem" > /dev/null &&
		! openssl verify -CAfile "$dir/state/ca.pem" -purpose sslserver "$dir/n1/node.pem" > /dev/null 2>&1 &&
		openssl x509 -in "$dir/n1/node.pem" -noout -ext subjectAltName | grep -q "urn:cloudverifier:node:${ids[n1]}"
}

# bound TEXT SINCE: how long it took, for people
bound() {
	echo "bound: $1: $(($(now_ms) - $2)) ms"
}

violates() {
	local since
	since=$(now_ms)
	measure n1 execute /bin/evil && becomes n1 out violated && bound "a file that is not allowed" "$since" && no_trace n1 &&
		await 5 revoked n1 && of n1 text | grep -q 'line 3: .*"/bin/evil".*expected digest in file'
}

stays_out() {
	await 30 said n1 'refused: violated' && is n1 out violated && no_trace n1
}

comes_back() {
	local old
	old=$(openssl x509 -in "$dir/n1/node.pem" -noout -serial)
	reboot n1 && agent n1 && becomes n1 member && await 5 in_directory n1 &&
		[ "$(openssl x509 -in "$dir/n1/node.pem" -noout -serial)" != "$old" ]
}

reboots() {
	local since
	since=$(now_ms)
	reboot n1 && agent n1 && await 20 eval '[ "$(events n1 ejected epoch-reset)" = 1 ]' && bound "a reboot" "$since" && becomes n1 member
}

silent() {
	local since
	kill -STOP "${pids[n1]}"
	since=$(now_ms)
	becomes n1 out silent && bound "silence, of 5 s" "$since" && no_trace n1
	stop n1 KILL
	no_trace n1
}

by_operator() {
	agent n1 && becomes n1 member && cvadm node eject n1 > /dev/null && is n1 barred operator && no_trace n1 &&
		await 30 said n1 'refused: barred' && is n1 barred && cvadm node approve n1 > /dev/null && becomes n1 member
}

ejected_while_away() {
	stop n1 KILL
	cvadm node eject n1 > /dev/null && : > "$dir/n1.log" && agent n1 && await 30 said n1 'refused: barred' && is n1 barred &&
		cvadm node approve n1 > /dev/null && becomes n1 member
}

# Its TPM takes its time: the connection is in the middle of an admission when the operator speaks.
in_the_middle() {
	: > "$dir/n1.log"
	kill -STOP "${pids[n1.tpm]}"
	stop cvd
	verifier_up || return
	await 20 eval '[ -n "$(ss -Htn state established "dport = :$port")" ]' && sleep 0.5 && cvadm node eject n1 > /dev/null
	kill -CONT "${pids[n1.tpm]}"
	await 30 said n1 barred && is n1 barred && no_trace n1 && cvadm node approve n1 > /dev/null && becomes n1 member
}

violates_unseen() {
	stop cvd KILL
	measure n1 execute /bin/evil
	verifier_up && await 60 eval '[ "$(events n1 ejected violated)" = 2 ]' && becomes n1 out violated && no_trace n1
}

reboots_unseen() {
	reboot n1 && agent n1 && becomes n1 member || return
	stop cvd KILL
	reboot n1 && verifier_up && agent n1 && await 30 eval '[ "$(events n1 ejected epoch-reset)" = 2 ]' && becomes n1 member
}

silent_unseen() {
	stop cvd KILL
	stop n1 KILL
	sleep 5.5	# longer than the timeout: that is what is tested
	verifier_up && becomes n1 out silent && no_trace n1
}

# As the store has it, after the verifier's clock was put back by an hour.
clock_back() {
	agent n1 && becomes n1 member || return
	stop cvd
	stop n1 KILL
	sqlite3 "$dir/state/cvd.db" 'UPDATE node SET seen = seen + 3600000' && verifier_up && becomes n1 out silent && of n1 text | grep -q "the verifier's clock went back"
}

killed() {
	agent n1 && becomes n1 member || return
	stop cvd KILL
	verifier_up && becomes n1 member && await 20 eval '[ "$(of n1 connected)" = true ]' && [ "$(events n1 ejected silent)" = "$1" ]
}

# Its connections stay open. The agent waits for as long as the verifier would.
verifier_silent() {
	: > "$dir/n1.log"
	kill -STOP "${pids[cvd]}"
	await 30 said n1 'nothing is heard of the verifier' || { kill -CONT "${pids[cvd]}"; return 1; }
	kill -CONT "${pids[cvd]}"
	await 30 said n1 'member of the cloud' && becomes n1 member
}

other_criteria() {
	measure n1 execute /bin/ls
	digests /bin/sh > "$dir/criteria/allowed"
	cvadm criteria load compute > /dev/null && becomes n1 out violated &&
		digests /bin/sh /bin/ls > "$dir/criteria/allowed" && cvadm criteria load compute > /dev/null && becomes n1 member
}

bad_criteria() {
	local before
	before=$(cvadm --json criteria show)
	criteria compute 'boot.secure_bot == true'
	cvadm criteria test compute 2> "$dir/tested" && return 1
	cvadm criteria load compute 2> "$dir/why" && return 1
	criteria compute 'boot.secure_boot == true'
	cmp <(tail -n +2 "$dir/tested") <(tail -n +2 "$dir/why") && cvadm criteria test compute | grep -q 'compute.cv: good' || return
	criteria compute
	grep -q 'compute.cv:4:2: .*boot.secure_boot' "$dir/why" && grep -q '\^~' "$dir/why" && [ "$before" = "$(cvadm --json criteria show)" ] &&
		is n1 member
}

renewed() {
	local old
	stop cvd
	sed -i 's/^certificate_life.*/certificate_life = 24 s/' "$dir/cvd.conf"
	verifier_up && becomes n1 member && await 10 in_directory n1 || return
	old=$(openssl x509 -in "$dir/n1/node.pem" -noout -serial)
	await 30 eval '[ "$(openssl x509 -in "$dir/n1/node.pem" -noout -serial)" != "$old" ]' && is n1 member && await 5 in_directory n1 &&
		[ "$(find "$dir/members" -name '*.pem' ! -name crl.pem | wc -l)" = 1 ]
}

# One ends well, one badly, one not at all; a reboot is not what it is for.
remedy() {
	local node
	printf '#!/bin/sh\n[ "$(id -u)" = %s ] && echo "$@" >> %s/remedies || exit 9\ncase $2 in n1) exit 0 ;; r2) exit 3 ;; esac\nsleep 600\n' "$(id -u)" "$dir" > "$dir/remedy"
	chmod +x "$dir/remedy"
	stop cvd
	printf 'remedy = %s\nremedy_timeout = 1 s\n' "$dir/remedy" >> "$dir/cvd.conf"
	verifier_up && becomes n1 member && machine r2 && machine r3 && joined r2 && joined r3 || return
	reboot n1 && agent n1 && becomes n1 member
	for node in n1 r2 r3; do measure "$node" execute /bin/evil && becomes "$node" out violated || return; done
	await 10 eval '[ "$(events n1 remedied)" = 1 ] && [ "$(events r2 remedied failed)" = 1 ] && [ "$(events r3 remedied failed)" = 1 ]' || return
	cvadm node history r2 | grep -q 'remedied *failed: .*ended with status 3' && cvadm node history r3 | grep -q 'was killed: it took longer than 1000 ms' &&
		[ "$(grep -c . "$dir/remedies")" = 3 ] && grep -q "^${ids[n1]} n1 compute 127.0.0.1:[0-9]* violated\$" "$dir/remedies"
	local rc=$?
	stop r2
	stop r3
	reboot n1 && agent n1 && becomes n1 member && return $rc
}

history() {
	cvadm node history n1 --max 1000 > "$dir/history" && grep -q 'ejected   violated: criteria "compute node", line 3' "$dir/history" &&
		grep -q 'ejected   operator' "$dir/history" && grep -q 'admitted' "$dir/history" &&
		cvadm node list | grep -q '^n1 .* member' && cvadm node show n1 | grep -q '^standing  member, approved'
}

ends() {
	kill "${pids[cvd]}" "${pids[n1]}" && wait "${pids[cvd]}" && wait "${pids[n1]}" && [ ! -e "$dir/run/control" ]
}

verifier && verifier_up && machine n1 || exit
check "a node that nobody approved is pending, and in no directory" pending
check "an approved node joins by itself, and its certificate is in the directory" approved
check "it stays a member while it runs what is allowed, and its certificate says who it is" stays
check "a file that is not allowed ejects it: certificate gone and revoked" violates
check "in the same boot it does not come back" stays_out
check "after a reboot it comes back, with another certificate" comes_back
check "a reboot ejects what was admitted before it" reboots
check "silence ejects it" silent
check "an operator ejects it until it is approved again" by_operator
check "a node that was ejected while it has no connection does not come back by reconnecting" ejected_while_away
check "an operator ejects what is about to be admitted" in_the_middle
check "a violation while the verifier is down keeps it out" violates_unseen
check "a reboot while the verifier is down makes it join anew" reboots_unseen
check "silence while the verifier is down ejects it at the start" silent_unseen
check "a clock of the verifier that went back ejects rather than trusts" clock_back
check "a verifier that was killed keeps its members, and they come back" killed "$(events n1 ejected silent)"
check "a verifier that falls silent is left, and found again" verifier_silent
check "other criteria are applied to members at their next evidence" other_criteria
check "criteria that are not good change nothing" bad_criteria
check "a certificate is renewed before it is over" renewed
check "a remedy is run for the reasons that are configured, and its outcome told" remedy
check "what happened can be read" history
check "verifier and agent end when they are told to" ends
