// SPDX-License-Identifier: GPL-2.0
/*
 * guestdebug: the VMM's own debugger. Its hits are KVM_EXIT_DEBUG, counted in
 * stats with their DR6; it may come before or after others arm the vCPU.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "host/vmm.h"

#define RW_WRITE 1ULL

static bool parse_on(int argc, char **argv, struct kvm_guest_debug *debug, struct answer *out)
{
	uint64_t addr, len = 8;

	if (!linear_parse(argc > 0 ? argv[0] : "words", &addr) ||
	    (argc > 1 && !number_parse(argv[1], &len)) ||
	    (len != 1 && len != 2 && len != 4 && len != 8)) {
		answer_add(out, "guestdebug: expected CPU on [ADDR [1|2|4|8]]");
		return false;
	}
	debug->control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
	debug->arch.debugreg[0] = addr;
	debug->arch.debugreg[7] = 0x602 | RW_WRITE << 16 | (len == 8 ? 2 : len - 1) << 18;
	return true;
}

static bool parse(int argc, char **argv, struct kvm_guest_debug *debug, struct answer *out)
{
	const char *what = argc ? argv[0] : "";

	if (!strcmp(what, "on"))
		return parse_on(argc - 1, argv + 1, debug, out);
	if (!strcmp(what, "step"))
		debug->control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
	else if (strcmp(what, "off"))
		answer_add(out, "guestdebug: expected on, off or step, got %s", what);
	return !out->len;
}

/* The ioctl needs the vCPU out of KVM_RUN; one that was out stays out. */
static int set(struct vcpu *v, const struct kvm_guest_debug *debug)
{
	bool was_paused = v->want_pause;
	int error;

	vcpu_pause(v);
	error = ioctl(v->fd, KVM_SET_GUEST_DEBUG, debug) ? errno : 0;
	if (!was_paused)
		vcpu_resume(v);
	return error;
}

static bool guestdebug_run(int argc, char **argv, struct answer *out)
{
	struct vcpu *v = vcpu_parse(argc ? argv[0] : "", out);
	struct kvm_guest_debug debug = { .control = 0 };
	int error;

	if (!v || !parse(argc - 1, argv + 1, &debug, out))
		return false;
	error = set(v, &debug);
	if (error)
		answer_add(out, "KVM_SET_GUEST_DEBUG: %s", strerror(error));
	return !error;
}

COMMAND(guestdebug) = {
	"guestdebug", "CPU on [ADDR [LEN]]|step|off", "the VMM's debugger: write breakpoint or single step",
	guestdebug_run,
};
