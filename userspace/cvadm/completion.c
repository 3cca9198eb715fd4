// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "args.h"

static void words_of_group(const struct group_desc *g)
{
	for (const struct command_desc *cmd = g->commands; cmd->noun; cmd++)
		if (cmd->verb)
			printf("%s ", cmd->verb);
}

static void words_of_options(const struct command_desc *cmd)
{
	for (const struct option_desc *o = cmd->options; o && o->name; o++)
		printf("--%s ", o->name);
	fputs("--json --help", stdout);
}

static void print_words(void)
{
	fputs("\t\"\") words=\"--json --help --version", stdout);
	for (const struct group_desc *g = groups; g->noun; g++)
		printf(" %s", g->noun);
	puts("\" ;;");
	for (const struct group_desc *g = groups; g->noun; g++)
		for (const struct command_desc *cmd = g->commands; cmd->noun; cmd++) {
			printf("\t\"%s%s%s\") words=\"", cmd->noun, cmd->verb ? " " : "",
			       cmd->verb ?: "");
			words_of_options(cmd);
			puts("\" ;;");
		}
	for (const struct group_desc *g = groups; g->noun; g++)
		if (g->commands->verb) {
			printf("\t\"%s\") words=\"", g->noun);
			words_of_group(g);
			puts("--help\" ;;");
		}
}

static void print_verbless(void)
{
	for (const struct group_desc *g = groups; g->noun; g++)
		if (!g->commands->verb)
			printf("\t%s) verb= ;;\n", g->noun);
}

static bool has_choices(const struct option_desc *o)
{
	return o->value && strchr(o->value, '|');
}

static void print_choices(void)
{
	for (const struct group_desc *g = groups; g->noun; g++)
		for (const struct command_desc *cmd = g->commands; cmd->noun; cmd++)
			for (const struct option_desc *o = cmd->options; o && o->name; o++) {
				if (!has_choices(o))
					continue;
				printf("\t\"%s %s --%s\") words=\"", cmd->noun, cmd->verb ?: "",
				       o->name);
				for (const char *p = o->value; *p; p++)
					putchar(*p == '|' ? ' ' : *p);
				puts("\" ;;");
			}
}

/* The first words that are not options are the noun and the verb. */
static int bash(struct call *call)
{
	(void)call;
	puts("# Made by: cvadm completion bash\n"
	     "_cvadm()\n"
	     "{\n"
	     "\tlocal current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
	     "\tlocal last=\"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
	     "\tlocal noun= verb= word words=\n"
	     "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n"
	     "\t\tcase $word in\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) [ -z \"$noun\" ] && noun=$word || verb=${verb:-$word} ;;\n"
	     "\t\tesac\n"
	     "\tdone\n"
	     "\tcase $noun in");
	print_verbless();
	puts("\tesac\n"
	     "\tcase \"$noun $verb $last\" in");
	print_choices();
	puts("\tesac\n"
	     "\t[ -n \"$words\" ] || case \"$noun${verb:+ $verb}\" in");
	print_words();
	puts("\tesac\n"
	     "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
	     "}\n"
	     "complete -o default -F _cvadm cvadm");
	return CVX_OK;
}

const struct command_desc completion_commands[] = {
	{
		.noun = "completion", .verb = "bash", .run = bash,
		.summary = "Print the completion for bash.",
		.example = "cvadm completion bash > /usr/share/bash-completion/completions/cvadm",
	},
	{}
};
