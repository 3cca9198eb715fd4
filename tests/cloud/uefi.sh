#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The cloud of gate.sh with a compute node that is a whole machine: UEFI firmware and kernel measure into its TPM what boots
# and what runs, and cvnoded on it joins by itself. Nothing of it is made up but the hardware (QEMU, swtpm).
# test: before it is a member it reaches neither queue nor database
# test: it joins by itself, and reaches both
# test: it stays a member while it runs what is allowed
# test: a file that is not allowed ejects it: its tunnel ends, no new one begins
# test: in the same boot it stays out; started again it is back by itself
# test: a reboot ejects it, and it is back by itself
# test: an operator's word ejects it
# test: silence ejects it
# test: what it runs while the verifier is down ejects it
# test: a reboot while the verifier is down makes it join anew
# test: another kernel command line is refused, by line
# timeout: 1500

. "$(dirname "$0")/cloud.sh"
. tests/cloud/net.sh
. tests/cloud/services.sh

bound() {
	echo "bound: $1: $(($(now_ms) - $2)) ms"
}

# --- the machine -------------------------------------------------------------------------------------------------

# What it is told at each start: its address and its agent's configuration. The identity of its TPM is asked here.
prepare() {
	local lines=("queue = queue@${address[queue]}:5671" "database = db@${address[db]}:5433")
	mkdir -p "$dir/n1/config"
	tpm_on n1 && write_conf n1 compute && ids[n1]=$(identity n1) && tpm_off n1 || return
	echo "${address[n1]}/24" > "$dir/n1/config/address"
	cp "$dir/state/ca.pem" "$dir/n1/config/ca.pem"
	sed 's|^authority = .*|authority = /tmp/ca.pem|; s|^tcti = .*|tcti = device:/dev/tpmrm0|; s|^state = .*|state = /tmp|
		/^firmware_log\|^ima_list\|^cmdline/d' "$dir/n1.conf" > "$dir/n1/config/cvnoded.conf"
	tar cf "$dir/n1/config.tar" -C "$dir/n1/config" . && truncate -s 1M "$dir/n1/config.tar" &&
		cp /usr/share/OVMF/OVMF_VARS_4M.fd "$dir/n1/vars.fd" && cp build/uefi/esp.img "$dir/n1/esp.img" && mkfifo "$dir/n1/line.in" "$dir/n1/line.out"
}

power_on() {
	rm -f "$dir/n1/tpm/"*.ctrl
	start n1.tpm swtpm socket --tpm2 --tpmstate "dir=$dir/n1/tpm" --ctrl "type=unixio,path=$dir/n1/tpm/machine.ctrl"
	await 10 [ -S "$dir/n1/tpm/machine.ctrl" ] || return
	start n1.machine qemu-system-x86_64 -machine q35 -accel tcg -cpu max -m 320 -display none -no-user-config -nodefaults \
		-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd -drive if=pflash,format=raw,file="$dir/n1/vars.fd" \
		-chardev socket,id=tpm,path="$dir/n1/tpm/machine.ctrl" -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-tis,tpmdev=tpm0 \
		-drive id=esp,if=none,format=raw,readonly=on,file="$dir/n1/esp.img" -device virtio-blk-pci,drive=esp \
		-drive id=root,if=none,format=raw,readonly=on,file=build/uefi/root.img -device virtio-blk-pci,drive=root \
		-drive id=conf,if=none,format=raw,readonly=on,file="$dir/n1/config.tar" -device virtio-blk-pci,drive=conf \
		-netdev tap,id=net,ifname=n1,script=no,downscript=no -device virtio-net-pci,netdev=net,romfile= \
		-serial file:"$dir/n1/console" -chardev pipe,id=line,path="$dir/n1/line" -serial chardev:line
	exec 7<> "$dir/n1/line.in" 8<> "$dir/n1/line.out"
	await 10 ip -n "$tag-wire" link set n1 master bridge up 2> /dev/null
	up
}

# The machine is there, and its agent has been started.
up() {
	local line end=$((SECONDS + 240))
	while [ "$SECONDS" -lt "$end" ]; do
		IFS= read -r -t 5 -u 8 line || continue
		[ "${line%$'\r'}" != ready ] || return 0
	done
	tail -n 5 "$dir/n1/console" "$dir/n1.machine.log"
	return 1
}

# inside COMMAND: run on the machine by its first process; its exit status
inside() {
	local line
	printf '%s\n' "$1" >&7
	while IFS= read -r -t "${2:-30}" -u 8 line; do
		case $line in "status "*) line=${line%$'\r'}; return "${line#status }" ;; esac
	done
	return 99
}

power_off() {
	stop n1.machine KILL
	stop n1.tpm
}

reboot_machine() {
	printf '/bin/busybox reboot -f\n' >&7
	up
}

# --- what it reaches -----------------------------------------------------------------------------------------------

reaches_both() {
	inside database && inside queue
}

reaches_neither() {
	! inside database && ! inside queue
}

hold() {
	inside hold && await 30 holds
}

holds() {
	[ -n "$(at db ss -Htn state established "sport = :5433 and dst = ${address[n1]}")" ]
}

# out REASON TEXT SINCE: the connection that was held is over, it is out, and no new one begins
out() {
	await 60 eval '! holds' && bound "$2: no connection is left" "$3" && becomes n1 "${4:-out}" "$1" && reaches_neither
}

back() {
	await 90 is n1 member && await 60 reaches_both
}

# --- tests -------------------------------------------------------------------------------------------------------------

outside() {
	await 60 is n1 pending && reaches_neither
}

joins() {
	local since
	since=$(now_ms)
	cvadm node approve "${ids[n1]}" > /dev/null && await 60 is n1 member && bound "from approval to membership" "$since" && await 30 reaches_both
}

stays() {
	local before
	before=$(of n1 seen_ms)
	inside '/bin/busybox true' && await 30 eval '[ "$(of n1 seen_ms)" -gt $((before + 3000)) ]' && is n1 member
}

violates() {
	local since
	hold && since=$(now_ms) && inside /bin/evil && out violated "a file that is not allowed" "$since" && of n1 text | grep -q '"/bin/evil".*expected digest in file'
}

stays_out() {
	await 60 said cvd 'is refused: violated' && is n1 out violated && reboot_machine && back
}

reboots() {
	local since
	hold && since=$(now_ms) && reboot_machine && await 60 eval '! holds' && bound "a reboot (30 s and more are the machine's): no connection is left" "$since" &&
		await 60 eval '[ "$(events n1 ejected epoch-reset)" -ge 1 ] || [ "$(events n1 ejected silent)" -ge 1 ]' && back
}

by_operator() {
	local since
	hold && since=$(now_ms) && cvadm node eject n1 > /dev/null && out operator "an operator" "$since" barred && cvadm node approve n1 > /dev/null && back
}

silent() {
	local since
	hold && kill -STOP "${pids[n1.machine]}" && since=$(now_ms)
	await 60 eval '! holds' && bound "silence, of 15 s: no connection is left" "$since" && becomes n1 out silent
	local rc=$?
	kill -CONT "${pids[n1.machine]}"
	back && return $rc
}

verifier_down() {
	local since
	hold && stop cvd KILL && inside /bin/evil && since=$(now_ms) && verifier_up && out violated "a file that is not allowed while the verifier is down, from its start" "$since" &&
		reboot_machine && back
}

reboot_unseen() {
	hold && stop cvd KILL && reboot_machine && verifier_up && await 60 eval '! holds' && back
}

# The file that the firmware starts is another one: what it says of itself is in the log, and not in the list.
other_cmdline() {
	power_off
	printf 'console=ttyS0 quiet ima_policy=tcb ima_template=ima-ng ima_hash=sha256 panic=-1 init_on_alloc=0' > "$dir/n1/cmdline"
	objcopy --update-section .cmdline="$dir/n1/cmdline" build/uefi/linux.efi "$dir/n1/linux.efi" &&
		mcopy -o -i "$dir/n1/esp.img" "$dir/n1/linux.efi" ::/EFI/BOOT/BOOTX64.EFI && power_on && await 60 is n1 out violated &&
		of n1 text | grep -q 'line 2: .*boot.image.*expected digest in file' && reaches_neither
}

set_up() {
	here=10.77.0.1
	wire && host cvd 1 && host queue 2 && host db 3 || return
	address[n1]=10.77.0.11 netns[n1.machine]=$tag-wire
	netns[queue.stunnel]=${netns[queue]} netns[queue.rabbitmq]=${netns[queue]}
	netns[db.stunnel]=${netns[db]} netns[db.postgresql]=${netns[db]}
	verifier && sed -i 's/^interval.*/interval = 1 s/; s/^timeout.*/timeout = 15 s/' "$dir/cvd.conf" && criteria service || return
	sha256sum /bin/true > /dev/null
	cat build/uefi/allowed >> "$dir/criteria/allowed"
	cat build/uefi/loaders >> "$dir/criteria/loaders"
	verifier_up && prepare && rabbitmq queue || return
	service queue 5671 && front_end queue 5671 5672 && postgresql db && service db 5433 && front_end db 5433 5432 &&
		await 60 listens queue 5672 && await 20 listens db 5432 && power_on
}

mkdir -p "$dir/queue" "$dir/db"
tests/cloud/uefi/build && set_up || { tail -n 5 "$dir"/*.log; exit 1; }
check "before it is a member it reaches neither queue nor database" outside
check "it joins by itself, and reaches both" joins
check "it stays a member while it runs what is allowed" stays
check "a file that is not allowed ejects it: its tunnel ends, no new one begins" violates
check "in the same boot it stays out; started again it is back by itself" stays_out
check "a reboot ejects it, and it is back by itself" reboots
check "an operator's word ejects it" by_operator
check "silence ejects it" silent
check "what it runs while the verifier is down ejects it" verifier_down
check "a reboot while the verifier is down makes it join anew" reboot_unseen
check "another kernel command line is refused, by line" other_cmdline
