// SPDX-License-Identifier: GPL-2.0
/*
 * hlt-then-store: halts, and stores as its first act after `wake`: a vCPU that was halted
 * while a watch was added must be armed before that store.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(hlt_then_store)
{
	op_table[OP_hlt](m);
	store_sized(m->arg[0], m->arg[1], m->arg[2]);
}

#else

HOST_OP(hlt_then_store) = {
	.name = "hlt-then-store",
	.usage = "ADDR LEN VALUE",
	.proves = "a vCPU armed while it was halted; start it, then wake",
	.args = "alv",
};

#endif
