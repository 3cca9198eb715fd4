// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that are nearly right: valid ones of every command, naming real
 * objects, with attributes dropped, doubled, foreign, too short or too long,
 * nested, retyped, with bits flipped and the message cut. The kernel must not
 * complain, and afterwards everything must still work.
 *
 *	mutate [SEED [MESSAGES]]	the seed is printed; CV_SEED does the same
 *
 * test: the kernel stays up
 * test: every command is accepted at times and refused at others
 * test: what is left can be listed and deleted
 * test: afterwards a guest is watched, judged, cut and reopened as ever
 * timeout: 400
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mutant.h"

#define MESSAGES	100000
#define BATCH		16
#define BATCH_BYTES	(BATCH * 4096)

static int sock;
static int vmm_fd, bare_fd;
static struct msg m;

/* --- sending and counting ----------------------------------------------- */

static const uint8_t kind_get[KINDS] = {
	CV_CMD_VM_GET, CV_CMD_WATCH_GET, CV_CMD_SESSION_GET, CV_CMD_SET_GET, CV_CMD_PORT_GET,
};
static const uint8_t kind_del[KINDS] = {
	CV_CMD_VM_DETACH, CV_CMD_WATCH_DEL, CV_CMD_SESSION_DEL, CV_CMD_SET_DEL, CV_CMD_PORT_DEL,
};

static unsigned long accepted[256], refused[256], errors[256], sent;

static struct {
	uint32_t seq;
	uint8_t cmd;
} history[4096];

static void note_reply(const struct nlmsghdr *h)
{
	const struct genlmsghdr *g = NLMSG_DATA(h);
	static const struct nlattr *attr[WIRE_ATTRS];
	int kind;

	if (h->nlmsg_type != wire_family || h->nlmsg_flags & NLM_F_MULTI)
		return;
	wire_parse(h, attr);
	switch (g->cmd) {
	case CV_CMD_VM_ATTACH: kind = VM; break;
	case CV_CMD_WATCH_ADD: kind = WATCH; break;
	case CV_CMD_SESSION_ADD: kind = SESSION; break;
	case CV_CMD_SET_ADD: kind = SET; break;
	case CV_CMD_PORT_ADD: kind = PORT; break;
	default: return;
	}
	remember(kind, wire_uint(attr[kind_attr[kind]]));
}

static void note_error(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	unsigned int at = h->nlmsg_seq % 4096;

	errors[-e->error & 255]++;
	if (history[at].seq != h->nlmsg_seq)
		return;
	if (e->error)
		refused[history[at].cmd]++;
	else
		accepted[history[at].cmd]++;
}

static void drain(void)
{
	static char buf[65536] __attribute__((aligned(8)));
	const struct nlmsghdr *h;
	int len;

	while ((len = recv(sock, buf, sizeof(buf), MSG_DONTWAIT)) > 0 || (len < 0 && errno == ENOBUFS)) {
		for (h = (void *)buf; len > 0 && NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
			if (h->nlmsg_type == NLMSG_ERROR)
				note_error(h);
			else
				note_reply(h);
		}
	}
}

static void send_batch(void)
{
	static char batch[BATCH_BYTES];
	size_t len = 0;

	for (int i = 0; i < BATCH && len + NLMSG_ALIGN(m.h.nlmsg_len) < sizeof(batch) - 8192; i++) {
		generate(&m);
		history[m.h.nlmsg_seq % 4096].seq = m.h.nlmsg_seq;
		history[m.h.nlmsg_seq % 4096].cmd = m.h.nlmsg_len >= NLMSG_LENGTH(GENL_HDRLEN) ?
			((struct genlmsghdr *)NLMSG_DATA(&m.h))->cmd : 0;
		memset(batch + len, 0, NLMSG_ALIGN(m.h.nlmsg_len));
		memcpy(batch + len, &m, m.h.nlmsg_len);
		len += NLMSG_ALIGN(m.h.nlmsg_len);
		sent++;
	}
	if (send(sock, batch, len, 0) < 0)
		fault("send: %s", strerror(errno));
	drain();
}

/* --- keeping real objects there ----------------------------------------- */

static int care;	/* a socket of its own: answers do not mix */

struct ids {
	uint32_t id[4096];
	int n;
	int kind;
};

static void collect(const struct nlattr *const attr[WIRE_ATTRS], void *arg)
{
	struct ids *ids = arg;

	if (ids->n < 4096)
		ids->id[ids->n++] = wire_uint(attr[kind_attr[ids->kind]]);
}

static int list(int kind, struct ids *ids)
{
	static struct answer a;
	static struct msg dump;

	ids->n = 0;
	ids->kind = kind;
	msg_begin(&dump, kind_get[kind], 0);
	if (wire_dump(care, &dump, &a, collect, ids))
		fault("dump: %s %s", strerror(a.error), a.text);
	return ids->n;
}

static void delete_all(int kind)
{
	static struct ids ids;

	list(kind, &ids);
	for (int i = 0; i < ids.n; i++) {
		int error;

		/* A port is deleted as often as it was added. */
		do
			error = world_del(care, kind_del[kind], kind_attr[kind], ids.id[i]);
		while (!error && kind == PORT);
		if (error && !(error == ENOENT && kind == PORT))
			fault("kind %d, id %u: %s", kind, ids.id[i], strerror(error));
	}
}

static void attach(int fd)
{
	static struct answer a;
	static struct msg request;

	msg_begin(&request, CV_CMD_VM_ATTACH, 0);
	msg_u32(&request, CV_A_VM_FD, fd);
	if (!wire_ask(care, &request, &a))
		remember(VM, wire_uint(a.attr[CV_A_VM]));
	else if (a.error != EBUSY)
		fault("vm attach: %s %s", strerror(a.error), a.text);
}

/* Most of it comes from the requests themselves; this makes up for what they delete. */
static void tend(void)
{
	static struct ids ids;
	static int turn;
	uint32_t vm;

	if (one_in(4))
		attach(one_in(2) ? vmm_fd : bare_fd);
	if (list(SESSION, &ids) > 200)
		delete_all(SESSION);
	if (list(SET, &ids) > 50)
		delete_all(SET);
	if (list(SESSION, &ids) < 2)
		remember(SESSION, world_session(care, "tended", 60000));
	if (list(VM, &ids) && !list(WATCH, &ids)) {
		list(VM, &ids);
		vm = ids.id[turn++ % ids.n];
		remember(WATCH, world_watch(care, vm, world_vmm_words(), 4));
	}
	/* Stale ids stay in the pools; what there is, is among them. */
	for (int kind = 0; kind < KINDS; kind++)
		if (list(kind, &ids))
			for (int i = 0; i < 4; i++)
				remember(kind, ids.id[chance(ids.n)]);
}

static atomic_bool stop;

/* Another reader, so that dumps run beside changes; and one that never reads. */
static void *lister(void *arg)
{
	int mine = wire_open(), deaf = wire_open();
	static char buf[WIRE_PART];
	static struct msg dump;

	(void)arg;
	setsockopt(deaf, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &wire_events, sizeof(wire_events));
	while (!stop) {
		for (int kind = 0; kind < KINDS; kind++) {
			msg_begin(&dump, kind_get[kind], NLM_F_DUMP);
			send(mine, &dump, dump.h.nlmsg_len, 0);
			while (recv(mine, buf, sizeof(buf), MSG_DONTWAIT) > 0)
				;
		}
		usleep(2000);
	}
	close(mine);
	close(deaf);
	return NULL;
}

/* --- the run ------------------------------------------------------------ */

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void run(unsigned long messages)
{
	double start = seconds();
	pthread_t thread;
	unsigned long batches = 0;

	pthread_create(&thread, NULL, lister, NULL);
	while (sent < messages) {
		if (batches % 64 == 0)
			tend();
		if (batches % 256 == 0)
			world_vmm_ctl(batches % 512 ? "store words 4 1" : "store words 4 2");
		send_batch();
		batches++;
	}
	stop = true;
	pthread_join(thread, NULL);
	drain();
	printf("%lu messages in %.1f s\n", sent, seconds() - start);
	result("the kernel stays up");
}

static void judge_spread(void)
{
	for (int cmd = CV_CMD_STATUS; cmd < CV_CMD_EVENT; cmd++) {
		printf("command %2d: %6lu accepted %6lu refused\n", cmd, accepted[cmd], refused[cmd]);
		if (!accepted[cmd] || !refused[cmd])
			fault("command %d: %lu accepted, %lu refused", cmd, accepted[cmd], refused[cmd]);
	}
	for (int error = 0; error < 256; error++)
		if (errors[error])
			printf("%6lu %s\n", errors[error], error ? strerrorname_np(error) : "success");
	result("every command is accepted at times and refused at others");
}

static void clean(void)
{
	delete_all(PORT);
	delete_all(SET);
	delete_all(WATCH);
	delete_all(SESSION);
	delete_all(VM);
	for (int attr = CV_A_ST_VMS; attr <= CV_A_ST_CONNS; attr++)
		if (world_status(care, attr))
			fault("status attribute %d is not 0", attr);
	if (world_status(care, CV_A_ST_KERNEL_HOOKS))
		fault("the hooks are still in place");
	result("what is left can be listed and deleted");
}

static void expect(const char *what, uint64_t expected, uint64_t got)
{
	if (expected != got)
		fault("%s: expected %llu, got %llu", what, (unsigned long long)expected, (unsigned long long)got);
}

/* A watch is translated a moment after it was added. */
static void await_live(uint32_t watch)
{
	for (int i = 0; i < 500; i++) {
		if (world_get(care, CV_CMD_WATCH_GET, CV_A_WATCH, watch, CV_A_WATCH_STATE) == CV_WATCH_LIVE)
			return;
		usleep(10000);
	}
	fault("the watch is not live after 5 s");
}

/* One round of what the module is for. */
static void normal_round(void)
{
	uint32_t vm, watch, session, set, port;

	world_vmm_ctl("store words 4 1");
	vm = world_vm(care, vmm_fd, "normal");
	watch = world_watch(care, vm, world_vmm_words(), 4);
	await_live(watch);
	session = world_session(care, "normal", 60000);
	set = world_set(care, session, vm, watch, 1);
	port = world_port(care, set, 6000);
	expect("set", CV_SATISFIED, world_get(care, CV_CMD_SET_GET, CV_A_SET, set, CV_A_SET_STATE));
	expect("port", CV_PORT_OPEN, world_get(care, CV_CMD_PORT_GET, CV_A_PORT, port, CV_A_PORT_STATE));
	world_vmm_ctl("store words 4 2");
	expect("set after the store", CV_VIOLATED,
	       world_get(care, CV_CMD_SET_GET, CV_A_SET, set, CV_A_SET_STATE));
	expect("port after the store", CV_PORT_CLOSED,
	       world_get(care, CV_CMD_PORT_GET, CV_A_PORT, port, CV_A_PORT_STATE));
	expect("hits", 1, world_get(care, CV_CMD_WATCH_GET, CV_A_WATCH, watch, CV_A_WATCH_HITS));
	world_vmm_ctl("store words 4 1");
	expect("reattest", 0, world_del(care, CV_CMD_SET_REATTEST, CV_A_SET, set));
	expect("set after re-attestation", CV_SATISFIED,
	       world_get(care, CV_CMD_SET_GET, CV_A_SET, set, CV_A_SET_STATE));
	world_del(care, CV_CMD_SESSION_DEL, CV_A_SESSION, session);
	world_del(care, CV_CMD_VM_DETACH, CV_A_VM, vm);
	result("afterwards a guest is watched, judged, cut and reopened as ever");
}

int main(int argc, char **argv)
{
	const char *seed = argc > 1 ? argv[1] : getenv("CV_SEED");
	uint64_t start;

	start = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) * 2654435761u ^ getpid();
	start = start ?: 1;
	printf("seed %llu\n", (unsigned long long)start);
	fflush(stdout);
	sock = wire_open();
	care = wire_open();
	vmm_fd = world_vmm_start();
	bare_fd = world_bare_kvm();
	memcpy(mutant_fds, (int[6]){ vmm_fd, bare_fd, open("/dev/null", O_RDONLY), -1, 999, sock },
	       sizeof(mutant_fds));
	mutant_seed(start);
	run(argc > 2 ? strtoul(argv[2], NULL, 0) : MESSAGES);
	judge_spread();
	clean();
	normal_round();
	world_vmm_stop();
	return 0;
}
