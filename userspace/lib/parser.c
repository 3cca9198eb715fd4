// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include "parser.h"

/* --- failing ---------------------------------------------------------------------- */

bool fail_at(struct parser *p, const struct token *at, enum cv_error_name name, const char *format, ...)
{
	char text[sizeof(p->err->text)];
	va_list args;

	if (p->err->name != CV_E_NONE)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	*p->spot = (struct cv_spot) { at->line, at->column, at->text.len };
	/* The quote before a string is part of what is pointed at. */
	if (at->kind == T_STRING)
		p->spot->len += 2;
	return cv_refuse(p->err, name, "%s", text);
}

static const char *kind_name(const struct token *token)
{
	switch (token->kind) {
	case T_END: return "the end of the text";
	case T_NEWLINE: return "the end of the line";
	default: return NULL;
	}
}

bool expected(struct parser *p, const char *what)
{
	const char *kind = kind_name(&p->token);
	int shown = p->token.text.len < 60 ? p->token.text.len : 60;

	if (p->token.kind == T_BAD)
		return fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX, "%s", p->token.bad);
	if (kind)
		return fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX, "expected %s, got %s", what, kind);
	return fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX, "expected %s, got \"%.*s\"", what, shown,
		       (const char *)p->token.text.data);
}

void *allocate(struct parser *p, size_t size)
{
	void *got = arena_alloc(&p->criteria->arena, size);

	if (!got)
		fail_at(p, &p->token, CV_E_CRITERIA_LIMIT, "the criteria take more than %u bytes of memory",
			CV_CRITERIA_MEMORY_MAX);
	return got;
}

char *copy_text(struct parser *p, struct cv_bytes text)
{
	char *copy = allocate(p, text.len + 1);

	if (copy && text.len)
		memcpy(copy, text.data, text.len);
	return copy;
}

/* --- tokens ------------------------------------------------------------------------- */

void advance(struct parser *p)
{
	do {
		p->token = lexer_next(&p->lexer);
	} while (p->nest && p->token.kind == T_NEWLINE);
}

void skip_newlines(struct parser *p)
{
	while (p->token.kind == T_NEWLINE)
		p->token = lexer_next(&p->lexer);
}

static bool is_text(const struct token *token, const char *text)
{
	return token->text.len == strlen(text) && !memcmp(token->text.data, text, token->text.len);
}

bool at_name(const struct parser *p, const char *name)
{
	return p->token.kind == T_NAME && is_text(&p->token, name);
}

bool take_name(struct parser *p, const char *name)
{
	bool there = at_name(p, name);

	if (there)
		advance(p);
	return there;
}

bool at_punct(const struct parser *p, char c)
{
	return p->token.kind == T_PUNCT && p->token.text.data[0] == c;
}

bool need_punct(struct parser *p, char c)
{
	char what[] = { '"', c, '"', 0 };

	if (!at_punct(p, c))
		return expected(p, what);
	advance(p);
	return true;
}

/* --- strings -------------------------------------------------------------------------- */

static int hex_digit(uint8_t c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at && *at ? at - digits : -1;
}

/* One character behind a backslash; how many bytes of the text it takes, 0 for none. */
static unsigned int unescape(struct cv_bytes rest, uint8_t *to)
{
	int high, low;

	switch (rest.len ? rest.data[0] : 0) {
	case '"':
	case '\\': *to = rest.data[0]; return 1;
	case 'n': *to = '\n'; return 1;
	case 't': *to = '\t'; return 1;
	case 'x':
		high = rest.len > 2 ? hex_digit(rest.data[1]) : -1;
		low = rest.len > 2 ? hex_digit(rest.data[2]) : -1;
		*to = high << 4 | (low & 15);
		return high >= 0 && low >= 0 ? 3 : 0;
	}
	return 0;
}

bool parse_string(struct parser *p, struct cv_bytes *string)
{
	struct cv_bytes text = p->token.text;
	uint8_t *out;
	size_t n = 0;

	if (p->token.kind != T_STRING)
		return expected(p, "a string in quotes");
	out = (uint8_t *)copy_text(p, text);
	if (!out)
		return false;
	for (size_t i = 0; i < text.len; i++, n++) {
		unsigned int taken;

		out[n] = text.data[i];
		if (text.data[i] != '\\')
			continue;
		taken = unescape((struct cv_bytes) { text.data + i + 1, text.len - i - 1 }, out + n);
		if (!taken)
			return fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX,
				       "the string has an unknown escape; there are \\\" \\\\ \\n \\t \\xHH");
		i += taken;
	}
	out[n] = 0;
	*string = (struct cv_bytes) { out, n };
	advance(p);
	return true;
}
