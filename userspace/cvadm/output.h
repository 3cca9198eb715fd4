/* SPDX-License-Identifier: GPL-2.0 */
/* The one place that turns attributes into a table, lines or JSON. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

#include <jansson.h>

#include "nl.h"

/* A list: a table in text, an array in JSON. */
struct output {
	bool json;
	const int *columns;		/* attribute types, ends with 0 */
	json_t *array;
	char *cells;			/* rows of n_columns strings, back to back */
	size_t cells_len;
	FILE *cells_file;
	size_t rows;
};

void output_begin(struct output *out, const struct call *call, const int *columns);
void output_row(struct nlattr **tb, void *out);	/* a cvnl_reply_fn */
void output_end(struct output *out);

/* Dump cmd, or rather the message made for it, as a list. */
int output_dump(struct call *call, struct nl_msg *msg, const int *columns);

/* One object: "name value" lines, or an object in JSON. */
void output_object(struct nlattr **tb, bool json);

/* "set 3: deleted", or {"set": 3}; returns CVX_OK. */
int output_done(const struct call *call, const char *noun, uint32_t id, const char *what);

/* Attributes of a message as a JSON object. */
json_t *output_json(struct nlattr **tb);
/* Prints one line and frees it. */
void output_print(json_t *json, int flags);

#endif /* OUTPUT_H */
