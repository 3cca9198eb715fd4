# SPDX-License-Identifier: GPL-2.0
# make, make check, make lint, make bench, make install, make clean
# KDIR=… builds for another kernel tree; the default is every one in KERNELS.

KERNELS ?= 6.1 6.12
B := build
J := -j$(shell nproc)

release = $(shell cat $(B)/kernels/$(1)/release 2>/dev/null)
kdir = /lib/modules/$(call release,$(1))/build

all: modules userspace

modules: $(addprefix module-,$(KERNELS))

# Kbuild writes beside the sources: each kernel builds in links of its own.
module-%: | $(B)/kernels
	@mkdir -p $(B)/$*
	@cp -rsf $(addprefix $(CURDIR)/,Kbuild kmod include) $(B)/$*/
	$(MAKE) $(J) -C $(call kdir,$*) M=$(CURDIR)/$(B)/$* modules $(KFLAGS)

$(B)/kernels:
	tools/kernels

.PHONY: all modules userspace
