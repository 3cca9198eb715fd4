#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The verifier is killed at a random system call of an admission or an ejection, again and again (CV_CRASHES times, 12), and
# started again: strace(1) kills it at the Nth call that writes, syncs, renames, removes or sends. CV_SEED repeats a run.
# test: nobody is a member that was not admitted
# test: what an operator was told is done is done
# test: what a node was told is stored
# test: the directory is as the store says after each start
# test: five hundred revoked certificates are in the list, and the verifier goes on
# test: a full disk: nobody is admitted, it is said, and what is stored stays good
# timeout: 900

. "$(dirname "$0")/cloud.sh"

crashes=${CV_CRASHES:-12}
RANDOM=${CV_SEED:-$((SRANDOM % 32768))}
seed=$RANDOM
calls=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg,renameat,unlinkat,symlinkat,ftruncate
killed=0
not_admitted='' not_done='' not_stored='' not_settled=''

deadly() {
	start deadly strace -f -qq -o "$dir/strace" -e trace="$calls" -e "inject=$calls:signal=KILL:when=$1" \
		"$cvd" --config "$dir/cvd.conf"
	pids[cvd]=${pids[deadly]}
}

alive() {
	kill -0 "${pids[deadly]}" 2>/dev/null
}

# One operator, until the verifier dies: what succeeded is in $told.
operate() {
	told=approved
	until [ "$told" = again ] || ! alive; do
		case $told in
		approved) is n1 member && { cvadm node eject n1 > /dev/null 2>&1 && told=ejected; } ;;
		ejected) cvadm node approve n1 > /dev/null 2>&1 && told=again ;;
		esac
	done
}

# What must hold of the store and the directory after a start.
examine() {
	local standing last
	# In this order: it may become too silent a member in between, but none again.
	last=$(cvadm --json node history n1 --max 1000 | jq -r '[.[] | select(.what | IN("admitted", "renewed", "ejected"))] | last | .what')
	standing=$(of n1 standing)
	[ "$standing" = member ] || no_trace n1 || not_settled+="$1: $standing and in the directory; "
	case $told,$standing,$(of n1 approved) in
	ejected,barred,*|approved,*,*|again,*,true) ;;
	*) not_done+="call $1: $told, and the node is $standing; " ;;
	esac
	# Members and only they were admitted after they were last put out.
	[ "$standing" != member ] || [[ $last == @(admitted|renewed) ]] || not_admitted+="call $1; "
	[ "$(grep -c 'member of the cloud' "$dir/n1.log")" -le "$(events n1 admitted)" ] || not_stored+="call $1; "
}

round() {
	local call=$((RANDOM % 50 + 1))
	deadly "$call"
	agent n1
	operate
	if alive; then pkill -9 -P "${pids[deadly]}"; else killed=$((killed + 1)); fi
	wait "${pids[deadly]}" 2>/dev/null
	stop n1 KILL
	verifier_up > "$dir/up" || { not_settled+="call $call: it does not start again; "; return; }
	examine "$call"
	cvadm node approve n1 > /dev/null
	stop cvd
}

none() {
	[ -z "$1" ] || { echo "seed $seed: $1"; return 1; }
}

many_revoked() {
	sqlite3 "$dir/state/cvd.db" "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 500)
		INSERT INTO certificate SELECT printf('40%030x', i), (SELECT id FROM node), 4000000000, 1 FROM c" && verifier_up &&
		[ "$(openssl crl -in "$dir/members/crl.pem" -noout -text | grep -c 'Serial Number')" -ge 500 ] && of n1 name > /dev/null
	local rc=$?
	stop cvd
	return $rc
}

# The store on a file system of its own, that is filled.
full_disk() {
	local before
	mount -t tmpfs -o size=2m tmpfs "$dir/state" && verifier_up || return
	trap 'stop cvd KILL; umount "$dir/state"; end' EXIT
	machine n3 && joined n3 || return
	before=$(events n3 ejected)
	head -c 2m /dev/zero > "$dir/state/filler" 2> /dev/null
	machine n4 && agent n4 && await 20 said cvd 'the store: database or disk is full' || return
	! cvadm node approve n4 2> "$dir/why" && no_trace n4 || return
	cvadm node eject n3 2>> "$dir/why"
	no_trace n3 && rm "$dir/state/filler" && becomes n3 barred && [ "$(events n3 ejected)" -gt "$before" ] && cat "$dir/why" &&
		stop cvd && [ "$(sqlite3 "$dir/state/cvd.db" 'PRAGMA integrity_check')" = ok ]
}

verifier && verifier_up && machine n1 && joined n1 || exit
stop n1
stop cvd
for ((i = 0; i < crashes; i++)); do round; done
echo "seed $seed: killed $killed times of $crashes"
[ "$killed" -ge $((crashes / 2)) ] || not_done+="only $killed of $crashes were killed; "
check "nobody is a member that was not admitted" none "$not_admitted"
check "what an operator was told is done is done" none "$not_done"
check "what a node was told is stored" none "$not_stored"
check "the directory is as the store says after each start" none "$not_settled"
check "five hundred revoked certificates are in the list, and the verifier goes on" many_revoked
check "a full disk: nobody is admitted, it is said, and what is stored stays good" full_disk
