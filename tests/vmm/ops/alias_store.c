// SPDX-License-Identifier: GPL-2.0
/*
 * alias-store: the guest gives the page at ADDR a further name, behind the high alias, and
 * stores through that: a debug register on ADDR does not see it. Prints the other name.
 */
#include "op.h"

#ifdef GUEST

static u64 page_of(word addr)
{
	if (addr >= HIGH && addr - HIGH < WATCHED_SIZE)
		return high_get((addr - HIGH) / 4096);
	return addr & ~4095UL;
}

GUEST_OP(alias_store)
{
	word addr = m->arg[0];
	word name = HIGH + FREE_NAMES * 4096UL + addr % 4096;

	m->ret[0] = 0;
	if (!paging_is_on())
		return;
	high_set(FREE_NAMES, page_of(addr));
	high_set(FREE_NAMES + 1, page_of(addr + 4096));
	store_sized(name, m->arg[1], m->arg[2]);
	m->ret[0] = name;
}

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	if (m->ret[0])
		return answer_hex(m, out);
	answer_add(out, "alias-store: needs paging");
	return false;
}

HOST_OP(alias_store) = {
	.name = "alias-store",
	.usage = "ADDR LEN VALUE",
	.proves = "a store by another name of the page; prints that name",
	.args = "alv",
	.answer = answer,
};

#endif
