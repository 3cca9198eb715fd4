/* SPDX-License-Identifier: GPL-2.0 */
/* The words of a criteria text. */
#ifndef LEXER_H
#define LEXER_H

#include <cv/bytes.h>

enum token_kind {
	T_END,
	T_NEWLINE,
	T_NAME,		/* letters, digits, "_", with dots between: criteria, vm.memory */
	T_STRING,	/* its text is without the quotes, escapes as written */
	T_NUMBER,	/* decimal or 0x… */
	T_VALUE,	/* a digest, address, prefix or version, by its form */
	T_OP,		/* == != < <= > >= */
	T_PUNCT,	/* { } ( ) , : */
	T_BAD,
};

struct token {
	enum token_kind kind;
	struct cv_bytes text;
	unsigned int line, column;	/* from 1; columns are bytes */
	const char *bad;		/* what is wrong with T_BAD */
};

struct lexer {
	struct cv_reader reader;
	const uint8_t *line_begin;
	unsigned int line;
};

void lexer_begin(struct lexer *lexer, struct cv_bytes text);

/* Comments and blanks are gone; several newlines are one. After T_END it stays there. */
struct token lexer_next(struct lexer *lexer);

#endif
