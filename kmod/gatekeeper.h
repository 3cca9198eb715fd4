/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a set and its ports share: the verdict word, read for every packet, and
 * the list of ports. Ports know nothing else of a set.
 */
#ifndef _CV_GATEKEEPER_H
#define _CV_GATEKEEPER_H

#include <linux/list.h>
#include "verdict.h"

struct cv_gatekeeper {
	unsigned long word;		/* verdict.h; atomic bit operations */
	u32 set;			/* id, for events */
	struct list_head ports;		/* cv_ports_lock */
};

static __always_inline bool cv_gate_is_open(const struct cv_gatekeeper *gate)
{
	return cv_word_open(READ_ONCE(gate->word));
}

#endif /* _CV_GATEKEEPER_H */
