#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The install steps on a Debian 12 that has nothing but git: a chroot, made from this machine's own Debian mirror, with
# a clone of what is committed. Not in the default run: takes a while and a few gigabytes below build/.
#
# timeout: 3600
# test: a minimal Debian 12 with git can be made
# test: tools/deps installs everything, and has nothing to do afterwards
# test: tools/kernels fetches the kernels
# test: make builds all of it
# test: tests/run unit passes
# test: the compute host boots
# test: tools/demo shows all that it promises

cd "$(dirname "$0")/../.." || exit
. tests/lib.sh
root=$PWD/build/fresh
repo=/usr/src/cloudverifier

# Mounts of ours vanish with the mount name space, whatever happens.
if [ -z "${CV_FRESH-}" ]; then
	CV_FRESH=y exec unshare --mount --propagation private "$0"
fi

debian() {
	local uri
	read -r uri _ < <(tools/apt-sources | grep ' bookworm ')
	rm -rf --one-file-system "$root"
	mkdir -p "$root"
	debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$uri" > build/log/fresh-debootstrap.log 2>&1 ||
		{ tail -n 20 build/log/fresh-debootstrap.log; return 1; }
	tools/apt-sources | awk '$2 ~ /^bookworm-(security|updates)$/ { print "deb", $1, $2, "main" }' >> "$root/etc/apt/sources.list"
	# Where this machine needs a proxy, or a clock that is off is put up with, so does the other.
	apt-config dump | grep -E '^Acquire::(http.*Proxy|Check-)' > "$root/etc/apt/apt.conf.d/90machine"
	printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cp -L /etc/resolv.conf "$root/etc/"
	git clone -q "$PWD" "$root$repo"
}

enter() {
	mount -t proc proc "$root/proc"
	mount -t sysfs sys "$root/sys"
	mount --bind /dev "$root/dev"
	mount -t tmpfs tmp "$root/tmp"
}

inside() {
	chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 sh -c "cd $repo && $1"
}

deps_twice() {
	# shellcheck disable=SC2016 # expanded in the chroot
	inside 'tools/deps && test -z "$(tools/deps 2>&1)"'
}

check "a minimal Debian 12 with git can be made" debian || exit
enter
check "tools/deps installs everything, and has nothing to do afterwards" deps_twice
check "tools/kernels fetches the kernels" inside tools/kernels
check "make builds all of it" inside 'make > /tmp/make 2>&1 || { tail -n 30 /tmp/make; exit 1; }'
check "tests/run unit passes" inside 'tests/run unit'
check "the compute host boots" inside 'tools/bed 6.1 -- uname -r'
check "tools/demo shows all that it promises" inside 'tools/demo --json > /tmp/demo || { tail -n 30 /tmp/demo; exit 1; }'
