// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "mutant.h"

int mutant_fds[6];

/* --- chance ------------------------------------------------------------- */

static uint64_t state;

void mutant_seed(uint64_t seed)
{
	state = seed;
}

/* xorshift64* */
uint32_t chance(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 2685821657736338717ull) >> 32) % below;
}

bool one_in(uint32_t n)
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

#define KEEP 8

/* The newest ids of each kind, as the answers tell them. */
static struct {
	uint32_t id[KEEP];
	unsigned int next;
} pool[KINDS];

const uint16_t kind_attr[KINDS] = { CV_A_VM, CV_A_WATCH, CV_A_SESSION, CV_A_SET, CV_A_PORT };
void remember(int kind, uint32_t id)
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
	[CV_CMD_WATCH_ADD] = { CV_A_VM, CV_A_WATCH_ADDR, CV_A_WATCH_LEN, CV_A_WATCH_NAME,
			       CV_A_WATCH_TRIGGER, CV_A_WATCH_FLAGS, CV_A_CAPTURE_REG,
			       CV_A_CAPTURE_PATH, CV_A_CAPTURE_LEN },
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
	return mutant_fds[chance(6)];
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
	case CV_A_WATCH_TRIGGER: msg_u8(&m, type, chance(__CV_TRIGGERS + 1)); break;
	case CV_A_WATCH_FLAGS: msg_u32(&m, type, chance(3)); break;
	case CV_A_CAPTURE_REG: msg_u8(&m, type, chance(__CV_REGS + 1)); break;
	case CV_A_CAPTURE_PATH: put_bytes(type, 4 * chance(6)); break;
	case CV_A_CAPTURE_LEN: msg_u16(&m, type, chance(300)); break;
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

void generate(struct msg *to)
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
	memcpy(to, &m, m.h.nlmsg_len);
}
