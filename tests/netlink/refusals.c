// SPDX-License-Identifier: GPL-2.0
/*
 * What every command refuses, and how it says so: error number, extack text and
 * the offset of the attribute to blame, as Documentation/netlink.md has them.
 *
 * test: a command that does not exist is EOPNOTSUPP
 * test: a valid request of each command is accepted
 * test: a required attribute left out is EINVAL with text
 * test: an attribute that is not the command's is EINVAL with text and offset
 * test: an attribute that is not the dump's is EINVAL with text and offset
 * test: an attribute of a wrong length is refused with text and offset
 * test: an id nobody has is ENOENT with text and offset
 * test: bytes after the last attribute are EINVAL
 * test: a refused request changes nothing
 * test: objects of another network namespace are not found
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "request.h"

static void nothing(const struct nlattr *const attr[WIRE_ATTRS], void *arg)
{
	(void)attr;
	(void)arg;
}

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
	for (i = 0; i < n_commands; i++) {
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

	for (c = commands; c < commands + n_commands; c++) {
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

	for (c = commands; c < commands + n_commands; c++) {
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

/* Attributes of a command that its accepted request has not. */
static bool also_of(uint8_t cmd, uint16_t type)
{
	switch (type) {
	case CV_A_PORT_ADDR6:
	case CV_A_PORT_NUMBER:
		return cmd == CV_CMD_PORT_ADD;
	case CV_A_CAPTURE_REG:
	case CV_A_CAPTURE_PATH:
	case CV_A_CAPTURE_LEN:
		return cmd == CV_CMD_WATCH_ADD;
	default:
		return false;
	}
}

/* The foreign attribute comes first: what follows must not be looked at. */
static void test_foreign(void)
{
	const struct command *c;
	struct nlattr *nla;
	uint16_t type;
	char what[64];

	for (c = commands; c < commands + n_commands; c++) {
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

	for (c = commands; c < commands + n_commands; c++) {
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

	for (c = commands; c < commands + n_commands; c++) {
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

	for (c = commands; c < commands + n_commands; c++) {
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

	for (c = commands; c < commands + n_commands; c++) {
		request(c, 0);
		memset(m.bytes + m.h.nlmsg_len, 0, 4);
		m.h.nlmsg_len += 3;
		ask(c->name, EINVAL, NULL, "leftover");
	}
	result("bytes after the last attribute are EINVAL");
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

int main(void)
{
	uint64_t was[5];

	sock = wire_open();
	make_world();
	count_objects(was);
	test_no_command();
	test_accepted();
	test_missing();
	test_foreign();
	test_foreign_dump();
	test_length();
	test_unknown_id();
	test_trailing();
	same_objects(was);
	result("a refused request changes nothing");
	test_namespace();
	clear_world();
	return 0;
}
