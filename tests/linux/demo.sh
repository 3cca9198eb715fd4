#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What tools/demo shows, without booting again.
# test: demo: host
# test: demo: guest
# test: demo: criterion
# test: demo: open
# test: demo: download
# test: demo: original
# test: demo: off
# test: demo: verdict
# test: demo: client_reset
# test: demo: guest_reset
# test: demo: refused
# test: demo: closed
# test: demo: serving
# test: demo: undisturbed
# test: demo: the timeline is in order
# timeout: 900

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh

records=$(tools/demo.d/stage)
echo "$records"

while IFS=$'\t' read -r _ name seen text; do
	case $seen in
	yes) ok "demo: $name" ;;
	*) fail "demo: $name" "$text" ;;
	esac
done < <(grep '^@check' <<<"$records")

# moment TEXT: of the point that is told so
moment() {
	grep -m 1 "^@time.*$1" <<<"$records" | cut -f 2
}

in_order() {
	local stamps=() text
	for text; do
		stamps+=("$(moment "$text")")
	done
	printf '%s\n' "${stamps[@]}" | grep -qx '' && return 1
	printf '%s\n' "${stamps[@]}" | sort -n -c
}

each_way() {
	in_order 'changed byte is seen' 'gate closed' "reset on the client's" 'port sealed' &&
		in_order 'gate closed' "reset on the guest's" 'port sealed' &&
		in_order "reset on the client's" "client's program"
}

check "demo: the timeline is in order" each_way
