/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest that hits its watches in a loop spends its time in exits, and the
 * host's with it. Beyond a budget its sets are denied and its debug registers
 * rest for ten ticks: a flood costs at most a tenth of the guest's time.
 */
#ifndef _CV_FLOOD_H
#define _CV_FLOOD_H

#include <linux/types.h>

struct cv_vm;

/* Softirq, at every tick; @ticks have passed since the last call. */
void cv_flood_tick(struct cv_vm *vm, u64 ticks);

#endif /* _CV_FLOOD_H */
