/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VMM: one VM, a thread per vCPU, a thread per control connection.
 *
 * vm.lock is taken for the length of a command and orders commands against each
 * other; a wait for the guest drops it. vcpu.lock protects the vCPU's state;
 * its thread holds it only between two KVM_RUNs. Order: vm.lock, vcpu.lock.
 */
#ifndef VMM_HOST_H
#define VMM_HOST_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "layout.h"
#include "mailbox.h"

struct answer {
	char text[1024];
	size_t len;
};

void answer_add(struct answer *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns of KVM_RUN. The module must add to none of them. */
struct stats {
	_Atomic uint64_t runs;		/* all of them */
	_Atomic uint64_t io, mmio, debug, hlt, shutdown, internal, fail, other;
	_Atomic uint64_t eintr;		/* EINTR that this VMM did not ask for */
	_Atomic uint64_t eagain;	/* from a vCPU that waits for SIPI */
	_Atomic uint64_t kicks;		/* EINTR that it did */
	_Atomic uint64_t dr6, dr7, pc;	/* of the last KVM_EXIT_DEBUG */
	_Atomic uint64_t dr6_seen;	/* all causes, or-ed */
};

struct vcpu {
	unsigned int index;
	int fd;
	int doorbell;			/* eventfd: an op is done */
	struct kvm_run *run;
	struct mailbox *mailbox;
	pthread_t thread;
	const struct op *op;		/* last one submitted */
	struct stats stats;
	uint32_t ins_value;
	uint64_t mmio_value;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool want_pause;
	bool in_user;			/* the thread waits, out of KVM_RUN */
	bool kicked;			/* one EINTR is ours */
	bool dead;			/* KVM_RUN cannot go on; why: */
	char why[128];
};

struct vm {
	int kvm, fd;
	size_t run_size;
	uint8_t *mem;
	size_t mem_size;
	const char *backing;		/* what the memory is made of */
	size_t page;			/* size of its pages */
	struct image_head image;
	bool long_mode, nested, quiet, idle_hlt, no_irqchip;
	int on_debug;			/* written to at each KVM_EXIT_DEBUG, or -1 */
	bool quitting;
	unsigned int vcpus, max_vcpus;
	struct vcpu *vcpu[MAX_VCPUS];
	pid_t child;			/* of `fork` */
	const char *sock;
	pthread_mutex_t lock;
};

extern struct vm vm;

void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* vm.c */
void vm_create(size_t mem_size, bool hugepages);
void vm_slot(uint32_t slot, uint64_t gpa, uint64_t size);
void tables_build(void);

/* cpu state: cpuid.c, regs.c */
void cpuid_set(struct vcpu *v);
void regs_set_start(struct vcpu *v);
void regs_set_waiting(struct vcpu *v);
void regs_set_reset(struct vcpu *v);

/* vcpu.c */
enum birth {
	BIRTH_RUNNING,
	BIRTH_PARKED,	/* never enters KVM_RUN until `resume` */
	BIRTH_WAITING,	/* in KVM_RUN, waits for INIT and SIPI, as a PC's APs do */
};
struct vcpu *vcpu_create(enum birth birth, struct answer *out);
void vcpu_pause(struct vcpu *v);
void vcpu_resume(struct vcpu *v);
void vcpu_kick(struct vcpu *v);
bool vcpu_interrupt(struct vcpu *v, uint32_t msi_data);
struct vcpu *vcpu_parse(const char *text, struct answer *out);

/* exits.c: false if the vCPU cannot go on; v->why says why. */
bool exit_handle(struct vcpu *v, int result, int error);

/* symbols.c */
bool number_parse(const char *text, uint64_t *value);
bool linear_parse(const char *text, uint64_t *value);
bool physical_parse(const char *text, uint64_t *value);
uint8_t *host_address(uint64_t physical, size_t len);
bool linear_to_physical(uint64_t linear, uint64_t *physical);

/* ops.c */
const struct op *op_find(const char *name);
bool op_submit(struct vcpu *v, const struct op *op, int argc, char **argv, struct answer *out);
bool op_run(struct vcpu *v, const struct op *op, int argc, char **argv, struct answer *out);
bool op_wait(struct vcpu *v, struct answer *out);
bool op_busy(const struct vcpu *v);
void ops_usage(void);

/* commands.c, server.c, ctl.c */
struct command {
	const char *name;
	const char *usage;
	const char *help;
	bool (*run)(int argc, char **argv, struct answer *out);
};
#define COMMAND(id) const struct command cmd_##id

bool command_line(char *line, struct answer *out);
void commands_usage(void);
void server_run(void) __attribute__((noreturn));
void server_listen(const char *path);
int ctl(const char *path, int argc, char **argv);

#endif
