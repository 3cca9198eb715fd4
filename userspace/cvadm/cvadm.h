/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cvadm: one descriptor per command. Dispatch, usage, --help, the checks on
 * arguments and the shell completion all read the descriptors.
 */
#ifndef CVADM_H
#define CVADM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Exit codes; part of the interface, see cvadm(8). */
enum cvx {
	CVX_OK = 0,
	CVX_REFUSED = 1,	/* the kernel, or the verifier, said no */
	CVX_USAGE = 2,		/* the arguments, or what they name, make no sense */
	CVX_ABSENT = 3,		/* the module is not loaded, or no verifier answers */
	CVX_TIMEOUT = 4,	/* monitor: the time ran out */
};

#define OPT_REQUIRED	(1U << 0)
#define OPT_REPEAT	(1U << 1)

struct option_desc {
	const char *name;	/* without dashes */
	const char *value;	/* placeholder, "a|b" = only these, NULL = flag */
	const char *help;
	unsigned int flags;	/* OPT_* */
};

struct call;

struct command_desc {
	const char *noun;
	const char *verb;		/* NULL: the noun is the command */
	const char *operands;		/* for the usage line, NULL = none */
	int min, max;			/* how many operands, max < 0 = any */
	const struct option_desc *options;	/* ends with a NULL name, may be NULL */
	const char *summary;
	const char *detail;		/* paragraph of --help, may be NULL */
	const char *example;
	int (*run)(struct call *call);	/* returns enum cvx */
};

struct group_desc {
	const char *noun;
	const char *summary;
	const struct command_desc *commands;	/* ends with a NULL noun */
};

extern const struct group_desc groups[];	/* ends with a NULL noun */

extern const struct command_desc vm_commands[];
extern const struct command_desc watch_commands[];
extern const struct command_desc session_commands[];
extern const struct command_desc set_commands[];
extern const struct command_desc port_commands[];
extern const struct command_desc monitor_commands[];
extern const struct command_desc status_commands[];
extern const struct command_desc node_commands[];
extern const struct command_desc criteria_commands[];
extern const struct command_desc gate_commands[];
extern const struct command_desc completion_commands[];

void usage_command(const struct command_desc *cmd);

#endif /* CVADM_H */
