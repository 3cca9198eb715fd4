// SPDX-License-Identifier: GPL-2.0
/* What KVM_RUN returns: counted by reason, for tests that demand none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

static bool gone(struct vcpu *v, _Atomic uint64_t *count, const char *what, unsigned long long detail)
{
	++*count;
	snprintf(v->why, sizeof(v->why), "%s 0x%llx", what, detail);
	return false;
}

static void handle_io(struct vcpu *v)
{
	uint8_t *data = (uint8_t *)v->run + v->run->io.data_offset;
	size_t len = v->run->io.size * v->run->io.count;

	v->stats.io++;
	if (v->run->io.port != PORT_INS)
		return;
	if (v->run->io.direction == KVM_EXIT_IO_OUT)
		memcpy(&v->ins_value, data, sizeof(v->ins_value));
	else
		memcpy(data, &v->ins_value, len < 4 ? len : 4);
}

static void handle_mmio(struct vcpu *v)
{
	size_t len = v->run->mmio.len;

	v->stats.mmio++;
	if (v->run->mmio.phys_addr != MMIO)
		return;
	if (v->run->mmio.is_write)
		memcpy(&v->mmio_value, v->run->mmio.data, len);
	else
		memcpy(v->run->mmio.data, &v->mmio_value, len);
}

/* A monitor in another process waits at the other end. */
static void tell_monitor(void)
{
	if (vm.on_debug >= 0 && write(vm.on_debug, "d", 1) != 1)
		vm.on_debug = -1;
}

static void note_debug(struct vcpu *v)
{
	tell_monitor();
	v->stats.debug++;
	v->stats.dr6 = v->run->debug.arch.dr6;
	v->stats.dr6_seen |= v->run->debug.arch.dr6 & 0xe00f;
	v->stats.dr7 = v->run->debug.arch.dr7;
	v->stats.pc = v->run->debug.arch.pc;
}

static void count_eintr(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	if (v->kicked)
		v->stats.kicks++;
	else
		v->stats.eintr++;
	v->kicked = false;
	pthread_mutex_unlock(&v->lock);
}

bool exit_handle(struct vcpu *v, int result, int error)
{
	struct kvm_run *run = v->run;

	v->stats.runs++;
	if (result < 0 && error == EINTR) {
		count_eintr(v);
		return true;
	}
	if (result < 0 && error == EAGAIN) {
		v->stats.eagain++;
		return true;
	}
	if (result < 0)
		return gone(v, &v->stats.fail, "KVM_RUN failed, errno", error);
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		handle_io(v);
		return true;
	case KVM_EXIT_MMIO:
		handle_mmio(v);
		return true;
	case KVM_EXIT_DEBUG:
		note_debug(v);
		return true;
	case KVM_EXIT_HLT:
		v->stats.hlt++;
		return true;
	case KVM_EXIT_SHUTDOWN:
		return gone(v, &v->stats.shutdown, "guest shut down, exit", run->exit_reason);
	case KVM_EXIT_INTERNAL_ERROR:
		return gone(v, &v->stats.internal, "KVM internal error", run->internal.suberror);
	case KVM_EXIT_FAIL_ENTRY:
		return gone(v, &v->stats.fail, "entry failed, hardware reason",
			    run->fail_entry.hardware_entry_failure_reason);
	default:
		return gone(v, &v->stats.other, "exit nobody expected", run->exit_reason);
	}
}
