// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "attr.h"
#include "capture.h"
#include "name.h"
#include "nl.h"
#include "output.h"

struct added {
	uint32_t id;
	uint64_t state;
};

static void note_id(struct nlattr **tb, void *arg)
{
	struct added *added = arg;

	if (tb[CV_A_WATCH])
		added->id = attr_uint(tb[CV_A_WATCH]);
}

static void note_state(struct nlattr **tb, void *arg)
{
	struct added *added = arg;

	if (tb[CV_A_WATCH_STATE])
		added->state = attr_uint(tb[CV_A_WATCH_STATE]);
}

static int get_state(struct call *call, struct added *added)
{
	struct nl_msg *msg;
	int rc = cvnl_request(call, CV_CMD_WATCH_GET, &msg);

	if (rc)
		return rc;
	cvnl_u32(msg, CV_A_WATCH, added->id);
	return cvnl_ask(call, msg, note_state, added);
}

/* The kernel does not make others wait for a vCPU to translate; here is time. */
static int await_live(struct call *call, struct added *added)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	int rc, i;

	for (i = 0; i < 50; i++) {
		rc = get_state(call, added);
		if (rc || added->state == CV_WATCH_LIVE)
			return rc;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static void print_added(const struct call *call, const struct added *added)
{
	bool live = added->state == CV_WATCH_LIVE;

	if (call->json)
		printf("{\"watch\": %u, \"watch_state\": \"%s\"}\n", added->id,
		       live ? "live" : "unresolved");
	else
		printf("watch %u: %s byte%s at %s of vm %s%s\n", added->id, args_get(call, "len"),
		       strcmp(args_get(call, "len"), "1") ? "s" : "",
		       args_get(call, "addr"), call->operands[0],
		       live ? "" : ", unresolved: no vCPU translates the address yet; its sets stay closed");
}

/* The words of the option's placeholder; args.c has checked it against them. */
static uint8_t trigger_of(const char *text)
{
	if (!text || !strcmp(text, "auto"))
		return CV_TRIGGER_AUTO;
	if (!strcmp(text, "debug"))
		return CV_TRIGGER_DEBUG;
	if (!strcmp(text, "exec"))
		return CV_TRIGGER_EXEC;
	return strcmp(text, "page") ? CV_TRIGGER_NONE : CV_TRIGGER_PAGE;
}

static int capture_of(struct call *call, struct capture *capture)
{
	const char *text = args_get(call, "capture"), *expected, *at;

	if (!text)
		return CVX_OK;
	expected = capture_parse(text, capture, &at);
	if (expected)
		return fail(call, CVX_USAGE, "--capture: %s\n%*s^ expected %s", text,
			    (int)(strlen("cvadm: watch add: --capture: ") + (at - text)), "", expected);
	return CVX_OK;
}

static void put_capture(struct nl_msg *msg, const struct capture *capture)
{
	if (!capture->len)
		return;
	cvnl_u8(msg, CV_A_CAPTURE_REG, capture->reg);
	cvnl_bytes(msg, CV_A_CAPTURE_PATH, capture->path, capture->steps * sizeof(*capture->path));
	cvnl_u16(msg, CV_A_CAPTURE_LEN, capture->len);
}

static int add(struct call *call)
{
	const char *name = args_get(call, "name");
	uint64_t addr = 0, len = 0;
	struct capture capture = {};
	struct added added = {};
	struct nl_msg *msg;
	uint8_t trigger;
	uint32_t vm;
	int rc;

	rc = args_u64(call, "addr", 0, UINT64_MAX, &addr) ?: args_u64(call, "len", 1, 8, &len);
	trigger = trigger_of(args_get(call, "trigger"));
	rc = rc ?: capture_of(call, &capture) ?: name_vm(call, call->operands[0], &vm);
	if (rc)
		return rc;
	rc = cvnl_request(call, CV_CMD_WATCH_ADD, &msg);
	if (rc)
		return rc;
	cvnl_u32(msg, CV_A_VM, vm);
	cvnl_u64(msg, CV_A_WATCH_ADDR, addr);
	cvnl_u8(msg, CV_A_WATCH_LEN, len);
	cvnl_u8(msg, CV_A_WATCH_TRIGGER, trigger);
	if (args_get(call, "physical"))
		cvnl_u32(msg, CV_A_WATCH_FLAGS, CV_WATCH_F_PHYSICAL);
	if (name)
		cvnl_string(msg, CV_A_WATCH_NAME, name);
	put_capture(msg, &capture);
	rc = cvnl_ask(call, msg, note_id, &added) ?: await_live(call, &added);
	if (!rc)
		print_added(call, &added);
	return rc;
}

static int del(struct call *call)
{
	struct nl_msg *msg;
	uint32_t watch;
	int rc;

	rc = name_watch(call, call->operands[0], &watch);
	if (rc)
		return rc;
	rc = cvnl_request(call, CV_CMD_WATCH_DEL, &msg);
	if (rc)
		return rc;
	cvnl_u32(msg, CV_A_WATCH, watch);
	rc = cvnl_ask(call, msg, NULL, NULL);
	return rc ?: output_done(call, "watch", watch, "deleted");
}

static int list(struct call *call)
{
	static const int columns[] = {
		CV_A_WATCH, CV_A_VM, CV_A_WATCH_NAME, CV_A_WATCH_ADDR, CV_A_WATCH_LEN,
		CV_A_WATCH_STATE, CV_A_WATCH_VALUE, CV_A_WATCH_GPA, CV_A_WATCH_TRIGGER,
		CV_A_WATCH_SLOT,
		CV_A_WATCH_HITS, CV_A_WATCH_CHANGES, CV_A_WATCH_LOST, 0
	};
	struct nl_msg *msg;
	uint32_t vm = 0;
	int rc = CVX_OK;

	if (call->n_operands)
		rc = name_vm(call, call->operands[0], &vm);
	if (rc)
		return rc;
	rc = cvnl_request(call, CV_CMD_WATCH_GET, &msg);
	if (rc)
		return rc;
	if (call->n_operands)
		cvnl_u32(msg, CV_A_VM, vm);
	return output_dump(call, msg, columns);
}

static const struct option_desc add_options[] = {
	{ "addr", "ADDRESS", "guest address, aligned to the length", OPT_REQUIRED },
	{ "len", "1|2|4|8", "bytes to watch", OPT_REQUIRED },
	{ "name", "NAME", "a name for the watch, at most 63 bytes", 0 },
	{ "trigger", "auto|debug|page|none|exec", "what tells of a store; auto: a debug register, else the page; exec: watch the instruction there", 0 },
	{ "capture", "PLACE", "with --trigger exec: memory that a program judges, such as +0(+96(%rdi)):256", 0 },
	{ "physical", NULL, "the address is guest-physical, not linear", 0 },
	{}
};

const struct command_desc watch_commands[] = {
	{
		.noun = "watch", .verb = "add", .operands = "VM", .min = 1, .max = 1,
		.options = add_options, .run = add,
		.summary = "Watch bytes of a guest's memory.",
		.example = "cvadm watch add web --addr 0xffffffff82a3c0f0 --len 1 --name enforcing\n"
			   "  cvadm watch add web --addr 0xffffffff81402a10 --len 1 --name exec --trigger exec "
			   "--capture '+0(+96(%rdi)):256'",
	}, {
		.noun = "watch", .verb = "list", .operands = "[VM]", .max = 1, .run = list,
		.summary = "List the watches, of one guest or of all.",
		.example = "cvadm watch list web",
	}, {
		.noun = "watch", .verb = "del", .operands = "WATCH", .min = 1, .max = 1,
		.run = del,
		.summary = "Delete a watch, by id or as VM/NAME; refused while a set names it.",
		.example = "cvadm watch del web/enforcing",
	},
	{}
};
