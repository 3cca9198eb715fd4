// SPDX-License-Identifier: GPL-2.0
/*
 * What each command refuses, and how it says so: error number, extack text and
 * the offset of the attribute to blame, as Documentation/netlink.md has them.
 *
 * test: a command that does not exist is EOPNOTSUPP
 * test: a valid request of each command is accepted
 * test: a required attribute left out is EINVAL with text
 * test: an attribute that is not the command's is EINVAL with text and offset
 * test: an attribute that is not the dump's is EINVAL with text and offset
 * test: an attribute of a wrong length is refused with text and offset
 * test: an id nobody has is ENOENT with text and offset
 * test: a value outside its limits is refused with text and offset
 * test: a malformed criterion is refused with text and offset
 * test: what is in use is EBUSY
 * test: a full vm is ENOSPC, and other bad descriptors and vms are refused
 * test: bytes after the last attribute are EINVAL
 * test: a refused request changes nothing
 * test: objects of another network namespace are not found
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NOBODY		0xfffffff0u
#define LONGEST		"123456789012345678901234567890123456789012345678901234567890123"

static int sock;
static struct msg m;
static struct answer a;
static uint32_t vm, watch, session, set, port, bare, bare_watch;
static uint32_t vm_fd, bare_fd, closed_fd = 900, other_fd;

/* --- the commands as documented ----------------------------------------- */

enum kind { U8, U16, U32, U64, ID, NAME, BYTES, CRITERIA };

struct field {
	uint16_t type;
	enum kind kind;
	bool optional;		/* or not in the request that is accepted */
	uint64_t value;
	const uint32_t *id;	/* ID, and U32 that is known late */
	const char *text;	/* NAME */
	size_t len;		/* BYTES */
};

#define OBJECT(what, variable)	{ CV_A_##what, ID, false, 0, &variable, NULL, 0 }
#define FILTER(what, variable)	{ CV_A_##what, ID, true, 0, &variable, NULL, 0 }
#define NUMBER(kind, what, n)	{ CV_A_##what, kind, false, n, NULL, NULL, 0 }
#define OPTION(kind, what, n)	{ CV_A_##what, kind, true, n, NULL, NULL, 0 }
#define MAX_FIELDS 10

struct command {
	uint8_t cmd;
	const char *name;
	bool dump;
	struct field fields[MAX_FIELDS];	/* ends with type 0 */
	struct field filters[MAX_FIELDS];	/* of the dump */
};

#define COMMAND(name, ...)	{ CV_CMD_##name, #name, __VA_ARGS__ }

static const struct command commands[] = {
	COMMAND(STATUS, false, {}, {}),
	COMMAND(VM_ATTACH, false, { { CV_A_VM_FD, U32, false, 0, &vm_fd, NULL, 0 },
		{ CV_A_VM_NAME, NAME, true, 0, NULL, "name", 0 }, OPTION(U32, VM_FLAGS, 0) }, {}),
	COMMAND(VM_DETACH, false, { OBJECT(VM, vm) }, {}),
	COMMAND(VM_GET, true, { OBJECT(VM, vm) }, {}),
	COMMAND(WATCH_ADD, false, { OBJECT(VM, vm), NUMBER(U64, WATCH_ADDR, 0x1000),
		NUMBER(U8, WATCH_LEN, 4), { CV_A_WATCH_NAME, NAME, true, 0, NULL, "name", 0 } }, {}),
	COMMAND(WATCH_DEL, false, { OBJECT(WATCH, watch) }, {}),
	COMMAND(WATCH_GET, true, { OBJECT(WATCH, watch) }, { FILTER(VM, vm) }),
	COMMAND(SESSION_ADD, false, { { CV_A_SESSION_OWNER, NAME, false, 0, NULL, "owner", 0 },
		NUMBER(U32, SESSION_LEASE, 60000) }, {}),
	COMMAND(SESSION_RENEW, false, { OBJECT(SESSION, session), OPTION(U32, SESSION_LEASE, 60000) }, {}),
	COMMAND(SESSION_DEL, false, { OBJECT(SESSION, session) }, {}),
	COMMAND(SESSION_GET, true, { OBJECT(SESSION, session) }, {}),
	COMMAND(SET_ADD, false, { OBJECT(SESSION, session), OBJECT(VM, vm),
		{ CV_A_SET_DIGEST, BYTES, false, 0, NULL, NULL, CV_DIGEST_LEN },
		{ CV_A_CRITERIA, CRITERIA, false, 0, NULL, NULL, 0 } }, {}),
	COMMAND(SET_DEL, false, { OBJECT(SET, set) }, {}),
	COMMAND(SET_REATTEST, false, { OBJECT(SET, set) }, {}),
	COMMAND(SET_GET, true, { OBJECT(SET, set) }, { FILTER(SESSION, session), FILTER(VM, vm) }),
	COMMAND(PORT_ADD, false, { OBJECT(SET, set), NUMBER(U32, PORT_ADDR4, 0x0200000a),
		NUMBER(U8, PORT_PROTO, IPPROTO_TCP), NUMBER(U16, PORT_SERVICE, 80),
		OPTION(U16, PORT_MIN, 1000), OPTION(U16, PORT_MAX, 2000),
		OPTION(U32, PORT_FLAGS, 0) }, {}),
	COMMAND(PORT_DEL, false, { OBJECT(PORT, port) }, {}),
	COMMAND(PORT_GET, true, { OBJECT(PORT, port) }, { FILTER(SET, set) }),
};

/* Attributes of a command that its accepted request has not. */
static bool also_of(uint8_t cmd, uint16_t type)
{
	return cmd == CV_CMD_PORT_ADD && (type == CV_A_PORT_ADDR6 || type == CV_A_PORT_NUMBER);
}

static const struct field *field_of(const struct field *f, uint16_t type)
{
	for (; f->type; f++)
		if (f->type == type)
			return f;
	return NULL;
}

static struct nlattr *put_criteria(void)
{
	struct nlattr *criteria = msg_nest(&m, CV_A_CRITERIA), *criterion = msg_nest(&m, CV_A_CRITERION);

	msg_u32(&m, CV_A_WATCH, watch);
	msg_u8(&m, CV_A_PRED_TYPE, CV_PRED_EQ);
	msg_u64(&m, CV_A_PRED_A, 0);
	msg_nest_end(&m, criterion);
	msg_nest_end(&m, criteria);
	return criteria;
}

static struct nlattr *put(const struct field *f)
{
	static const char zeros[CV_DIGEST_LEN];
	uint64_t v = f->id ? *f->id : f->value;

	switch (f->kind) {
	case U8: return msg_u8(&m, f->type, v);
	case U16: return msg_u16(&m, f->type, v);
	case U32: return msg_u32(&m, f->type, v);
	case U64: return msg_u64(&m, f->type, v);
	case ID: return msg_u32(&m, f->type, v);
	case NAME: return msg_string(&m, f->type, f->text);
	case BYTES: return msg_put(&m, f->type, zeros, f->len);
	case CRITERIA: return put_criteria();
	}
	return NULL;
}

/* The accepted request but for one attribute, which the caller may put itself. */
static void request(const struct command *c, uint16_t without)
{
	const struct field *f;

	msg_begin(&m, c->cmd, 0);
	for (f = c->fields; f->type; f++)
		if (f->type != without)
			put(f);
}

/* --- judging an answer -------------------------------------------------- */

static const char *name_of(int error)
{
	return error ? strerrorname_np(error) : "success";
}

/* at: the attribute to blame, NULL = none. text: part of the extack. */
static void expect(const char *what, int error, const void *at, const char *text)
{
	int offset = at ? msg_offset(&m, at) : -1;

	if (a.error != error)
		fault("%s: expected %s, got %s (%s)", what, name_of(error), name_of(a.error), a.text);
	else if (a.offset != offset)
		fault("%s: expected offset %d, got %d (%s: %s)", what, offset, a.offset,
		      name_of(error), a.text);
	else if (error && (!*a.text || (text && !strstr(a.text, text))))
		fault("%s: expected text \"%s\", got \"%s\"", what, text ?: "anything", a.text);
}

static void ask(const char *what, int error, const void *at, const char *text)
{
	wire_ask(sock, &m, &a);
	expect(what, error, at, text);
}

static void nothing(const struct nlattr *const attr[WIRE_ATTRS], void *arg)
{
	(void)attr;
	(void)arg;
}

static void ask_dump(const char *what, int error, const void *at, const char *text)
{
	wire_dump(sock, &m, &a, nothing, NULL);
	expect(what, error, at, text);
}

/* --- what every command refuses ----------------------------------------- */

static void test_no_command(void)
{
	static const uint8_t none[] = { CV_CMD_UNSPEC, CV_CMD_EVENT, __CV_CMD_MAX, 255 };
	size_t i;

	for (i = 0; i < COUNT(none); i++) {
		msg_begin(&m, none[i], 0);
		wire_ask(sock, &m, &a);
		if (a.error != EOPNOTSUPP)
			fault("command %u: expected EOPNOTSUPP, got %s", none[i], name_of(a.error));
	}
	for (i = 0; i < COUNT(commands); i++) {
		if (commands[i].dump)
			continue;
		msg_begin(&m, commands[i].cmd, 0);
		wire_dump(sock, &m, &a, nothing, NULL);
		if (a.error != EOPNOTSUPP)
			fault("dump of %s: expected EOPNOTSUPP, got %s", commands[i].name, name_of(a.error));
	}
	result("a command that does not exist is EOPNOTSUPP");
}

/* Every command whose request leaves things as they are, or is undone here. */
static void test_accepted(void)
{
	const struct command *c;
	const struct field *f;

	for (c = commands; c < commands + COUNT(commands); c++) {
		if (strstr(c->name, "DEL") || strstr(c->name, "DETACH") || c->cmd == CV_CMD_VM_ATTACH)
			continue;
		request(c, 0);
		ask(c->name, 0, NULL, NULL);
		if (strstr(c->name, "WATCH_ADD"))
			world_del(sock, CV_CMD_WATCH_DEL, CV_A_WATCH, wire_uint(a.attr[CV_A_WATCH]));
		if (strstr(c->name, "SESSION_ADD"))
			world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, wire_uint(a.attr[CV_A_SESSION]));
		if (strstr(c->name, "SET_ADD"))
			world_del(sock, CV_CMD_SET_DEL, CV_A_SET, wire_uint(a.attr[CV_A_SET]));
		if (strstr(c->name, "PORT_ADD"))
			world_del(sock, CV_CMD_PORT_DEL, CV_A_PORT, wire_uint(a.attr[CV_A_PORT]));
		if (!c->dump)
			continue;
		msg_begin(&m, c->cmd, 0);
		for (f = c->filters; f->type; f++)
			put(f);
		ask_dump(c->name, 0, NULL, NULL);
	}
	result("a valid request of each command is accepted");
}

static void test_missing(void)
{
	const struct command *c;
	const struct field *f;
	char what[64];

	for (c = commands; c < commands + COUNT(commands); c++) {
		for (f = c->fields; f->type; f++) {
			if (f->optional)
				continue;
			snprintf(what, sizeof(what), "%s without attribute %u", c->name, f->type);
			request(c, f->type);
			ask(what, EINVAL, NULL, f->type == CV_A_PORT_ADDR4 ? "address" : "missing");
		}
	}
	result("a required attribute left out is EINVAL with text");
}

/* An attribute as long as it is where it belongs; the length must not matter. */
static struct nlattr *put_foreign(uint16_t type)
{
	return msg_u32(&m, type, 1);
}

/* What is deleted, should the kernel let the request pass, is nobody. */
static void put_harmless(const struct command *c)
{
	bool deletes = strstr(c->name, "_DE") || c->cmd == CV_CMD_VM_DETACH;
	const struct field *f;

	for (f = c->fields; f->type; f++)
		if (deletes && f->kind == ID)
			msg_u32(&m, f->type, NOBODY);
		else
			put(f);
}

/* The foreign attribute comes first: what follows must not be looked at. */
static void test_foreign(void)
{
	const struct command *c;
	struct nlattr *nla;
	uint16_t type;
	char what[64];

	for (c = commands; c < commands + COUNT(commands); c++) {
		for (type = CV_A_UNSPEC; type <= CV_A_MAX + 2; type++) {
			if (field_of(c->fields, type) || also_of(c->cmd, type))
				continue;
			snprintf(what, sizeof(what), "%s with attribute %u", c->name, type);
			msg_begin(&m, c->cmd, 0);
			nla = put_foreign(type);
			put_harmless(c);
			ask(what, EINVAL, nla, NULL);
			if (!a.error && c->cmd == CV_CMD_SESSION_ADD)
				world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION,
					  wire_uint(a.attr[CV_A_SESSION]));
		}
	}
	result("an attribute that is not the command's is EINVAL with text and offset");
}

static void test_foreign_dump(void)
{
	const struct command *c;
	struct nlattr *nla;
	uint16_t type;
	char what[64];

	for (c = commands; c < commands + COUNT(commands); c++) {
		for (type = CV_A_UNSPEC; c->dump && type <= CV_A_MAX + 2; type++) {
			/* its filters, and the object's own id */
			if (field_of(c->filters, type) || field_of(c->fields, type))
				continue;
			snprintf(what, sizeof(what), "dump of %s with attribute %u", c->name, type);
			msg_begin(&m, c->cmd, 0);
			nla = put_foreign(type);
			ask_dump(what, EINVAL, nla, NULL);
		}
	}
	result("an attribute that is not the dump's is EINVAL with text and offset");
}

static size_t length_of(const struct field *f)
{
	switch (f->kind) {
	case U8: return 1;
	case U16: return 2;
	case U32: case ID: return 4;
	case U64: return 8;
	default: return f->len;
	}
}

static void try_length(const struct command *c, const struct field *f, size_t len)
{
	static const char ones[64] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct nlattr *nla;
	char what[64];

	snprintf(what, sizeof(what), "%s with %zu bytes of attribute %u", c->name, len, f->type);
	request(c, f->type);
	nla = msg_put(&m, f->type, ones, len);
	/* the netlink core's own words for a binary attribute of a fixed length */
	ask(what, f->kind == BYTES ? ERANGE : EINVAL, nla, NULL);
}

static void test_length(void)
{
	static const struct field address6 = { CV_A_PORT_ADDR6, BYTES, true, 0, NULL, NULL, 16 };
	static const struct field number = { CV_A_PORT_NUMBER, U16, true, 0, NULL, NULL, 0 };
	const struct command *c;
	const struct field *f;

	for (c = commands; c < commands + COUNT(commands); c++) {
		for (f = c->fields; f->type; f++) {
			try_length(c, f, 0);
			if (f->kind == NAME || f->kind == CRITERIA)
				continue;
			try_length(c, f, length_of(f) - 1);
			try_length(c, f, length_of(f) + 1);
		}
		if (c->cmd != CV_CMD_PORT_ADD)
			continue;
		try_length(c, &address6, 15);
		try_length(c, &address6, 17);
		try_length(c, &number, 1);
		try_length(c, &number, 4);
	}
	result("an attribute of a wrong length is refused with text and offset");
}

static void test_unknown_id(void)
{
	const struct command *c;
	const struct field *f;
	struct nlattr *nla;
	char what[64];

	for (c = commands; c < commands + COUNT(commands); c++) {
		for (f = c->fields; f->type; f++) {
			if (f->kind != ID)
				continue;
			snprintf(what, sizeof(what), "%s of a nobody", c->name);
			request(c, f->type);
			nla = msg_u32(&m, f->type, NOBODY);
			ask(what, ENOENT, nla, "with this id");
			request(c, f->type);
			nla = msg_u32(&m, f->type, 0);
			ask("id 0", ERANGE, nla, "out of range");
		}
	}
	result("an id nobody has is ENOENT with text and offset");
}

static void test_trailing(void)
{
	const struct command *c;

	for (c = commands; c < commands + COUNT(commands); c++) {
		request(c, 0);
		memset(m.bytes + m.h.nlmsg_len, 0, 4);
		m.h.nlmsg_len += 3;
		ask(c->name, EINVAL, NULL, "leftover");
	}
	result("bytes after the last attribute are EINVAL");
}

/* --- what single commands refuse ---------------------------------------- */

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

static const struct command *command_of(uint8_t cmd)
{
	const struct command *c = commands;

	while (c->cmd != cmd)
		c++;
	return c;
}

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

	begin_set();
	for (i = 0; i < CV_SET_CRITERIA + 1; i++) {
		begin_criterion(CV_PRED_EQ);
		msg_u64(&m, CV_A_PRED_A, 1);
		msg_nest_end(&m, criterion);
	}
	ask_set("17 criteria", ENOSPC, criterion, "at most 16");

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
	uint32_t ids[CV_VM_WATCHES];
	struct nlattr *nla;
	int i;

	for (i = 0; i < CV_VM_WATCHES - 1; i++)
		ids[i] = world_watch(sock, bare, 0x2000 + 8 * i, 8);
	request(command_of(CV_CMD_WATCH_ADD), CV_A_VM);
	nla = msg_u32(&m, CV_A_VM, bare);
	ask("a fifth watch", ENOSPC, NULL, "four debug registers");
	(void)nla;
	for (i = 0; i < CV_VM_WATCHES - 1; i++)
		world_del(sock, CV_CMD_WATCH_DEL, CV_A_WATCH, ids[i]);

	msg_begin(&m, CV_CMD_VM_ATTACH, 0);
	nla = msg_u32(&m, CV_A_VM_FD, closed_fd);
	ask("a closed descriptor", EBADF, nla, "not an open file descriptor");
	msg_begin(&m, CV_CMD_VM_ATTACH, 0);
	nla = msg_u32(&m, CV_A_VM_FD, other_fd);
	ask("a descriptor of something else", EINVAL, nla, "not a KVM VM");
	msg_begin(&m, CV_CMD_VM_ATTACH, 0);
	nla = msg_u32(&m, CV_A_VM_FD, UINT32_MAX);
	ask("descriptor -1", EBADF, nla, "not an open file descriptor");
	result("a full vm is ENOSPC, and other bad descriptors and vms are refused");
}

/* --- what is left -------------------------------------------------------- */

static void counts(uint64_t n[5])
{
	static const uint16_t kinds[] = { CV_A_ST_VMS, CV_A_ST_WATCHES, CV_A_ST_SESSIONS, CV_A_ST_SETS,
					  CV_A_ST_PORTS };
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		n[i] = world_status(sock, kinds[i]);
}

static void compare(const uint64_t was[5])
{
	static const char *const names[] = { "vms", "watches", "sessions", "sets", "ports" };
	uint64_t is[5];
	size_t i;

	counts(is);
	for (i = 0; i < COUNT(is); i++)
		if (is[i] != was[i])
			fault("%s: expected %llu, got %llu", names[i], (unsigned long long)was[i],
			      (unsigned long long)is[i]);
	result("a refused request changes nothing");
}

/* The port is of the namespace it was made in; everything else is the host's. */
static void test_namespace(void)
{
	int here = sock;
	struct nlattr *nla;
	uint8_t cmd;

	if (unshare(CLONE_NEWNET)) {
		fault("unshare: %s", strerror(errno));
		result("objects of another network namespace are not found");
		return;
	}
	sock = wire_open();
	for (cmd = CV_CMD_PORT_DEL; cmd <= CV_CMD_PORT_GET; cmd++) {
		msg_begin(&m, cmd, 0);
		nla = msg_u32(&m, CV_A_PORT, port);
		ask("a port of another namespace", ENOENT, nla, "no port");
	}
	if (world_status(sock, CV_A_ST_PORTS))
		fault("ports are counted that are not of this namespace");
	msg_begin(&m, CV_CMD_SET_GET, 0);
	msg_u32(&m, CV_A_SET, set);
	ask("a set from another namespace", 0, NULL, NULL);
	result("objects of another network namespace are not found");
	close(sock);
	sock = here;
}

static void make_world(void)
{
	vm_fd = world_bare_kvm();
	bare_fd = world_bare_kvm();
	other_fd = open("/dev/null", O_RDONLY);
	vm = world_vm(sock, vm_fd, "first");
	bare = world_vm(sock, bare_fd, "second");
	watch = world_watch(sock, vm, 0x3000, 4);
	bare_watch = world_watch(sock, bare, 0x3000, 4);
	session = world_session(sock, "owner", 3600000);
	set = world_set(sock, session, vm, watch, 1);
	port = world_port(sock, set, 5000);
}

int main(void)
{
	uint64_t was[5];

	sock = wire_open();
	make_world();
	counts(was);
	test_no_command();
	test_accepted();
	test_missing();
	test_foreign();
	test_foreign_dump();
	test_length();
	test_unknown_id();
	test_values();
	test_criteria();
	test_busy();
	test_limits();
	test_trailing();
	compare(was);
	test_namespace();
	world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, session);
	world_del(sock, CV_CMD_VM_DETACH, CV_A_VM, vm);
	world_del(sock, CV_CMD_VM_DETACH, CV_A_VM, bare);
	return 0;
}
