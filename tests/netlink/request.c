// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "request.h"

int sock;
struct msg m;
struct answer a;
uint32_t vm, watch, session, set, port, bare, bare_watch;
uint32_t vm_fd, bare_fd, other_fd;

/* --- the table ---------------------------------------------------------- */

#define COMMAND(name, ...)	{ CV_CMD_##name, #name, __VA_ARGS__ }

const struct command commands[] = {
	COMMAND(STATUS, false, {}, {}),
	COMMAND(VM_ATTACH, false, { { CV_A_VM_FD, U32, false, 0, &vm_fd, NULL, 0 },
		{ CV_A_VM_NAME, NAME, true, 0, NULL, "name", 0 }, OPTION(U32, VM_FLAGS, 0) }, {}),
	COMMAND(VM_DETACH, false, { OBJECT(VM, vm) }, {}),
	COMMAND(VM_GET, true, { OBJECT(VM, vm) }, {}),
	COMMAND(WATCH_ADD, false, { OBJECT(VM, vm), NUMBER(U64, WATCH_ADDR, 0x1000),
		NUMBER(U8, WATCH_LEN, 4), { CV_A_WATCH_NAME, NAME, true, 0, NULL, "name", 0 },
		OPTION(U8, WATCH_TRIGGER, CV_TRIGGER_AUTO), OPTION(U32, WATCH_FLAGS, 0) }, {}),
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

const size_t n_commands = COUNT(commands);

const struct field *field_of(const struct field *f, uint16_t type)
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

struct nlattr *put(const struct field *f)
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

void request(const struct command *c, uint16_t without)
{
	const struct field *f;

	msg_begin(&m, c->cmd, 0);
	for (f = c->fields; f->type; f++)
		if (f->type != without)
			put(f);
}

/* --- judging an answer -------------------------------------------------- */

const char *name_of(int error)
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

void ask(const char *what, int error, const void *at, const char *text)
{
	wire_ask(sock, &m, &a);
	expect(what, error, at, text);
}

static void nothing(const struct nlattr *const attr[WIRE_ATTRS], void *arg)
{
	(void)attr;
	(void)arg;
}

void ask_dump(const char *what, int error, const void *at, const char *text)
{
	wire_dump(sock, &m, &a, nothing, NULL);
	expect(what, error, at, text);
}

const struct command *command_of(uint8_t cmd)
{
	const struct command *c = commands;

	while (c->cmd != cmd)
		c++;
	return c;
}

/* --- objects ------------------------------------------------------------ */

void make_world(void)
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

void clear_world(void)
{
	world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, session);
	world_del(sock, CV_CMD_VM_DETACH, CV_A_VM, vm);
	world_del(sock, CV_CMD_VM_DETACH, CV_A_VM, bare);
}

void count_objects(uint64_t n[5])
{
	static const uint16_t kinds[] = { CV_A_ST_VMS, CV_A_ST_WATCHES, CV_A_ST_SESSIONS, CV_A_ST_SETS,
					  CV_A_ST_PORTS };
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		n[i] = world_status(sock, kinds[i]);
}

void same_objects(const uint64_t was[5])
{
	static const char *const names[] = { "vms", "watches", "sessions", "sets", "ports" };
	uint64_t is[5];
	size_t i;

	count_objects(is);
	for (i = 0; i < COUNT(is); i++)
		if (is[i] != was[i])
			fault("%s: expected %llu, got %llu", names[i], (unsigned long long)was[i],
			      (unsigned long long)is[i]);
}
