#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Ways to change watched bytes, or what their address means, without being seen. Documentation/threats.md tells for each
# what notices it.
#
# With a timer that looks once a minute: who saw it is named, so that none is seen by the timer for another. Either the set has
# left "satisfied" when the attempt is over, or a packet, sent then, finds it out; it does not arrive in either case.
# test: pvclock: KVM writes the guest's clock
# test: steal-time: KVM writes what it stole
# test: pv-eoi: KVM clears the end-of-interrupt byte
# test: wallclock: KVM writes the time of boot
# test: ins: KVM emulates the store
# test: movs-mmio: KVM emulates a store of what a device gave
# test: sgdt: a system instruction stores
# test: fxsave
# test: fistp: on a write-tracked page KVM cannot emulate it
# test: avx-store: on a write-tracked page KVM cannot emulate it
# test: rep-stos over it
# test: unaligned: a store that begins before it
# test: page-crossing: a store that begins on the page before it
# test: alias: a store through another linear address
# test: alias on a write-tracked page: latched though taken back
# test: swap-pte: the address means a copy of the page
# test: swap-pte, then the copy changes
# test: swap-pte, then the original changes, and back
# test: movss: a store in the shadow of MOV SS
# test: second vCPU: a store while the first is in its hit
# test: hot-plugged vCPU: a store
# test: INIT: a store after it
# test: L2: a store by a guest of the guest
# test: write and restore: latched by the trigger
# test: debugger: the VMM takes the debug registers
# test: slot: the memory slot is deleted and made again
# test: madvise: the page is thrown away
# test: swap: the host pages out all it can
# test: KSM: the host merges all it can
# test: process_vm_writev
#
# Those that only a packet found out, without packets: the timer, as by default, does.
# test: fistp, without packets
# test: avx-store, without packets
# test: alias on a page of no trigger, without packets
# test: swap-pte, without packets
# test: swap-pte and the copy, without packets
# test: process_vm_writev, without packets
# test: another root of the page tables, without packets
# test: another entry in the root of the page tables, without packets
#
# test: flood: hits without end
# test: thousand: any of 1,000 watches of one guest
# timeout: 1500

. "$(dirname "$0")/../net/topo.sh"

ctl() {
	build/tests/vmm/vmm ctl "$sock" "$@"
}

# module PARAMETER…: anew; a monitor does not outlive it.
module() {
	[ -z "${pids[monitor]-}" ] || stop monitor
	rmmod cloudverifier && insmod "build/$CV_KERNEL/cloudverifier.ko" "$@" && listen
}

state() {
	cvadm --json set show "$set" | field set_state
}

left_satisfied() {
	[ "$(state)" != satisfied ]
}

# scene WATCH-OPTION…: a guest with 32 watched bytes, all 0, and a UDP port that depends on them.
scene() {
	local i criteria=()
	build/tests/vmm/vmm run --daemon "${vmm_options[@]}" --sock "$sock" > "$dir/vmm" || return
	vmm_pid=$(grep -oE 'pid=[0-9]+' "$dir/vmm" | cut -d= -f2)
	vm=$(cvadm --json vm attach --pid "$vmm_pid" --name guest "${attach_options[@]}" | field vm)
	session=$(cvadm --json session add --owner attack --lease 3600000 | field session)
	words=$(ctl addr words)
	for i in 0 1 2 3; do
		cvadm watch add "$vm" --addr "$(printf '%#x' $((words + 8 * i)))" --len 8 --name "w$i" "$@" > /dev/null
		criteria+=("w$i == 0")
	done
	set=$(cvadm --json set add --session "$session" --vm "$vm" "${criteria[@]}" | field set)
	number=$(add_port "$set" 10.2.0.2 udp 80)
	await 20 passes || { echo "nothing passes before the attempt: $(state)"; return 1; }
}

passes() {
	[ "$(send)" = open ]
}

send() {
	try client -u 10.2.0.2 "$number"
}

no_vm() {
	[ "$(cvadm --json status | field st_vms)" = 0 ]
}

curtain() {
	ctl quit > /dev/null 2>&1
	await 20 no_vm || cvadm vm detach "$vm" > /dev/null
	cvadm session del "$session" > /dev/null
	vmm_options=(--idle-hlt --vcpus 1) attach_options=() vm='' session=''
}

# No datagram reaches the guest's service.
nothing_arrives() {
	count guest udp dport 80
	[ "$(send)" != open ] && [ "$(counted guest)" = 0 ]
}

# Who saw what ended "satisfied"; nobody did if KVM or the memory management told, or the address leads elsewhere.
seen_by() {
	tr -d ' ' < "$dir/events" | grep -E '"ev_from":"satisfied"' | grep -E "\"set\":${set}[,}]" | tail -n 1 | field ev_source
}

# It may be satisfied again: a copy of the page is as good.
was_left() {
	seen 1 '"ev_from":"satisfied"' "\"set\":${set}[,}]"
}

# judge NAME WANTED SEEN: WANTED and SEEN are patterns for the state after all and for who saw it.
judge() {
	local name=$1 wanted=$2 seen=$3 got who before
	before=$(state)
	if ! nothing_arrives; then
		fail "$name" "a packet passes"
		return
	fi
	await 20 was_left
	got=$(state) who=$(seen_by) who=${who:-told}
	[ "$before" != satisfied ] || [[ $who == @(packet|told) ]] || seen='only a packet could'
	# shellcheck disable=SC2053 # patterns
	if [[ $got != $wanted ]]; then
		fail "$name" "the set is $got"
	elif [[ $who != $seen ]]; then
		fail "$name" "seen by $who, expected $seen; before the packet the set was $before"
	else
		ok "$name"
	fi
}

phys() {
	ctl phys words
}

# --- attempts ------------------------------------------------------------------------------------------------------

address_of() {
	printf '%#x' $((words + $1))
}

write_back() {
	ctl alias-store words 8 1 && ctl store words+64 8 1 && ctl alias-store words 8 0
}


swap_and_back() {
	ctl swap-pte 1 && ctl store words.low 8 1 && ctl swap-pte 0
}

# The other half of the word, so that no later store of the storm takes it back: nobody would have seen it.
second() {
	ctl @1 start storm words 4 0 0 && ctl store words+4 4 1
	ctl stop 1 > /dev/null
}

plugged() {
	local cpu
	cpu=$(ctl addcpu) && ctl @"$cpu" store words 8 1
}

after_init() {
	ctl init 1 && ctl @1 store words 8 1
}

restore() {
	ctl store words 8 1 && ctl store words 8 0
}

# Of good values only: the set is denied while it lasts, but for a tick now and then to see whether it does, and comes
# back after it.
flooded() {
	[ "$(cvadm --json vm list | field vm_floods)" -ge 1 ] && left_satisfied
}

flood() {
	module flood_hits=5
	scene || return
	ctl start storm words 8 0 0
	await 20 flooded && await 20 eval '! passes' || { echo "no flood, or no packet is denied: $(state)"; return 1; }
	ctl stop 0 > /dev/null
	await 20 eval '[ "$(state)" = satisfied ]' && passes
}

debugger() {
	ctl guestdebug 0 on spare 8 && ctl store words 8 1
}

slot() {
	ctl remap slot && ctl poke words 8 1 && ctl remap slot back
}

thrown_away() {
	ctl store spare 8 0 && ctl madvise && ctl store words 8 1
}

# Pages of the guest's that nobody watches do go.
swapped() {
	[ "$(sed -nE 's/VmSwap:[^0-9]*([0-9]+).*/\1/p' "/proc/$vmm_pid/status")" -gt 0 ]
}

# Pages that have just come are on lists of their CPU's; compaction empties those.
swapping() {
	echo 1 > /proc/sys/vm/compact_memory
	ctl madvise pageout > /dev/null && swapped
}

paged_out() {
	ctl store spare 8 0 && await 20 swapping && ctl store words 8 1
}

merged() {
	[ "$(< /sys/kernel/mm/ksm/pages_sharing)" -gt 0 ] && [ "$(< /sys/kernel/mm/ksm/full_scans)" -gt $((scans + 2)) ]
}

# One page is as words' own, which are pinned; equal ones that nobody watches show that merging is tried.
merge() {
	local i
	for i in 0 1 2 3; do
		ctl store "$(printf '%#x' $((words + 0x4000 + 0x1000 * i)))" 8 $((i ? 7 : 0)) || return
	done
	scans=$(< /sys/kernel/mm/ksm/full_scans)
	ctl madvise mergeable && echo 1 > /sys/kernel/mm/ksm/run && await 20 merged || return
	ctl store words 8 1
}

# swap_space: in compressed memory
swap_space() {
	modprobe zram && echo 64M > /sys/block/zram0/disksize && mkswap /dev/zram0 > /dev/null && swapon /dev/zram0
}

# attempt NAME WANTED SEEN [SCENE-OPTION…] -- COMMAND…
attempt() {
	local name=$1 wanted=$2 seen=$3 options=()
	shift 3
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	forget_events
	if ! scene "${options[@]}"; then
		fail "$name" "the scene does not stand"
	elif ! "$@" > "$dir/said" 2>&1; then
		fail "$name" "the attempt fails: $(cat "$dir/said")"
	else
		judge "$name" "$wanted" "$seen"
	fi
	curtain
}

# without_packets NAME [SCENE-OPTION…] -- COMMAND…
without_packets() {
	local name="$1, without packets" options=()
	shift
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	forget_events
	scene "${options[@]}" && "$@" > "$dir/said" 2>&1 && check "$name" await 5 was_left
	curtain
}

trap end EXIT
topology && up server guest serve -u -e 0.0.0.0 80 || exit 1
vm='' session=''

# --- once a minute -------------------------------------------------------------------------------------------------

module reread_ms=60000 flood_hits=1000000000
vcpu='@(exit|store|kvm)'	# the vCPU itself, before it goes on
attempt "pvclock: KVM writes the guest's clock" violated "$vcpu" -- eval 'ctl pvclock $(phys)'
attempt "steal-time: KVM writes what it stole" violated "$vcpu" -- eval 'ctl steal-time $(phys)'
attempt "pv-eoi: KVM clears the end-of-interrupt byte" violated "$vcpu" -- eval 'ctl pv-eoi $(phys) && ctl pv-eoi $(phys)'
attempt "wallclock: KVM writes the time of boot" violated "$vcpu" -- eval 'ctl wallclock $(phys)'
attempt "ins: KVM emulates the store" violated "$vcpu" -- ctl ins words 4 1
attempt "movs-mmio: KVM emulates a store of what a device gave" violated "$vcpu" -- ctl movs-mmio words 4 1
attempt "sgdt: a system instruction stores" violated exit -- ctl sgdt words
attempt "fxsave" violated exit -- ctl fxsave words
attempt "fistp: on a write-tracked page KVM cannot emulate it" violated packet --trigger page -- ctl fistp words 4 1
attempt "avx-store: on a write-tracked page KVM cannot emulate it" violated packet --trigger page -- ctl avx-store words 1
attempt "rep-stos over it" violated exit -- ctl rep-stos words 8 1 4
attempt "unaligned: a store that begins before it" violated exit -- eval 'ctl store $(address_of 5) 8 0x100000000'
attempt "page-crossing: a store that begins on the page before it" violated exit -- eval 'ctl store $(address_of -4) 8 0x100000000'
attempt "alias: a store through another linear address" violated exit -- ctl alias-store words 8 1
attempt "alias on a write-tracked page: latched though taken back" violated "@(store|kvm)" --trigger page -- write_back
attempt "swap-pte: the address means a copy of the page" '@(satisfied|unknown)' told -- ctl swap-pte 1
attempt "swap-pte, then the copy changes" '@(unknown|violated)' told -- eval 'ctl swap-pte 1 && ctl store words 8 1'
attempt "swap-pte, then the original changes, and back" '@(unknown|violated)' '@(exit|packet)' -- swap_and_back
attempt "movss: a store in the shadow of MOV SS" violated exit -- ctl movss-store words 8 1
vmm_options=(--vcpus 2)
attempt "second vCPU: a store while the first is in its hit" violated exit -- second
vmm_options=(--vcpus 1 --max-vcpus 2)
attempt "hot-plugged vCPU: a store" violated exit -- plugged
vmm_options=(--vcpus 2)
attempt "INIT: a store after it" violated exit -- after_init
vmm_options=(--vcpus 1 --nested) attach_options=(--allow-nested)
attempt "L2: a store by a guest of the guest" violated exit -- ctl l2-store words 8 1
attempt "write and restore: latched by the trigger" violated exit -- restore
attempt "debugger: the VMM takes the debug registers" violated exit -- debugger
attempt "slot: the memory slot is deleted and made again" '@(unknown|violated)' told -- slot
attempt "madvise: the page is thrown away" '@(unknown|violated)' '@(exit|told)' -- thrown_away

if swap_space; then
	attempt "swap: the host pages out all it can" violated exit -- paged_out
	swapoff /dev/zram0
else
	skip "swap: the host pages out all it can" "no zram in this kernel"
fi
if [ -e /sys/kernel/mm/ksm/run ]; then
	attempt "KSM: the host merges all it can" violated '@(exit|told)' -- merge
	echo 2 > /sys/kernel/mm/ksm/run
else
	skip "KSM: the host merges all it can" "no KSM in this kernel"
fi

# While no vCPU runs.
host_writes() {
	ctl pause 0 > /dev/null && build/tests/attack/poke "$vmm_pid" "$(ctl hva words)" 1 > /dev/null
}

attempt "process_vm_writev" violated packet -- host_writes

# --- without packets -----------------------------------------------------------------------------------------------

module
without_packets "fistp" --trigger page -- ctl fistp words 4 1
without_packets "avx-store" --trigger page -- ctl avx-store words 1
without_packets "alias on a page of no trigger" --trigger none -- ctl alias-store words 8 1
without_packets "swap-pte" -- ctl swap-pte 1
without_packets "swap-pte and the copy" -- eval 'ctl swap-pte 1 && ctl store words 8 1'
without_packets "process_vm_writev" -- host_writes
without_packets "another root of the page tables" -- eval 'ctl poke spare 8 1 && ctl swap-root 1'
without_packets "another entry in the root of the page tables" -- eval 'ctl poke spare 8 1 && ctl swap-root 2'
check "flood: hits without end" flood
curtain
module

# 996 more, over 256 words from words+64 on; the set is over the last of them.
thousand() {
	local last many
	last=$(build/tests/vm/ask watches "$vm" "$(ctl phys words+64)" 996) || { echo "$last"; return 1; }
	many=$(cvadm --json set add --session "$session" --vm "$vm" "$last == 0" | field set)
	[ "$(cvadm --json watch list "$vm" | grep -c '"live"')" = 1000 ] || return
	[ "$(cvadm --json set show "$many" | field set_state)" = satisfied ] || return
	ctl store words+$((64 + 995 % 256 * 8)) 8 1 > "$dir/said"
	[ "$(cvadm --json set show "$many" | field set_state)" = violated ]
}

scene
check "thousand: any of 1,000 watches of one guest" thousand
curtain
