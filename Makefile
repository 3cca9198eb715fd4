# SPDX-License-Identifier: GPL-2.0
#
#	make			the module for every kernel in KERNELS, libcv, cvadm, cvctl, cvd, cvnoded, test and bench programs
#	make check		tests/run (as root)
#	make lint		sparse, W=1, style, ABI and dependency checks
#	make bench		tools/bench all (as root)
#	make install		the programs, their manuals, completion, units of systemd; DESTDIR and PREFIX are obeyed
#	make modules_install	the module, for the running kernel (or KDIR=…)
#	make clean
#
# Everything that is built lies in build/; the kernels' images and headers come from tools/kernels and tools/deps.

KERNELS ?= 6.1 6.12
B := build
J := -j$(shell nproc)
KDIR ?= /lib/modules/$(shell uname -r)/build
CHECKS := tests/vmm tests/unit tests/net tests/netlink tests/vm tests/linux tests/attack tests/tpm tests/cloud tools/bench.d

release = $(shell cat $(B)/kernels/$(1)/release 2>/dev/null)
# Kernels of tools/kernels-debug keep the tree they were built in.
kdir = $(firstword $(wildcard $(B)/kernels/$(1)/build) /lib/modules/$(call release,$(1))/build)

all: modules userspace programs

modules: $(addprefix module-,$(KERNELS))

# Kbuild writes beside the sources: each kernel builds in links of its own.
module-%: | $(B)/kernels
	@mkdir -p $(B)/$*
	@cp -rsf $(addprefix $(CURDIR)/,Kbuild kmod include) $(B)/$*/
	@$(MAKE) --no-print-directory $(J) -C $(call kdir,$*) M=$(CURDIR)/$(B)/$* modules $(KFLAGS)

$(B)/kernels:
	tools/kernels

userspace:
	@$(MAKE) --no-print-directory $(J) -C userspace/lib
	@$(MAKE) --no-print-directory $(J) -C userspace/cvadm
	@$(MAKE) --no-print-directory $(J) -C userspace/cvadm SANITIZE=1
	@$(MAKE) --no-print-directory $(J) -C userspace/cvctl
	@$(MAKE) --no-print-directory $(J) -C userspace/cvctl SANITIZE=1
	@$(MAKE) --no-print-directory $(J) -C userspace/cvd
	@$(MAKE) --no-print-directory $(J) -C userspace/cvd SANITIZE=1
	@$(MAKE) --no-print-directory $(J) -C userspace/cvnoded
	@$(MAKE) --no-print-directory $(J) -C userspace/cvnoded SANITIZE=1
	@$(MAKE) --no-print-directory $(J) -C userspace/bpf

programs:
	@for dir in $(CHECKS); do $(MAKE) --no-print-directory $(J) -C $$dir || exit; done

check:
	tests/run

lint: modules
	tools/lint/run

bench:
	tools/bench all

install: userspace
	$(MAKE) -C userspace/cvadm install
	$(MAKE) -C userspace/cvctl install
	$(MAKE) -C userspace/cvd install
	$(MAKE) -C userspace/cvnoded install

modules_install:
	@mkdir -p $(B)/here
	@cp -rsf $(addprefix $(CURDIR)/,Kbuild kmod include) $(B)/here/
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(B)/here modules modules_install

clean:
	@for dir in $(CHECKS) userspace/lib userspace/peer userspace/cvadm userspace/cvctl userspace/cvd userspace/cvnoded userspace/bpf; do $(MAKE) --no-print-directory -C $$dir clean; done
	rm -rf $(addprefix $(B)/,$(KERNELS) debug kcsan here bin bench tests obj bpf fuzz log run scratch)

.PHONY: all modules userspace programs check lint bench install modules_install clean
