#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who is not let in, and what it is told.
# test: compute: another loader is refused by line, expected and found
# test: network: another loader is refused by line, expected and found
# test: api: another loader is refused by line, expected and found
# test: service: another loader is refused by line, expected and found
# test: verifier: another loader is refused by line, expected and found
# test: a type without criteria admits nobody
# test: another node's name
# test: a name that could be the beginning of an id
# test: a name that nobody approved yet is free
# test: a node that changes its type after it was approved
# test: a firmware log of another boot
# test: a list of measured files that was cut
# test: a list without the file that was executed
# test: a disk that was moved into another machine is another node
# test: a TPM whose state was put back to an earlier time
# test: a verifier that is not the one that is pinned
# test: vendors: a TPM without a vendor's certificate is not approved by itself
# test: criteria that could not be judged again are refused at the start, with line and caret
# test: a directory of somebody else's is not taken
# test: a configuration that is wrong is refused with its line
# timeout: 600

. "$(dirname "$0")/cloud.sh"

approve() {
	agent "$1" && becomes "$1" pending not-approved && cvadm node approve "$(identity "$1")" > /dev/null
}

# refused NAME REASON [TEXT…]: its agent is told so
refused() {
	local name=$1 text
	await 30 said "$name" "refused: $2" || { echo "$name is not refused for $2:"; tail -n 6 "$dir/$name.log"; return 1; }
	shift 2
	for text; do
		said "$name" "$text" || { echo "$name is not told: $text"; tail -n 6 "$dir/$name.log"; return 1; }
	done
	no_trace "$name"
}

altered() {
	local type=$1 expected lines=()
	[ "$type" != service ] || lines=("gate_members = $dir/guarded" "gate_ports = 5671")
	expected=$(digests 'loader 1.1' | cut -d' ' -f1)
	machine "bad-$type" "$type" loader='loader 1.1' && approve "bad-$type" &&
		refused "bad-$type" violated "criteria \"$type node\", line 2" "digest is sha256:$expected, expected digest in file" || return
	stop "bad-$type"
	machine "good-$type" "$type" && joined "good-$type"
}

no_criteria() {
	rm "$dir/criteria/api.cv"
	stop cvd
	verifier_up && machine lonely api && approve lonely && refused lonely no-criteria 'there are no criteria for nodes of this type'
	stop lonely
	criteria api
	cvadm criteria load api > /dev/null
}

# Another TPM under a name that is known.
name_taken() {
	machine thief && sed -i 's/^name = .*/name = good-compute/' "$dir/thief.conf" && agent thief &&
		refused thief name-taken "the name good-compute is another node's" && is good-compute member
}

hex_name() {
	machine hex && sed -i 's/^name = .*/name = 7a54f4ea608fd84d/' "$dir/hex.conf" && agent hex && refused hex name 'no hexadecimal number'
}

# Who only asked for a name does not keep it from who is approved under it.
free_name() {
	machine early && sed -i 's/^name = .*/name = wanted/' "$dir/early.conf" && agent early && becomes wanted pending || return
	stop early
	machine wanted && agent wanted && await 20 eval '[ "$(of wanted id)" = "$(identity wanted)" ]' &&
		cvadm node approve "$(identity wanted)" > /dev/null && becomes wanted member
}

type_changed() {
	stop good-network
	sed -i 's/^type = .*/type = api/' "$dir/good-network.conf"
	becomes good-network out silent && agent good-network && refused good-network changed 'it was approved as good-network of type network'
}

other_boot() {
	machine old && cp "$dir/old/firmware_log" "$dir/old/kept" && reboot old secureboot='secure boot is off' &&
		cp "$dir/old/kept" "$dir/old/firmware_log" && approve old && refused old log-
}

shortened() {
	machine cut && measure cut execute /bin/ls && truncate -s -7 "$dir/cut/ima_list" && approve cut && refused cut log-truncated
}

# What is executed and not shown.
left_out() {
	machine hides && cp "$dir/hides/ima_list" "$dir/hides/kept" && measure hides execute /bin/evil &&
		cp "$dir/hides/kept" "$dir/hides/ima_list" && approve hides && refused hides log-mismatch
}

moved_disk() {
	machine first && joined first || return
	stop first
	stop first.tpm
	mkdir "$dir/second"
	cp "$dir/first/node."* "$dir/second/"
	becomes first out silent && machine second && sed -i 's/^name = .*/name = first/' "$dir/second.conf" && agent second &&
		refused second name-taken
}

# As it was before two boots: the same TPM, with counters of then.
rewound() {
	machine rewound && tpm_off rewound && cp -r "$dir/rewound/tpm" "$dir/rewound/then" && tpm_on rewound && measure rewound boot &&
		measure rewound execute /bin/sh && reboot rewound && joined rewound || return
	stop rewound
	tpm_off rewound
	becomes rewound out silent
	rm -rf "$dir/rewound/tpm" && mv "$dir/rewound/then" "$dir/rewound/tpm" && tpm_on rewound && measure rewound boot &&
		measure rewound execute /bin/sh && : > "$dir/rewound.log" && agent rewound && refused rewound epoch-
}

# Its certificate is from an authority of its own.
man_in_the_middle() {
	local real=$dir
	mkdir "$dir/mitm"
	sed "s|^listen.*|listen = 127.0.0.1:$((port + 1))|; s|^state.*|state = $dir/mitm/state|; s|^members.*|members = $dir/mitm/members|
		s|^control.*|control = $dir/mitm/run/control|" "$dir/cvd.conf" > "$dir/mitm.conf"
	start mitm "$cvd" --config "$dir/mitm.conf"
	await 20 said mitm 'nodes join' && machine careful && sed -i "s|^verifier = .*|verifier = 127.0.0.1:$((port + 1))|" "$dir/careful.conf" &&
		agent careful && await 20 said careful 'its certificate' && ! said careful member && ! said careful refused
	stop mitm
	[ ! -e "$real/careful/node.pem" ]
}

vendors() {
	mkdir -p "$dir/vendors"
	stop cvd
	cp tests/evidence/verity/root.pem "$dir/vendors/" &&
		printf 'enrol = vendor\nvendors = %s\n' "$dir/vendors" >> "$dir/cvd.conf" && verifier_up && machine nameless &&
		agent nameless && refused nameless not-approved "it shows no certificate of its TPM's vendor" && is nameless pending
}

not_renewable() {
	criteria compute 'not (some ima.file: path == "/bin/evil")'
	! "$cvd" --config "$dir/cvd.conf" --check 2> "$dir/why" || return
	criteria compute
	grep -q 'compute.cv:4:1: of a list that grows' "$dir/why" && grep -q '^\^' "$dir/why"
}

others_directory() {
	mkdir -p "$dir/theirs"
	touch "$dir/theirs/file"
	sed "s|^state.*|state = $dir/theirs|" "$dir/cvd.conf" > "$dir/bad.conf"
	! "$cvd" --config "$dir/bad.conf" 2> "$dir/why" && grep -q "theirs is not nobody's, and not empty" "$dir/why" &&
		[ "$(stat -c %U "$dir/theirs")" = root ]
}

bad_configuration() {
	sed 's/^timeout.*/timeout = 5 parsecs/' "$dir/cvd.conf" > "$dir/bad.conf"
	! "$cvd" --config "$dir/bad.conf" --check 2> "$dir/why" && grep -q 'bad.conf: line 8: timeout: got "5 parsecs", expected a time' "$dir/why"
}

verifier && criteria network && criteria api && criteria service && criteria verifier && verifier_up || exit
for type in compute network api service verifier; do
	check "$type: another loader is refused by line, expected and found" altered "$type"
done
check "a type without criteria admits nobody" no_criteria
check "another node's name" name_taken
check "a name that could be the beginning of an id" hex_name
check "a name that nobody approved yet is free" free_name
check "a node that changes its type after it was approved" type_changed
check "a firmware log of another boot" other_boot
check "a list of measured files that was cut" shortened
check "a list without the file that was executed" left_out
check "a disk that was moved into another machine is another node" moved_disk
check "a TPM whose state was put back to an earlier time" rewound
check "a verifier that is not the one that is pinned" man_in_the_middle
check "vendors: a TPM without a vendor's certificate is not approved by itself" vendors
check "criteria that could not be judged again are refused at the start, with line and caret" not_renewable
check "a directory of somebody else's is not taken" others_directory
check "a configuration that is wrong is refused with its line" bad_configuration
