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
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

#define MESSAGES	100000
#define BATCH		16
#define BATCH_BYTES	(BATCH * 4096)

static int sock;
static int vmm_fd, bare_fd, null_fd;

/* --- chance ------------------------------------------------------------- */

static uint64_t state;

/* xorshift64* */
static uint32_t chance(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 2685821657736338717ull) >> 32) % below;
}

static bool one_in(uint32_t n)
{
	return !chance(n);
}

static uint64_t any64(void)
{
	static const uint64_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX - 7, UINT64_MAX };

	if (one_in(2))
		return edges[chance(sizeof(edges) / sizeof(*edges))];
	return (uint64_t)chance(UINT32_MAX) << 32 | chance(UINT32_MAX);
}

/* --- objects ------------------------------------------------------------ */

enum { VM, WATCH, SESSION, SET, PORT, KINDS };

#define KEEP 8

/* The newest ids of each kind, as the answers tell them. */
static struct {
	uint32_t id[KEEP];
	unsigned int next;
} pool[KINDS];

static const uint16_t kind_attr[KINDS] = { CV_A_VM, CV_A_WATCH, CV_A_SESSION, CV_A_SET, CV_A_PORT };
static const uint8_t kind_get[KINDS] = {
	CV_CMD_VM_GET, CV_CMD_WATCH_GET, CV_CMD_SESSION_GET, CV_CMD_SET_GET, CV_CMD_PORT_GET,
};
static const uint8_t kind_del[KINDS] = {
	CV_CMD_VM_DETACH, CV_CMD_WATCH_DEL, CV_CMD_SESSION_DEL, CV_CMD_SET_DEL, CV_CMD_PORT_DEL,
};

static void remember(int kind, uint32_t id)
{
	pool[kind].id[pool[kind].next++ % KEEP] = id;
}

static uint32_t some_id(int kind)
{
	uint32_t id = pool[kind].id[chance(KEEP)];

	switch (chance(12)) {
	case 0: return any64();
	case 1: return chance(40);
	default: return id ?: pool[kind].id[0];
	}
}

static int kind_of(uint16_t attr)
{
	for (int kind = 0; kind < KINDS; kind++)
		if (kind_attr[kind] == attr)
			return kind;
	return -1;
}

/* --- valid messages ----------------------------------------------------- */

/* What each command takes; 0 ends it. */
static const uint16_t takes[__CV_CMD_MAX][12] = {
	[CV_CMD_VM_ATTACH] = { CV_A_VM_FD, CV_A_VM_NAME, CV_A_VM_FLAGS },
	[CV_CMD_VM_DETACH] = { CV_A_VM },
	[CV_CMD_VM_GET] = { CV_A_VM },
	[CV_CMD_WATCH_ADD] = { CV_A_VM, CV_A_WATCH_ADDR, CV_A_WATCH_LEN, CV_A_WATCH_NAME },
	[CV_CMD_WATCH_DEL] = { CV_A_WATCH },
	[CV_CMD_WATCH_GET] = { CV_A_WATCH },
	[CV_CMD_SESSION_ADD] = { CV_A_SESSION_OWNER, CV_A_SESSION_LEASE },
	[CV_CMD_SESSION_RENEW] = { CV_A_SESSION, CV_A_SESSION_LEASE },
	[CV_CMD_SESSION_DEL] = { CV_A_SESSION },
	[CV_CMD_SESSION_GET] = { CV_A_SESSION },
	[CV_CMD_SET_ADD] = { CV_A_SESSION, CV_A_VM, CV_A_SET_DIGEST, CV_A_CRITERIA },
	[CV_CMD_SET_DEL] = { CV_A_SET },
	[CV_CMD_SET_REATTEST] = { CV_A_SET },
	[CV_CMD_SET_GET] = { CV_A_SET },
	[CV_CMD_PORT_ADD] = { CV_A_SET, CV_A_PORT_ADDR4, CV_A_PORT_PROTO, CV_A_PORT_SERVICE, CV_A_PORT_NUMBER },
	[CV_CMD_PORT_DEL] = { CV_A_PORT },
	[CV_CMD_PORT_GET] = { CV_A_PORT },
};

/*
 * Which requests wait, for RCU, for vCPUs or for a translation: one of so many
 * is let through whole, the others lose an attribute.
 */
static const uint8_t seldom[__CV_CMD_MAX] = {
	[CV_CMD_VM_DETACH] = 60,
	[CV_CMD_WATCH_ADD] = 30,
	[CV_CMD_WATCH_DEL] = 40,
	[CV_CMD_SESSION_DEL] = 40,
	[CV_CMD_SET_ADD] = 2,
	[CV_CMD_SET_DEL] = 15,
	[CV_CMD_PORT_ADD] = 3,
	[CV_CMD_PORT_DEL] = 15,
};

static struct msg m;

static int some_fd(void)
{
	const int fds[] = { vmm_fd, bare_fd, null_fd, -1, 999, sock };

	return fds[chance(6)];
}

static void put_string(uint16_t type)
{
	char text[80];
	size_t n = one_in(20) ? 60 + chance(16) : chance(12);

	for (size_t i = 0; i < n; i++)
		text[i] = one_in(30) ? chance(256) : 'a' + chance(26);
	text[n] = '\0';
	msg_put(&m, type, text, n + !one_in(30));
}

static void put_values(void)
{
	uint64_t values[CV_PRED_VALUES + 2];
	size_t n = one_in(10) ? chance(CV_PRED_VALUES + 3) : 1 + chance(3);

	for (size_t i = 0; i < n; i++)
		values[i] = chance(4);
	msg_put(&m, CV_A_PRED_VALUES, values, n * 8 - (n && one_in(20)));
}

static void put_criterion(void)
{
	struct nlattr *nest = msg_nest(&m, CV_A_CRITERION);
	uint8_t type = 1 + chance(CV_PRED_MAX);

	msg_u32(&m, CV_A_WATCH, some_id(WATCH));
	msg_u8(&m, CV_A_PRED_TYPE, type);
	if (one_in(4))
		msg_u64(&m, CV_A_PRED_MASK, one_in(3) ? any64() : 0xff);
	if (type == CV_PRED_IN)
		put_values();
	else if (type == CV_PRED_BPF)
		msg_u32(&m, CV_A_PRED_FD, some_fd());
	else
		msg_u64(&m, CV_A_PRED_A, one_in(8) ? any64() : chance(4));
	if (type == CV_PRED_RANGE)
		msg_u64(&m, CV_A_PRED_B, one_in(8) ? any64() : 3 + chance(200));
	msg_nest_end(&m, nest);
}

static void put_criteria(void)
{
	struct nlattr *nest = msg_nest(&m, CV_A_CRITERIA);
	int n = one_in(30) ? chance(CV_SET_CRITERIA + 3) : 1 + chance(2);

	while (n--)
		put_criterion();
	msg_nest_end(&m, nest);
}

static void put_bytes(uint16_t type, size_t len)
{
	char bytes[64];

	for (size_t i = 0; i < len; i++)
		bytes[i] = chance(256);
	msg_put(&m, type, bytes, len);
}

/* An attribute as it is where it belongs. */
static void put_attr(uint16_t type)
{
	if (kind_of(type) >= 0) {
		msg_u32(&m, type, some_id(kind_of(type)));
		return;
	}
	switch (type) {
	case CV_A_VM_FD: msg_u32(&m, type, some_fd()); break;
	case CV_A_VM_NAME: case CV_A_WATCH_NAME: case CV_A_SESSION_OWNER: put_string(type); break;
	case CV_A_VM_FLAGS: msg_u32(&m, type, chance(2)); break;
	case CV_A_WATCH_ADDR:
		msg_u64(&m, type, one_in(10) ? any64() & ~7ull : world_vmm_words() + 8 * chance(16));
		break;
	case CV_A_WATCH_LEN: msg_u8(&m, type, 1 << chance(4)); break;
	case CV_A_SESSION_LEASE: msg_u32(&m, type, one_in(3) ? 10 + chance(100) : 10000); break;
	case CV_A_SET_DIGEST: put_bytes(type, CV_DIGEST_LEN); break;
	case CV_A_CRITERIA: put_criteria(); break;
	case CV_A_PORT_ADDR4: msg_u32(&m, type, htonl(0x0a4d0002 + chance(2))); break;
	case CV_A_PORT_ADDR6: put_bytes(type, 16); break;
	case CV_A_PORT_PROTO: msg_u8(&m, type, one_in(2) ? IPPROTO_TCP : IPPROTO_UDP); break;
	case CV_A_PORT_SERVICE: msg_u16(&m, type, 80 + chance(2)); break;
	case CV_A_PORT_NUMBER: msg_u16(&m, type, 5000 + chance(4)); break;
	default: put_bytes(type, chance(33));
	}
}

/* --- mutation ----------------------------------------------------------- */

static size_t body(void)
{
	return NLMSG_LENGTH(GENL_HDRLEN);
}

/* A random attribute of the outermost level, NULL if there is none. */
static struct nlattr *some_attr(void)
{
	struct nlattr *nla = (void *)(m.bytes + body()), *pick = NULL;
	char *end = m.bytes + m.h.nlmsg_len;
	uint32_t n = 0;

	while ((char *)nla + NLA_HDRLEN <= end && nla->nla_len >= NLA_HDRLEN) {
		if (one_in(++n))
			pick = nla;
		nla = (void *)((char *)nla + NLA_ALIGN(nla->nla_len));
	}
	return pick;
}

static void nest_deeply(void)
{
	struct nlattr *open[64];
	int n = 1 + chance(64), i;

	for (i = 0; i < n; i++)
		open[i] = msg_nest(&m, one_in(2) ? CV_A_CRITERIA : CV_A_CRITERION);
	if (one_in(2))
		put_criterion();
	while (i--)
		msg_nest_end(&m, open[i]);
}

static void flip(void)
{
	size_t at = body() + chance(m.h.nlmsg_len - body() + 1);

	if (at < m.h.nlmsg_len)
		m.bytes[at] ^= 1 << chance(8);
}

static void mutate(void)
{
	struct genlmsghdr *g = NLMSG_DATA(&m.h);
	struct nlattr *nla = some_attr();

	switch (chance(12)) {
	case 0: put_attr(1 + chance(CV_A_MAX)); break;			/* a foreign one */
	case 1: put_bytes(chance(CV_A_MAX + 8), chance(64)); break;
	case 2: nest_deeply(); break;
	case 3: if (nla) nla->nla_len = one_in(2) ? chance(80) : chance(65536); break;
	case 4: if (nla) nla->nla_type = chance(CV_A_MAX + 4); break;
	case 5: if (nla) nla->nla_type ^= one_in(2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER; break;
	case 6: m.h.nlmsg_len = NLMSG_HDRLEN + chance(m.h.nlmsg_len - NLMSG_HDRLEN + 1); break;
	case 7: m.h.nlmsg_flags |= one_in(2) ? NLM_F_DUMP : 1 << chance(16); break;
	case 8: one_in(2) ? (g->cmd = chance(256)) : (g->reserved = chance(65536)); break;
	case 9: g->version = chance(256); break;
	default: flip(); flip(); break;
	}
}

static void generate(void)
{
	uint8_t cmd = one_in(50) ? chance(256) : 1 + chance(CV_CMD_MAX);
	const uint16_t *attr = cmd < __CV_CMD_MAX ? takes[cmd] : takes[0];
	uint8_t rare = cmd < __CV_CMD_MAX ? seldom[cmd] : 0;
	bool whole = !rare || one_in(rare);
	int n = 0, drop, changes = one_in(4) ? 0 : 1 + chance(4);

	msg_begin(&m, cmd, NLM_F_ACK);
	while (attr[n])
		n++;
	drop = whole ? -1 : (int)chance(n ?: 1);
	for (int i = 0; i < n; i++)
		if (i != drop)
			put_attr(attr[i]);
	/* A dump where there is one. */
	if (one_in(16))
		m.h.nlmsg_flags |= NLM_F_DUMP;
	while (changes--)
		if (m.h.nlmsg_len >= body())
			mutate();
}

/* --- sending and counting ----------------------------------------------- */

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
		generate();
		history[m.h.nlmsg_seq % 4096].seq = m.h.nlmsg_seq;
		history[m.h.nlmsg_seq % 4096].cmd = m.h.nlmsg_len >= body() ?
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
	static char buf[65536];
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

/* One round of what the module is for. */
static void normal_round(void)
{
	uint32_t vm, watch, session, set, port;

	world_vmm_ctl("store words 4 1");
	vm = world_vm(care, vmm_fd, "normal");
	watch = world_watch(care, vm, world_vmm_words(), 4);
	session = world_session(care, "normal", 60000);
	set = world_set(care, session, vm, watch, 1);
	port = world_port(care, set, 6000);
	expect("watch", CV_WATCH_LIVE, world_get(care, CV_CMD_WATCH_GET, CV_A_WATCH, watch, CV_A_WATCH_STATE));
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

	state = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) * 2654435761u ^ getpid();
	state = state ?: 1;
	printf("seed %llu\n", (unsigned long long)state);
	fflush(stdout);
	sock = wire_open();
	care = wire_open();
	vmm_fd = world_vmm_start();
	bare_fd = world_bare_kvm();
	null_fd = open("/dev/null", O_RDONLY);
	run(argc > 2 ? strtoul(argv[2], NULL, 0) : MESSAGES);
	judge_spread();
	clean();
	normal_round();
	world_vmm_stop();
	return 0;
}
