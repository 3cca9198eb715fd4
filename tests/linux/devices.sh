#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Devices write to a Linux guest's memory: no vCPU stores, nothing traps.
# test: virtio-blk: what QEMU reads from a disk into a watched page closes the port
# test: vhost-net: what the host kernel writes into a watched ring closes the port
# timeout: 900

. "$(dirname "$0")/linux.sh"
disk=$dir/disk qmp=$dir/qmp

# query COMMAND [ARGUMENTS-AS-JSON]: what QEMU answers
query() {
	python3 - "$qmp" "$1" "${2-{\}}" <<'PYTHON'
import json, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect(sys.argv[1])
lines = link.makefile("rw")
def ask(command, arguments):
    lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    lines.flush()
    while True:
        answer = json.loads(lines.readline())
        if "return" in answer or "error" in answer:
            return answer
lines.readline()
ask("qmp_capabilities", {})
answer = ask(sys.argv[2], json.loads(sys.argv[3]))
if "error" in answer:
    sys.exit(answer["error"]["desc"])
print(json.dumps(answer["return"]))
PYTHON
}

# protect_word ADDRESS LEN CRITERION: a physical address, named w, and a port
protect_word() {
	vm=$(cvadm --json vm attach --pid "$vmm" --name guest | field vm) &&
		watch=$(cvadm --json watch add "$vm" --physical --trigger none --addr "$1" --len "$2" --name w | field watch) &&
		session=$(cvadm --json session add --owner customer --lease 3600000 | field session) &&
		set=$(cvadm --json set add --session "$session" --vm "$vm" "$3" | field set) &&
		await 10 is satisfied && open_port "$guest4" && [ "$(fetch "$number")" = hello ]
}

closed() {
	fetch "$number" > /dev/null
	[ $? = 7 ] && is violated
}

# No packet passes after the write, whichever look is first.
by_disk() {
	local page
	in_guest 'blkread /dev/vda > /tmp/blkread 2>&1 &'
	await 20 eval 'page=$(in_guest head -n 1 /tmp/blkread) && [ -n "$page" ]' || return
	echo "the page is at $page"
	protect_word "$page" 8 'w == 0' || return
	in_guest 'kill -USR1 $(pidof blkread); while ! grep -q read /tmp/blkread; do usleep 10000; done'
	closed && [ "$(of_watch watch_value)" = 0x4242424242424242 ]
}

# The used index of the receive queue, which vhost counts up with each packet.
used_index() {
	local path ring
	path=$(query x-query-virtio | jq -r '[.[].path | select(test("second"))][0]') || return
	ring=$(query x-query-virtio-vhost-queue-status "{\"path\": \"$path\", \"queue\": 0}") || return
	echo $(($(jq '."used-phys"' <<<"$ring") + 2))
}

by_vhost() {
	local at now
	at=$(used_index) || return
	echo "the index is at $(printf '%#x' "$at")"
	vm=$(cvadm --json vm attach --pid "$vmm" --name guest | field vm) &&
		watch=$(cvadm --json watch add "$vm" --physical --trigger none --addr "$at" --len 2 --name w | field watch)
	await 10 eval 'now=$(of_watch watch_value) && [ -n "$now" ] && [ "$now" != null ]' || return
	unprotect
	protect_word "$at" 2 "w == $now" || return
	# To an address that nobody has: a broadcast asks for it.
	ping -c 1 -W 1 -I tap-second 10.79.0.2 > /dev/null
	closed
}

second_nic() {
	modprobe tun && modprobe vhost_net && ip tuntap add tap-second mode tap && ip addr add 10.79.0.1/24 dev tap-second &&
		sysctl -qw net.ipv6.conf.tap-second.disable_ipv6=1 && ip link set tap-second up
}

prepare() {
	head -c 4096 /dev/zero | tr '\0' B > "$disk"
	load && network && second_nic && guest --machine "-drive if=none,id=disk,format=raw,file=$disk \
		-device virtio-blk-device,drive=disk -qmp unix:$qmp,server=on,wait=off \
		-netdev tap,id=second,ifname=tap-second,script=no,downscript=no,vhost=on,vhostforce=on \
		-device virtio-net-device,netdev=second,id=second"
}

prepare || { echo "the guest does not come up"; exit 1; }
check "virtio-blk: what QEMU reads from a disk into a watched page closes the port" by_disk
unprotect
in_guest ip link set eth1 up
check "vhost-net: what the host kernel writes into a watched ring closes the port" by_vhost
ip link del tap-second
