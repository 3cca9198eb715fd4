// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever the text: the parser ends, points inside the text, and what it
 * accepts formats to text that parses to the same criterion.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predicate.h"

#define TEXT_MAX	8192

static void require(bool ok, const char *what, const char *text)
{
	if (ok)
		return;
	fprintf(stderr, "%s: \"%s\"\n", what, text);
	abort();
}

static void check_refused(const char *text, const struct criterion_error *err)
{
	char explained[2048];

	require(err->at <= strlen(text), "points outside", text);
	require(*err->found && *err->expected, "says nothing", text);
	criterion_explain(text, err, explained, sizeof(explained));
}

static void check_accepted(const char *text, const struct criterion *c)
{
	static char again[TEXT_MAX];
	static struct criterion second;
	struct criterion_error err;

	criterion_format(c, again, sizeof(again));
	require(criterion_parse(again, &second, &err), "does not parse again", again);
	require(!memcmp(c, &second, sizeof(second)), "parses to another", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct criterion c;
	struct criterion_error err;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	if (criterion_parse(text, &c, &err))
		check_accepted(text, &c);
	else
		check_refused(text, &err);
	free(text);
	return 0;
}
