// SPDX-License-Identifier: GPL-2.0
/* vCPUs: creation, the thread around KVM_RUN, taking it out and back in. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "vmm.h"

#define SIG_KICK SIGUSR1

static void ignore(int signal)
{
	(void)signal;
}

static void wait_while_paused(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	if (v->want_pause || v->dead) {
		v->in_user = true;
		pthread_cond_broadcast(&v->changed);
		while (v->want_pause || v->dead)
			pthread_cond_wait(&v->changed, &v->lock);
		v->in_user = false;
	}
	v->run->immediate_exit = v->kicked;
	pthread_mutex_unlock(&v->lock);
}

static void stop_for_good(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	v->dead = true;
	pthread_mutex_unlock(&v->lock);
}

static void *thread(void *arg)
{
	struct vcpu *v = arg;
	int result;

	for (;;) {
		wait_while_paused(v);
		result = ioctl(v->fd, KVM_RUN, 0);
		if (!exit_handle(v, result, errno))
			stop_for_good(v);
	}
	return NULL;
}

/* With v->lock held. KVM_RUN returns EINTR once, now or when it is entered. */
static void kick(struct vcpu *v)
{
	v->kicked = true;
	v->run->immediate_exit = 1;
	pthread_kill(v->thread, SIG_KICK);
}

void vcpu_kick(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	if (!v->in_user)
		kick(v);
	pthread_mutex_unlock(&v->lock);
}

void vcpu_pause(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	v->want_pause = true;
	if (!v->in_user)
		kick(v);
	while (!v->in_user)
		pthread_cond_wait(&v->changed, &v->lock);
	pthread_mutex_unlock(&v->lock);
}

void vcpu_resume(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	v->want_pause = false;
	pthread_cond_broadcast(&v->changed);
	pthread_mutex_unlock(&v->lock);
}

static void map_run(struct vcpu *v)
{
	v->run = mmap(NULL, vm.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		die("mmap of vCPU %u: %s", v->index, strerror(errno));
}

static void add_doorbell(struct vcpu *v)
{
	struct kvm_ioeventfd bell = {
		.datamatch = v->index,
		.addr = PORT_DOORBELL,
		.len = 4,
		.flags = KVM_IOEVENTFD_FLAG_PIO | KVM_IOEVENTFD_FLAG_DATAMATCH,
	};

	bell.fd = v->doorbell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (v->doorbell < 0 || ioctl(vm.fd, KVM_IOEVENTFD, &bell))
		die("doorbell of vCPU %u: %s", v->index, strerror(errno));
}

static void start_thread(struct vcpu *v)
{
	struct sigaction action = { .sa_handler = ignore };

	sigaction(SIG_KICK, &action, NULL);
	if (pthread_create(&v->thread, NULL, thread, v))
		die("thread of vCPU %u", v->index);
}

static void await_parked(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	while (!v->in_user)
		pthread_cond_wait(&v->changed, &v->lock);
	pthread_mutex_unlock(&v->lock);
}

struct vcpu *vcpu_create(enum birth birth, struct answer *out)
{
	struct vcpu *v;
	int fd;

	if (vm.vcpus == vm.max_vcpus) {
		answer_add(out, "this VM has at most %u vCPUs", vm.max_vcpus);
		return NULL;
	}
	fd = ioctl(vm.fd, KVM_CREATE_VCPU, vm.vcpus);
	v = calloc(1, sizeof(*v));
	if (fd < 0 || !v) {
		answer_add(out, "KVM_CREATE_VCPU %u: %s", vm.vcpus, strerror(errno));
		return NULL;
	}
	v->index = vm.vcpus;
	v->fd = fd;
	v->want_pause = birth == BIRTH_PARKED;
	v->mailbox = (struct mailbox *)(vm.mem + MAILBOXES + v->index * MAILBOX_SIZE);
	v->mailbox->quiet = vm.quiet;
	v->mailbox->idle_hlt = vm.idle_hlt;
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->changed, NULL);
	map_run(v);
	add_doorbell(v);
	cpuid_set(v);
	regs_set_start(v);
	if (birth == BIRTH_WAITING)
		regs_set_waiting(v);
	vm.vcpu[vm.vcpus++] = v;
	start_thread(v);
	if (birth == BIRTH_PARKED)
		await_parked(v);
	return v;
}

/* Through the in-kernel local APIC; a halted vCPU wakes, a running one is kicked. */
bool vcpu_interrupt(struct vcpu *v, uint32_t msi_data)
{
	struct kvm_msi msi = { .address_lo = LAPIC | v->index << 12, .data = msi_data };

	return ioctl(vm.fd, KVM_SIGNAL_MSI, &msi) > 0;
}

struct vcpu *vcpu_parse(const char *text, struct answer *out)
{
	uint64_t index;

	if (number_parse(text, &index) && index < vm.vcpus)
		return vm.vcpu[index];
	answer_add(out, "CPU: expected 0 to %u, got %s", vm.vcpus - 1, text);
	return NULL;
}
