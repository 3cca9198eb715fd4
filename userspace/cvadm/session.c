// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "attr.h"
#include "nl.h"
#include "output.h"

static void added(struct nlattr **tb, void *arg)
{
	const struct call *call = arg;

	if (call->json)
		output_object(tb, true);
	else if (tb[CV_A_SESSION])
		printf("session %llu: owner %s, lease %s ms\n",
		       (unsigned long long)attr_uint(tb[CV_A_SESSION]), args_get(call, "owner"),
		       args_get(call, "lease"));
}

static int add(struct call *call)
{
	uint32_t lease = 0;
	struct nl_msg *msg;
	int rc;

	rc = args_u32(call, "lease", &lease);
	if (rc)
		return rc;
	rc = cvnl_request(call, CV_CMD_SESSION_ADD, &msg);
	if (rc)
		return rc;
	cvnl_string(msg, CV_A_SESSION_OWNER, args_get(call, "owner"));
	cvnl_u32(msg, CV_A_SESSION_LEASE, lease);
	return cvnl_ask(call, msg, added, call);
}

/* A request that names the session of the first operand. */
static int request(struct call *call, enum cv_cmd cmd, uint32_t *session, struct nl_msg **msg)
{
	int rc = args_id(call, "session", call->operands[0], session);

	if (rc)
		return rc;
	rc = cvnl_request(call, cmd, msg);
	if (!rc)
		cvnl_u32(*msg, CV_A_SESSION, *session);
	return rc;
}

static int renew(struct call *call)
{
	uint32_t session, lease = 0;
	struct nl_msg *msg;
	int rc;

	rc = args_u32(call, "lease", &lease) ?: request(call, CV_CMD_SESSION_RENEW, &session, &msg);
	if (rc)
		return rc;
	if (args_get(call, "lease"))
		cvnl_u32(msg, CV_A_SESSION_LEASE, lease);
	rc = cvnl_ask(call, msg, NULL, NULL);
	return rc ?: output_done(call, "session", session, "renewed");
}

static int del(struct call *call)
{
	struct nl_msg *msg;
	uint32_t session;
	int rc;

	rc = request(call, CV_CMD_SESSION_DEL, &session, &msg);
	if (rc)
		return rc;
	rc = cvnl_ask(call, msg, NULL, NULL);
	return rc ?: output_done(call, "session", session, "deleted");
}

static int list(struct call *call)
{
	static const int columns[] = {
		CV_A_SESSION, CV_A_SESSION_OWNER, CV_A_SESSION_LEASE, CV_A_SESSION_LEFT, 0
	};
	struct nl_msg *msg;
	int rc = cvnl_request(call, CV_CMD_SESSION_GET, &msg);

	return rc ?: output_dump(call, msg, columns);
}

static const struct option_desc add_options[] = {
	{ "owner", "OWNER", "the customer, at most 63 bytes", OPT_REQUIRED },
	{ "lease", "MS", "milliseconds until its sets are unknown unless renewed", OPT_REQUIRED },
	{}
};

static const struct option_desc renew_options[] = {
	{ "lease", "MS", "the new lease; the old one if not given", 0 },
	{}
};

const struct command_desc session_commands[] = {
	{
		.noun = "session", .verb = "add", .options = add_options, .run = add,
		.summary = "Open a session for a customer.",
		.example = "cvadm session add --owner acme --lease 5000",
	}, {
		.noun = "session", .verb = "renew", .operands = "SESSION", .min = 1, .max = 1,
		.options = renew_options, .run = renew,
		.summary = "Start the lease anew.",
		.example = "cvadm session renew 2 --lease 10000",
	}, {
		.noun = "session", .verb = "list", .run = list,
		.summary = "List the sessions.",
		.example = "cvadm session list",
	}, {
		.noun = "session", .verb = "del", .operands = "SESSION", .min = 1, .max = 1,
		.run = del,
		.summary = "Delete a session; its sets and their ports go.",
		.example = "cvadm session del 2",
	},
	{}
};
