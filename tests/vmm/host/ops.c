// SPDX-License-Identifier: GPL-2.0
/* Handing ops to the guest: arguments in, mailbox, answer out. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "op.h"

#define OP_TIMEOUT_S	30
#define POLL_QUIET_US	200
#define POLL_MS		5

#define OP(id) extern const struct op op_##id;
#include "ops.list"
#undef OP

static const struct op *const ops[OPS] = {
#define OP(id) [OP_##id] = &op_##id,
#include "ops.list"
#undef OP
};

static unsigned int number_of(const struct op *op)
{
	unsigned int i;

	for (i = OP_NONE + 1; i < OPS; i++)
		if (ops[i] == op)
			break;
	return i;
}

const struct op *op_find(const char *name)
{
	unsigned int i;

	for (i = OP_NONE + 1; i < OPS; i++)
		if (!strcmp(ops[i]->name, name))
			return ops[i];
	return NULL;
}

void ops_usage(void)
{
	unsigned int i;

	puts("\nops: [@CPU] [start] OP ...");
	for (i = OP_NONE + 1; i < OPS; i++)
		printf("  %-14s %-28s %s\n", ops[i]->name, ops[i]->usage, ops[i]->proves);
}

bool answer_hex(const struct mailbox *m, struct answer *out)
{
	answer_add(out, "0x%llx", (unsigned long long)m->ret[0]);
	return true;
}

bool answer_dec(const struct mailbox *m, struct answer *out)
{
	answer_add(out, "%llu", (unsigned long long)m->ret[0]);
	return true;
}

static const char *parse_one(char type, const char *text, uint64_t *value)
{
	switch (type) {
	case 'a':
	case 'o':
		return linear_parse(text, value) ? NULL : "expected an address";
	case 'p':
		return physical_parse(text, value) ? NULL : "expected a physical address";
	case 'l':
		if (!number_parse(text, value) || *value > 8 || !*value || *value & (*value - 1))
			return "expected a length of 1, 2, 4 or 8";
		return *value == 8 && !vm.long_mode ? "length 8 needs the 64-bit guest" : NULL;
	default:
		return number_parse(text, value) ? NULL : "expected a number";
	}
}

static bool parse(const struct op *op, int argc, char **argv, uint64_t *arg, struct answer *out)
{
	const char *wrong, *type;
	int i = 0;

	for (type = op->args; *type; type++, i++) {
		if (i < argc) {
			wrong = parse_one(*type, argv[i], &arg[i]);
			if (wrong) {
				answer_add(out, "%s: %s, got %s", op->name, wrong, argv[i]);
				return false;
			}
		} else if (*type == 'n' || *type == 'o') {
			arg[i] = *type == 'n';
		} else {
			answer_add(out, "%s: expected %s", op->name, op->usage);
			return false;
		}
	}
	if (argc > i)
		answer_add(out, "%s: expected %s", op->name, *op->usage ? op->usage : "no argument");
	return argc <= i;
}

static bool allowed(const struct op *op, const uint64_t *arg, struct answer *out)
{
	const char *wrong = op->check ? op->check(arg) : NULL;

	if (!wrong && op->long_mode && !vm.long_mode)
		wrong = "needs the 64-bit guest";
	if (wrong)
		answer_add(out, "%s: %s", op->name, wrong);
	return !wrong;
}

bool op_busy(const struct vcpu *v)
{
	const volatile struct mailbox *m = v->mailbox;

	return m->done != m->seq;
}

bool op_submit(struct vcpu *v, const struct op *op, int argc, char **argv, struct answer *out)
{
	struct mailbox *m = v->mailbox;
	uint64_t arg[MAILBOX_ARGS] = { 0 };
	uint64_t drained;

	if (!parse(op, argc, argv, arg, out) || !allowed(op, arg, out))
		return false;
	if (op_busy(v)) {
		answer_add(out, "vCPU %u is busy with %s", v->index, v->op->name);
		return false;
	}
	while (read(v->doorbell, &drained, sizeof(drained)) > 0)
		;
	memcpy(m->arg, arg, sizeof(arg));
	m->op = number_of(op);
	m->stop = 0;
	m->aborted = 0;
	m->quiet = vm.quiet;
	v->op = op;
	atomic_thread_fence(memory_order_seq_cst);
	*(volatile uint32_t *)&m->seq = m->seq + 1;
	if (vm.idle_hlt)
		vcpu_interrupt(v, VEC_SUBMIT);
	return true;
}

static bool alive(struct vcpu *v, struct answer *out)
{
	const struct mailbox *m = v->mailbox;

	if (*(volatile uint32_t *)&v->mailbox->trapped) {
		answer_add(out, "vCPU %u died of exception %u, error 0x%x, ip 0x%llx, cr2 0x%llx",
			   v->index, m->trap_vector, m->trap_error,
			   (unsigned long long)m->trap_ip, (unsigned long long)m->trap_cr2);
		return false;
	}
	if (v->dead)
		answer_add(out, "vCPU %u: %s", v->index, v->why);
	return !v->dead;
}

/* Others may send commands while this one waits. */
static void wait_a_little(struct vcpu *v)
{
	struct pollfd bell = { .fd = v->doorbell, .events = POLLIN };
	uint64_t rung;

	pthread_mutex_unlock(&vm.lock);
	if (v->mailbox->quiet)
		usleep(POLL_QUIET_US);
	else if (poll(&bell, 1, POLL_MS) > 0 && read(v->doorbell, &rung, sizeof(rung)) < 0)
		usleep(POLL_QUIET_US);
	pthread_mutex_lock(&vm.lock);
}

bool op_wait(struct vcpu *v, struct answer *out)
{
	time_t end = time(NULL) + OP_TIMEOUT_S;

	if (!v->op) {
		answer_add(out, "vCPU %u has not been given an op", v->index);
		return false;
	}
	while (op_busy(v)) {
		if (!alive(v, out))
			return false;
		if (time(NULL) > end) {
			answer_add(out, "vCPU %u: %s not done after %d s", v->index, v->op->name, OP_TIMEOUT_S);
			return false;
		}
		wait_a_little(v);
	}
	if (v->mailbox->aborted) {
		answer_add(out, "vCPU %u: %s was cut short by a reset", v->index, v->op->name);
		return false;
	}
	return v->op->answer ? v->op->answer(v->mailbox, out) : true;
}

bool op_run(struct vcpu *v, const struct op *op, int argc, char **argv, struct answer *out)
{
	return op_submit(v, op, argc, argv, out) && op_wait(v, out);
}
