#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The mini VMM on plain KVM, without the module: every op and command does what
# it says, so that a test with the module can blame the module. Needs /dev/kvm:
#
#	tools/bed 6.1 -- tests/vmm/selftest.sh

DIR=$(mktemp -d)
cp "${VMM:-build/tests/vmm/vmm}" "$DIR/vmm" || exit 1
VMM=$DIR/vmm
SOCK=$DIR/sock
failed=0
checks=0

vmm() { "$VMM" ctl "$SOCK" "$@"; }

# field NAME TEXT: the value of NAME=value in TEXT
field() {
	for pair in $2; do
		case $pair in "$1"=*) echo "${pair#*=}" ;; esac
	done
}

is() { # WHAT EXPECTED GOT
	checks=$((checks + 1))
	[ "$2" = "$3" ] && return
	failed=$((failed + 1))
	echo "FAIL $mode: $1: expected '$2', got '$3'"
}

does() { # EXPECTED COMMAND...
	expected=$1; shift
	is "$*" "$expected" "$(vmm "$@")"
}

refuses() { # COMMAND...
	checks=$((checks + 1))
	answer=$(vmm "$@" 2>&1) || return 0
	failed=$((failed + 1))
	echo "FAIL $mode: $*: expected a refusal, got '$answer'"
}

stat() { field "$1" "$(vmm stats $2)"; }

start() { # OPTIONS...
	ready=$("$VMM" run --daemon --sock "$SOCK" "$@") || { echo "FAIL: vmm run $*"; exit 1; }
	pid=$(field pid "$ready")
	echo "$mode: $ready"
}

finish() {
	does ok quit
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.2
	done
	is "VMM after quit" gone "alive"
}

no_surprise() { # every return of KVM_RUN is explained
	s=$(vmm stats)
	for reason in eintr eagain shutdown internal fail other hlt; do
		is "$reason exits" 0 "$(field $reason "$s")"
	done
}

stores() { # LENGTHS: each kind of store changes the bytes it names and no other
	for len in $1; do
		case $len in
		1) kept=0x88 ;;
		2) kept=0x7788 ;;
		4) kept=0x55667788 ;;
		8) kept=0x1122334455667788 ;;
		esac
		vmm poke words 0 >/dev/null
		does ok store words $len 0x1122334455667788 3
		does $kept peek words
		does $kept load words $len
		does $kept xchg words $len 5
		does ok lock-add words $len 2
		does 0x7 peek words
		does ok movss-store words $len 9
		does 0x9 peek words
		does ok rep-stos words+64 $len 0x21 4
		does 0x21 load words+64 $len
		does 0x21 load words+$((64 + 3 * len)) $len
		does 0x0 peek words+$((64 + 4 * len)) $len
		vmm poke words+64 0 >/dev/null
		vmm poke words+72 0 >/dev/null
		vmm poke words+80 0 >/dev/null
		vmm poke words+88 0 >/dev/null
		before=$(vmm tsc)
		at=$(vmm rdtsc-store words $len 11)
		after=$(vmm tsc)
		is "host tsc, store, host tsc" 1 $((before < at && at < after))
		does 0xb peek words
	done
	does ok push words 0x31
	does 0x31 peek words $word
	does ok rep-movs words+16 words 8
	does "$(vmm peek words)" peek words+16
	does ok sgdt words+32
	is "sgdt: limit" 0x47 "$(vmm peek words+32 2)"
}

emulated_stores() { # KVM writes the bytes
	for len in 1 2 4; do
		vmm poke words 0 >/dev/null
		io=$(stat io)
		does ok ins words $len 0x7a
		does 0x7a peek words
		is "ins $len: exits" 2 $(($(stat io) - io))
	done
	vmm poke words 0 >/dev/null
	does ok wallclock words
	is "wall clock written" 1 $(($(vmm peek words+4 4) != 0))
}

hits() { # EXPECTED COMMAND...: stores the guest's own breakpoint 0 sees
	expected=$1; shift
	vmm dbcount >/dev/null
	answer=$(vmm "$@") || is "$*" "done" "$answer"
	is "$*: hits" "$expected" "$(field b0 "$(vmm dbcount)")"
}

paravirtual_stores() { # KVM writes the bytes, where and since the guest said so
	does ok setdr 0 words+8 1 4
	vmm poke words 0 >/dev/null
	hits 0 pvclock words
	version=$(vmm peek words 4)
	is "pvclock: written" 1 $((version > 0))
	is "pvclock: scale" 1 $(($(vmm peek words+24 4) != 0))
	does ok clock
	vmm load words 4 >/dev/null
	is "pvclock: again" 1 $(($(vmm peek words 4) > version))
	does ok pvclock words 0
	version=$(vmm peek words 4)
	does ok clock
	does "$version" load words 4
	vmm poke words+8 0 >/dev/null
	hits 0 steal-time words
	version=$(vmm peek words+8 4)
	is "steal-time: written" 1 $((version > 0))
	hits 0 kick 0
	is "steal-time: again" 1 $(($(vmm peek words+8 4) > version))
	does ok steal-time words 0
	version=$(vmm peek words+8 4)
	does ok kick 0
	does "$version" load words+8 4
	vmm poke words+8 5 >/dev/null
	hits 0 pv-eoi words+8
	does 0x0 peek words+8
	does 0x1 pv-eoi words+8
	refuses pv-eoi words+9
	does ok cleardr
}

mmio_stores() { # LENGTHS
	does ok setdr 0 words+8 1 4
	for len in $1; do
		vmm poke words+8 0 >/dev/null
		mmio=$(stat mmio)
		hits 0 movs-mmio words+8 $len 0x7b
		does 0x7b peek words+8
		is "movs-mmio $len: exits" 2 $(($(stat mmio) - mmio))
	done
	does ok cleardr
}

wide_stores() { # LENGTHS: of the x87; stores that are no general register's, or not aligned
	does ok setdr 0 words+8 1 4
	hits 1 fxsave words
	does 0x37f peek words 2
	refuses fxsave words+8
	for len in $1; do
		vmm poke words+8 0 >/dev/null
		hits 1 fistp words+8 $len 0x7c
		does 0x7c peek words+8
	done
	refuses fistp words+8 1 1
	vmm poke words+16 0 >/dev/null
	hits 1 sse-store words 0x2222222211111111
	does 0x2222222211111111 peek words
	does 0x2222222211111111 peek words+8
	does 0x0 peek words+16
	if [ $(($(field ecx "$(vmm cpuid 1)") & 1 << 28)) -ne 0 ]; then
		hits 1 avx-store words 0x4444444433333333
		does 0x4444444433333333 peek words
		does 0x4444444433333333 peek words+24
	else
		does "error avx-store: not offered" avx-store words 1
	fi
	hits 1 store words+7 4 0x87654321
	does 0x87654321 peek words+7 4
	does ok setdr 0 words+4096 1 1
	hits 1 store words+4094 4 0x12345678
	does 0x12345678 peek words+4094 4
	does ok cleardr
}

from_outside() { # another process writes
	does ok store words 4 0
	printf '\136' | dd of="/proc/$pid/mem" bs=1 seek=$(($(vmm hva words+1))) conv=notrunc 2>/dev/null
	does 0x5e00 load words 4
	refuses hva 0x10000000000
}

exits() { # only what the VMM is meant to see
	vmm quiet on >/dev/null
	vmm store words 4 1 >/dev/null
	runs=$(stat runs)
	does ok store words 4 1 1000
	is "exits of quiet stores" 0 $(($(stat runs) - runs))
	io=$(stat io)
	does ok out 7
	is "exits of out 7" 7 $(($(stat io) - io))
	vmm quiet off >/dev/null
	runs=$(stat runs)
	does ok store words 4 1 1000
	is "exits of stores" 0 $(($(stat runs) - runs))
}

endless() {
	for op in spin "storm words 4 1 2" $1; do
		does ok @1 start $op
		refuses @1 load words 4
		runs=$(stat runs 1)
		sleep 0.2
		is "exits of $op" 0 $(($(stat runs 1) - runs))
		answer=$(vmm stop 1)
		is "$op went round" 1 $((answer > 1000))
	done
}

halted() {
	for how in irq nmi; do
		does ok @1 start hlt
		sleep 0.2
		refuses @1 load words 4
		does ok wake 1 $how
		vmm wait 1 >/dev/null || is "hlt woken by $how" woken "$(vmm wait 1)"
		vmm poke words 0 >/dev/null
		does ok @1 start hlt-then-store words 4 0x77
		sleep 0.2
		does 0x0 peek words
		does ok wake 1 $how
		does ok wait 1
		does 0x77 peek words
	done
	s=$(vmm stats 1)
	is irqs 2 "$(field irqs "$s")"
	is nmis 2 "$(field nmis "$s")"
}

debug_exceptions() {
	vmm dbcount >/dev/null
	for n in 0 1 7 100 1024; do
		answer=$(vmm step $n)
		is "step $n" $n "$(field steps "$answer")"
	done
	refuses step 1025
	vmm dbcount >/dev/null
	is "step 10, all" 14 "$(field total "$(vmm step 10)")"
	is "dbcount bs" 14 "$(field bs "$(vmm dbcount)")"
	vmm icebp >/dev/null || is icebp 1 "$(vmm icebp)"
	is "dbcount none" 1 "$(field none "$(vmm dbcount)")"
	vmm gd >/dev/null || is gd 1 "$(vmm gd)"
	is "dbcount bd" 1 "$(field bd "$(vmm dbcount)")"
}

own_breakpoints() {
	for slot in 0 1 2 3; do
		does ok setdr $slot words+$((8 * slot)) 1 4
	done
	vmm dbcount >/dev/null
	does ok store words 4 1 2
	does ok store words+8 4 1 3
	does ok store words+16 2 1
	does ok store words+20 4 1
	vmm xchg words+24 4 1 >/dev/null
	vmm load words 4 >/dev/null
	s=$(vmm dbcount)
	is "b0..b3" "2 3 1 1" "$(field b0 "$s") $(field b1 "$s") $(field b2 "$s") $(field b3 "$s")"
	answer=$(vmm step-store words 5)
	is "step-store: BS and B0 in DR6" 0x4001 "$(field dr6 "$answer")"
	is "getdr dr1" "$(vmm addr words+8)" "$(field dr1 "$(vmm getdr)")"
	does ok setdr 0 target 0 1
	does ok setdr 1 words 3 1
	vmm dbcount >/dev/null
	does ok call 5
	vmm load words 1 >/dev/null
	s=$(vmm dbcount)
	is "execute and read hits" "5 1" "$(field b0 "$s") $(field b1 "$s")"
	does ok cleardr
	does ok store words 4 1 4
	is "none after cleardr" 0 "$(field all "$(vmm dbcount)")"
	refuses setdr 4 words 1 4
	refuses setdr 0 words 2 4
}

vmm_debugger() {
	does ok guestdebug 1 on words 4
	debug=$(stat debug 1)
	does ok @1 store words 4 1 6
	is "debug exits" 6 $(($(stat debug 1) - debug))
	is "their DR6" 0x1 "$(printf '0x%x' $(($(stat dr6 1) & 0xe00f)))"
	does ok guestdebug 1 step
	does ok @1 store words 4 1
	does ok guestdebug 1 off
	is "steps for the VMM" 1 $(($(stat debug 1) > debug + 6))
	is "BS seen" 1 $((($(stat dr6_seen 1) & 0x4000) != 0))
	debug=$(stat debug 1)
	does ok @1 store words 4 1
	is "debug exits when off" 0 $(($(stat debug 1) - debug))
	is "none for the guest" 0 "$(field all "$(vmm @1 dbcount)")"
}

out_and_in() { # vCPUs leave KVM_RUN, come late, are reset
	does ok pause 1
	is state user "$(stat state 1)"
	does ok pause 1
	does ok @1 start store words 4 0x55
	vmm poke words 0 >/dev/null
	does 0x0 peek words
	does ok resume 1
	does ok wait 1
	does 0x55 peek words
	is kicks 1 $(($(stat kicks 1) > 0))
	does 2 addcpu
	does ok @2 store words 4 0x56
	does 3 parked 3
	is "runs while parked" 0 "$(stat runs 3)"
	does ok @3 start store words 4 0x57
	does ok resume 3
	does ok wait 3
	does 0x57 peek words
	does 4 addcpu waiting
	sleep 0.2
	is "boots while waiting for SIPI" 0 "$(stat boots 4)"
	does ok @4 start store words 4 0x5c
	does ok init 4
	does ok wait 4
	does 0x5c peek words
	refuses addcpu
	does ok kick 1
	for way in init reset; do
		boots=$(stat boots 1)
		does ok $way 1
		is "boots by $way" 1 $(($(stat boots 1) - boots))
		does ok @1 store words 4 0x58
		does ok @1 start spin
		does ok $way 1
		refuses wait 1
		does ok @1 store words 4 0x59
		does ok @1 start hlt
		sleep 0.2
		does ok $way 1
		does ok @1 store words 4 0x5a
		does 0x5a peek words
	done
	does ok reset 0
	does ok store words 4 0x5b
	refuses init 0
}

other_pages() {
	does ok store words 4 0x61
	does ok madvise
	does 0x0 load words 4
	does ok store words 4 0x62
	does 0x62 peek words
	does ok remap host
	does 0x62 load words 4
	does ok store words 4 0x63
	does 0x63 peek words
	does ok @1 start storm words+64 4 1 2
	does ok remap host
	is "storm went on" 1 $(($(vmm stop 1) > 1000))
	does ok remap slot
	does 0x63 load words 4
	child=$(vmm fork)
	does ok store words 4 0x64
	does 0x64 peek words
	is "child of fork" 0 "$(kill -0 "$child"; echo $?)"
}

other_names() { # NAME: what the guest's page table says of the page
	does ok setdr 0 $1 1 4
	hits 0 alias-store $1 4 0xa1
	does 0xa1 load $1 4
	other=$(vmm alias-store $1 4 0xa2)
	[ "$other" != "$(vmm addr $1)" ] || is "alias-store $1: name" another "$other"
	does 0xa2 peek words 4
	vmm alias-store $1+4094 4 0x12345678 >/dev/null
	does 0x12345678 peek words+4094 4
	hits 0 swap-pte 1
	does 0xa2 load $1 4
	hits 1 store $1 4 0xa3
	does 0xa2 peek words 4
	does 0xa3 peek spare 4
	vmm alias-store $1 4 0xa4 >/dev/null
	does 0xa4 peek spare 4
	hits 0 swap-pte 0
	does 0xa2 load $1 4
	[ "$mode" != long ] || other_roots $1
	does ok cleardr
}

other_roots() { # NAME
	does ok poke spare 4 0xa5
	for how in 1 2; do
		hits 0 swap-root $how
		does 0xa5 load $1 4
		hits 0 swap-root 0
		does 0xa2 load $1 4
	done
}

renamed() { # HIGH: the guest's page table gives the name another page
	does ok store $1 4 0x71
	vmm poke "$(vmm phys spare)" 0x72 >/dev/null
	does ok remap guest
	does 0x72 load $1 4
	does 0x72 @1 load $1 4
	does 0x71 load words.low 4
	does ok remap guest back
	does 0x71 @1 load $1 4
}

dies() { # an unexpected exception is reported, not hung on
	case $(vmm store 0xffffff0000 1 1) in
	"error vCPU 0 died of exception 14"*) is trap 1 1 ;;
	*) is trap "exception 14" "$(vmm wait 0)" ;;
	esac
	does ok reset 0
	does ok store words 4 1
}

killed() { # the socket of a killed VMM says so
	kill -9 "$pid"
	sleep 0.3
	refuses stats
}

long_mode() {
	mode=long word=8
	start --vcpus 2 --max-vcpus 5
	is "linear != physical" 1 $(($(vmm addr words) != $(vmm phys words)))
	is "ready: watch" "$(vmm addr words)" "$(field watch "$ready")"
	is "ready: phys" "$(vmm phys words)" "$(field phys "$ready")"
	stores "1 2 4 8"
	wide_stores "2 4 8"
	emulated_stores
	mmio_stores "1 2 4 8"
	paravirtual_stores
	from_outside
	exits
	endless user-spin
	halted
	debug_exceptions
	own_breakpoints
	vmm_debugger
	does ok user-store words 8 0x1234
	does 0x1234 peek words
	does ok cr3 1
	does ok store words.low 4 0x81
	does ok cr3 0
	does 0x81 load words 4
	other_names words
	renamed words
	refuses paging 0
	no_surprise
	other_pages
	out_and_in
	dies
	finish
}

flat_mode() {
	mode=flat word=4
	start --vcpus 2 --max-vcpus 5 --no-paging --idle-hlt
	does "$(vmm phys words)" addr words
	refuses store words 8 1
	refuses user-spin
	refuses l2-store words 4 1
	refuses alias-store words 4 1
	refuses swap-pte 1
	refuses swap-root 1
	stores "1 2 4"
	wide_stores "2 4"
	emulated_stores
	mmio_stores "1 2 4"
	paravirtual_stores
	exits
	endless
	halted
	debug_exceptions
	own_breakpoints
	vmm_debugger
	for cpu in 0 1; do
		does ok @$cpu paging 1
		does ok @$cpu store words.high 4 0x91
	done
	does 0x91 load words 4
	other_names words.high
	renamed words.high
	does ok paging 0
	does ok @1 paging 0
	does 0x71 load words 4
	no_surprise
	other_pages
	out_and_in
	finish
}

nested() { # CPU: does its CPUID offer nested virtualization?
	vmx=$(field ecx "$(vmm @$1 cpuid 1)")
	svm=$(field ecx "$(vmm @$1 cpuid 0x80000001)")
	[ $((vmx & 0x20 | svm & 4)) -ne 0 ] && echo yes || echo no
}

l2_stores() { # CPU LENGTHS
	for len in $2; do
		vmm poke words 0 >/dev/null
		does ok @$1 l2-store words $len 0x6f
		does 0x6f peek words
	done
	does ok @$1 store words 4 0x70
}

offers_svm() { # CPU
	[ $(($(field ecx "$(vmm @$1 cpuid 0x80000001)") & 4)) -ne 0 ]
}

huge_and_nested() {
	mode=huge word=8
	echo 20 >/proc/sys/vm/nr_hugepages
	start --hugepages --mem 32 --nested --quiet
	is backing hugetlb "$(field backing "$ready")"
	is "SVM or VMX offered" yes "$(nested 0)"
	does ok store words 8 0x99
	does ok madvise
	does 0x0 load words 4
	does ok store words 8 0x9a
	does ok remap host
	does 0x9a load words 8
	killed
	echo 0 >/proc/sys/vm/nr_hugepages
	mode=nested
	start --vcpus 1
	does 1 parked
	does ok nested on
	does ok resume 1
	is "SVM or VMX offered" no "$(nested 0)"
	is "SVM or VMX offered" yes "$(nested 1)"
	does "error l2-store: not offered" l2-store words 4 1
	if offers_svm 1; then
		l2_stores 1 "1 2 4 8"
	fi
	finish
}

long_mode
flat_mode
huge_and_nested
rm -rf "$DIR"
if [ $failed -ne 0 ]; then
	echo "vmm selftest: $failed of $checks checks failed"
	exit 1
fi
echo "vmm selftest: $checks checks, all good"
