// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "attr.h"
#include "nl.h"
#include "output.h"

struct port_request {
	uint32_t set;
	uint16_t service, number, min, max;	/* 0 = not given */
	uint8_t proto;
	uint8_t addr[sizeof(struct in6_addr)];
	size_t addr_len;
};

static int parse_address(struct call *call, struct port_request *r)
{
	const char *text = args_get(call, "address");

	if (inet_pton(AF_INET, text, r->addr) == 1)
		r->addr_len = sizeof(struct in_addr);
	else if (inet_pton(AF_INET6, text, r->addr) == 1)
		r->addr_len = sizeof(struct in6_addr);
	else
		return fail(call, CVX_USAGE,
			    "--address: got \"%s\", expected the guest's IPv4 or IPv6 address",
			    text);
	return CVX_OK;
}

static int parse_range(struct call *call, struct port_request *r)
{
	const char *text = args_get(call, "range"), *dash;
	uint64_t min, max;
	char low[8];

	if (!text)
		return CVX_OK;
	if (args_get(call, "port"))
		return fail(call, CVX_USAGE, "got --port and --range, expected one of them");
	dash = strchr(text, '-');
	snprintf(low, sizeof(low), "%.*s", dash ? (int)(dash - text) : 0, text);
	if (!dash || dash - text > 7 || !number_parse(low, &min) || !number_parse(dash + 1, &max) ||
	    !min || max > UINT16_MAX || min > max)
		return fail(call, CVX_USAGE, "--range: got \"%s\", expected A-B, two ports from 1 "
			    "to 65535, the lower one first", text);
	r->min = min;
	r->max = max;
	return CVX_OK;
}

static int parse_request(struct call *call, struct port_request *r)
{
	int rc = args_u32(call, "set", &r->set) ?: parse_address(call, r);

	rc = rc ?: args_u16(call, "service", &r->service);
	rc = rc ?: args_u16(call, "port", &r->number);
	r->proto = strcmp(args_get(call, "proto"), "tcp") ? IPPROTO_UDP : IPPROTO_TCP;
	return rc ?: parse_range(call, r);
}

/* port 5: tcp 10.0.0.2:52111 -> 80, set 3, open */
static void added(struct nlattr **tb, void *arg)
{
	const struct call *call = arg;
	const char *address = args_get(call, "address");
	bool v6 = strchr(address, ':');
	char state[16] = "?";

	if (call->json) {
		output_object(tb, true);
		return;
	}
	if (!tb[CV_A_PORT] || !tb[CV_A_PORT_NUMBER])
		return;
	if (tb[CV_A_PORT_STATE])
		attr_text(tb[CV_A_PORT_STATE], state, sizeof(state));
	printf("port %llu: %s %s%s%s:%llu -> %s, set %s, %s\n",
	       (unsigned long long)attr_uint(tb[CV_A_PORT]), args_get(call, "proto"),
	       v6 ? "[" : "", address, v6 ? "]" : "",
	       (unsigned long long)attr_uint(tb[CV_A_PORT_NUMBER]), args_get(call, "service"),
	       args_get(call, "set"), state);
}

static int add(struct call *call)
{
	struct port_request r = {};
	struct nl_msg *msg;
	int rc;

	rc = parse_request(call, &r) ?: cvnl_request(call, CV_CMD_PORT_ADD, &msg);
	if (rc)
		return rc;
	cvnl_u32(msg, CV_A_SET, r.set);
	cvnl_bytes(msg, r.addr_len == sizeof(struct in_addr) ? CV_A_PORT_ADDR4 : CV_A_PORT_ADDR6,
		   r.addr, r.addr_len);
	cvnl_u8(msg, CV_A_PORT_PROTO, r.proto);
	cvnl_u16(msg, CV_A_PORT_SERVICE, r.service);
	if (r.number)
		cvnl_u16(msg, CV_A_PORT_NUMBER, r.number);
	if (r.min) {
		cvnl_u16(msg, CV_A_PORT_MIN, r.min);
		cvnl_u16(msg, CV_A_PORT_MAX, r.max);
	}
	if (args_get(call, "bridged"))
		cvnl_u32(msg, CV_A_PORT_FLAGS, CV_PORT_F_BRIDGED);
	return cvnl_ask(call, msg, added, call);
}

static int list(struct call *call)
{
	static const int columns[] = {
		CV_A_PORT, CV_A_PORT_PROTO, CV_A_PORT_ADDR4, CV_A_PORT_NUMBER, CV_A_PORT_SERVICE,
		CV_A_SET, CV_A_PORT_STATE, CV_A_PORT_FLAGS, CV_A_PORT_USERS, CV_A_PORT_CONNS,
		CV_A_PORT_PASSED, CV_A_PORT_DROPPED, CV_A_PORT_RESETS, CV_A_PORT_CUT, 0
	};
	uint32_t set = 0;
	struct nl_msg *msg;
	int rc;

	rc = args_u32(call, "set", &set) ?: cvnl_request(call, CV_CMD_PORT_GET, &msg);
	if (rc)
		return rc;
	if (args_get(call, "set"))
		cvnl_u32(msg, CV_A_SET, set);
	return output_dump(call, msg, columns);
}

static int del(struct call *call)
{
	struct nl_msg *msg;
	uint32_t port;
	int rc;

	rc = args_id(call, "port", call->operands[0], &port);
	if (rc)
		return rc;
	rc = cvnl_request(call, CV_CMD_PORT_DEL, &msg);
	if (rc)
		return rc;
	cvnl_u32(msg, CV_A_PORT, port);
	rc = cvnl_ask(call, msg, NULL, NULL);
	return rc ?: output_done(call, "port", port, "deleted");
}

static const struct option_desc add_options[] = {
	{ "set", "SET", "the set it obeys", OPT_REQUIRED },
	{ "address", "ADDRESS", "the guest's IPv4 or IPv6 address", OPT_REQUIRED },
	{ "proto", "tcp|udp", "protocol", OPT_REQUIRED },
	{ "service", "PORT", "the guest's own port", OPT_REQUIRED },
	{ "port", "PORT", "the criteria port; a random one if not given", 0 },
	{ "range", "A-B", "where to choose it from, both inclusive", 0 },
	{ "bridged", NULL, "the guest is behind a bridge of this network namespace", 0 },
	{}
};

static const struct option_desc list_options[] = {
	{ "set", "SET", "only its ports", 0 },
	{}
};

const struct command_desc port_commands[] = {
	{
		.noun = "port", .verb = "add", .options = add_options, .run = add,
		.summary = "Open a criteria port: it carries traffic while its set is satisfied.",
		.example = "cvadm port add --set 4 --address 10.0.0.2 --proto tcp --service 80",
	}, {
		.noun = "port", .verb = "list", .options = list_options, .run = list,
		.summary = "List the criteria ports of this network namespace.",
		.example = "cvadm port list --set 4",
	}, {
		.noun = "port", .verb = "del", .operands = "PORT", .min = 1, .max = 1, .run = del,
		.summary = "Delete a criteria port.",
		.example = "cvadm port del 5",
	},
	{}
};
