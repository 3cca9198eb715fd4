/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to a guest every reread_ms, in softirq: bytes that no trigger
 * and no packet has made anybody look at are looked at; linear addresses are
 * translated again by each vCPU's tables; pages that are too hot to be tracked
 * cool down, and floods are noticed.
 */
#ifndef _CV_TICK_H
#define _CV_TICK_H

struct cv_vm;

/* Once each; stopping waits for a tick that runs, and may sleep. */
void cv_tick_start(struct cv_vm *vm);
void cv_tick_stop(struct cv_vm *vm);

#endif /* _CV_TICK_H */
