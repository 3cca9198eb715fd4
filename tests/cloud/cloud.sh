# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A verifier and machines with TPMs of their own, on this machine; source it from the top of the tree. What a machine
# measures is made up (measure.c), its TPM is swtpm, everything else is real. CV_ASAN runs the programs with sanitizers.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
. tests/lib.sh

export TSS2_LOG=all+none
dir=$(mktemp -d /tmp/cv-cloud-XXXXXX)
cvd=build/bin/cvd-asan cvnoded=build/bin/cvnoded-asan
port=$((20000 + SRANDOM % 20000))
here=127.0.0.1	# the verifier's address
lines=()
declare -A pids=() ids=() netns=()	# netns: NAME to the network namespace it runs in, of net.sh

# start NAME COMMAND…: in the background; what it says is in $dir/NAME.log
start() {
	local name=$1 in=()
	shift
	[ -z "${netns[$name]-}" ] || in=(ip netns exec "${netns[$name]}")
	"${in[@]}" "$@" >> "$dir/$name.log" 2>&1 &
	pids[$name]=$!
}

# stop NAME [SIGNAL]
stop() {
	[ -n "${pids[$1]-}" ] || return 0
	kill "-${2:-TERM}" "${pids[$1]}" 2>/dev/null
	wait "${pids[$1]}" 2>/dev/null
	unset "pids[$1]"
}

end() {
	local name
	for name in "${!pids[@]}"; do stop "$name" KILL; done
	rm -rf "$dir"
}

# said NAME TEXT: in its log
said() {
	grep -qF -- "$2" "$dir/$1.log"
}

now_ms() {
	date +%s%3N
}

# --- verifier --------------------------------------------------------------------------------------------------

# digests WORD…: of these texts, as a list
digests() {
	local word
	for word; do printf %s "$word" | sha256sum; done
}

# criteria TYPE [RULE…]: for nodes of the type: the firmware, and no file that is not in "allowed", and more rules
criteria() {
	local type=$1 rule
	shift
	{
		echo "criteria \"$type node\" for $type {"
		echo '	every boot.image: digest in file("loaders")'
		echo '	every ima.file where path != "boot_aggregate": digest in file("allowed")'
		for rule; do echo "	$rule"; done
		echo '	on violation eject'
		echo '}'
	} > "$dir/criteria/$type.cv"
}

# verifier [LINE…]: its directories and configuration; not started
verifier() {
	mkdir -p "$dir/criteria"
	chmod 755 "$dir"
	digests /bin/sh /bin/ls > "$dir/criteria/allowed"
	digests 'loader 1.0' > "$dir/criteria/loaders"
	criteria compute
	cat > "$dir/cvd.conf" <<-CONF
		listen = $here:$port
		state = $dir/state
		control = $dir/run/control
		user = nobody
		criteria = $dir/criteria
		members = $dir/members
		interval = 300 ms
		timeout = 5 s
		certificate_life = 10 min
	CONF
	printf '%s\n' "$@" >> "$dir/cvd.conf"
}

verifier_up() {
	local before
	before=$(grep -c 'nodes join' "$dir/cvd.log" 2>/dev/null)
	# To look for leaks in the end takes system calls that cvd has given up.
	start cvd env ASAN_OPTIONS=detect_leaks=0 "$cvd" --config "$dir/cvd.conf"
	await 20 eval '[ "$(grep -c "nodes join" "$dir/cvd.log")" -gt '"${before:-0}"' ] || ! kill -0 ${pids[cvd]} 2>/dev/null' &&
		kill -0 "${pids[cvd]}" 2>/dev/null || { tail -n 20 "$dir/cvd.log"; return 1; }
}

cvadm() {
	build/bin/cvadm-asan "$@" --socket "$dir/run/control"
}

# of NODE KEY: what the verifier knows
of() {
	cvadm --json node show "$1" 2>/dev/null | jq -r ".$2 // empty"
}

# is NODE STANDING [REASON]
is() {
	[ "$(of "$1" standing)" = "$2" ] && { [ -z "${3-}" ] || [ "$(of "$1" reason)" = "$3" ]; }
}

# becomes NODE STANDING [REASON]: within 20 s
becomes() {
	await 20 is "$@" && return
	echo "$1 is $(of "$1" standing) ($(of "$1" reason): $(of "$1" text)), expected ${*:2}; its agent and the verifier:"
	tail -n 6 "$dir/$1.log" "$dir/cvd.log"
	return 1
}

# events NODE WHAT [REASON]: how many
events() {
	cvadm --json node history "$1" --max 1000 | jq "[.[] | select(.what == \"$2\" and (\"${3-}\" == \"\" or .reason == \"${3-}\"))] | length"
}

# Does a front end that looks into the directory know this certificate? As OpenSSL does, by a hash of its subject.
in_directory() {
	local hash file
	hash=$(openssl x509 -in "$dir/$1/node.pem" -noout -subject_hash) || return
	for file in "$dir/members/$hash".*; do
		[ ! -e "$file" ] || openssl x509 -in "$file" -outform der | cmp -s - <(openssl x509 -in "$dir/$1/node.pem" -outform der) || continue
		[ -e "$file" ] && return 0
	done
	return 1
}

# Neither a certificate of the machine's TPM, nor a link to one.
no_trace() {
	local link
	[ -n "${ids[$1]}" ] && [ ! -e "$dir/members/${ids[$1]}.pem" ] || return
	for link in "$dir/members/"*; do
		[ "$(readlink "$link")" != "${ids[$1]}.pem" ] || return
	done
}

revoked() {
	local serial
	serial=$(openssl x509 -in "$dir/$1/node.pem" -noout -serial | cut -d= -f2)
	openssl crl -in "$dir/members/crl.pem" -noout -text | grep -q "Serial Number: $serial"
}

# --- machines ---------------------------------------------------------------------------------------------------

tcti() {
	echo "swtpm:path=$dir/$1/tpm/sock"
}

tpm_on() {
	mkdir -p "$dir/$1/tpm"
	rm -f "$dir/$1/tpm/sock"*
	start "$1.tpm" swtpm socket --tpm2 --tpmstate "dir=$dir/$1/tpm" --server "type=unixio,path=$dir/$1/tpm/sock" \
		--ctrl "type=unixio,path=$dir/$1/tpm/sock.ctrl" --flags not-need-init,startup-clear
	await 10 [ -S "$dir/$1/tpm/sock" ]
}

# An orderly end, as the firmware's clock wants it.
tpm_off() {
	tpm2_shutdown -c -T "$(tcti "$1")" && stop "$1.tpm"
}

measure() {
	local name=$1
	shift
	build/tests/cloud/measure "$(tcti "$name")" "$dir/$name" "$@"
}

# machine NAME [TYPE [MEASURED…]]: one that has booted and runs nothing yet
machine() {
	local name=$1 type=${2:-compute}
	shift $(($# < 2 ? $# : 2))
	mkdir -p "$dir/$name"
	tpm_on "$name" && measure "$name" boot "$@" && measure "$name" execute /bin/sh && write_conf "$name" "$type" || return
	echo root=/dev/vda1 > "$dir/$name/cmdline"
	ids[$name]=$(identity "$name")
}

# write_conf NAME TYPE: its agent's configuration; lines: what it has besides
write_conf() {
	local name=$1 type=$2
	cat > "$dir/$name.conf" <<-CONF
		verifier = $here:$port
		authority = $dir/state/ca.pem
		name = $name
		type = $type
		tcti = $(tcti "$name")
		state = $dir/$name
		firmware_log = $dir/$name/firmware_log
		ima_list = $dir/$name/ima_list
		cmdline = $dir/$name/cmdline
	CONF
	printf '%s\n' "${lines[@]}" >> "$dir/$name.conf"
}

agent() {
	start "$1" "$cvnoded" --config "$dir/$1.conf"
}

# reboot NAME [MEASURED…]: its agent ends with it
reboot() {
	local name=$1
	shift
	stop "$name"
	tpm_off "$name" && tpm_on "$name" && measure "$name" boot "$@" && measure "$name" execute /bin/sh
}

identity() {
	"$cvnoded" --config "$dir/$1.conf" --identity
}

# joined NAME: agent started, approved, a member
joined() {
	agent "$1" && becomes "$1" pending not-approved && cvadm node approve "$(identity "$1")" > /dev/null && becomes "$1" member
}

trap end EXIT
