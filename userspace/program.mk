# SPDX-License-Identifier: GPL-2.0
#
# A program that uses libcv. Its Makefile says, before it includes this:
#	NAME		as its directory is called
#	SBIN		sbin, or bin
#	PACKAGES	of pkg-config
#	MANUALS		in Documentation/man
#	UNIT		of systemd, if there is one
#	PEER		yes, if it speaks to nodes or the verifier (userspace/peer)
#
# make		build/bin/NAME		(SANITIZE=1: build/bin/NAME-asan), after the libraries
# make install	into $(DESTDIR)$(PREFIX)

ROOT		:= $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)
BUILD		?= $(ROOT)/build
PREFIX		?= /usr
VERSION		?= $(shell git -C $(ROOT) describe --always --dirty 2>/dev/null || echo unreleased)

HERE		:= $(ROOT)/userspace/$(NAME)
SOURCES		:= $(notdir $(wildcard $(HERE)/*.c))
VARIANT		:= $(if $(SANITIZE),-asan)
OBJDIR		:= $(BUILD)/obj/$(NAME)$(VARIANT)
PROGRAM		:= $(BUILD)/bin/$(NAME)$(VARIANT)
LIBCV		:= $(BUILD)/lib/libcv$(VARIANT).a
LIBPEER		:= $(if $(PEER),$(BUILD)/lib/libcvpeer$(VARIANT).a)

comma		:= ,
CFLAGS		?= -O2 -g
WARNINGS	:= -Wall -Wextra -Werror
SANFLAGS	:= $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer)
INCLUDES	:= -I$(ROOT)/include $(if $(PEER),-I$(ROOT)/userspace -I$(BUILD)/obj/proto)
ALL_CFLAGS	= -std=gnu11 $(CFLAGS) $(WARNINGS) $(SANFLAGS) -D_GNU_SOURCE $(INCLUDES) \
		  -DPROGRAM_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PACKAGES))

all: $(PROGRAM)

$(BUILD)/lib/libcv$(VARIANT).a: FORCE
	@$(MAKE) --no-print-directory -C $(ROOT)/userspace/lib $(if $(SANITIZE),SANITIZE=1)

$(BUILD)/lib/libcvpeer$(VARIANT).a: FORCE
	@$(MAKE) --no-print-directory -C $(ROOT)/userspace/peer $(if $(SANITIZE),SANITIZE=1)

$(PROGRAM): $(SOURCES:%.c=$(OBJDIR)/%.o) $(LIBPEER) $(LIBCV)
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $(filter-out FORCE,$^) $(shell pkg-config --libs $(PACKAGES))

# After the library of peers, which makes what the schema says.
$(OBJDIR)/%.o: $(HERE)/%.c | $(LIBPEER)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

install: $(PROGRAM)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/$(SBIN)/$(NAME)
	for manual in $(MANUALS); do install -D -m 644 $(ROOT)/Documentation/man/$$manual \
		$(DESTDIR)$(PREFIX)/share/man/man$${manual##*.}/$$manual || exit; done
	$(if $(UNIT),install -D -m 644 $(HERE)/$(UNIT) $(DESTDIR)$(PREFIX)/lib/systemd/system/$(UNIT))

clean:
	rm -rf $(OBJDIR) $(PROGRAM)

FORCE:
.PHONY: all install clean FORCE

-include $(wildcard $(OBJDIR)/*.d)
