// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "attr.h"
#include "nl.h"
#include "output.h"

#define FOREVER	UINT64_MAX

struct monitor {
	struct call *call;
	uint64_t left;		/* events to go */
	bool started;		/* seq and lost are known */
	uint64_t seq, lost;
};

/*
 * Told in the stream, where it happened, and on standard error. The gap counts
 * what is missing; the other two say why, and may come before or after it.
 */
static void tell_loss(struct monitor *m, const char *what, uint64_t n)
{
	if (m->call->json)
		output_print(json_pack("{s:s, s:I}", "monitor_lost", what, "events",
				       (json_int_t)n), JSON_COMPACT);
	else
		printf("lost %s %llu\n", what, (unsigned long long)n);
	fflush(stdout);
	fail(m->call, 0, "WARNING: events are missing (%s %llu); the lists show the present state",
	     what, (unsigned long long)n);
}

static void check_sequence(struct monitor *m, struct nlattr **tb)
{
	uint64_t seq = tb[CV_A_EV_SEQ] ? attr_uint(tb[CV_A_EV_SEQ]) : m->seq + 1;
	uint64_t lost = tb[CV_A_EV_LOST] ? attr_uint(tb[CV_A_EV_LOST]) : m->lost;

	if (m->started && seq != m->seq + 1)
		tell_loss(m, "sequence-gap", seq - m->seq - 1);
	if (m->started && lost > m->lost)
		tell_loss(m, "kernel-queue", lost - m->lost);
	m->started = true;
	m->seq = seq;
	m->lost = lost;
}

static void print_attr(const struct nlattr *nla)
{
	char key[48], value[160], *name = key;

	attr_key(nla_type(nla), key, sizeof(key));
	if (!strncmp(key, "ev_", 3))
		name += 3;
	attr_text(nla, value, sizeof(value));
	printf(" %s=%s", name, value);
}

/* 12 1234.567890123 verdict set=3 set_state=violated from=satisfied … */
static void print_text(struct nlattr **tb)
{
	uint64_t time = tb[CV_A_EV_TIME] ? attr_uint(tb[CV_A_EV_TIME]) : 0;
	char type[32] = "?";

	if (tb[CV_A_EV_TYPE])
		attr_text(tb[CV_A_EV_TYPE], type, sizeof(type));
	printf("%llu %llu.%09llu %s",
	       (unsigned long long)(tb[CV_A_EV_SEQ] ? attr_uint(tb[CV_A_EV_SEQ]) : 0),
	       (unsigned long long)(time / 1000000000), (unsigned long long)(time % 1000000000),
	       type);
	for (int i = CV_A_PAD + 1; i <= CV_A_MAX; i++)
		if (tb[i] && i != CV_A_EV_TYPE && i != CV_A_EV_SEQ && i != CV_A_EV_TIME &&
		    i != CV_A_EV_LOST)
			print_attr(tb[i]);
	putchar('\n');
}

static void on_event(struct nlattr **tb, void *arg)
{
	struct monitor *m = arg;

	if (!m->left)
		return;
	check_sequence(m, tb);
	if (m->call->json)
		output_print(output_json(tb), JSON_COMPACT);
	else
		print_text(tb);
	fflush(stdout);
	if (m->left != FOREVER)
		m->left--;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static int read_events(struct monitor *m)
{
	int rc = cvnl_event_read(m->call, on_event, m);

	if (rc == -ENOBUFS)
		tell_loss(m, "socket-overflow", 0);
	else if (rc && rc != -EAGAIN && rc != -EINTR)
		return fail(m->call, CVX_REFUSED, "reading events failed: %s", strerror(-rc));
	return CVX_OK;
}

/* end: when to stop, in ms, 0 = never. */
static int loop(struct monitor *m, int fd, int64_t end)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int rc = CVX_OK;

	while (!rc && m->left && !ferror(stdout)) {
		int64_t wait = end ? end - now_ms() : -1;

		if (end && wait <= 0)
			return CVX_TIMEOUT;
		if (poll(&pfd, 1, wait > INT32_MAX ? INT32_MAX : (int)wait) > 0)
			rc = read_events(m);
	}
	return rc;
}

static int monitor(struct call *call)
{
	struct monitor m = { .call = call, .left = FOREVER };
	uint64_t seconds = 0;
	int fd, rc;

	rc = args_u64(call, "count", 1, FOREVER - 1, &m.left) ?:
	     args_u64(call, "timeout", 1, 1000000000, &seconds);
	rc = rc ?: cvnl_events(call, &fd);
	if (rc)
		return rc;
	fputs("cvadm: monitor: listening\n", stderr);
	return loop(&m, fd, seconds ? now_ms() + (int64_t)seconds * 1000 : 0);
}

static const struct option_desc monitor_options[] = {
	{ "count", "N", "end after so many events", 0 },
	{ "timeout", "SECONDS", "end after this time, with exit code 4", 0 },
	{}
};

const struct command_desc monitor_commands[] = {
	{
		.noun = "monitor", .options = monitor_options, .run = monitor,
		.summary = "Print events as they happen, one line each.",
		.detail = "\"listening\" on standard error says that nothing later is missed.\n"
			  "Events that did get lost are told by a line that starts with \"lost\"\n"
			  "(in JSON: an object with the key \"monitor_lost\"), and on standard\n"
			  "error.",
		.example = "cvadm monitor --count 1 --timeout 10",
	},
	{}
};
