/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's command line, as a node tells it, and its initrd: did the kernel's
 * EFI stub measure them, and nobody else?
 */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <cv/boot.h>

#define CMDLINE_IMAGES	16

struct cmdline {
	struct cv_boot *boot;
	uint8_t returning[CV_HASH_MAX];		/* digest of the firmware's action after an application came back */
	const uint8_t *image[CMDLINE_IMAGES];	/* of PCR 4 */
	unsigned int images;
	bool again;				/* one of them was started twice, or came back */
	uint8_t wide[CV_HASH_MAX], wide_zero[CV_HASH_MAX];	/* digests of the line in UTF-16, without and with a zero */
	unsigned int grub, stub;		/* events of PCR 8 and 9 */
	struct cv_boot_event options;		/* the first of PCR 9, if it is of this line */
	struct cv_boot_event other;		/* the last of PCR 9 that is not */
	bool other_is_initrd;			/* as told */
};

/* @boot has hash, cmdline and bank. False without memory. */
bool cmdline_begin(struct cmdline *line, struct cv_boot *boot);

/* For each event that was measured, in their order. */
void cmdline_look(struct cmdline *line, const struct cv_fwlog_event *event, const struct cv_fwevent *what);

/* Tells @boot what is known of the command line and the initrd. */
void cmdline_end(const struct cmdline *line);

/* The value of the word NAME=… of @text; false, and why, if it cannot be told as the kernel would. */
bool cmdline_option(struct cv_bytes text, struct cv_bytes name, struct cv_bytes *value, struct cv_from *from);

#endif
