// SPDX-License-Identifier: GPL-2.0
/*
 * Events are numbered; what is missing can be told from the numbers, and who
 * read too slowly hears so.
 *
 * test: events come in sequence, without gaps
 * test: each event carries the documented attributes
 * test: events that the kernel could not queue are counted
 * test: a slow reader is told ENOBUFS and sees the gap
 * test: cvadm monitor tells what it missed, and how much
 * test: the last verdict event of a set tells its state
 * timeout: 300
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

#define MAX_SESSIONS	8000
#define OUT		"/tmp/nl-monitor.out"
#define ERR		"/tmp/nl-monitor.err"

static int sock;
static uint32_t ids[MAX_SESSIONS];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void pause_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

/* --- causing events: leases that end ------------------------------------ */

/* Many requests in one datagram; answers are errors only, and dropped. */
#define BATCH 64

static void send_batch(char *batch, size_t *len)
{
	static char drop[65536];

	if (*len && send(sock, batch, *len, 0) < 0)
		fault("send: %s", strerror(errno));
	*len = 0;
	while (recv(sock, drop, sizeof(drop), MSG_DONTWAIT) > 0)
		;
}

static void add_sessions(int n, uint32_t lease_ms)
{
	for (int i = 0; i < n; i++)
		ids[i] = world_session(sock, "eventful", lease_ms);
}

/* lease_ms, or, if ends is given, until then. */
static void renew(int n, uint32_t lease_ms, uint64_t ends)
{
	static char batch[BATCH * 64];
	static struct msg m;
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		msg_begin(&m, CV_CMD_SESSION_RENEW, 0);
		msg_u32(&m, CV_A_SESSION, ids[i]);
		msg_u32(&m, CV_A_SESSION_LEASE, ends ? (ends - now_ns()) / 1000000 : lease_ms);
		memcpy(batch + len, &m, m.h.nlmsg_len);
		len += m.h.nlmsg_len;
		if (len + 64 > sizeof(batch))
			send_batch(batch, &len);
	}
	send_batch(batch, &len);
}

static void del_sessions(int n)
{
	for (int i = 0; i < n; i++)
		world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, ids[i]);
}

/* --- reading events ----------------------------------------------------- */

static int join(int size)
{
	int reader = wire_open();

	if (setsockopt(reader, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &wire_events, sizeof(wire_events)))
		fault("join: %s", strerror(errno));
	if (setsockopt(reader, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		fault("receive buffer: %s", strerror(errno));
	return reader;
}

struct tally {
	unsigned long events;
	uint64_t first, last;		/* sequence numbers */
	uint64_t gaps;			/* numbers missing in between */
	uint64_t lost_first, lost_last;
	unsigned int overflows;		/* ENOBUFS */
};

static void count(struct tally *t, const struct nlattr *const attr[WIRE_ATTRS])
{
	uint64_t seq = wire_uint(attr[CV_A_EV_SEQ]);

	if (!t->events) {
		t->first = seq;
		t->lost_first = wire_uint(attr[CV_A_EV_LOST]);
	} else if (seq <= t->last) {
		fault("event %llu after %llu", (unsigned long long)seq, (unsigned long long)t->last);
	} else {
		t->gaps += seq - t->last - 1;
	}
	t->last = seq;
	t->lost_last = wire_uint(attr[CV_A_EV_LOST]);
	t->events++;
}

static void check_attributes(const struct nlattr *const attr[WIRE_ATTRS], uint64_t since)
{
	static const uint16_t wanted[] = {
		CV_A_EV_TYPE, CV_A_EV_SEQ, CV_A_EV_LOST, CV_A_EV_TIME, CV_A_SESSION,
	};
	uint64_t time = wire_uint(attr[CV_A_EV_TIME]);
	size_t i, n = 0;

	for (i = CV_A_PAD + 1; i < WIRE_ATTRS; i++)
		n += !!attr[i];
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!attr[wanted[i]])
			fault("attribute %u is missing", wanted[i]);
	if (n != i)
		fault("expected %zu attributes, got %zu", i, n);
	if (wire_uint(attr[CV_A_EV_TYPE]) != CV_EV_LEASE_END)
		fault("event type %llu", (unsigned long long)wire_uint(attr[CV_A_EV_TYPE]));
	if (time < since || time > now_ns())
		fault("time %llu is not between cause and now", (unsigned long long)time);
}

/* Until there is nothing for quiet_ms. since: also look at every attribute. */
static void read_events(int reader, struct tally *t, int quiet_ms, uint64_t since)
{
	static char buf[65536] __attribute__((aligned(8)));
	static const struct nlattr *attr[WIRE_ATTRS];
	struct pollfd pfd = { .fd = reader, .events = POLLIN };
	const struct nlmsghdr *h;
	int len;

	while (poll(&pfd, 1, quiet_ms) > 0) {
		len = recv(reader, buf, sizeof(buf), MSG_DONTWAIT);
		if (len < 0 && errno == ENOBUFS)
			t->overflows++;
		for (h = (void *)buf; len > 0 && NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
			wire_parse(h, attr);
			count(t, attr);
			if (since)
				check_attributes(attr, since);
		}
	}
}

static void show(const char *what, const struct tally *t)
{
	printf("%s: %lu events, %llu to %llu, %llu missing, lost %llu, %u times ENOBUFS\n", what, t->events,
	       (unsigned long long)t->first, (unsigned long long)t->last, (unsigned long long)t->gaps,
	       (unsigned long long)(t->lost_last - t->lost_first), t->overflows);
}

/* --- the tests ---------------------------------------------------------- */

static void test_sequence(void)
{
	struct tally t = {};
	uint64_t since = now_ns();
	int reader = join(32 << 20);

	add_sessions(300, CV_LEASE_MIN_MS);
	read_events(reader, &t, 1000, since);
	result("each event carries the documented attributes");
	show("read at once", &t);
	if (t.events != 300 || t.gaps || t.overflows || t.lost_last != t.lost_first)
		fault("expected 300 events without a gap");
	result("events come in sequence, without gaps");
	del_sessions(300);
	close(reader);
}

/* All leases end at one tick: the kernel's queue of 1024 cannot hold them. */
static void test_queue(void)
{
	struct tally t = {};
	int reader = join(64 << 20), n = 6000;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	add_sessions(n, CV_LEASE_MIN_MS);
	pause_ms(1000);
	read_events(reader, &t, 200, 0);
	if (t.events + t.gaps != (unsigned int)n || t.gaps != t.lost_last - t.lost_first)
		fault("of %d events %lu came", n, t.events);

	renew(n, 0, now_ns() + 6000000000ull);
	pause_ms(6500);
	/* One more: a loss is told by the event after it. */
	ids[n] = world_session(sock, "last", CV_LEASE_MIN_MS);
	read_events(reader, &t, 1000, 0);
	show("leases that end together", &t);
	if (!t.gaps)
		fault("nothing was lost: the queue is not put to the test");
	if (t.gaps != t.lost_last - t.lost_first)
		fault("%llu numbers are missing, %llu counted as lost", (unsigned long long)t.gaps,
		      (unsigned long long)(t.lost_last - t.lost_first));
	if (t.events + t.gaps != 2u * n + 1)
		fault("expected numbers for %d events", 2 * n + 1);
	result("events that the kernel could not queue are counted");
	CPU_SET(1, &one);
	sched_setaffinity(0, sizeof(one), &one);
	del_sessions(n + 1);
	close(reader);
}

static void test_slow(void)
{
	struct tally t = {};
	int reader = join(4096);

	add_sessions(200, CV_LEASE_MIN_MS);
	pause_ms(300);
	read_events(reader, &t, 200, 0);
	/* What comes after it has room again shows the gap. */
	ids[200] = world_session(sock, "last", CV_LEASE_MIN_MS);
	read_events(reader, &t, 500, 0);
	show("not read for a while", &t);
	if (t.overflows != 1)
		fault("expected ENOBUFS once, got it %u times", t.overflows);
	if (!t.gaps || t.events + t.gaps != 201)
		fault("expected numbers for 201 events, some missing");
	if (t.lost_last != t.lost_first)
		fault("the kernel's queue lost some, which is not what is tested");
	result("a slow reader is told ENOBUFS and sees the gap");
	del_sessions(201);
	close(reader);
}

static pid_t start_monitor(void)
{
	pid_t pid = fork();
	int out;

	if (!pid) {
		out = open(OUT, O_CREAT | O_TRUNC | O_WRONLY, 0600);
		dup2(out, STDOUT_FILENO);
		out = open(ERR, O_CREAT | O_TRUNC | O_WRONLY, 0600);
		dup2(out, STDERR_FILENO);
		execl("build/bin/cvadm", "cvadm", "monitor", "--timeout", "200", NULL);
		_exit(127);
	}
	return pid;
}

static bool contains(const char *path, const char *text)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(path, "r");

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, text);
	if (f)
		fclose(f);
	return found;
}

static bool await(const char *path, const char *text, int seconds)
{
	for (int i = 0; i < seconds * 20; i++) {
		if (contains(path, text))
			return true;
		pause_ms(50);
	}
	fault("no \"%s\" in %s after %d s", text, path, seconds);
	return false;
}

/* What the monitor printed: its own account of what is missing must be right. */
static void check_monitor(void)
{
	unsigned long long first = 0, last = 0, seq, n, told = 0, missing = 0, events = 0, queue = 0;
	unsigned int overflows = 0;
	char line[512], what[64];
	FILE *f = fopen(OUT, "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "lost %63s %llu", what, &n) == 2) {
			overflows += !strcmp(what, "socket-overflow");
			told += strcmp(what, "sequence-gap") ? 0 : n;
			queue += strcmp(what, "kernel-queue") ? 0 : n;
		} else if (sscanf(line, "%llu ", &seq) == 1) {
			missing += last ? seq - last - 1 : 0;
			first = first ?: seq;
			last = seq;
			events++;
		} else {
			fault("a line of another kind: %s", line);
		}
	}
	if (f)
		fclose(f);
	printf("cvadm monitor: %llu events, %llu to %llu, told of %llu missing (%llu of the kernel's queue), "
	       "%u overflows\n", events, first, last, told, queue, overflows);
	if (!overflows || !missing)
		fault("no overflow: the monitor is not put to the test");
	if (told != missing || queue > missing)
		fault("%llu are missing, it told of %llu", missing, told);
}

static void test_monitor(void)
{
	const int n = 1000, rounds = 20;
	pid_t pid = start_monitor();
	char last[64];

	if (!await(ERR, "listening", 20))
		goto out;
	add_sessions(n, CV_LEASE_MIN_MS);
	kill(pid, SIGSTOP);
	for (int i = 1; i < rounds; i++) {
		pause_ms(60);
		renew(n, CV_LEASE_MIN_MS, 0);
	}
	pause_ms(100);
	kill(pid, SIGCONT);
	await(OUT, "lost socket-overflow", 20);
	pause_ms(3000);		/* to read what was kept */
	ids[n] = world_session(sock, "last", CV_LEASE_MIN_MS);
	snprintf(last, sizeof(last), "session=%u", ids[n]);
	await(OUT, last, 20);
	check_monitor();
	del_sessions(n + 1);
out:
	kill(pid, SIGCONT);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	result("cvadm monitor tells what it missed, and how much");
}

/* --- verdicts ----------------------------------------------------------- */

struct verdicts {
	uint32_t set;
	int state;		/* of the last event, -1 = none */
	uint32_t blockers;
	unsigned int n;
};

static void note_verdict(struct verdicts *v, const struct nlattr *const attr[WIRE_ATTRS])
{
	if (wire_uint(attr[CV_A_EV_TYPE]) != CV_EV_VERDICT || wire_uint(attr[CV_A_SET]) != v->set)
		return;
	if (v->n && wire_uint(attr[CV_A_EV_FROM]) != (unsigned int)v->state)
		fault("from %llu after %d", (unsigned long long)wire_uint(attr[CV_A_EV_FROM]), v->state);
	v->state = wire_uint(attr[CV_A_SET_STATE]);
	v->blockers = wire_uint(attr[CV_A_SET_BLOCKERS]);
	v->n++;
}

/* Reads what there is and compares the last event with what SET_GET says. */
static void check_state(int reader, struct verdicts *v, const char *when, enum cv_verdict expected)
{
	static char buf[65536] __attribute__((aligned(8)));
	static const struct nlattr *attr[WIRE_ATTRS];
	struct pollfd pfd = { .fd = reader, .events = POLLIN };
	const struct nlmsghdr *h;
	int len, state;

	while (poll(&pfd, 1, 300) > 0) {
		len = recv(reader, buf, sizeof(buf), MSG_DONTWAIT);
		for (h = (void *)buf; len > 0 && NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
			wire_parse(h, attr);
			note_verdict(v, attr);
		}
	}
	state = world_get(sock, CV_CMD_SET_GET, CV_A_SET, v->set, CV_A_SET_STATE);
	if (state != (int)expected)
		fault("%s: expected state %d, got %d", when, expected, state);
	if (state != v->state)
		fault("%s: state is %d, the last of %u events says %d", when, state, v->n, v->state);
}

/* A set that is broken and whose lease ends, re-attested, then renewed, then broken by the guest. */
static void test_verdicts(void)
{
	int reader = join(8 << 20), fd = world_vmm_start();
	struct verdicts v = { .state = -1 };
	uint32_t vm, watch, session;

	world_vmm_ctl("store words 4 2");
	vm = world_vm(sock, fd, "judged");
	watch = world_watch(sock, vm, world_vmm_words(), 4);
	pause_ms(1000);
	session = world_session(sock, "judged", 1000);
	v.set = world_set(sock, session, vm, watch, 1);
	check_state(reader, &v, "broken from the start", CV_VIOLATED);
	pause_ms(1200);
	check_state(reader, &v, "lease ended", CV_VIOLATED);
	world_vmm_ctl("store words 4 1");
	world_del(sock, CV_CMD_SET_REATTEST, CV_A_SET, v.set);
	check_state(reader, &v, "re-attested without a lease", CV_UNKNOWN);
	if (v.blockers != CV_BLOCK_LEASE)
		fault("blockers of the last event are %#x", v.blockers);
	ids[0] = session;
	renew(1, 60000, 0);
	check_state(reader, &v, "renewed", CV_SATISFIED);
	world_vmm_ctl("store words 4 2");
	check_state(reader, &v, "broken by the guest", CV_VIOLATED);
	world_vmm_ctl("store words 4 1");
	world_del(sock, CV_CMD_SET_REATTEST, CV_A_SET, v.set);
	check_state(reader, &v, "re-attested", CV_SATISFIED);
	result("the last verdict event of a set tells its state");
	world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, session);
	world_del(sock, CV_CMD_VM_DETACH, CV_A_VM, vm);
	world_vmm_stop();
	close(reader);
}

int main(void)
{
	sock = wire_open();
	test_verdicts();
	test_sequence();
	test_queue();
	test_slow();
	test_monitor();
	return 0;
}
