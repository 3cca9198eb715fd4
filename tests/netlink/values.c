// SPDX-License-Identifier: GPL-2.0
/*
 * What single commands refuse: values outside their limits, criteria that are
 * none, what is in use, what is full; with error number, extack text and offset.
 *
 * test: a value outside its limits is refused with text and offset
 * test: a malformed criterion is refused with text and offset
 * test: what is in use is EBUSY
 * test: a full vm is ENOSPC, and other bad descriptors and vms are refused
 * test: a refused value changes nothing
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "request.h"

#define LONGEST		"123456789012345678901234567890123456789012345678901234567890123"
#define CLOSED_FD	900

/* --- values ------------------------------------------------------------- */

struct value_case {
	uint8_t cmd;
	struct field field;	/* instead of the accepted one */
	int error;
	const char *text;
};

#define CASE(cmd, field, error, text) { CV_CMD_##cmd, field, error, text }
#define TEXT(what, t)	{ CV_A_##what, NAME, false, 0, NULL, t, 0 }

static const struct value_case values[] = {
	CASE(VM_ATTACH, NUMBER(U32, VM_FLAGS, 2), EINVAL, "reserved bit"),
	CASE(VM_ATTACH, NUMBER(U32, VM_FLAGS, 1u << 31), EINVAL, "reserved bit"),
	CASE(VM_ATTACH, TEXT(VM_NAME, LONGEST "4"), EINVAL, NULL),
	CASE(WATCH_ADD, TEXT(WATCH_NAME, LONGEST "4"), EINVAL, NULL),
	CASE(WATCH_ADD, NUMBER(U8, WATCH_LEN, 0), EINVAL, "1, 2, 4 or 8"),
	CASE(WATCH_ADD, NUMBER(U8, WATCH_LEN, 3), EINVAL, "1, 2, 4 or 8"),
	CASE(WATCH_ADD, NUMBER(U8, WATCH_LEN, 16), EINVAL, "1, 2, 4 or 8"),
	CASE(WATCH_ADD, NUMBER(U8, WATCH_LEN, 255), EINVAL, "1, 2, 4 or 8"),
	CASE(WATCH_ADD, NUMBER(U64, WATCH_ADDR, 0x1001), EINVAL, "multiple"),
	CASE(WATCH_ADD, NUMBER(U64, WATCH_ADDR, 0x1002), EINVAL, "multiple"),
	CASE(WATCH_ADD, NUMBER(U8, WATCH_TRIGGER, __CV_TRIGGERS), ERANGE, "range"),
	CASE(WATCH_ADD, NUMBER(U8, CAPTURE_REG, __CV_REGS), ERANGE, "range"),
	CASE(WATCH_ADD, NUMBER(U16, CAPTURE_LEN, 0), ERANGE, "range"),
	CASE(WATCH_ADD, NUMBER(U16, CAPTURE_LEN, CV_CAPTURE_MAX + 1), ERANGE, "range"),
	CASE(SESSION_ADD, TEXT(SESSION_OWNER, LONGEST "4"), EINVAL, NULL),
	CASE(SESSION_ADD, NUMBER(U32, SESSION_LEASE, 0), ERANGE, "range"),
	CASE(SESSION_ADD, NUMBER(U32, SESSION_LEASE, CV_LEASE_MIN_MS - 1), ERANGE, "range"),
	CASE(SESSION_ADD, NUMBER(U32, SESSION_LEASE, CV_LEASE_MAX_MS + 1), ERANGE, "range"),
	CASE(SESSION_ADD, NUMBER(U32, SESSION_LEASE, UINT32_MAX), ERANGE, "range"),
	CASE(SESSION_RENEW, NUMBER(U32, SESSION_LEASE, CV_LEASE_MIN_MS - 1), ERANGE, "range"),
	CASE(SESSION_RENEW, NUMBER(U32, SESSION_LEASE, CV_LEASE_MAX_MS + 1), ERANGE, "range"),
	CASE(PORT_ADD, NUMBER(U8, PORT_PROTO, 0), EINVAL, "neither TCP nor UDP"),
	CASE(PORT_ADD, NUMBER(U8, PORT_PROTO, IPPROTO_SCTP), EINVAL, "neither TCP nor UDP"),
	CASE(PORT_ADD, NUMBER(U16, PORT_SERVICE, 0), ERANGE, "range"),
	CASE(PORT_ADD, NUMBER(U16, PORT_MIN, 0), ERANGE, "range"),
	CASE(PORT_ADD, NUMBER(U16, PORT_MAX, 0), ERANGE, "range"),
	CASE(PORT_ADD, NUMBER(U16, PORT_MIN, 2001), EINVAL, "empty"),
	CASE(PORT_ADD, NUMBER(U32, PORT_FLAGS, 2), EINVAL, "reserved bit"),
	CASE(PORT_ADD, NUMBER(U32, PORT_ADDR4, 0), EINVAL, "not an address"),
	CASE(PORT_ADD, NUMBER(U32, PORT_ADDR4, 0x0100007f), EINVAL, "not an address"),
	CASE(PORT_ADD, NUMBER(U32, PORT_ADDR4, 0x010000e0), EINVAL, "not an address"),
	CASE(PORT_ADD, NUMBER(U32, PORT_ADDR4, 0xffffffff), EINVAL, "not an address"),
};

static void test_addresses(void)
{
	static const char *const wrong[] = { "::", "::1", "ff02::1", "::ffff:10.0.0.2" };
	const struct command *c = command_of(CV_CMD_PORT_ADD);
	struct in6_addr address;
	struct nlattr *nla;
	size_t i;

	for (i = 0; i < COUNT(wrong); i++) {
		inet_pton(AF_INET6, wrong[i], &address);
		request(c, CV_A_PORT_ADDR4);
		nla = msg_put(&m, CV_A_PORT_ADDR6, &address, sizeof(address));
		ask(wrong[i], EINVAL, nla, "not an address");
	}
	request(c, 0);
	nla = msg_put(&m, CV_A_PORT_ADDR6, &address, sizeof(address));
	ask("both addresses", EINVAL, nla, "one address");
}

static void test_port_numbers(void)
{
	const struct command *c = command_of(CV_CMD_PORT_ADD);
	const struct nlattr *min;

	request(c, CV_A_PORT_MAX);
	min = (void *)(m.bytes + m.h.nlmsg_len - 8 - 8);	/* before the flags */
	ask("a range with one end", EINVAL, min, "both ends");
	request(c, CV_A_PORT_MIN);
	ask("a range with the other end", EINVAL, NULL, "both ends");
	request(c, 0);
	min = (void *)(m.bytes + m.h.nlmsg_len - 8 - 8 - 8);
	msg_u16(&m, CV_A_PORT_NUMBER, 1000);
	ask("a number and a range", EINVAL, min, "both ends");
}

/* Of these parts, those of which @parts has the bit, and whether they are taken. */
static void ask_capture(const char *what, int trigger, unsigned int parts, size_t path,
			int error, const char *text)
{
	static const uint8_t offsets[24];
	const struct nlattr *nla[3] = {}, *blamed;

	request(command_of(CV_CMD_WATCH_ADD), CV_A_WATCH_TRIGGER);
	msg_u8(&m, CV_A_WATCH_TRIGGER, trigger);
	if (parts & 1)
		nla[0] = msg_u8(&m, CV_A_CAPTURE_REG, CV_REG_RDI);
	if (parts & 2)
		nla[1] = msg_put(&m, CV_A_CAPTURE_PATH, offsets, path);
	if (parts & 4)
		nla[2] = msg_u16(&m, CV_A_CAPTURE_LEN, CV_CAPTURE_MAX);
	blamed = parts == 7 && trigger == CV_TRIGGER_EXEC ? nla[1] : nla[0] ?: nla[1] ?: nla[2];
	ask(what, error, error ? blamed : NULL, text);
	if (!a.error)
		world_del(sock, CV_CMD_WATCH_DEL, CV_A_WATCH, wire_uint(a.attr[CV_A_WATCH]));
}

static void test_captures(void)
{
	unsigned int parts;

	for (parts = 1; parts < 7; parts++)
		ask_capture("a part of a capture", CV_TRIGGER_EXEC, parts, 4, EINVAL,
			    "a register, a path and a length");
	ask_capture("a capture at stores", CV_TRIGGER_DEBUG, 7, 4, EINVAL, "only an execution watch");
	ask_capture("no path", CV_TRIGGER_EXEC, 7, 0, EINVAL, "whole number of s32");
	ask_capture("half an offset", CV_TRIGGER_EXEC, 7, 6, EINVAL, "whole number of s32");
	ask_capture("five offsets", CV_TRIGGER_EXEC, 7, 20, ERANGE, NULL);
	ask_capture("four offsets", CV_TRIGGER_EXEC, 7, 16, 0, NULL);
}

static void test_values(void)
{
	const struct value_case *v;
	const struct command *c;
	struct nlattr *nla;
	char what[64];

	for (v = values; v < values + COUNT(values); v++) {
		c = command_of(v->cmd);
		snprintf(what, sizeof(what), "%s, attribute %u = %llu", c->name, v->field.type,
			 (unsigned long long)v->field.value);
		request(c, v->field.type);
		nla = put(&v->field);
		ask(what, v->error, nla, v->text);
	}
	test_addresses();
	test_port_numbers();
	test_captures();

	/* Not terminated, and the longest that fits. */
	request(command_of(CV_CMD_SESSION_ADD), CV_A_SESSION_OWNER);
	nla = msg_put(&m, CV_A_SESSION_OWNER, "owner", 5);
	ask("a name without NUL", EINVAL, nla, NULL);
	request(command_of(CV_CMD_SESSION_ADD), CV_A_SESSION_OWNER);
	msg_string(&m, CV_A_SESSION_OWNER, LONGEST);
	ask("the longest name", 0, NULL, NULL);
	world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, wire_uint(a.attr[CV_A_SESSION]));
	result("a value outside its limits is refused with text and offset");
}

/* --- criteria ----------------------------------------------------------- */

static struct nlattr *criteria, *criterion, *blamed;

static void begin_set(void)
{
	msg_begin(&m, CV_CMD_SET_ADD, 0);
	msg_u32(&m, CV_A_SESSION, session);
	msg_u32(&m, CV_A_VM, vm);
	put(field_of(command_of(CV_CMD_SET_ADD)->fields, CV_A_SET_DIGEST));
	criteria = msg_nest(&m, CV_A_CRITERIA);
}

static void begin_criterion(int type)
{
	criterion = msg_nest(&m, CV_A_CRITERION);
	msg_u32(&m, CV_A_WATCH, watch);
	if (type >= 0)
		msg_u8(&m, CV_A_PRED_TYPE, type);
}

static void ask_set(const char *what, int error, const void *at, const char *text)
{
	msg_nest_end(&m, criterion);
	msg_nest_end(&m, criteria);
	ask(what, error, at, text);
	if (!a.error)
		world_del(sock, CV_CMD_SET_DEL, CV_A_SET, wire_uint(a.attr[CV_A_SET]));
}

struct criterion_case {
	const char *what;
	int type;
	struct field fields[3];
	int error;
	const char *text;
	int blamed;		/* index of the field, -1 = the criterion */
};

#define VALUES(n)	{ CV_A_PRED_VALUES, BYTES, false, 0, NULL, NULL, (n) }

static const struct criterion_case criterion_cases[] = {
	{ "no predicate", -1, { NUMBER(U64, PRED_A, 1) }, EINVAL, "names a watch and a predicate", -1 },
	{ "no operand", CV_PRED_EQ, {}, EINVAL, "lacks its operand", -1 },
	{ "no lower bound", CV_PRED_RANGE, { NUMBER(U64, PRED_B, 1) }, EINVAL, "lacks its operand", -1 },
	{ "no upper bound", CV_PRED_RANGE, { NUMBER(U64, PRED_A, 1) }, EINVAL, "upper bound", -1 },
	{ "empty range", CV_PRED_RANGE, { NUMBER(U64, PRED_A, 2), NUMBER(U64, PRED_B, 1) }, EINVAL,
	  "range is empty", -1 },
	{ "no values", CV_PRED_IN, {}, EINVAL, "lacks its operand", -1 },
	{ "an operand instead of values", CV_PRED_IN, { NUMBER(U64, PRED_A, 1) }, EINVAL, NULL, -1 },
	{ "no value in values", CV_PRED_IN, { VALUES(0) }, EINVAL, "1 to 16", -1 },
	{ "half a value", CV_PRED_IN, { VALUES(12) }, EINVAL, "whole number", 0 },
	{ "empty mask", CV_PRED_EQ, { NUMBER(U64, PRED_MASK, 0), NUMBER(U64, PRED_A, 0) }, EINVAL,
	  "mask selects none", -1 },
	{ "mask above the bytes", CV_PRED_EQ, { NUMBER(U64, PRED_MASK, 1ull << 32),
	  NUMBER(U64, PRED_A, 0) }, EINVAL, "mask selects none", -1 },
	{ "operand above the bytes", CV_PRED_LT, { NUMBER(U64, PRED_A, 1ull << 32) }, EINVAL,
	  "larger than the watched bytes", -1 },
	{ "operand outside the mask", CV_PRED_EQ, { NUMBER(U64, PRED_MASK, 1), NUMBER(U64, PRED_A, 2) },
	  EINVAL, "outside the mask", -1 },
	{ "predicate 0", 0, { NUMBER(U64, PRED_A, 1) }, ERANGE, "range", -2 },
	{ "unknown predicate", CV_PRED_MAX + 1, { NUMBER(U64, PRED_A, 1) }, ERANGE, "range", -2 },
	{ "no program", CV_PRED_BPF, {}, EINVAL, "lacks its program", -1 },
	{ "no such descriptor", CV_PRED_BPF, { NUMBER(U32, PRED_FD, 901) }, EBADF, "not a loaded", 0 },
	{ "a descriptor of something else", CV_PRED_BPF, { NUMBER(U32, PRED_FD, 0) }, EINVAL,
	  "not a loaded", 0 },
	{ "a short operand", CV_PRED_EQ, { NUMBER(U32, PRED_A, 1) }, EINVAL, "length", 0 },
	{ "an answer's attribute", CV_PRED_EQ, { NUMBER(U8, CRITERION_HOLDS, 1), NUMBER(U64, PRED_A, 1) },
	  EINVAL, "Unsupported", 0 },
	{ "a foreign attribute", CV_PRED_EQ, { NUMBER(U32, SET, 1), NUMBER(U64, PRED_A, 1) },
	  EINVAL, "Unsupported", 0 },
	{ "17 values", CV_PRED_IN, { VALUES(17 * 8) }, ERANGE, NULL, 0 },
};

static void put_criterion(const struct criterion_case *k)
{
	static const char zeros[17 * 8];
	struct nlattr *nla;
	int i;

	begin_criterion(k->type);
	blamed = k->blamed == -1 ? criterion :
		 (void *)(m.bytes + m.h.nlmsg_len - NLA_ALIGN(NLA_HDRLEN + 1));	/* type */
	for (i = 0; i < 3 && k->fields[i].type; i++) {
		if (k->fields[i].kind == BYTES)
			nla = msg_put(&m, k->fields[i].type, zeros, k->fields[i].len);
		else
			nla = put(&k->fields[i]);
		if (i == k->blamed)
			blamed = nla;
	}
}

static void test_nests(void)
{
	uint32_t full = watch, other;	/* a watch has room for 64 criteria, and one already */
	struct nlattr *nla;
	int i;

	begin_set();
	criterion = msg_nest(&m, CV_A_CRITERION);
	msg_u8(&m, CV_A_PRED_TYPE, CV_PRED_EQ);
	msg_u64(&m, CV_A_PRED_A, 1);
	ask_set("no watch", EINVAL, criterion, "names a watch");

	begin_set();
	criterion = msg_nest(&m, CV_A_CRITERION);
	nla = msg_u32(&m, CV_A_WATCH, NOBODY);
	msg_u8(&m, CV_A_PRED_TYPE, CV_PRED_EQ);
	ask_set("an unknown watch", ENOENT, nla, "no watch with this id");

	begin_set();
	criterion = msg_nest(&m, CV_A_CRITERION);
	nla = msg_u32(&m, CV_A_WATCH, bare_watch);
	msg_u8(&m, CV_A_PRED_TYPE, CV_PRED_EQ);
	ask_set("a watch of another vm", ENOENT, nla, "no watch with this id");

	begin_set();
	criterion = criteria;
	ask_set("no criterion", EINVAL, criteria, "without criteria");

	begin_set();
	criterion = msg_nest(&m, CV_A_WATCH);
	ask_set("something else than a criterion", EINVAL, criterion, "not a criterion");

	other = world_watch(sock, vm, 0x3000, 4);
	begin_set();
	for (i = 0; i < CV_SET_CRITERIA + 1; i++) {
		watch = i % 2 ? other : full;
		begin_criterion(CV_PRED_EQ);
		msg_u64(&m, CV_A_PRED_A, 1);
		msg_nest_end(&m, criterion);
	}
	watch = full;
	ask_set("65 criteria", ENOSPC, criterion, "at most 64");
	world_del(sock, CV_CMD_WATCH_DEL, CV_A_WATCH, other);

	begin_set();
	criteria->nla_type &= ~NLA_F_NESTED;
	begin_criterion(CV_PRED_EQ);
	msg_u64(&m, CV_A_PRED_A, 1);
	ask_set("criteria without NLA_F_NESTED", EINVAL, criteria, "NLA_F_NESTED");

	begin_set();
	begin_criterion(CV_PRED_EQ);
	criterion->nla_type &= ~NLA_F_NESTED;
	msg_u64(&m, CV_A_PRED_A, 1);
	ask_set("a criterion without NLA_F_NESTED", EINVAL, criterion, "NLA_F_NESTED");
}

static void test_criteria(void)
{
	const struct criterion_case *k;

	for (k = criterion_cases; k < criterion_cases + COUNT(criterion_cases); k++) {
		begin_set();
		put_criterion(k);
		ask_set(k->what, k->error, blamed, k->text);
	}
	test_nests();
	result("a malformed criterion is refused with text and offset");
}

/* --- objects in the way ------------------------------------------------- */

static void test_busy(void)
{
	struct nlattr *nla;

	msg_begin(&m, CV_CMD_VM_ATTACH, 0);
	nla = msg_u32(&m, CV_A_VM_FD, vm_fd);
	ask("attached twice", EBUSY, nla, "attached already");

	msg_begin(&m, CV_CMD_WATCH_DEL, 0);
	nla = msg_u32(&m, CV_A_WATCH, watch);
	ask("a watch that a set names", EBUSY, nla, "a set");

	world_port_request(&m, set, 0);
	nla = msg_u16(&m, CV_A_PORT_NUMBER, 80);
	ask("the service port", EBUSY, nla, "port");

	/* Another service behind the same number. */
	msg_begin(&m, CV_CMD_PORT_ADD, 0);
	msg_u32(&m, CV_A_SET, set);
	msg_u32(&m, CV_A_PORT_ADDR4, htonl(0x0a4d0002));
	msg_u8(&m, CV_A_PORT_PROTO, IPPROTO_TCP);
	msg_u16(&m, CV_A_PORT_SERVICE, 81);
	nla = msg_u16(&m, CV_A_PORT_NUMBER, 5000);
	ask("a number that is taken", EBUSY, nla, "taken");

	world_port_request(&m, set, 0);
	msg_u16(&m, CV_A_PORT_MIN, 80);
	msg_u16(&m, CV_A_PORT_MAX, 80);
	ask("a range that is taken", EBUSY, NULL, "taken");
	result("what is in use is EBUSY");
}

static void test_limits(void)
{
	uint32_t ids[CV_VM_SLOTS];
	struct nlattr *nla;
	int i;

	for (i = 0; i < CV_VM_SLOTS - 1; i++)
		ids[i] = world_watch(sock, bare, 0x2000 + 8 * i, 8);
	request(command_of(CV_CMD_WATCH_ADD), CV_A_VM);
	nla = msg_u32(&m, CV_A_VM, bare);
	msg_u8(&m, CV_A_WATCH_TRIGGER, CV_TRIGGER_DEBUG);
	ask("a fifth debug register", ENOSPC, NULL, "four debug registers");
	(void)nla;
	for (i = 0; i < CV_VM_SLOTS - 1; i++)
		world_del(sock, CV_CMD_WATCH_DEL, CV_A_WATCH, ids[i]);

	msg_begin(&m, CV_CMD_VM_ATTACH, 0);
	nla = msg_u32(&m, CV_A_VM_FD, CLOSED_FD);
	ask("a closed descriptor", EBADF, nla, "not an open file descriptor");
	msg_begin(&m, CV_CMD_VM_ATTACH, 0);
	nla = msg_u32(&m, CV_A_VM_FD, other_fd);
	ask("a descriptor of something else", EINVAL, nla, "not a KVM VM");
	msg_begin(&m, CV_CMD_VM_ATTACH, 0);
	nla = msg_u32(&m, CV_A_VM_FD, UINT32_MAX);
	ask("descriptor -1", EBADF, nla, "not an open file descriptor");
	result("a full vm is ENOSPC, and other bad descriptors and vms are refused");
}

int main(void)
{
	uint64_t was[5];

	sock = wire_open();
	make_world();
	count_objects(was);
	test_values();
	test_criteria();
	test_busy();
	test_limits();
	same_objects(was);
	result("a refused value changes nothing");
	clear_world();
	return 0;
}
