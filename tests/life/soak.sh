#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Anything, in any order: guests, watches, sets, ports, traffic, memory and the module come and go at random. CV_SOAK says
# for how many seconds (180), CV_SEED repeats the order of a run that failed.
# test: whatever comes, a broken criterion lets nothing pass and a latched set stays latched
# test: at the end everything can still be set up, broken and mended
# timeout: 7200

. "$(dirname "$0")/../net/topo.sh"
seconds=${CV_SOAK:-180} seed=${CV_SEED:-$((SRANDOM % 32768))} wrong=''
set='' latched='' ports=() extras=()
declare -A taken=()
RANDOM=$seed

ctl() {
	timeout 30 build/tests/vmm/vmm ctl "$sock" "$@" > /dev/null 2>&1
}

ask() {
	timeout 60 build/bin/cvadm "$@" 2> "$dir/said"
}

one_of() {
	local choice=$((RANDOM % $# + 1))
	echo "${!choice}"
}

chance() {
	[ $((RANDOM % $1)) = 0 ]
}

address_of() {
	printf '%#x' $((words + $1))
}

# --- what the test knows -------------------------------------------------------------------------------------------

complain() {
	wrong=y
	echo "seed $seed: $*"
	tail -n 12 "$dir/steps"
	ask set show
	ask watch list
	ask vm list
}

state() {
	ask --json set show "$set" | field set_state
}

no_set() {
	set='' latched='' ports=()
}

no_attached() {
	vm='' extras=()
	no_set
}

# A latched set stays so until it is attested again.
consistent() {
	local now
	[ -n "$set" ] || return
	now=$(state)
	case $latched,$now in
	y,violated|y,) ;;
	y,*) complain "the set was violated and is $now" ;;
	,violated) latched=y ;;
	esac
}

# --- steps ---------------------------------------------------------------------------------------------------------

step_boot() {
	local huge=()
	[ -z "$vmm_pid" ] || return
	! chance 2 || huge=(--hugepages)
	build/tests/vmm/vmm run --daemon --idle-hlt --vcpus "$(one_of 1 2 3)" --max-vcpus 4 "${huge[@]}" \
		--sock "$sock" > "$dir/vmm" || { complain "no guest: $(cat "$dir/vmm")"; return; }
	vmm_pid=$(grep -oE 'pid=[0-9]+' "$dir/vmm" | cut -d= -f2)
	words=$(build/tests/vmm/vmm ctl "$sock" addr words)
}

no_vm() {
	[ "$(ask --json status | field st_vms)" = 0 ]
}

step_death() {
	[ -n "$vmm_pid" ] && chance 2 || return
	if chance 2; then kill -9 "$vmm_pid"; else ctl quit; fi
	await 20 eval '! kill -0 $vmm_pid 2>/dev/null' || complain "the VMM does not end"
	await 20 no_vm || complain "a dead guest stays"
	vmm_pid=''
	no_attached
}

step_attach() {
	[ -n "$vmm_pid" ] && [ -z "$vm" ] || return
	vm=$(ask --json vm attach --pid "$vmm_pid" --name guest | field vm)
	[ -n "$vm" ] || complain "cannot attach: $(cat "$dir/said")"
}

step_detach() {
	[ -n "$vm" ] && chance 3 || return
	ask vm detach "$vm" > /dev/null || complain "cannot detach: $(cat "$dir/said")"
	no_attached
}

# w0 to w3, which sets are about, are added once.
step_watch() {
	local i
	[ -n "$vm" ] || return
	for i in 0 1 2 3; do
		ask watch add "$vm" --addr "$(address_of $((8 * i)))" --len 8 --name "w$i" \
			--trigger "$(one_of auto debug page none)" > /dev/null
	done
}

step_extra() {
	local at
	[ -n "$vm" ] || return
	at=$(address_of $((64 + 8 * (RANDOM % 64))))
	if chance 4; then
		at=$(build/tests/vmm/vmm ctl "$sock" addr target)
		extras+=("$(ask --json watch add "$vm" --addr "$at" --len 1 --trigger exec --capture '+0(%rdi)' | field watch)")
	else
		extras+=("$(ask --json watch add "$vm" --addr "$at" --len "$(one_of 1 2 4 8)" --trigger "$(one_of auto page none)" | field watch)")
	fi
}

step_less() {
	[ ${#extras[@]} -gt 0 ] || return
	[ -z "${extras[-1]}" ] || ask watch del "${extras[-1]}" > /dev/null
	unset "extras[-1]"
}

step_session() {
	if [ -z "$session" ]; then
		session=$(ask --json session add --owner soak --lease "$(one_of 50 2000 3600000)" | field session)
	elif chance 6; then
		ask session del "$session" > /dev/null || complain "cannot delete the session"
		session=''
		no_set
	else
		ask session renew "$session" --lease 3600000 > /dev/null
	fi
}

step_set() {
	local i criteria=()
	[ -n "$vm" ] && [ -n "$session" ] && [ -z "$set" ] || return
	for i in 0 1 2 3; do
		! chance 2 || criteria+=("$(one_of "w$i == 0" "w$i < 1" "w$i bpf build/bpf/allowlist.bpf.o")")
	done
	set=$(ask --json set add --session "$session" --vm "$vm" --map allowed=0 "w0 == 0" "${criteria[@]}" \
		"w1 bpf build/bpf/allowlist.bpf.o" | field set)
}

step_unset() {
	[ -n "$set" ] && chance 3 || return
	ask set del "$set" > /dev/null || complain "cannot delete the set: $(cat "$dir/said")"
	no_set
}

step_port() {
	local port
	[ -n "$set" ] && [ ${#ports[@]} -lt 6 ] || return
	port=$(ask --json port add --set "$set" --address 10.2.0.2 --proto "$(one_of tcp udp)" --service "$(one_of 80 81)" |
		field port_number)
	[ -z "$port" ] || ports+=("$port")
}

step_traffic() {
	[ ${#ports[@]} -gt 0 ] && [ -z "${pids[load]-}" ] || { [ -z "${pids[load]-}" ] || stop load; return; }
	start load client connect -n 20 -s -i 20 10.2.0.2 "$(one_of "${ports[@]}")"
}

step_flush() {
	conntrack -F > /dev/null 2>&1
}

udp_passes() {
	local port
	for port in "${ports[@]}"; do
		[ "$(try client -u 10.2.0.2 "$port")" != open ] || return 0
	done
	return 1
}

# The set names w0: from the store on it is not satisfied.
step_break() {
	local now
	[ -n "$set" ] || return
	ctl stop 0
	ctl store words 8 1 || return
	now=$(state)
	[ "$now" != satisfied ] || complain "w0 is broken and the set satisfied"
	[ "$now" != violated ] || latched=y
	! udp_passes || complain "w0 is broken and a packet passes"
}

step_mend() {
	local i
	[ -n "$vm" ] || return
	ctl stop 0
	for i in 0 1 2 3; do
		ctl store "words+$((8 * i))" 8 0
	done
	[ -z "$set" ] || { latched=''; ask set reattest "$set" > /dev/null; }
}

step_storm() {
	ctl @"$(one_of 0 1 2)" start storm "words+$((8 * (RANDOM % 16)))" 8 0 0
}

step_still() {
	ctl stop "$(one_of 0 1 2)"
}

step_call() {
	ctl @0 call 3 words
}

step_memory() {
	case $((RANDOM % 4)) in
	0) ctl remap host ;;
	1) ctl remap slot ;;
	2) ctl madvise ;;
	3) ctl madvise pageout ;;
	esac
}

# After a restart what was broken may be whole: nothing is expected of w0 until the next step_break.
step_guest() {
	case $((RANDOM % 5)) in
	0) ctl reset ;;
	1) ctl init 1 ;;
	2) ctl addcpu ;;
	3) ctl guestdebug 0 on spare 8 ;;
	4) ctl guestdebug 0 off ;;
	esac
}

step_module() {
	chance 3 || return
	rmmod cloudverifier || { complain "the module does not unload"; return; }
	insmod "build/$CV_KERNEL/cloudverifier.ko" || complain "the module does not load"
	session=''
	no_attached
}

steps=(boot boot attach attach attach watch watch extra extra less session session set set set unset port port traffic
	flush break break break mend mend mend storm storm still still call memory guest detach death module)

soak() {
	local end=$((SECONDS + seconds)) next count=0
	echo "seed $seed"
	while [ "$SECONDS" -lt "$end" ] && [ -z "$wrong" ]; do
		next=$(one_of "${steps[@]}")
		count=$((count + 1)) taken[$next]=$((${taken[$next]-0} + 1))
		echo "$count $next" >> "$dir/steps"
		echo "soak: $count $next" > /dev/kmsg	# for whoever looks at a machine that went down
		"step_$next"
		consistent
	done
	echo "$count steps in $seconds s:$(for next in "${!taken[@]}"; do printf ' %s %s' "$next" "${taken[$next]}"; done)"
	[ -z "$wrong" ]
}

# Once more from the beginning, all of it in order.
afresh() {
	[ -z "${pids[load]-}" ] || stop load
	[ -z "$vmm_pid" ] || { kill -9 "$vmm_pid"; await 20 no_vm; }
	[ -z "$session" ] || ask session del "$session" > /dev/null
	no_attached
	machine && set=$(add_set 0) && [ "$(state)" = satisfied ] && ports=("$(add_port "$set" 10.2.0.2 udp 80)") && udp_passes &&
		store 0 1 && [ "$(state)" = violated ] && ! udp_passes && mend 0 "$set" && udp_passes
}

trap end EXIT
topology && up server guest serve -u -e 0.0.0.0 80 && up server2 guest serve -e 0.0.0.0 80 &&
	up server3 guest serve -e 0.0.0.0 81 || exit 1
vm='' session=''
check "whatever comes, a broken criterion lets nothing pass and a latched set stays latched" soak
check "at the end everything can still be set up, broken and mended" afresh
