/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's command line, as a node tells it: which event of the firmware's
 * log measured it, and could another have been the kernel's?
 */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <cv/boot.h>

struct cmdline {
	struct cv_boot *boot;
	/* Digests of the line, by who measures it: with a zero; in UTF-16, without and with a zero. */
	uint8_t zero[CV_HASH_MAX], wide[CV_HASH_MAX], wide_zero[CV_HASH_MAX];
	uint8_t section[CV_HASH_MAX];		/* of the name ".cmdline" */
	struct cv_boot_event grub, stub, embedded, added;	/* where it was found: PCR 8, 9, 11, 12 */
	struct cv_boot_event late_options;	/* in PCR 9, not as the first */
	unsigned int events[CV_PCRS];		/* of the registers that are looked at */
	unsigned int grub_lines, grub_loose;	/* command lines; events whose text was not measured */
	unsigned int other_options;		/* events that are told to be of another line */
	unsigned int not_options;		/* events of PCR 9 that are not of this one */
	struct cv_boot_event last_initrd;	/* told to be one */
	bool in_section, was_section;		/* the next event is of .cmdline's content; it was met */
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
