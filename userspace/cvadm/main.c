// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "nl.h"

#ifndef CV_VERSION
#define CV_VERSION "unreleased"
#endif

const struct group_desc groups[] = {
	{ "vm",		"attached KVM guests",				vm_commands },
	{ "watch",	"bytes of a guest's memory",			watch_commands },
	{ "session",	"a customer's standing on this host",		session_commands },
	{ "set",	"criteria over one guest, and their verdict",	set_commands },
	{ "port",	"criteria ports, which obey a set",		port_commands },
	{ "monitor",	"events as they happen",			monitor_commands },
	{ "status",	"the module at a glance",			status_commands },
	{ "node",	"nodes of the cloud, at the verifier",		node_commands },
	{ "criteria",	"what the verifier asks of nodes",		criteria_commands },
	{ "gate",	"who reaches this service host",		gate_commands },
	{ "completion",	"shell completion",			completion_commands },
	{}
};

static void usage_line(FILE *f, const struct command_desc *cmd)
{
	bool last = cmd->max < 0;	/* a list goes to the end */

	fprintf(f, "cvadm %s%s%s", cmd->noun, cmd->verb ? " " : "", cmd->verb ?: "");
	if (cmd->operands && !last)
		fprintf(f, " %s", cmd->operands);
	for (const struct option_desc *o = cmd->options; o && o->name; o++)
		fprintf(f, o->flags & OPT_REQUIRED ? " --%s%s%s" : " [--%s%s%s]", o->name,
			o->value ? " " : "", o->value ?: "");
	if (cmd->operands && last)
		fprintf(f, " %s", cmd->operands);
	fputc('\n', f);
}

void usage_command(const struct command_desc *cmd)
{
	fputs("usage: ", stdout);
	usage_line(stdout, cmd);
	printf("\n%s\n", cmd->summary);
	if (cmd->detail)
		printf("\n%s\n", cmd->detail);
	puts("\noptions:");
	for (const struct option_desc *o = cmd->options; o && o->name; o++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "",
			 o->value ?: "");
		printf("  %-24s %s%s\n", left, o->help,
		       o->flags & OPT_REPEAT ? "; may be repeated" : "");
	}
	puts("  --json                   machine-readable output\n"
	     "  --help                   this text");
	printf("\nexample:\n  %s\n", cmd->example);
}

static void usage_group(FILE *f, const struct group_desc *group)
{
	for (const struct command_desc *cmd = group->commands; cmd->noun; cmd++) {
		fputs("  ", f);
		usage_line(f, cmd);
	}
}

static void usage_all(FILE *f)
{
	fputs("usage: cvadm [--json] COMMAND [ARGUMENTS]\n", f);
	for (const struct group_desc *g = groups; g->noun; g++) {
		fprintf(f, "\n%s: %s\n", g->noun, g->summary);
		usage_group(f, g);
	}
	fputs("\n--json gives machine-readable output; COMMAND --help explains one command.\n"
	      "exit codes: 0 ok, 1 refused by kernel or verifier, 2 usage, 3 no module or no verifier, "
	      "4 timeout\n", f);
}

static const struct group_desc *group_find(const char *noun)
{
	const struct group_desc *g;

	for (g = groups; g->noun; g++)
		if (!strcmp(g->noun, noun))
			return g;
	return NULL;
}

static const struct command_desc *command_find(const struct group_desc *g, const char *verb)
{
	const struct command_desc *cmd;

	for (cmd = g->commands; cmd->noun; cmd++)
		if (!cmd->verb || (verb && !strcmp(cmd->verb, verb)))
			return cmd;
	return NULL;
}

static bool is_help(const char *arg)
{
	return !strcmp(arg, "--help") || !strcmp(arg, "-h") || !strcmp(arg, "help");
}

static int verb_unknown(const struct group_desc *g, const char *verb)
{
	if (verb && is_help(verb)) {
		printf("%s: %s\n", g->noun, g->summary);
		usage_group(stdout, g);
		return CVX_OK;
	}
	fprintf(stderr, "cvadm: %s: got %s%s%s, expected one of:\n", g->noun, verb ? "\"" : "",
		verb ?: "nothing", verb ? "\"" : "");
	usage_group(stderr, g);
	return CVX_USAGE;
}

static int noun_unknown(const char *noun)
{
	if (is_help(noun)) {
		usage_all(stdout);
		return CVX_OK;
	}
	if (!strcmp(noun, "--version")) {
		puts("cvadm " CV_VERSION);
		return CVX_OK;
	}
	fprintf(stderr, "cvadm: got \"%s\", expected a command:", noun);
	for (const struct group_desc *g = groups; g->noun; g++)
		fprintf(stderr, " %s", g->noun);
	fputs("; see cvadm --help\n", stderr);
	return CVX_USAGE;
}

static int command_run(struct call *call, int argc, char **argv)
{
	int rc = args_parse(call, argc, argv);

	if (rc)
		return rc;
	if (call->help) {
		usage_command(call->cmd);
		return CVX_OK;
	}
	rc = call->cmd->run(call);
	cvnl_close(call);
	return rc;
}

static int dispatch(int argc, char **argv)
{
	const struct group_desc *g;
	struct call call = {};

	while (argc && !strcmp(*argv, "--json")) {
		call.json = true;
		argc--, argv++;
	}
	if (!argc) {
		usage_all(stderr);
		return CVX_USAGE;
	}
	g = group_find(*argv);
	if (!g)
		return noun_unknown(*argv);
	argc--, argv++;
	/* --json may also stand between noun and verb */
	while (g->commands->verb && argc && !strcmp(*argv, "--json")) {
		call.json = true;
		argc--, argv++;
	}
	call.cmd = command_find(g, argc ? *argv : NULL);
	if (!call.cmd)
		return verb_unknown(g, argc ? *argv : NULL);
	if (call.cmd->verb)
		argc--, argv++;
	return command_run(&call, argc, argv);
}

int main(int argc, char **argv)
{
	int rc = dispatch(argc - 1, argv + 1);

	if (fflush(stdout) || ferror(stdout)) {
		perror("cvadm: standard output");
		return rc ?: CVX_USAGE;
	}
	return rc;
}
