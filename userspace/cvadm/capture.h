/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an execution watch captures, as text, in the notation of the kernel's
 * kprobe events. Pure.
 *
 *	capture = place [ ":" bytes ]		(64 bytes if left out)
 *	place   = offset "(" ( "%" register | place ) ")"
 *	offset  = ( "+" | "-" ) number
 *
 * "+0(+96(%rdi)):256" are the 256 bytes at *(rdi + 96).
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/cloudverifier.h>

#define CAPTURE_DEFAULT	64

struct capture {
	uint8_t reg;			/* enum cv_reg */
	unsigned int steps;
	int32_t path[CV_CAPTURE_STEPS];	/* innermost offset first */
	uint16_t len;
};

extern const char *const capture_reg_names[__CV_REGS];

/* NULL, or what was expected where *at points to. */
const char *capture_parse(const char *text, struct capture *c, const char **at);

#endif /* CAPTURE_H */
