/* SPDX-License-Identifier: GPL-2.0 */
/* The state of parsing a criteria text, shared by its structure (criteria.c) and its expressions (expr.c). */
#ifndef PARSER_H
#define PARSER_H

#include "ast.h"
#include "lexer.h"

struct parser {
	struct lexer lexer;
	struct token token;		/* the current one */
	unsigned int nest;		/* open parentheses and sets: newlines mean nothing there */
	unsigned int depth;
	const struct cv_fact *list;	/* whose fields can be named: that of the quantifier around */
	const struct cv_criteria_env *env;
	struct cv_criteria *criteria;
	struct cv_spot *spot;
	struct cv_error *err;
};

/* Always false; the first failure stays. */
bool fail_at(struct parser *p, const struct token *at, enum cv_error_name name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* "expected …, got …" at the current token. */
bool expected(struct parser *p, const char *what);

void *allocate(struct parser *p, size_t size);	/* NULL has failed */
char *copy_text(struct parser *p, struct cv_bytes text);	/* terminated */

void advance(struct parser *p);
void skip_newlines(struct parser *p);
bool at_name(const struct parser *p, const char *name);
bool take_name(struct parser *p, const char *name);	/* true: was there, and is passed */
bool at_punct(const struct parser *p, char c);
bool need_punct(struct parser *p, char c);

/* A quoted string, without its escapes. */
bool parse_string(struct parser *p, struct cv_bytes *string);
/* Without arguments. */
bool parse_fact_name(struct parser *p, struct fact_ref *fact);

/* To the end of its line. NULL has failed. */
struct expr *parse_expr(struct parser *p);

#endif
