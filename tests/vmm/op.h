/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An op is one file in ops/, compiled three times: into the 64-bit guest, the
 * 32-bit guest and the VMM. Its guest half is GUEST_OP(name), its host half
 * HOST_OP(name); ops.list numbers them.
 */
#ifndef VMM_OP_H
#define VMM_OP_H

#include "layout.h"
#include "mailbox.h"

enum op_number {
	OP_NONE,
#define OP(id) OP_##id,
#include "ops.list"
#undef OP
	OPS
};

#ifdef GUEST

#include "guest/guest.h"

#define GUEST_OP(id) void op_##id(struct mailbox *m)

#else

#include "host/vmm.h"

/*
 * How the VMM reads an op's arguments, a letter each:
 *
 *	a  guest linear address: number, or symbol[+offset]
 *	p  guest-physical address, likewise
 *	l  length: 1, 2, 4 or 8 (8 in the 64-bit guest only)
 *	v  value
 *	n  count, optional, 1 if left out
 *	o  value or linear address, optional, 0 if left out
 */
struct op {
	const char *name;
	const char *usage;
	const char *proves;	/* what a test learns from it */
	const char *args;
	bool long_mode;		/* refused by the 32-bit guest */
	/* Check the arguments beyond their types; NULL: nothing to check. */
	const char *(*check)(const uint64_t *arg);
	/* Print what the guest answered; return false if it is wrong. */
	bool (*answer)(const struct mailbox *m, struct answer *out);
};

#define HOST_OP(id) const struct op op_##id

bool answer_hex(const struct mailbox *m, struct answer *out);
bool answer_dec(const struct mailbox *m, struct answer *out);

#endif
#endif
