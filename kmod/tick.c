// SPDX-License-Identifier: GPL-2.0
#include <linux/hrtimer.h>
#include <linux/module.h>
#include "compat/track.h"
#include "event.h"
#include "flood.h"
#include "look.h"
#include "main.h"
#include "tick.h"
#include "track.h"
#include "vm.h"

static unsigned int reread_ms = 10;
module_param(reread_ms, uint, 0444);
MODULE_PARM_DESC(reread_ms, "Milliseconds between two looks at watched bytes without packets (1 to 60000, default 10)");

static ktime_t period(void)
{
	return ms_to_ktime(clamp(reread_ms, 1U, 60000U));
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct cv_vm *vm = container_of(timer, struct cv_vm, tick);
	struct cv_watch *w;
	bool update = false;	/* by work that may sleep */

	rcu_read_lock();
	list_for_each_entry_rcu(w, &vm->watches, in_vm) {
		cv_watch_look(w, CV_SOURCE_TIMER, CV_NO_VCPU);
		update |= cv_track_tick(w) | (w->n_pins > 1);
	}
	rcu_read_unlock();
	/* The VMM has closed all it had of this guest, and lives on. */
	if (refcount_read(&vm->kvm->users_count) <= 1 + CV_TRACK_KVM_REFS)
		cv_vm_abandoned(vm);
	if (update)
		mod_delayed_work(cv_wq, &vm->resolve, 0);
	cv_flood_tick(vm, hrtimer_forward_now(timer, period()));
	return HRTIMER_RESTART;
}

void cv_tick_start(struct cv_vm *vm)
{
	hrtimer_init(&vm->tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	vm->tick.function = tick;
	hrtimer_start(&vm->tick, period(), HRTIMER_MODE_REL_SOFT);
}

void cv_tick_stop(struct cv_vm *vm)
{
	hrtimer_cancel(&vm->tick);
}
