// SPDX-License-Identifier: GPL-2.0
#include "nl.h"
#include "output.h"

static void print(struct nlattr **tb, void *arg)
{
	output_object(tb, ((const struct call *)arg)->json);
}

static int status(struct call *call)
{
	struct nl_msg *msg;
	int rc = cvnl_request(call, CV_CMD_STATUS, &msg);

	return rc ?: cvnl_ask(call, msg, print, call);
}

const struct command_desc status_commands[] = {
	{
		.noun = "status", .run = status,
		.summary = "Show the module's version and how many objects there are.",
		.example = "cvadm status --json",
	},
	{}
};
