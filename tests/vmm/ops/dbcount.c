// SPDX-License-Identifier: GPL-2.0
/* dbcount: debug exceptions that reached the guest since the last dbcount, by cause. */
#include "op.h"

#ifdef GUEST

GUEST_OP(dbcount)
{
	m->report = m->db;
	m->db = (struct db_counts){ 0 };
}

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	const struct db_counts *db = &m->report;

	answer_add(out, "all=%u b0=%u b1=%u b2=%u b3=%u bs=%u bd=%u none=%u dr6=0x%x seen=0x%x",
		   db->all, db->b[0], db->b[1], db->b[2], db->b[3], db->bs, db->bd, db->none,
		   db->last, db->seen);
	return true;
}

HOST_OP(dbcount) = {
	.name = "dbcount",
	.usage = "",
	.proves = "debug exceptions the guest has seen since the last dbcount",
	.args = "",
	.answer = answer,
};

#endif
