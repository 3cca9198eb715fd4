// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "attr.h"
#include "capture.h"
#include "cvadm.h"

static const char *const verdict_names[] = {
	[CV_PENDING] = "pending",
	[CV_SATISFIED] = "satisfied",
	[CV_UNKNOWN] = "unknown",
	[CV_VIOLATED] = "violated",
};
_Static_assert(ARRAY_SIZE(verdict_names) == __CV_VERDICTS, "a verdict has no name");

/* by bit */
static const char *const block_names[] = {
	"lease", "unresolved", "page", "guest", "nested", "restart", "encrypted", "flood",
	"exec",
};
_Static_assert(CV_BLOCK_EXEC == 1U << (ARRAY_SIZE(block_names) - 1), "a blocker has no name");

static const char *const watch_state_names[] = {
	[CV_WATCH_UNRESOLVED] = "unresolved",
	[CV_WATCH_LIVE] = "live",
	[CV_WATCH_LOST] = "lost",
};

static const char *const trigger_names[] = {
	[CV_TRIGGER_AUTO] = "auto",
	[CV_TRIGGER_DEBUG] = "debug",
	[CV_TRIGGER_PAGE] = "page",
	[CV_TRIGGER_NONE] = "none",
	[CV_TRIGGER_EXEC] = "exec",
};
_Static_assert(ARRAY_SIZE(trigger_names) == __CV_TRIGGERS, "a trigger has no name");

static const char *const source_names[] = {
	[CV_SOURCE_EXIT] = "exit",
	[CV_SOURCE_STORE] = "store",
	[CV_SOURCE_KVM] = "kvm",
	[CV_SOURCE_PACKET] = "packet",
	[CV_SOURCE_TIMER] = "timer",
	[CV_SOURCE_OPENING] = "opening",
	[CV_SOURCE_EXEC] = "exec",
};
_Static_assert(ARRAY_SIZE(source_names) == __CV_SOURCES, "a source has no name");

static const char *const port_state_names[] = {
	[CV_PORT_CLOSED] = "closed",
	[CV_PORT_OPEN] = "open",
	[CV_PORT_BLOCKED] = "blocked",
};

static const char *const pred_names[] = {
	[CV_PRED_EQ] = "eq",
	[CV_PRED_NE] = "ne",
	[CV_PRED_LT] = "lt",
	[CV_PRED_LE] = "le",
	[CV_PRED_GT] = "gt",
	[CV_PRED_GE] = "ge",
	[CV_PRED_RANGE] = "range",
	[CV_PRED_IN] = "in",
	[CV_PRED_BPF] = "bpf",
};
_Static_assert(ARRAY_SIZE(pred_names) == __CV_PRED_MAX, "a predicate has no name");

static const char *const event_names[] = {
	[CV_EV_VERDICT] = "verdict",
	[CV_EV_CUT] = "cut",
	[CV_EV_VM_GONE] = "vm-gone",
	[CV_EV_LEASE_END] = "lease-end",
	[CV_EV_DEBUGGER] = "debugger",
	[CV_EV_UNSERVED] = "unserved",
	[CV_EV_WATCH] = "watch",
	[CV_EV_VM_RESTART] = "vm-restart",
};
_Static_assert(ARRAY_SIZE(event_names) == __CV_EV_MAX, "an event has no name");

static const char *const proto_names[] = { [6] = "tcp", [17] = "udp" };
static const char *const vm_flag_names[] = { "allow-nested" };
static const char *const watch_flag_names[] = { "physical" };
static const char *const port_flag_names[] = { "bridged" };

#define A(attr, head, how)	[CV_A_##attr] = { .name = #attr, .heading = head, .look = how }
#define AN(attr, head, how, table)						\
	[CV_A_##attr] = { .name = #attr, .heading = head, .look = how,		\
			  .names = table, .n_names = ARRAY_SIZE(table) }

static const struct attr_desc attrs[] = {
	A(PAD,			"",		LOOK_BYTES),
	A(VM,			"VM",		LOOK_COUNT),
	A(WATCH,		"WATCH",	LOOK_COUNT),
	A(SESSION,		"SESSION",	LOOK_COUNT),
	A(SET,			"SET",		LOOK_COUNT),
	A(PORT,			"PORT",		LOOK_COUNT),

	A(VM_FD,		"FD",		LOOK_COUNT),
	A(VM_NAME,		"NAME",		LOOK_STRING),
	AN(VM_FLAGS,		"FLAGS",	LOOK_BITS, vm_flag_names),
	A(VM_PID,		"PID",		LOOK_COUNT),
	AN(VM_BLOCKERS,		"BLOCKERS",	LOOK_BITS, block_names),
	A(VM_VCPUS,		"VCPUS",	LOOK_COUNT),
	A(VM_ARMED,		"ARMED",	LOOK_COUNT),
	A(VM_EXITS,		"EXITS",	LOOK_COUNT),
	A(VM_HITS,		"HITS",		LOOK_COUNT),
	A(VM_FOREIGN,		"FOREIGN",	LOOK_COUNT),
	A(VM_REARMED,		"REARMED",	LOOK_COUNT),
	A(VM_FLOODS,		"FLOODS",	LOOK_COUNT),
	A(VM_UNSERVED,		"UNSERVED",	LOOK_COUNT),

	A(WATCH_ADDR,		"ADDRESS",	LOOK_HEX),
	A(WATCH_LEN,		"LEN",		LOOK_COUNT),
	A(WATCH_NAME,		"NAME",		LOOK_STRING),
	A(WATCH_GPA,		"GPA",		LOOK_HEX),
	AN(WATCH_STATE,		"STATE",	LOOK_ENUM, watch_state_names),
	A(WATCH_VALUE,		"VALUE",	LOOK_HEX),
	A(WATCH_HITS,		"HITS",		LOOK_COUNT),
	A(WATCH_CHANGES,	"CHANGES",	LOOK_COUNT),
	A(WATCH_LOST,		"LOST",		LOOK_COUNT),
	A(WATCH_SLOT,		"SLOT",		LOOK_COUNT),
	AN(WATCH_TRIGGER,	"TRIGGER",	LOOK_ENUM, trigger_names),
	AN(WATCH_FLAGS,		"FLAGS",	LOOK_BITS, watch_flag_names),
	[CV_A_CAPTURE_REG] = { .name = "CAPTURE_REG", .heading = "REGISTER", .look = LOOK_ENUM,
			       .names = capture_reg_names, .n_names = __CV_REGS },
	A(CAPTURE_PATH,		"PATH",		LOOK_OFFSETS),
	A(CAPTURE_LEN,		"BYTES",	LOOK_COUNT),

	A(SESSION_OWNER,	"OWNER",	LOOK_STRING),
	A(SESSION_LEASE,	"LEASE-MS",	LOOK_COUNT),
	A(SESSION_LEFT,		"LEFT-MS",	LOOK_COUNT),

	A(SET_DIGEST,		"DIGEST",	LOOK_BYTES),
	AN(SET_STATE,		"STATE",	LOOK_ENUM, verdict_names),
	AN(SET_BLOCKERS,	"BLOCKERS",	LOOK_BITS, block_names),
	A(SET_VIOLATIONS,	"VIOLATIONS",	LOOK_COUNT),
	A(SET_SINCE,		"SINCE",	LOOK_COUNT),

	A(CRITERIA,		"CRITERIA",	LOOK_NESTS),
	A(CRITERION,		"CRITERION",	LOOK_NEST),
	AN(PRED_TYPE,		"TYPE",		LOOK_ENUM, pred_names),
	A(PRED_MASK,		"MASK",		LOOK_HEX),
	A(PRED_A,		"A",		LOOK_HEX),
	A(PRED_B,		"B",		LOOK_HEX),
	A(PRED_VALUES,		"VALUES",	LOOK_HEXES),
	A(PRED_FD,		"FD",		LOOK_COUNT),
	A(CRITERION_HOLDS,	"HOLDS",	LOOK_BOOL),

	A(PORT_ADDR4,		"ADDRESS",	LOOK_ADDRESS),
	A(PORT_ADDR6,		"ADDRESS",	LOOK_ADDRESS),
	AN(PORT_PROTO,		"PROTO",	LOOK_ENUM, proto_names),
	A(PORT_SERVICE,		"SERVICE",	LOOK_COUNT),
	A(PORT_NUMBER,		"NUMBER",	LOOK_COUNT),
	A(PORT_MIN,		"MIN",		LOOK_COUNT),
	A(PORT_MAX,		"MAX",		LOOK_COUNT),
	AN(PORT_FLAGS,		"FLAGS",	LOOK_BITS, port_flag_names),
	AN(PORT_STATE,		"STATE",	LOOK_ENUM, port_state_names),
	A(PORT_USERS,		"USERS",	LOOK_COUNT),
	A(PORT_CONNS,		"CONNS",	LOOK_COUNT),
	A(PORT_PASSED,		"PASSED",	LOOK_COUNT),
	A(PORT_DROPPED,		"DROPPED",	LOOK_COUNT),
	A(PORT_RESETS,		"RESETS",	LOOK_COUNT),
	A(PORT_CUT,		"CUT",		LOOK_COUNT),

	AN(EV_TYPE,		"TYPE",		LOOK_ENUM, event_names),
	A(EV_SEQ,		"SEQ",		LOOK_COUNT),
	A(EV_LOST,		"LOST",		LOOK_COUNT),
	A(EV_TIME,		"TIME",		LOOK_COUNT),
	AN(EV_SOURCE,		"SOURCE",	LOOK_ENUM, source_names),
	A(EV_EXIT,		"EXIT",		LOOK_COUNT),
	A(EV_VCPU,		"VCPU",		LOOK_COUNT),
	A(EV_OLD,		"OLD",		LOOK_HEX),
	A(EV_NEW,		"NEW",		LOOK_HEX),
	AN(EV_FROM,		"FROM",		LOOK_ENUM, verdict_names),
	A(EV_DONE,		"DONE",		LOOK_COUNT),

	A(ST_KERNEL_HOOKS,	"HOOKS",	LOOK_BOOL),
	A(ST_VMS,		"VMS",		LOOK_COUNT),
	A(ST_WATCHES,		"WATCHES",	LOOK_COUNT),
	A(ST_SESSIONS,		"SESSIONS",	LOOK_COUNT),
	A(ST_SETS,		"SETS",		LOOK_COUNT),
	A(ST_PORTS,		"PORTS",	LOOK_COUNT),
	A(ST_CONNS,		"CONNS",	LOOK_COUNT),
	A(ST_VERSION,		"VERSION",	LOOK_STRING),
};
_Static_assert(ARRAY_SIZE(attrs) == CV_A_MAX + 1, "an attribute has no description");

const struct attr_desc *attr_find(int type)
{
	if (type < 0 || type > CV_A_MAX || !attrs[type].name)
		return NULL;
	return &attrs[type];
}

void attr_key(int type, char *buf, size_t size)
{
	const struct attr_desc *d = attr_find(type);

	if (d)
		snprintf(buf, size, "%s", d->name);
	else
		snprintf(buf, size, "attribute_%d", type);
	for (; *buf; buf++)
		*buf = tolower((unsigned char)*buf);
}

uint64_t attr_uint(const struct nlattr *nla)
{
	switch (nla_len(nla)) {
	case 1:
		return nla_get_u8(nla);
	case 2:
		return nla_get_u16(nla);
	case 4:
		return nla_get_u32(nla);
	case 8:
		return nla_get_u64(nla);
	default:
		return 0;
	}
}

const char *attr_enum(int type, uint64_t value)
{
	const struct attr_desc *d = attr_find(type);

	return d && d->names && value < d->n_names ? d->names[value] : NULL;
}

static void text_bits(int type, uint64_t bits, char *buf, size_t size)
{
	size_t n = 0;

	snprintf(buf, size, "-");
	for (int i = 0; i < 64 && n < size; i++) {
		const char *name = attr_enum(type, i);

		if (!(bits >> i & 1))
			continue;
		n += name ? snprintf(buf + n, size - n, "%s%s", n ? "," : "", name)
			  : snprintf(buf + n, size - n, "%sbit%d", n ? "," : "", i);
	}
}

static void text_bytes(const struct nlattr *nla, char *buf, size_t size)
{
	const uint8_t *p = nla_data(nla);

	*buf = '\0';
	for (int i = 0; i < nla_len(nla) && 2u * i + 2 < size; i++)
		snprintf(buf + 2 * i, 3, "%02x", p[i]);
}

static void text_string(const struct nlattr *nla, char *buf, size_t size)
{
	size_t len = strnlen(nla_data(nla), nla_len(nla));

	snprintf(buf, size, "%.*s", (int)len, (const char *)nla_data(nla));
	for (; *buf; buf++)
		if (iscntrl((unsigned char)*buf))
			*buf = '?';
}

static void text_hexes(const struct nlattr *nla, char *buf, size_t size)
{
	size_t n = 0;
	uint64_t v;

	*buf = '\0';
	for (int i = 0; i + 8 <= nla_len(nla) && n < size; i += 8) {
		memcpy(&v, (const char *)nla_data(nla) + i, sizeof(v));
		n += snprintf(buf + n, size - n, "%s0x%" PRIx64, i ? "," : "", v);
	}
}

static void text_offsets(const struct nlattr *nla, char *buf, size_t size)
{
	size_t n = 0;
	int32_t v;

	*buf = '\0';
	for (int i = 0; i + 4 <= nla_len(nla) && n < size; i += 4) {
		memcpy(&v, (const char *)nla_data(nla) + i, sizeof(v));
		n += snprintf(buf + n, size - n, "%s%+d", i ? "," : "", v);
	}
}

static void text_address(const struct nlattr *nla, char *buf, size_t size)
{
	snprintf(buf, size, "?");
	if (nla_len(nla) == sizeof(struct in_addr))
		inet_ntop(AF_INET, nla_data(nla), buf, size);
	else if (nla_len(nla) == sizeof(struct in6_addr))
		inet_ntop(AF_INET6, nla_data(nla), buf, size);
}

static void text_number(const char *name, uint64_t v, char *buf, size_t size)
{
	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%" PRIu64, v);
}

void attr_text(const struct nlattr *nla, char *buf, size_t size)
{
	int type = nla_type(nla);
	const struct attr_desc *d = attr_find(type);
	uint64_t v = attr_uint(nla);

	switch (d ? d->look : LOOK_BYTES) {
	case LOOK_COUNT:
		return text_number(NULL, v, buf, size);
	case LOOK_HEX:
		snprintf(buf, size, "0x%" PRIx64, v);
		return;
	case LOOK_BOOL:
		return text_number(v ? "yes" : "no", v, buf, size);
	case LOOK_ENUM:
		return text_number(attr_enum(type, v), v, buf, size);
	case LOOK_BITS:
		return text_bits(type, v, buf, size);
	case LOOK_STRING:
		return text_string(nla, buf, size);
	case LOOK_HEXES:
		return text_hexes(nla, buf, size);
	case LOOK_OFFSETS:
		return text_offsets(nla, buf, size);
	case LOOK_ADDRESS:
		return text_address(nla, buf, size);
	default:
		return text_bytes(nla, buf, size);
	}
}
