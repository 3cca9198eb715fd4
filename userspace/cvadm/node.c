// SPDX-License-Identifier: GPL-2.0
/* Nodes of the cloud, at the verifier. */
#include <stdio.h>
#include <time.h>

#include "verifier.h"

static json_t *request(const struct call *call, const char *what)
{
	json_t *r = json_pack("{s:s}", "do", what);

	if (call->n_operands)
		json_object_set_new(r, "node", json_string(call->operands[0]) ?: json_string("?"));
	return r;
}

static json_int_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void print_age(json_int_t ms)
{
	double s = (time(NULL) * 1000.0 - ms) / 1000;

	if (!ms)
		printf("%-10s", "never");
	else if (s < 120)
		printf("%-3.0f s ago ", s < 0 ? 0 : s);
	else
		printf("%-.0f min ago ", s / 60);
}

static void print_list(const json_t *nodes)
{
	size_t i;
	json_t *n;

	printf("%-16s  %-16s  %-8s  %-8s  %-10s  %s\n", "NAME", "ID", "TYPE", "STANDING", "EVIDENCE", "WHY");
	json_array_foreach(nodes, i, n) {
		printf("%-16s  %.16s  %-8s  %-8s  ", verifier_text(n, "name"), verifier_text(n, "id"),
		       verifier_text(n, "type"), verifier_text(n, "standing"));
		print_age(number(n, "seen_ms"));
		printf("  %s\n", verifier_text(n, "reason"));
	}
}

static void print_node(const json_t *n)
{
	printf("name      %s\nid        %s\ntype      %s\nstanding  %s%s\n", verifier_text(n, "name"), verifier_text(n, "id"),
	       verifier_text(n, "type"), verifier_text(n, "standing"),
	       json_is_true(json_object_get(n, "approved")) ? ", approved" : ", not approved");
	if (*verifier_text(n, "reason"))
		printf("because   %s: %s\n", verifier_text(n, "reason"), verifier_text(n, "text"));
	printf("address   %s\nevidence  ", verifier_text(n, "address"));
	print_age(number(n, "seen_ms"));
	printf("\nboot      reset count %lld, restart count %lld, clock %lld ms\n", (long long)number(n, "reset_count"),
	       (long long)number(n, "restart_count"), (long long)number(n, "clock_ms"));
	if (json_object_get(n, "gate_settled"))
		printf("gate      %s\n", json_is_true(json_object_get(n, "gate_settled")) ? "settled" :
		       "not settled: it has not said that all it was told is done");
	if (*verifier_text(n, "serial"))
		printf("serial    %s\n", verifier_text(n, "serial"));
}

static void print_rules(const json_t *rules)
{
	size_t i;
	json_t *r;

	json_array_foreach(rules, i, r)
		printf("    %s line %lld: %s\n        %s%s%s%s\n", json_is_true(json_object_get(r, "unknown")) ? "unknown " : "violated",
		       (long long)number(r, "line"), verifier_text(r, "rule"), verifier_text(r, "why"),
		       *verifier_text(r, "from") ? " (" : "", verifier_text(r, "from"), *verifier_text(r, "from") ? ")" : "");
}

static void print_history(const json_t *events)
{
	char when[32];
	time_t at;
	size_t i;
	json_t *e;

	json_array_foreach(events, i, e) {
		at = number(e, "time_ms") / 1000;
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", localtime(&at));
		printf("%s.%03lld  %.16s  %-8s  %s%s%s\n", when, (long long)number(e, "time_ms") % 1000, verifier_text(e, "node"),
		       verifier_text(e, "what"), verifier_text(e, "reason"), *verifier_text(e, "reason") ? ": " : "",
		       verifier_text(e, "text"));
		print_rules(json_object_get(e, "rules"));
	}
}

static int list(struct call *call)
{
	return verifier_show(call, request(call, "node list"), "nodes", print_list);
}

static int show(struct call *call)
{
	return verifier_show(call, request(call, "node show"), "node", print_node);
}

static int approve(struct call *call)
{
	return verifier_show(call, request(call, "node approve"), "node", print_node);
}

static int eject(struct call *call)
{
	return verifier_show(call, request(call, "node eject"), "node", print_node);
}

static int history(struct call *call)
{
	json_t *r = request(call, "node history");
	uint64_t max = 100;
	int rc = args_u64(call, "max", 1, 1000, &max);

	if (rc) {
		json_decref(r);
		return rc;
	}
	json_object_set_new(r, "max", json_integer(max));
	return verifier_show(call, r, "events", print_history);
}

static const struct option_desc options[] = { VERIFIER_OPTION, {} };

static const struct option_desc history_options[] = {
	VERIFIER_OPTION,
	{ "max", "N", "at most so many events, the last ones (100)", 0 },
	{}
};

const struct command_desc node_commands[] = {
	{
		.noun = "node", .verb = "list", .options = options, .run = list,
		.summary = "List the nodes that the verifier knows, and their standing.",
		.example = "cvadm node list",
	}, {
		.noun = "node", .verb = "show", .operands = "NODE", .min = 1, .max = 1, .options = options, .run = show,
		.summary = "Show a node.",
		.detail = "NODE is a name, or the beginning of an id, at least four digits.",
		.example = "cvadm node show compute-7",
	}, {
		.noun = "node", .verb = "approve", .operands = "NODE", .min = 1, .max = 1, .options = options, .run = approve,
		.summary = "Let a node prove itself, under the name and type that it told.",
		.detail = "One that is pending is named by at least 16 digits of its id, as \"cvnoded --identity\" prints it on\n"
			  "the node. One that an operator ejected may come back.",
		.example = "cvadm node approve 7a54f4ea608fd84d",
	}, {
		.noun = "node", .verb = "eject", .operands = "NODE", .min = 1, .max = 1, .options = options, .run = eject,
		.summary = "Put a node out of the cloud until it is approved again.",
		.example = "cvadm node eject compute-7",
	}, {
		.noun = "node", .verb = "history", .operands = "NODE", .max = 1, .options = history_options, .run = history,
		.summary = "Print what happened to a node, or to all, oldest first.",
		.example = "cvadm node history compute-7 --max 20",
	},
	{}
};
