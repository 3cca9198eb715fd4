// SPDX-License-Identifier: GPL-2.0
#include "lexer.h"

void lexer_begin(struct lexer *lexer, struct cv_bytes text)
{
	lexer->reader = cv_reader(text);
	lexer->line_begin = text.data;
	lexer->line = 1;
}

static int peek(const struct lexer *lexer, size_t ahead)
{
	return ahead < lexer->reader.left ? lexer->reader.at[ahead] : -1;
}

static struct token token(struct lexer *lexer, enum token_kind kind, size_t len)
{
	struct token t = { .kind = kind, .line = lexer->line };

	t.column = lexer->reader.at - lexer->line_begin + 1;
	t.text = (struct cv_bytes) { lexer->reader.at, len };
	cv_take(&lexer->reader, len);
	return t;
}

static struct token bad(struct lexer *lexer, size_t len, const char *why)
{
	struct token t = token(lexer, T_BAD, len);

	t.bad = why;
	return t;
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static void skip_blanks(struct lexer *lexer)
{
	int c;

	while ((c = peek(lexer, 0)) == ' ' || c == '\t' || c == '\r' || c == '#') {
		if (c != '#') {
			cv_take(&lexer->reader, 1);
			continue;
		}
		while ((c = peek(lexer, 0)) >= 0 && c != '\n')
			cv_take(&lexer->reader, 1);
	}
}

static struct token newline(struct lexer *lexer)
{
	struct token t = token(lexer, T_NEWLINE, 1);

	for (;;) {
		lexer->line++;
		lexer->line_begin = lexer->reader.at;
		skip_blanks(lexer);
		if (peek(lexer, 0) != '\n')
			return t;
		cv_take(&lexer->reader, 1);
	}
}

static struct token string(struct lexer *lexer)
{
	struct token t;
	size_t len = 1;
	int c;

	while ((c = peek(lexer, len)) != '"') {
		if (c < 0 || c == '\n')
			return bad(lexer, len, "the string has no closing quote on its line");
		if (c < 0x20)
			return bad(lexer, len, "the string has a control character; write \\xHH for it");
		len += c == '\\' && peek(lexer, len + 1) >= 0x20 ? 2 : 1;
	}
	t = token(lexer, T_STRING, len + 1);
	t.text.data++;
	t.text.len -= 2;
	return t;
}

static bool in_word(int c)
{
	return is_letter(c) || is_digit(c) || c == '.' || c == ':' || c == '/';
}

/* Letters, digits and "_", not beginning with a digit, with single dots between. */
static bool is_name(struct cv_bytes w)
{
	bool begin = true;

	for (size_t i = 0; i < w.len; i++) {
		if (begin ? !is_letter(w.data[i]) : !(is_letter(w.data[i]) || is_digit(w.data[i]) || w.data[i] == '.'))
			return false;
		begin = w.data[i] == '.';
	}
	return w.len && !begin;
}

static bool is_number(struct cv_bytes w)
{
	bool hex = w.len > 2 && w.data[0] == '0' && w.data[1] == 'x';

	for (size_t i = hex ? 2 : 0; i < w.len; i++)
		if (!is_digit(w.data[i]) &&
		    !(hex && ((w.data[i] >= 'a' && w.data[i] <= 'f') || (w.data[i] >= 'A' && w.data[i] <= 'F'))))
			return false;
	return w.len;
}

/* "every ima.file: …": a colon may end what is before it; that of an address, "2001:db8::", comes in twos. */
static struct token word(struct lexer *lexer)
{
	struct cv_bytes w = { lexer->reader.at, 0 };

	while (in_word(peek(lexer, w.len)))
		w.len++;
	if (w.len > 1 && w.data[w.len - 1] == ':' && w.data[w.len - 2] != ':')
		w.len--;
	if (is_name(w))
		return token(lexer, T_NAME, w.len);
	if (is_number(w))
		return token(lexer, T_NUMBER, w.len);
	if (memchr(w.data, ':', w.len) || memchr(w.data, '.', w.len) || memchr(w.data, '/', w.len))
		return token(lexer, T_VALUE, w.len);
	return bad(lexer, w.len, "neither a name nor a value; a unit stands apart: 8 GiB");
}

static struct token operator_or_punct(struct lexer *lexer, int c)
{
	bool equals = peek(lexer, 1) == '=';

	switch (c) {
	case '<':
	case '>': return token(lexer, T_OP, equals ? 2 : 1);
	case '=':
	case '!':
		if (equals)
			return token(lexer, T_OP, 2);
		return bad(lexer, 1, c == '=' ? "\"=\" is no operator; \"==\" compares" :
						"\"!\" is no operator; write \"not\"");
	case '{':
	case '}':
	case '(':
	case ')':
	case ',':
	case ':': return token(lexer, T_PUNCT, 1);
	}
	return bad(lexer, 1, "no word of the language begins so");
}

struct token lexer_next(struct lexer *lexer)
{
	int c;

	skip_blanks(lexer);
	c = peek(lexer, 0);
	if (c < 0)
		return token(lexer, T_END, 0);
	if (c == '\n')
		return newline(lexer);
	if (c == '"')
		return string(lexer);
	/* "::1" is an address; ":" alone is not the beginning of a word. */
	if (is_letter(c) || is_digit(c) || (c == ':' && peek(lexer, 1) == ':'))
		return word(lexer);
	return operator_or_punct(lexer, c);
}
