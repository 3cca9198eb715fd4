#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Evidence that is good, but not of who shows it, or not of now. Nodes and TPMs are software (tools/bench.d/nodes.c): no TPM
# lends itself to this.
# test: an honest node is admitted
# test: evidence that was shown on an earlier connection
# test: evidence that was quoted for another connection
# test: another attestation key than the one that was enrolled
# test: another key for TLS than the one that was enrolled
# test: a node that shows all of itself again at once is told to wait
# test: none of them is a member, and who was there stays

. "$(dirname "$0")/cloud.sh"

# says WORD: the next line of the simulated nodes, if it begins so
says() {
	local line
	IFS= read -r -t 60 line <&"${nodes[0]}" && case $line in "$1"*) return 0 ;; esac
	echo "the nodes say: ${line-nothing}, expected $1"
	return 1
}

set_up() {
	mkdir -p "$dir/vendors"
	verifier "enrol = vendor" "vendors = $dir/vendors"
	cat > "$dir/criteria/compute.cv" <<-'CRITERIA'
		criteria "compute node" for compute {
			every ima.file where path != "boot_aggregate": digest in file("allowed")
		}
	CRITERIA
	coproc nodes { exec build/bench/nodes "$here:$port" "$dir/state/ca.pem" "$dir/vendors" 1 2> "$dir/nodes.log"; }
	says ready && mv "$dir/vendors/allowed" "$dir/criteria/allowed" && verifier_up && echo go >&"${nodes[1]}" && echo join >&"${nodes[1]}" && says joined
}

# attack KIND ANSWER
attack() {
	echo "attack $1" >&"${nodes[1]}" && says "$2"
}

only_honest() {
	[ "$(cvadm --json node list | jq '[.[] | select(.standing == "member")] | length')" = 3 ] && is node-0 member &&
		[ "$(find "$dir/members" -name '*.pem' ! -name crl.pem | wc -l)" = 3 ]
}

set_up || { tail -n 5 "$dir"/*.log; exit 1; }
check "an honest node is admitted" attack none member
check "evidence that was shown on an earlier connection" attack replay 'refused quote-nonce'
check "evidence that was quoted for another connection" attack relay 'refused quote-nonce'
check "another attestation key than the one that was enrolled" attack other-ak 'refused signature'
check "another key for TLS than the one that was enrolled" attack other-tls 'refused signature'
check "a node that shows all of itself again at once is told to wait" attack hurry 'refused soon'
check "none of them is a member, and who was there stays" only_honest
