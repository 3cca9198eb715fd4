#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# That the checks of tools/lint/run can fail: faults are put into a copy of the tree, one by one, and must be told of.
#
# test: includes tells of each wrong include
# test: abi tells of each disagreement
# test: compiler tells of what sparse and W=1 see
# test: size tells of long functions and files
# test: space tells of stray spaces
# test: shell tells of what shellcheck sees
# test: man tells of what mandoc sees
# test: words tells of unfinished business and of paths
# test: checkpatch tells of style
# timeout: 600

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
	[ ! -f "$file" ] || printf '%s\0' "$file"
done | xargs -0 cp --parents -t "$dir"
mkdir "$dir/build"
ln -s "$PWD/build/kernels" "$dir/build/kernels"
git -C "$dir" init -q
missed=0

# finds CHECK FILE[:LINE] TEXT COMMAND: after COMMAND, which changes FILE in the copy, CHECK must tell of it with TEXT.
finds() {
	local check=$1 where=$2 text=$3 file=${2%%:*} out
	cp "$dir/$file" "$dir/build/kept"
	(cd "$dir" && eval "$4")
	if cmp -s "$dir/$file" "$dir/build/kept"; then
		echo "the fault \"$4\" is not put there"
		missed=$((missed + 1))
	fi
	out=$("$dir/tools/lint/run" "$check" 2>&1)
	if ! grep -F "$check: $where" <<<"$out" | grep -qF -- "$text"; then
		printf '%s does not tell of "%s" in %s, but of:\n%s\n' "$check" "$text" "$where" "$(head -n 10 <<<"$out")"
		missed=$((missed + 1))
	fi
	cp "$dir/build/kept" "$dir/$file"
}

told() {
	equal "$1" 0 "$missed"
	missed=0
}

includes() { # FILE LINE-TO-INSERT TEXT
	finds includes "$1:1:" "$3" "sed -i '1i $2' $1"
}

includes kmod/verdict.c '#include <linux/slab.h>' "a pure file includes"
includes kmod/slots.c '#include "predicate.h"' 'which tools/lint/includes.table'
includes kmod/gate.c '#include "set.h"' 'includes "set.h"'
includes kmod/event.h '#include "vm.h"' 'includes "vm.h"'
includes kmod/port.h '#include "../userspace/cvadm/nl.h"' 'does not allow'
includes kmod/set.c '#if LINUX_VERSION_CODE' "kmod/compat only"
includes userspace/cvadm/nl.c '#include "../bpf/judge.h"' "do not include each other's"
includes userspace/cvadm/nl.c '#include "../../kmod/verdict.h"' "the ABI is"
includes userspace/cvadm/nl.c '#include "nowhere.h"' "neither here nor"
finds includes tools/lint/includes.table: "does not include" "sed -i 's/^slots.h: uapi/slots.h: uapi verdict.h/; s/^pure slots.h: uapi/&  verdict.h/' tools/lint/includes.table"
finds includes tools/lint/includes.table: "a circle" "sed -i 's/^port.h: gatekeeper.h/& flow.h/' tools/lint/includes.table"
finds includes tools/lint/includes.table: "does not exist" "echo 'gone.c: main.h' >> tools/lint/includes.table"
told "includes tells of each wrong include"

header=include/uapi/linux/cloudverifier.h page=Documentation/netlink.md
finds abi $header: "CV_A_ORPHAN has no row" "sed -i 's/^\t__CV_A_MAX/\tCV_A_ORPHAN,\n&/' $header"
finds abi $header: "CV_A_ORPHAN is in no policy" "sed -i 's/^\t__CV_A_MAX/\tCV_A_ORPHAN,\n&/' $header"
finds abi $header: "CV_EV_NEW_ONE has no row" "sed -i 's/^\t__CV_EV_MAX/\tCV_EV_NEW_ONE,\n&/' $header"
finds abi $header: "CV_BLOCK_NEW is not in" "sed -i 's/^#define CV_BLOCK_LEASE/#define CV_BLOCK_NEW 64\n&/' $header"
finds abi $header: "CV_CMD_VM_STOP is not in kmod/netlink.c" "sed -i 's/^\t__CV_CMD_MAX/\tCV_CMD_VM_STOP,\n&/' $header"
finds abi $page: "CV_A_VM_GONE is not in" "echo 'CV_A_VM_GONE' >> $page"
finds abi $page: 'is "u16"' "sed -i 's/^| CV_A_VM_PID | u32/| CV_A_VM_PID | u16/' $page"
finds abi $page: "WATCH_ADD takes" "sed -i 's/VM WATCH_ADDR WATCH_LEN \[WATCH_NAME\]/VM WATCH_ADDR WATCH_LEN/' $page"
finds abi $page: "WATCH_GET answers" "sed -i 's/ WATCH_LOST \[WATCH_SLOT\]/ WATCH_LOST/' $page"
finds abi $page: "dump of PORT_GET takes" "sed -i 's/| PORT; dump: \[SET\]/| PORT; dump:/' $page"
finds abi kmod/nl_port.c: "PORT_ADD admits" "sed -i 's/\tCV_P_U8(CV_A_PORT_PROTO),/&\n\tCV_P_ID(CV_A_WATCH),/' kmod/nl_port.c"
finds abi kmod/nl_session.c: "SESSION_RENEW admits" "sed -i '/cv_nl_session_renew.CV/,/};/{/CV_P_LEASE/d}' kmod/nl_session.c"
finds abi kmod/nl_watch.c: "WATCH_DEL admits" "sed -i 's/CV_NEED_WATCH | CV_ONLY_ID, .doit = cv_nl_watch_del/CV_NEED_WATCH, .doit = cv_nl_watch_del/' kmod/netlink.c; echo >> kmod/nl_watch.c"
told "abi tells of each disagreement"

finds compiler-6.1 kmod/net.c: "noderef" "echo 'int cv_bad(int __user *p); int cv_bad(int __user *p) { return *p; }' >> kmod/net.c"
finds compiler-6.1 kmod/net.c: "unused" "echo 'void cv_odd(void); void cv_odd(void) { int unused = 1; unused = 2; }' >> kmod/net.c"
finds compiler-6.12 kmod/net.c: "no previous prototype" "echo 'void cv_odd(void) { }' >> kmod/net.c"
told "compiler tells of what sparse and W=1 see"

finds size kmod/net.c: "function of" "{ echo 'int f(void)'; echo '{'; yes '	;' | head -n 60; echo '}'; } >> kmod/net.c"
finds size kmod/net.c:601: "file of" "yes '/* */' | head -n 600 >> kmod/net.c"
finds size tests/run: "function of" "{ echo 'f() {'; yes '	:' | head -n 60; echo '}'; } >> tests/run"
told "size tells of long functions and files"

finds space kmod/net.c:1: "space at the end" "sed -i '1s/\$/ /' kmod/net.c"
finds space kmod/net.c: "before a tab" "printf '  \t;\n' >> kmod/net.c"
finds space Makefile: "no newline" "printf '# end' >> Makefile"
finds space Makefile: "empty line" "echo >> Makefile"
told "space tells of stray spaces"

# shellcheck disable=SC2016 # the fault
finds shell tests/lib.sh: "[SC2154]" 'echo "[ \$undefined_one = 1 ] && rm \$undefined_one" >> tests/lib.sh'
finds shell tools/bed: "[SC2045]" 'echo "for x in \$(ls); do :; done" >> tools/bed'
told "shell tells of what shellcheck sees"

finds man Documentation/man/cvadm.8: "WARNING" "echo .Nothing >> Documentation/man/cvadm.8; echo .Sh >> Documentation/man/cvadm.8; printf '.Xr\n.Bl\n' >> Documentation/man/cvadm.8"
told "man tells of what mandoc sees"

finds words kmod/net.c: "later" "echo '/* TO''DO: later */' >> kmod/net.c"
finds words Documentation/netlink.md: "$dir" "echo 'see $dir/kmod' >> Documentation/netlink.md"
told "words tells of unfinished business and of paths"

if tools/lint/run checkpatch > /dev/null 2>&1; [ $? = 2 ]; then
	skip "checkpatch tells of style" "no checkpatch.pl on this machine"
else
	finds checkpatch kmod/net.c: "SPACING" "echo 'int a=1;' >> kmod/net.c"
	told "checkpatch tells of style"
fi
