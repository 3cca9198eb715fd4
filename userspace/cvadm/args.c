// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"

int fail(const struct call *call, int code, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("cvadm: ", stderr);
	if (call && call->cmd)
		fprintf(stderr, "%s%s%s: ", call->cmd->noun, call->cmd->verb ? " " : "",
			call->cmd->verb ?: "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

bool number_parse(const char *text, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	char *end;

	if (hex ? !isxdigit((unsigned char)*digits) : !isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*out = strtoull(digits, &end, hex ? 16 : 10);
	return !errno && !*end;
}

const char *args_get_nth(const struct call *call, const char *name, int i)
{
	for (int k = 0; k < call->n_given; k++)
		if (!strcmp(call->given[k].desc->name, name) && !i--)
			return call->given[k].value;
	return NULL;
}

const char *args_get(const struct call *call, const char *name)
{
	return args_get_nth(call, name, 0);
}

int args_u64(struct call *call, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *text = args_get(call, name);
	uint64_t v;

	if (!text)
		return CVX_OK;
	if (!number_parse(text, &v) || v < min || v > max)
		return fail(call, CVX_USAGE,
			    "--%s: got \"%s\", expected a number from %" PRIu64 " to %" PRIu64
			    ", decimal or 0x hexadecimal", name, text, min, max);
	*out = v;
	return CVX_OK;
}

int args_u32(struct call *call, const char *name, uint32_t *out)
{
	uint64_t v = *out;
	int rc = args_u64(call, name, 0, UINT32_MAX, &v);

	*out = v;
	return rc;
}

int args_u16(struct call *call, const char *name, uint16_t *out)
{
	uint64_t v = *out;
	int rc = args_u64(call, name, 1, UINT16_MAX, &v);

	*out = v;
	return rc;
}

int args_id(struct call *call, const char *what, const char *text, uint32_t *out)
{
	uint64_t v;

	if (!number_parse(text, &v) || v > UINT32_MAX)
		return fail(call, CVX_USAGE,
			    "%s: got \"%s\", expected an id, a number from 0 to %u", what, text,
			    UINT32_MAX);
	*out = v;
	return CVX_OK;
}

static const struct option_desc *option_find(const struct command_desc *cmd, const char *name,
					     size_t len)
{
	for (const struct option_desc *o = cmd->options; o && o->name; o++)
		if (strlen(o->name) == len && !memcmp(o->name, name, len))
			return o;
	return NULL;
}

static int option_unknown(struct call *call, const char *arg)
{
	fail(call, CVX_USAGE, "got the option %s, expected one of:", arg);
	for (const struct option_desc *o = call->cmd->options; o && o->name; o++)
		fprintf(stderr, "  --%s%s%s\n", o->name, o->value ? " " : "", o->value ?: "");
	fputs("  --json\n  --help\n", stderr);
	return CVX_USAGE;
}

/* Is value one of the words of "a|b|c"? */
static bool choice_match(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (len && !strncmp(p, value, len) && (!p[len] || p[len] == '|'))
			return true;
	return false;
}

static int option_record(struct call *call, const struct option_desc *o, const char *value)
{
	if (!(o->flags & OPT_REPEAT) && args_get(call, o->name))
		return fail(call, CVX_USAGE, "--%s: got it twice, expected it once", o->name);
	if (call->n_given == ARGS_OPTIONS_MAX)
		return fail(call, CVX_USAGE, "got more than %d options", ARGS_OPTIONS_MAX);
	if (o->value && strchr(o->value, '|') && !choice_match(o->value, value))
		return fail(call, CVX_USAGE, "--%s: got \"%s\", expected one of %s", o->name,
			    value, o->value);
	call->given[call->n_given].desc = o;
	call->given[call->n_given++].value = value;
	return CVX_OK;
}

/* argv[*i] starts with "--"; takes its value too. */
static int option_take(struct call *call, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *value = strchr(name, '=');
	const struct option_desc *o;

	if (!strcmp(name, "json"))
		return call->json = true, CVX_OK;
	if (!strcmp(name, "help"))
		return call->help = true, CVX_OK;
	o = option_find(call->cmd, name, value ? (size_t)(value - name) : strlen(name));
	if (!o)
		return option_unknown(call, argv[*i]);
	if (!o->value && value)
		return fail(call, CVX_USAGE, "--%s: got the value \"%s\", expected none", o->name,
			    value + 1);
	if (!o->value)
		return option_record(call, o, "");
	if (!value && *i + 1 == argc)
		return fail(call, CVX_USAGE, "--%s: got nothing after it, expected %s", o->name,
			    o->value);
	return option_record(call, o, value ? value + 1 : argv[++*i]);
}

static int check_complete(struct call *call)
{
	const struct command_desc *cmd = call->cmd;

	for (const struct option_desc *o = cmd->options; o && o->name; o++)
		if ((o->flags & OPT_REQUIRED) && !args_get(call, o->name))
			return fail(call, CVX_USAGE,
				    "--%s %s is missing (%s); see cvadm %s %s --help", o->name,
				    o->value, o->help, cmd->noun, cmd->verb ?: "");
	if (call->n_operands < cmd->min)
		return fail(call, CVX_USAGE, "got %d operands, expected %s", call->n_operands,
			    cmd->operands);
	if (cmd->max >= 0 && call->n_operands > cmd->max)
		return fail(call, CVX_USAGE, "got \"%s\" where nothing more was expected; takes %s",
			    call->operands[cmd->max], cmd->operands ?: "no operands");
	return CVX_OK;
}

int args_parse(struct call *call, int argc, char **argv)
{
	bool options = true;
	int rc;

	call->operands = (const char **)argv;
	for (int i = 0; i < argc; i++) {
		if (options && !strcmp(argv[i], "--")) {
			options = false;
		} else if (options && !strcmp(argv[i], "-h")) {
			call->help = true;
		} else if (options && argv[i][0] == '-' && argv[i][1] == '-') {
			rc = option_take(call, argc, argv, &i);
			if (rc)
				return rc;
		} else {
			call->operands[call->n_operands++] = argv[i];
		}
	}
	return call->help ? CVX_OK : check_complete(call);
}
