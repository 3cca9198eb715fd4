/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a set and its ports share: the verdict word and the guest's words it is
 * about, read for every packet, and the list of ports. Ports know nothing else
 * of a set.
 */
#ifndef _CV_GATEKEEPER_H
#define _CV_GATEKEEPER_H

#include <linux/list.h>
#include <asm/barrier.h>
#include "verdict.h"
#include "word.h"

struct cv_gatekeeper {
	unsigned long word;		/* verdict.h; atomic bit operations */
	u32 set;			/* id, for events */
	u32 n_truths;
	struct cv_truth *truths[CV_SET_CRITERIA];	/* of the watches it is about; fixed */
	struct list_head ports;		/* cv_ports_lock */
};

static __always_inline bool cv_gate_is_open(const struct cv_gatekeeper *gate)
{
	return cv_word_open(READ_ONCE(gate->word));
}

/*
 * The set has just been opened: judge its words as they are now, so that what
 * counts as judged is what the open set was judged by. Interrupts off.
 */
void cv_gate_settle(struct cv_gatekeeper *gate);

/* Something is new: judge it. True if the gate is still open. RCU, not from NMI. */
bool cv_gate_look(struct cv_gatekeeper *gate);

/*
 * Open, and nobody has changed the bytes unseen. Words before the verdict: who
 * judges a word closes first and marks it judged then.
 */
static __always_inline bool cv_gate_passes(struct cv_gatekeeper *gate)
{
	u32 i;

	for (i = 0; i < gate->n_truths; i++)
		if (cv_truth_is_new(gate->truths[i]))
			return cv_gate_look(gate);
	smp_rmb();	/* see above; tell() in look.c writes in the other order */
	return cv_gate_is_open(gate);
}

#endif /* _CV_GATEKEEPER_H */
