// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <string.h>
#include <cv/boot.h>
#include <cv/ima.h>
#include <cv/roti.h>
#include <cv/tpm.h>
#include "cvctl.h"

static const struct command *const commands[] = {
	&evidence_show, &evidence_verify,
	&criteria_check, &criteria_format, &criteria_digest,
	&facts, &list_compile, &list_id,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct cv_module *const modules[] = { &cv_boot_module, &cv_ima_module, &cv_tpm_module, &cv_roti_module };
const struct cv_catalog node_catalog = { modules, sizeof(modules) / sizeof(modules[0]) };

static void print_name(FILE *f, const struct command *command)
{
	fprintf(f, "cvctl %s%s%s", command->noun, command->verb ? " " : "", command->verb ?: "");
}

int usage_error(const struct command *self, const char *format, ...)
{
	va_list args;

	print_name(stderr, self);
	fputs(": ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

int usage_hint(const struct command *self)
{
	fputs("see ", stderr);
	print_name(stderr, self);
	fputs(" --help\n", stderr);
	return EXIT_USAGE;
}

int print_help(const struct command *self)
{
	printf("%s\n\n%s", self->summary, self->help);
	return EXIT_GOOD;
}

static void usage(FILE *f)
{
	fputs("usage: cvctl COMMAND [ARGUMENTS]\n\n", f);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(f, "  %-9s %-8s %s\n", commands[i]->noun, commands[i]->verb ?: "", commands[i]->summary);
	fputs("\nCOMMAND --help explains one command, with an example.\n"
	      "exit codes: 0 good, 1 refused or violated, 2 usage, 3 unknown\n", f);
}

static const struct command *find(int argc, char **argv)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i]->noun, argv[1]) &&
		    (!commands[i]->verb || (argc > 2 && !strcmp(commands[i]->verb, argv[2]))))
			return commands[i];
	return NULL;
}

/* "cvctl evidence", perhaps with --help: what there is of this noun. */
static bool print_noun(const char *noun, FILE *f)
{
	bool known = false;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i]->noun, noun))
			continue;
		if (!known)
			fprintf(f, "usage: cvctl %s COMMAND [ARGUMENTS]\n\n", noun);
		fprintf(f, "  %-8s %s\n", commands[i]->verb ?: "", commands[i]->summary);
		known = true;
	}
	return known;
}

static int without_command(int argc, char **argv)
{
	bool help = argc > 2 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"));

	if ((help || argc == 2) && print_noun(argv[1], help ? stdout : stderr))
		return help ? EXIT_GOOD : EXIT_USAGE;
	fprintf(stderr, "cvctl: no command \"%s%s%s\"\n", argv[1], argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
	usage(stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int skip, rc;

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_GOOD;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("cvctl " PROGRAM_VERSION);
		return EXIT_GOOD;
	}
	command = find(argc, argv);
	if (!command)
		return without_command(argc, argv);
	skip = command->verb ? 2 : 1;
	rc = command->run(command, argc - skip, argv + skip);
	if (fflush(stdout) || ferror(stdout)) {
		perror("cvctl: standard output");
		return EXIT_USAGE;
	}
	return rc;
}
