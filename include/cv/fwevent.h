/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an event of the firmware's log is about: TCG PC Client Platform Firmware
 * Profile 1.06, 10.4; what GRUB, Linux' EFI stub and systemd-stub add.
 *
 * Neither type nor body was measured, and anyone can write others beside a
 * digest. "bound" tells that what is said here was measured; a separator is known
 * by its digest, whatever the log calls it.
 */
#ifndef CV_FWEVENT_H
#define CV_FWEVENT_H

#include "fwlog.h"

enum cv_fwevent_kind {
	CV_FWEVENT_OTHER,
	CV_FWEVENT_NO_ACTION,	/* was not measured */
	CV_FWEVENT_SEPARATOR,	/* ends what the firmware measures to the register */
	CV_FWEVENT_ACTION,	/* text */
	CV_FWEVENT_VARIABLE,	/* name, and data that was measured with it */
	CV_FWEVENT_BOOT_ENTRY,	/* a boot option: likewise, of the data alone */
	CV_FWEVENT_IMAGE,	/* PE image; the digest is its Authenticode one; name: its file, if told */
	CV_FWEVENT_COMMAND,	/* text that GRUB ran, or systemd-stub added to the command line */
	CV_FWEVENT_CMDLINE,	/* what GRUB gave to "linux": the kernel's file and its command line */
	CV_FWEVENT_SECTION,	/* name: the next event is of this section's content */
	CV_FWEVENT_FILE,	/* name; the digest is of its content: GRUB's files, systemd-stub's sections */
	CV_FWEVENT_OPTIONS,	/* the digest is of the image's load options, in UTF-16 */
	CV_FWEVENT_INITRD,	/* the digest is of what the EFI stub was given as initrd */
};

struct cv_fwevent {
	enum cv_fwevent_kind kind;
	bool bound;		/* name, text and data are what was measured */
	bool routine;		/* an action that firmware is known for: no code was measured */
	bool utf16;		/* name or text, little endian */
	struct cv_bytes guid;	/* of a variable, 16 bytes */
	struct cv_bytes name, data;
};

/*
 * Decodes @event as far as its body allows; a malformed body is one that is not
 * bound. @bank: index of the log's bank whose digest is looked at, with @hash.
 */
void cv_fwevent_read(struct cv_fwevent *to, const struct cv_fwlog_event *event, unsigned int bank,
		     const struct cv_hash *hash);

static inline bool cv_fwevent_is_command(const struct cv_fwevent *event)
{
	return event->kind == CV_FWEVENT_COMMAND || event->kind == CV_FWEVENT_CMDLINE;
}

/* "EV_SEPARATOR"; NULL for a type that the profile does not name. */
const char *cv_fwevent_type_name(uint32_t type);

/* The text for people: UTF-16 becomes UTF-8, what cannot be shown "?". As snprintf. */
int cv_fwevent_print(struct cv_bytes text, bool utf16, char *out, size_t size);

/* Is it this ASCII text? A final zero does not count. */
bool cv_fwevent_is(struct cv_bytes text, bool utf16, const char *ascii);

#endif
