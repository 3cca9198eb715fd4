// SPDX-License-Identifier: GPL-2.0
/*
 * swap-pte: copies the page of `words` to `spare` and lets the name mean the copy (1), or
 * what it meant at first (0). The bytes behind the name are the same, their page is not; no
 * store touches a watched byte. Other vCPUs keep the translation they have, see invlpg.
 */
#include "op.h"

#ifdef GUEST

static void copy_page(word to, word from)
{
	word bytes = 4096;

	asm volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (bytes) : : "memory");
}

GUEST_OP(swap_pte)
{
	m->ret[0] = paging_is_on();
	if (!m->ret[0])
		return;
	if (m->arg[0])
		copy_page(SPARE, WORDS);
	high_set((WORDS - WATCHED) / 4096, m->arg[0] ? SPARE : WORDS);
}

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	if (!m->ret[0])
		answer_add(out, "swap-pte: needs paging");
	return m->ret[0];
}

HOST_OP(swap_pte) = {
	.name = "swap-pte",
	.usage = "0|1",
	.proves = "the name goes to a copy of its page, and back",
	.args = "v",
	.answer = answer,
};

#endif
