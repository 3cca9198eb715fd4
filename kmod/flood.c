// SPDX-License-Identifier: GPL-2.0
#include <linux/kvm_host.h>
#include <linux/module.h>
#include "flood.h"
#include "vm.h"

#define REST_TICKS	10

static unsigned int flood_hits = 200;
module_param(flood_hits, uint, 0444);
MODULE_PARM_DESC(flood_hits, "Debug-register hits of a guest between two ticks beyond which it is denied (default 200)");

static u64 hits_of(struct cv_vm *vm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;
	u64 hits = 0;

	kvm_for_each_vcpu(i, vcpu, vm->kvm)
		hits += READ_ONCE(cv_vcpu_of(vm, vcpu)->hits);
	return hits;
}

static void rest(struct cv_vm *vm)
{
	cv_vm_block(vm, CV_BLOCK_FLOOD);
	vm->resting = REST_TICKS;
	vm->floods++;
	WRITE_ONCE(vm->disarmed, true);
	cv_vm_stale(vm);
}

/* Armed a tick before it is judged again. */
static void rested(struct cv_vm *vm)
{
	switch (--vm->resting) {
	case 1:
		WRITE_ONCE(vm->disarmed, false);
		cv_vm_stale(vm);
		break;
	case 0:
		cv_vm_unblock(vm, CV_BLOCK_FLOOD);
		break;
	}
}

void cv_flood_tick(struct cv_vm *vm, u64 ticks)
{
	u64 hits = hits_of(vm), more = hits - vm->hits_before;

	vm->hits_before = hits;
	if (vm->resting)
		rested(vm);
	else if (more > ticks * flood_hits)
		rest(vm);
}
