// SPDX-License-Identifier: GPL-2.0
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <asm/tsc.h>
#include "event.h"
#include "judge.h"
#include "main.h"
#include "verdict.h"
#include "vm.h"

#define RING 1024		/* a power of two */

static struct cv_event ring[RING];
static unsigned int head, tail;	/* ring_lock; free-running */
static u64 seq, lost;		/* ring_lock */
static DEFINE_RAW_SPINLOCK(ring_lock);
static struct work_struct send_work;

/* What a guest or its VMM can cause at will leaves room for what it cannot. */
static unsigned int room_for(const struct cv_event *ev)
{
	switch (ev->type) {
	case CV_EV_VERDICT:
	case CV_EV_CUT:
	case CV_EV_LEASE_END:
		return RING;
	}
	return RING / 2;
}

static void record(struct cv_event *ev)
{
	unsigned long flags;

	if (!ev->time)
		ev->time = ktime_get_mono_fast_ns();
	raw_spin_lock_irqsave(&ring_lock, flags);
	ev->seq = ++seq;
	if (head - tail >= room_for(ev))
		lost++;
	else
		ring[head++ % RING] = *ev;
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	queue_work(cv_wq, &send_work);
}

bool cv_event_take(struct cv_event *ev)
{
	bool any;

	raw_spin_lock_irq(&ring_lock);
	any = head != tail;
	if (any) {
		*ev = ring[tail++ % RING];
		ev->lost = lost;
	}
	raw_spin_unlock_irq(&ring_lock);
	return any;
}

static u64 cycles_to_ns(u64 cycles)
{
	return mul_u64_u32_div(cycles, USEC_PER_SEC, tsc_khz);
}

u64 cv_time_of(u64 tsc)
{
	return ktime_get_mono_fast_ns() - cycles_to_ns(rdtsc() - tsc);
}

void cv_event_verdict(u32 set, enum cv_verdict from, u32 word,
		      const struct cv_sight *sight, u64 tsc, u64 time)
{
	struct cv_event ev = {
		.type = CV_EV_VERDICT, .set = set, .from = from,
		.state = cv_word_verdict(word), .blockers = cv_word_blockers(word),
		.time = time,
	};

	if (sight) {
		ev.seen = true;
		ev.source = sight->look->source;
		ev.since = time - cycles_to_ns(tsc - sight->look->since);
		ev.vm = sight->watch->vm->id;
		ev.watch = sight->watch->id;
		ev.vcpu = sight->look->vcpu;
		ev.old = sight->old;
		ev.value = sight->value;
	}
	record(&ev);
}

void cv_event_cut(u32 set, u32 port, u64 cut, u64 resets, u64 done)
{
	struct cv_event ev = {
		.type = CV_EV_CUT, .set = set, .port = port,
		.cut = cut, .resets = resets, .done = done,
	};

	record(&ev);
}

void cv_event_vm(enum cv_event_type type, u32 vm)
{
	struct cv_event ev = { .type = type, .vm = vm };

	record(&ev);
}

void cv_event_vcpu(enum cv_event_type type, u32 vm, u32 vcpu)
{
	struct cv_event ev = { .type = type, .vm = vm, .vcpu = vcpu };

	record(&ev);
}

void cv_event_session(enum cv_event_type type, u32 session)
{
	struct cv_event ev = { .type = type, .session = session };

	record(&ev);
}

void cv_event_watch(u32 watch, enum cv_watch_state state)
{
	struct cv_event ev = { .type = CV_EV_WATCH, .watch = watch, .state = state };

	record(&ev);
}

void cv_event_init(void (*send)(struct work_struct *work))
{
	INIT_WORK(&send_work, send);
}

void cv_event_uninit(void)
{
	cancel_work_sync(&send_work);
}
