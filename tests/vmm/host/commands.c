// SPDX-License-Identifier: GPL-2.0
/* A line is a command of commands.list, or [@CPU] [start] and an op of ops.list. */
#include <stdio.h>
#include <string.h>

#include "op.h"

#define WORDS_MAX 16

#define CMD(id) extern COMMAND(id);
#include "commands.list"
#undef CMD

static const struct command *const commands[] = {
#define CMD(id) &cmd_##id,
#include "commands.list"
#undef CMD
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

void commands_usage(void)
{
	size_t i;

	puts("\ncommands:");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-14s %-28s %s\n", commands[i]->name, commands[i]->usage, commands[i]->help);
}

static bool run_op(int argc, char **argv, struct answer *out)
{
	struct vcpu *v = vm.vcpu[0];
	const struct op *op;
	bool start = false;

	if (argc && argv[0][0] == '@') {
		v = vcpu_parse(argv[0] + 1, out);
		if (!v)
			return false;
		argc--, argv++;
	}
	if (argc && !strcmp(argv[0], "start")) {
		start = true;
		argc--, argv++;
	}
	op = argc ? op_find(argv[0]) : NULL;
	if (!op) {
		answer_add(out, "unknown command or op: %s", argc ? argv[0] : "");
		return false;
	}
	return (start ? op_submit : op_run)(v, op, argc - 1, argv + 1, out);
}

static int split(char *line, char **argv)
{
	char *word, *rest = line;
	int argc = 0;

	while (argc < WORDS_MAX && (word = strsep(&rest, " \t")))
		if (*word)
			argv[argc++] = word;
	return argc;
}

bool command_line(char *line, struct answer *out)
{
	char *argv[WORDS_MAX];
	int argc = split(line, argv);
	size_t i;

	for (i = 0; argc && i < COMMANDS; i++)
		if (!strcmp(argv[0], commands[i]->name))
			return commands[i]->run(argc - 1, argv + 1, out);
	return run_op(argc, argv, out);
}
