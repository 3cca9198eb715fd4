// SPDX-License-Identifier: GPL-2.0
/*
 * A dump comes in parts, and objects come and go between them.
 *
 * test: sessions: no id twice, none missed that was there throughout
 * test: sets: no id twice, none missed that was there throughout
 * test: ports: no id twice, none missed that was there throughout
 * test: a dump went on while objects came and went
 * test: filters of a dump hold while objects come and go
 * test: a dump left unread does not harm
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

#define SECONDS	8
#define STABLE	150	/* at most; fewer where a limit or a slow deletion says so */
#define CHURN	20
#define IDS	(1 << 20)

#define WATCHES	4	/* of up to 64 criteria each */

static uint32_t vm, watch[WATCHES], lasting;
static atomic_bool stop;
static atomic_ulong changes;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* --- one kind of object ------------------------------------------------- */

struct kind {
	const char *name;
	uint8_t del, get;
	uint16_t attr;
	uint32_t (*make)(int sock);
	int n_stable, n_churn;
	uint32_t stable[STABLE];
};

static uint32_t make_session(int sock)
{
	/* Long, so that a part of a dump holds few. */
	return world_session(sock, "an owner whose name takes sixty-three bytes of every message...", 3600000);
}

static uint32_t make_set(int sock)
{
	static atomic_uint next;

	return world_set(sock, lasting, vm, watch[atomic_fetch_add(&next, 1) % WATCHES], 1);
}

static uint32_t port_set;

static uint32_t make_port(int sock)
{
	static atomic_uint number = 1000;
	uint16_t n = 1000 + atomic_fetch_add(&number, 1) % 60000;

	return world_port(sock, port_set, n == 80 ? 79 : n);
}

static struct kind sessions = {
	"sessions", CV_CMD_SESSION_DEL, CV_CMD_SESSION_GET, CV_A_SESSION, make_session, STABLE, CHURN, {},
};

/* A part of this dump has room for the largest set. */
static struct kind sets = {
	"sets", CV_CMD_SET_DEL, CV_CMD_SET_GET, CV_A_SET, make_set, 120, CHURN, {},
};

static struct kind ports = {
	"ports", CV_CMD_PORT_DEL, CV_CMD_PORT_GET, CV_A_PORT, make_port, 60, CHURN, {},
};

/* Objects between the stable ones and after them come and go, oldest first. */
static void *churn(void *arg)
{
	const struct kind *k = arg;
	uint32_t ids[CHURN] = {};
	int sock = wire_open(), i = 0;

	while (!stop) {
		if (ids[i])
			world_del(sock, k->del, k->attr, ids[i]);
		ids[i] = k->make(sock);
		i = (i + 1) % k->n_churn;
		changes++;
	}
	for (i = 0; i < CHURN; i++)
		if (ids[i])
			world_del(sock, k->del, k->attr, ids[i]);
	close(sock);
	return NULL;
}

/* --- the dumping thread ------------------------------------------------- */

struct sight {
	const struct kind *kind;
	uint32_t seen[IDS / 32];
	unsigned int n;
	uint16_t filter;
	uint32_t only;
};

static void each(const struct nlattr *const attr[WIRE_ATTRS], void *arg)
{
	struct sight *s = arg;
	uint32_t id = wire_uint(attr[s->kind->attr]);

	s->n++;
	if (!id || id >= IDS) {
		fault("%s: id %u", s->kind->name, id);
		return;
	}
	if (s->seen[id / 32] & 1u << id % 32)
		fault("%s: id %u twice", s->kind->name, id);
	s->seen[id / 32] |= 1u << id % 32;
	if (s->filter && wire_uint(attr[s->filter]) != s->only)
		fault("%s: id %u does not pass the filter", s->kind->name, id);
}

static unsigned long parts;

static unsigned int dump(int sock, const struct kind *k, uint16_t filter, uint32_t only)
{
	static struct sight s;
	static struct answer a;
	static struct msg m;

	memset(&s, 0, sizeof(s));
	s.kind = k;
	s.filter = filter;
	s.only = only;
	msg_begin(&m, k->get, 0);
	if (filter)
		msg_u32(&m, filter, only);
	if (wire_dump(sock, &m, &a, each, &s))
		fault("%s: %s %s", k->name, strerror(a.error), a.text);
	for (int i = 0; i < k->n_stable; i++)
		if (!(s.seen[k->stable[i] / 32] & 1u << k->stable[i] % 32))
			fault("%s: id %u missed", k->name, k->stable[i]);
	parts += a.parts;
	return s.n;
}

static unsigned long interleaved;

static void test_kind(int sock, struct kind *k)
{
	unsigned long rounds = 0, objects = 0, before, parts_before = parts;
	double end = now() + SECONDS;
	pthread_t thread;
	char name[96];
	int i;

	/* Every second one goes again: gaps that dumps have to step over. */
	for (i = 0; i < k->n_stable; i++) {
		uint32_t gap = i % 2 ? k->make(sock) : 0;

		k->stable[i] = k->make(sock);
		if (gap)
			world_del(sock, k->del, k->attr, gap);
	}
	stop = false;
	changes = 0;
	pthread_create(&thread, NULL, churn, k);
	while (now() < end) {
		before = changes;
		objects += dump(sock, k, 0, 0);
		interleaved += changes != before;
		rounds++;
	}
	stop = true;
	pthread_join(thread, NULL);
	printf("%s: %lu dumps of %lu objects in %lu parts, %lu changes meanwhile\n", k->name, rounds, objects,
	       parts - parts_before, changes);
	if (parts - parts_before < 2 * rounds)
		fault("%s: dumps come in one part", k->name);
	snprintf(name, sizeof(name), "%s: no id twice, none missed that was there throughout", k->name);
	result(name);
}

static void test_filter(int sock)
{
	uint32_t other = world_session(sock, "other", 3600000), alone;
	double end = now() + 3;
	pthread_t thread;

	alone = world_set(sock, other, vm, watch[0], 1);
	sets.n_stable = 1;
	sets.stable[0] = alone;
	stop = false;
	pthread_create(&thread, NULL, churn, &sets);
	while (now() < end) {
		unsigned int n = dump(sock, &sets, CV_A_SESSION, other);

		if (n != 1)
			fault("expected 1 set of session %u, got %u", other, n);
	}
	stop = true;
	pthread_join(thread, NULL);
	world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, other);
	result("filters of a dump hold while objects come and go");
}

static void clear(int sock, struct kind *k)
{
	for (int i = 0; i < k->n_stable; i++)
		world_del(sock, k->del, k->attr, k->stable[i]);
}

/* The socket goes with its dump half done. */
static void test_unread(void)
{
	static struct msg m;
	int i, sock;

	for (i = 0; i < 200; i++) {
		sock = wire_open();
		msg_begin(&m, CV_CMD_SESSION_GET, NLM_F_DUMP);
		if (send(sock, &m, m.h.nlmsg_len, 0) < 0)
			fault("send: %s", strerror(errno));
		close(sock);
	}
	result("a dump left unread does not harm");
}

int main(void)
{
	int sock = wire_open();

	vm = world_vm(sock, world_bare_kvm(), "dumped");
	for (int i = 0; i < WATCHES; i++)
		watch[i] = world_watch(sock, vm, 0x1000 + 4 * i, 4);
	lasting = world_session(sock, "lasting", 3600000);
	test_kind(sock, &sessions);
	test_unread();
	clear(sock, &sessions);
	test_kind(sock, &sets);
	clear(sock, &sets);
	port_set = make_set(sock);
	test_kind(sock, &ports);
	clear(sock, &ports);
	if (interleaved < 20)
		fault("only %lu dumps had changes", interleaved);
	result("a dump went on while objects came and went");
	test_filter(sock);
	world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, lasting);
	world_del(sock, CV_CMD_VM_DETACH, CV_A_VM, vm);
	return 0;
}
