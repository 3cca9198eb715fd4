/* SPDX-License-Identifier: GPL-2.0 */
/* cvctl: the customer's and the auditor's tool. One descriptor per command; each parses its own options. */
#ifndef CVCTL_H
#define CVCTL_H

#include <stdio.h>
#include <cv/criteria.h>

/* Exit codes; part of the interface, see cvctl(1). */
enum exit_code {
	EXIT_GOOD = 0,
	EXIT_REFUSED = 1,	/* evidence is refused, a criterion is violated, a text is wrong */
	EXIT_USAGE = 2,		/* the arguments, or what they name, make no sense */
	EXIT_UNKNOWN = 3,	/* nothing is violated, and something could not be judged */
};

struct command {
	const char *noun, *verb;
	const char *summary;
	const char *help;	/* synopsis, options, example */
	int (*run)(const struct command *self, int argc, char **argv);	/* argv[0] is the verb */
};

extern const struct command evidence_show, evidence_verify;
extern const struct command criteria_check, criteria_format, criteria_digest;
extern const struct command facts, list_compile, list_id;

/* "cvctl noun verb: …" on standard error; returns EXIT_USAGE. */
int usage_error(const struct command *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "see cvctl noun verb --help"; returns EXIT_USAGE. getopt has said why. */
int usage_hint(const struct command *self);
int print_help(const struct command *self);

extern const struct cv_catalog node_catalog;	/* of the modules that judge evidence */

#endif
