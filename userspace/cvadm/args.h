/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The arguments of one command, checked against its descriptor. The getters
 * print what is wrong and return an enum cvx.
 */
#ifndef ARGS_H
#define ARGS_H

#include "cvadm.h"

#define ARGS_OPTIONS_MAX	64

struct cvnl;

struct call {
	const struct command_desc *cmd;
	struct cvnl *nl;		/* opened by the first request */
	bool json;
	bool help;
	const char **operands;		/* into argv */
	int n_operands;
	struct {
		const struct option_desc *desc;
		const char *value;	/* "" for a flag */
	} given[ARGS_OPTIONS_MAX];
	int n_given;
};

/* argv is what follows the noun and verb; it is reordered. */
int args_parse(struct call *call, int argc, char **argv);

/* The value of --name, NULL if it was not given. */
const char *args_get(const struct call *call, const char *name);
/* The i-th value of a repeatable --name, NULL past the last. */
const char *args_get_nth(const struct call *call, const char *name, int i);

/* --name as a number; *out stays as it is if the option was not given. */
int args_u64(struct call *call, const char *name, uint64_t min, uint64_t max, uint64_t *out);
int args_u32(struct call *call, const char *name, uint32_t *out);
int args_u16(struct call *call, const char *name, uint16_t *out);

/* An operand or option value that is an object's id. */
int args_id(struct call *call, const char *what, const char *text, uint32_t *out);

/* Decimal or 0x hexadecimal, the whole of text, no sign. */
bool number_parse(const char *text, uint64_t *out);

/* "cvadm: noun verb: …" on standard error; returns code. */
int fail(const struct call *call, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* ARGS_H */
