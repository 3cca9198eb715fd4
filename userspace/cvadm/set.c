// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "attr.h"
#include "bpf.h"
#include "digest.h"
#include "name.h"
#include "nl.h"
#include "output.h"
#include "predicate.h"

/* What set add was asked for. */
struct set_request {
	uint32_t session, vm;
	uint8_t digest[CV_DIGEST_LEN];
	int n;
	struct criterion criteria[CV_SET_CRITERIA];
	struct bpf_judge judges[CV_SET_CRITERIA];
};

static int parse_criteria(struct call *call, struct set_request *r)
{
	struct criterion_error err;
	char text[2048];

	if (call->n_operands > CV_SET_CRITERIA)
		return fail(call, CVX_USAGE, "got %d criteria, expected at most %d",
			    call->n_operands, CV_SET_CRITERIA);
	for (r->n = 0; r->n < call->n_operands; r->n++) {
		if (criterion_parse(call->operands[r->n], &r->criteria[r->n], &err))
			continue;
		criterion_explain(call->operands[r->n], &err, text, sizeof(text));
		return fail(call, CVX_USAGE, "criterion %d does not read:\n%s", r->n + 1, text);
	}
	return CVX_OK;
}

static int load_programs(struct call *call, struct set_request *r)
{
	int rc = CVX_OK;

	for (int i = 0; i < r->n && !rc; i++)
		if (r->criteria[i].pred == CV_PRED_BPF)
			rc = bpf_judge_open(call, &r->criteria[i], &r->judges[i]);
	return rc ?: bpf_maps_check(call, r->judges, r->n);
}

static int resolve_watches(struct call *call, struct set_request *r)
{
	int rc = CVX_OK;

	for (int i = 0; i < r->n && !rc; i++)
		if (*r->criteria[i].name)
			rc = name_watch_in(call, r->vm, r->criteria[i].name,
					   &r->criteria[i].watch);
	return rc;
}

static void put_criterion(struct nl_msg *msg, const struct criterion *c, int prog_fd)
{
	struct nlattr *nest = cvnl_nest(msg, CV_A_CRITERION);

	cvnl_u32(msg, CV_A_WATCH, c->watch);
	cvnl_u8(msg, CV_A_PRED_TYPE, c->pred);
	if (c->masked)
		cvnl_u64(msg, CV_A_PRED_MASK, c->mask);
	if (c->pred == CV_PRED_IN)
		cvnl_bytes(msg, CV_A_PRED_VALUES, c->values, c->n_values * sizeof(*c->values));
	else if (c->pred == CV_PRED_BPF)
		cvnl_u32(msg, CV_A_PRED_FD, prog_fd);
	else
		cvnl_u64(msg, CV_A_PRED_A, c->a);
	if (c->pred == CV_PRED_RANGE)
		cvnl_u64(msg, CV_A_PRED_B, c->b);
	nla_nest_end(msg, nest);
}

static void stated(struct nlattr **tb, void *arg)
{
	const struct call *call = arg;
	char state[32] = "?";

	if (call->json) {
		output_object(tb, true);
		return;
	}
	if (tb[CV_A_SET_STATE])
		attr_text(tb[CV_A_SET_STATE], state, sizeof(state));
	if (tb[CV_A_SET])
		printf("set %llu: %s\n", (unsigned long long)attr_uint(tb[CV_A_SET]), state);
	else
		printf("set %s: %s\n", call->operands[0], state);
}

static int send_add(struct call *call, const struct set_request *r)
{
	struct nlattr *nest;
	struct nl_msg *msg;
	int rc = cvnl_request(call, CV_CMD_SET_ADD, &msg);

	if (rc)
		return rc;
	cvnl_u32(msg, CV_A_SESSION, r->session);
	cvnl_u32(msg, CV_A_VM, r->vm);
	cvnl_bytes(msg, CV_A_SET_DIGEST, r->digest, sizeof(r->digest));
	nest = cvnl_nest(msg, CV_A_CRITERIA);
	for (int i = 0; i < r->n; i++)
		put_criterion(msg, &r->criteria[i], r->judges[i].fd);
	nla_nest_end(msg, nest);
	return cvnl_ask(call, msg, stated, call);
}

static int add(struct call *call)
{
	static struct set_request r;
	int rc;

	for (int i = 0; i < CV_SET_CRITERIA; i++)
		r.judges[i].fd = -1;
	rc = args_u32(call, "session", &r.session) ?: parse_criteria(call, &r);
	rc = rc ?: digest_of_call(call, r.digest);
	rc = rc ?: name_vm(call, args_get(call, "vm"), &r.vm);
	rc = rc ?: resolve_watches(call, &r);
	rc = rc ?: load_programs(call, &r);
	rc = rc ?: send_add(call, &r);
	for (int i = 0; i < CV_SET_CRITERIA; i++)
		bpf_judge_close(&r.judges[i]);
	return rc;
}

static void criterion_of(struct nlattr **tb, struct criterion *c)
{
	memset(c, 0, sizeof(*c));
	c->watch = tb[CV_A_WATCH] ? attr_uint(tb[CV_A_WATCH]) : 0;
	c->pred = tb[CV_A_PRED_TYPE] ? attr_uint(tb[CV_A_PRED_TYPE]) : CV_PRED_UNSPEC;
	c->mask = tb[CV_A_PRED_MASK] ? attr_uint(tb[CV_A_PRED_MASK]) : UINT64_MAX;
	c->masked = c->mask != UINT64_MAX;
	c->a = tb[CV_A_PRED_A] ? attr_uint(tb[CV_A_PRED_A]) : 0;
	c->b = tb[CV_A_PRED_B] ? attr_uint(tb[CV_A_PRED_B]) : 0;
	if (!tb[CV_A_PRED_VALUES])
		return;
	c->n_values = nla_len(tb[CV_A_PRED_VALUES]) / sizeof(c->values[0]);
	if (c->n_values > CV_PRED_VALUES)
		c->n_values = CV_PRED_VALUES;
	memcpy(c->values, nla_data(tb[CV_A_PRED_VALUES]), c->n_values * sizeof(c->values[0]));
}

static void print_criterion(const struct nlattr *nest)
{
	struct nlattr *tb[CVNL_TB];
	static struct criterion c;
	const char *holds = "?";
	char text[1024];

	if (nla_parse(tb, CV_A_MAX, nla_data(nest), nla_len(nest), NULL))
		return;
	criterion_of(tb, &c);
	criterion_format(&c, text, sizeof(text));
	if (tb[CV_A_CRITERION_HOLDS])
		holds = attr_uint(tb[CV_A_CRITERION_HOLDS]) ? "holds" : "fails";
	printf("  %-5s  %s\n", holds, text);
}

static void print_since(const struct nlattr *since)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = now.tv_sec * 1000000000ull + now.tv_nsec - attr_uint(since);
	printf(" for %llu.%03llu s", (unsigned long long)(ns / 1000000000),
	       (unsigned long long)(ns / 1000000 % 1000));
}

static void print_field(struct nlattr **tb, int type, const char *label)
{
	char text[256];

	if (!tb[type])
		return;
	attr_text(tb[type], text, sizeof(text));
	printf("%s%s", label, text);
}

static void print_set(struct nlattr **tb)
{
	struct nlattr *nla;
	int rem;

	print_field(tb, CV_A_SET, "set ");
	print_field(tb, CV_A_SET_STATE, ": ");
	if (tb[CV_A_SET_SINCE])
		print_since(tb[CV_A_SET_SINCE]);
	if (tb[CV_A_SET_BLOCKERS] && attr_uint(tb[CV_A_SET_BLOCKERS]))
		print_field(tb, CV_A_SET_BLOCKERS, ", blockers ");
	print_field(tb, CV_A_SESSION, ", session ");
	print_field(tb, CV_A_VM, ", vm ");
	print_field(tb, CV_A_SET_VIOLATIONS, ", violations ");
	print_field(tb, CV_A_SET_DIGEST, "\n  digest ");
	putchar('\n');
	if (tb[CV_A_CRITERIA])
		nla_for_each_nested(nla, tb[CV_A_CRITERIA], rem)
			print_criterion(nla);
}

static void show_one(struct nlattr **tb, void *arg)
{
	if (((const struct call *)arg)->json)
		output_object(tb, true);
	else
		print_set(tb);
}

static void show_each(struct nlattr **tb, void *arg)
{
	struct output *out = arg;

	if (out->json)
		output_row(tb, out);
	else
		print_set(tb);
}

/* A request that names the set of the first operand. */
static int request(struct call *call, enum cv_cmd cmd, uint32_t *set, struct nl_msg **msg)
{
	int rc = args_id(call, "set", call->operands[0], set);

	if (rc)
		return rc;
	rc = cvnl_request(call, cmd, msg);
	if (!rc)
		cvnl_u32(*msg, CV_A_SET, *set);
	return rc;
}

static int show_all(struct call *call)
{
	static const int columns[] = { 0 };
	struct nl_msg *msg;
	struct output out;
	int rc;

	rc = cvnl_request(call, CV_CMD_SET_GET, &msg);
	if (rc)
		return rc;
	output_begin(&out, call, columns);
	rc = cvnl_dump(call, msg, show_each, &out);
	if (!rc && call->json)
		output_end(&out);
	return rc;
}

static int show(struct call *call)
{
	struct nl_msg *msg;
	uint32_t set;
	int rc;

	if (!call->n_operands)
		return show_all(call);
	rc = request(call, CV_CMD_SET_GET, &set, &msg);
	return rc ?: cvnl_ask(call, msg, show_one, call);
}

static int del(struct call *call)
{
	struct nl_msg *msg;
	uint32_t set;
	int rc;

	rc = request(call, CV_CMD_SET_DEL, &set, &msg);
	if (rc)
		return rc;
	rc = cvnl_ask(call, msg, NULL, NULL);
	return rc ?: output_done(call, "set", set, "deleted");
}

static int reattest(struct call *call)
{
	struct nl_msg *msg;
	uint32_t set;
	int rc;

	rc = request(call, CV_CMD_SET_REATTEST, &set, &msg);
	return rc ?: cvnl_ask(call, msg, stated, call);
}

static const struct option_desc add_options[] = {
	{ "session", "SESSION", "the session that owns it", OPT_REQUIRED },
	{ "vm", "VM", "the guest it is about, by id or name", OPT_REQUIRED },
	{ "digest", "HEX", "SHA-256 of its canonical text", 0 },
	{ "text", "FILE", "take the SHA-256 of this file", 0 },
	{ "map", "NAME=V1,V2,...", "put values in a map of a bpf criterion's object", OPT_REPEAT },
	{}
};

const struct command_desc set_commands[] = {
	{
		.noun = "set", .verb = "add", .operands = "CRITERION...", .min = 1, .max = -1,
		.options = add_options, .run = add,
		.summary = "Add a set: criteria that must all hold.",
		.detail = "A criterion is one argument: a watch, by id or name, and a test:\n"
			  "  'watch 3 == 1'  '3 & 0xff == 1'  '3 != 0'  '3 >= 2'  '3 in 1..9'\n"
			  "  '3 in {1,2,3}'  'enforcing == 1'  '3 bpf FILE.o[:PROGRAM]'\n"
			  "  '3 bpf pinned PATH'\n"
			  "Without --digest and --text the digest is that of the criteria as\n"
			  "given, each followed by a newline.",
		.example = "cvadm set add --session 2 --vm web 'enforcing == 1' '4 in 1..9'",
	}, {
		.noun = "set", .verb = "show", .operands = "[SET]", .max = 1, .run = show,
		.summary = "Show a set, or all: the verdict, why, and each criterion.",
		.example = "cvadm set show 4",
	}, {
		.noun = "set", .verb = "del", .operands = "SET", .min = 1, .max = 1, .run = del,
		.summary = "Delete a set; its ports go.",
		.example = "cvadm set del 4",
	}, {
		.noun = "set", .verb = "reattest", .operands = "SET", .min = 1, .max = 1,
		.run = reattest,
		.summary = "Judge a set afresh; the only way out of violated.",
		.example = "cvadm set reattest 4",
	},
	{}
};
