#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cvctl criteria, facts and list.
#
# test: every criteria of the manual is good
# test: the canonical text is a fixed point, disclosed or not
# test: a wrong text is shown with its line and a caret
# test: facts lists every fact, in both forms
# test: a compiled list is the same list
# test: a list is never there by half
# test: --help of each command has an example that the command knows

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
cvctl=build/bin/cvctl-asan
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The manual's criteria as files, and empty lists where they name some.
awk -v dir="$dir" '/^```criteria$/ { n++; on = 1; next } /^```$/ { on = 0 } on { print > (dir "/" n ".cv") }' Documentation/criteria.md Documentation/roti.md
grep -ho 'file("[^"]*")' "$dir"/*.cv | sed 's/file("//; s/")//' | sort -u |
	while read -r list; do echo "# none" > "$dir/$list"; done

manual() {
	local file n=0
	for file in "$dir"/*.cv; do
		$cvctl criteria check "$file" || return
		n=$((n + 1))
	done
	[ $n -ge 17 ]
}

fixed_point() {
	local file id
	cp tests/evidence/*/show.txt "$dir" 2>/dev/null
	for file in "$dir"/*.cv; do
		grep -q 'file(' "$file" && continue	# a canonical text names lists by identity, not by file
		id=$($cvctl criteria digest "$file") &&
			$cvctl criteria format "$file" > "$dir/plain" && $cvctl criteria format --disclosed "$file" > "$dir/disclosed" &&
			[ "$($cvctl criteria digest "$dir/plain")" = "$id" ] && [ "$($cvctl criteria digest "$dir/disclosed")" = "$id" ] &&
			$cvctl criteria format "$dir/plain" | diff - "$dir/plain" || return
	done
}

caret() {
	printf 'criteria "x" {\n\tboot.secureboot == true\n}\n' > "$dir/bad"
	$cvctl criteria check "$dir/bad" 2> "$dir/err"
	[ $? = 1 ] && diff - "$dir/err" <<TEXT
$dir/bad:2:2: no fact is called "boot.secureboot"; did you mean "boot.secure_boot"?
	boot.secureboot == true
	^~~~~~~~~~~~~~~
TEXT
}

facts() {
	local name
	$cvctl facts > "$dir/facts" || return
	for name in $(sed -nE 's/.*\.name = "([a-z_.]+)", \.type.*/\1/p' userspace/lib/{boot,ima,tpm,roti}.c); do
		grep -q "^ *$name " "$dir/facts" || { echo "no $name"; return 1; }
	done
	$cvctl facts --json | jq -e 'map(.name) | index("boot.cmdline") and index("pcr") and index("ima.file")' > /dev/null
}

compiled() {
	find Documentation kmod -type f -exec sha256sum {} + > "$dir/text"
	$cvctl list compile "$dir/text" "$dir/list" > /dev/null && [ "$($cvctl list id "$dir/text")" = "$($cvctl list id "$dir/list")" ] &&
		sort -r "$dir/text" > "$dir/again" && [ "$($cvctl list id "$dir/again")" = "$($cvctl list id "$dir/list")" ] &&
		sed 1d "$dir/text" > "$dir/less" && [ "$($cvctl list id "$dir/less")" != "$($cvctl list id "$dir/list")" ] &&
		[ "$(stat -c %s "$dir/list")" = $((32 + 32 * $(cut -d ' ' -f 1 "$dir/text" | sort -u | wc -l))) ]
}

by_half() {
	echo nonsense >> "$dir/text"
	$cvctl list compile "$dir/text" "$dir/list.bad" 2> "$dir/err"
	[ $? = 1 ] && [ ! -e "$dir/list.bad" ] && grep -q 'nonsense' "$dir/err" || return
	head -c 100 "$dir/list" > "$dir/cut"
	! $cvctl list id "$dir/cut" 2> /dev/null
}

helps() {
	local command
	while read -r command; do
		# shellcheck disable=SC2086 # noun and verb
		$cvctl $command --help | grep -A 1 '^example:' | grep -q "cvctl $command" || { echo "$command"; return 1; }
	done < <($cvctl --help | sed -nE 's/^  ([a-z]+) +([a-z]*) +[A-Z].*/\1 \2/p' | sed 's/ $//')
	[ -n "${command-}" ] || [ "$($cvctl --help | grep -c '^  ')" -ge 8 ]
}

check "every criteria of the manual is good" manual
check "the canonical text is a fixed point, disclosed or not" fixed_point
check "a wrong text is shown with its line and a caret" caret
check "facts lists every fact, in both forms" facts
check "a compiled list is the same list" compiled
check "a list is never there by half" by_half
check "--help of each command has an example that the command knows" helps
