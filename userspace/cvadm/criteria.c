// SPDX-License-Identifier: GPL-2.0
/* What the verifier asks of nodes. */
#include <stdio.h>

#include "verifier.h"

static void print_one(const json_t *c)
{
	if (*verifier_text(c, "id"))
		printf("%-8s  %s  \"%s\"  %s\n", verifier_text(c, "type"), verifier_text(c, "id"), verifier_text(c, "name"),
		       verifier_text(c, "file"));
	else
		printf("%-8s  none: no node of this type is admitted\n", verifier_text(c, "type"));
}

static void print_all(const json_t *list)
{
	size_t i;
	json_t *c;

	json_array_foreach(list, i, c)
		print_one(c);
}

static int show(struct call *call)
{
	return verifier_show(call, json_pack("{s:s}", "do", "criteria show"), "criteria", print_all);
}

static int load(struct call *call)
{
	json_t *r = json_pack("{s:s, s:o}", "do", "criteria load", "type",
			      json_string(call->operands[0]) ?: json_string("?"));

	return verifier_show(call, r, "criteria", print_one);
}

static void print_tested(const json_t *c)
{
	printf("%s: good, for nodes of type %s\n", verifier_text(c, "file"), verifier_text(c, "type"));
}

static int test(struct call *call)
{
	json_t *r = json_pack("{s:s, s:o}", "do", "criteria test", "type",
			      json_string(call->operands[0]) ?: json_string("?"));

	return verifier_show(call, r, "criteria", print_tested);
}

static const struct option_desc options[] = { VERIFIER_OPTION, {} };

const struct command_desc criteria_commands[] = {
	{
		.noun = "criteria", .verb = "show", .options = options, .run = show,
		.summary = "Show which criteria nodes of each type are judged by.",
		.example = "cvadm criteria show",
	}, {
		.noun = "criteria", .verb = "load", .operands = "TYPE", .min = 1, .max = 1, .options = options, .run = load,
		.summary = "Read the criteria of a type again from cvd's directory of criteria.",
		.detail = "If they are not good, what was there stays. Members are judged by the new ones at their next evidence.",
		.example = "cvadm criteria load compute",
	}, {
		.noun = "criteria", .verb = "test", .operands = "TYPE", .min = 1, .max = 1, .options = options, .run = test,
		.summary = "Read the criteria of a type, say whether they are good, and change nothing.",
		.example = "cvadm criteria test compute",
	},
	{}
};
