// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "predicate.h"

struct parser {
	const char *text;
	const char *p;
	struct criterion *c;
	struct criterion_error *err;
};

/* Locale-free: the text means the same everywhere. */
static bool is_space(char ch)
{
	return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static bool is_alpha(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

static bool is_name(char ch)
{
	return is_alpha(ch) || is_digit(ch) || ch == '.' || ch == '-';
}

static int digit(char ch)
{
	if (is_digit(ch))
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return 99;
}

static void skip(struct parser *ps)
{
	while (is_space(*ps->p))
		ps->p++;
}

/* How much of the text to quote as what was found. */
static size_t token_len(const char *p)
{
	size_t n = 0;

	while (is_name(p[n]))
		n++;
	if (!n && *p)
		n = strcspn(p, " \t\n\v\f\r");
	return n;
}

static bool wrong(struct parser *ps, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool wrong(struct parser *ps, const char *at, const char *fmt, ...)
{
	struct criterion_error *err = ps->err;
	size_t len = token_len(at);
	va_list ap;

	err->at = at - ps->text;
	if (!*at)
		snprintf(err->found, sizeof(err->found), "the end");
	else
		snprintf(err->found, sizeof(err->found), "\"%.*s\"", len > 40 ? 40 : (int)len, at);
	va_start(ap, fmt);
	vsnprintf(err->expected, sizeof(err->expected), fmt, ap);
	va_end(ap);
	return false;
}

/* Takes the symbol if it is next. */
static bool symbol(struct parser *ps, const char *s)
{
	skip(ps);
	if (strncmp(ps->p, s, strlen(s)))
		return false;
	ps->p += strlen(s);
	return true;
}

/* Takes the word if it is next and ends there. */
static bool word(struct parser *ps, const char *s)
{
	size_t len = strlen(s);

	skip(ps);
	if (strncmp(ps->p, s, len) || is_name(ps->p[len]))
		return false;
	ps->p += len;
	return true;
}

static bool number(struct parser *ps, uint64_t max, const char *what, uint64_t *out)
{
	unsigned int base = 10;
	const char *start;
	uint64_t v = 0;

	skip(ps);
	start = ps->p;
	if (start[0] == '0' && (start[1] | 0x20) == 'x') {
		base = 16;
		ps->p += 2;
	} else if (start[0] == '0' && is_digit(start[1])) {
		return wrong(ps, start, "%s without a leading zero: decimal, or 0x hexadecimal",
			     what);
	}
	if (digit(*ps->p) >= (int)base)
		return wrong(ps, start, "%s: decimal, or 0x hexadecimal, no sign", what);
	for (; digit(*ps->p) < (int)base; ps->p++) {
		unsigned int d = digit(*ps->p);

		if (v > (max - d) / base)
			return wrong(ps, start, "%s of at most %" PRIu64, what, max);
		v = v * base + d;
	}
	if (is_alpha(*ps->p))
		return wrong(ps, start, "%s: decimal, or 0x hexadecimal", what);
	*out = v;
	return true;
}

static bool name_take(struct parser *ps, const char *start, size_t len)
{
	if (!len || len > CV_NAME_MAX)
		return wrong(ps, start, "a watch's name of 1 to %d bytes", CV_NAME_MAX);
	memcpy(ps->c->name, start, len);
	ps->c->name[len] = '\0';
	return true;
}

static bool name_quoted(struct parser *ps)
{
	const char *start = ps->p + 1, *end = strchr(start, '"');

	if (!end)
		return wrong(ps, start + strlen(start), "a closing \"");
	if (!name_take(ps, start, end - start))
		return false;
	ps->p = end + 1;
	return true;
}

static bool subject(struct parser *ps)
{
	const char *start;
	uint64_t id;

	word(ps, "watch");
	skip(ps);
	if (*ps->p == '"')
		return name_quoted(ps);
	if (is_digit(*ps->p)) {
		if (!number(ps, UINT32_MAX, "a watch's id", &id))
			return false;
		ps->c->watch = id;
		return true;
	}
	if (!is_alpha(*ps->p))
		return wrong(ps, ps->p, "a watch: its id, or its name");
	for (start = ps->p; is_name(*ps->p); ps->p++)
		;
	return name_take(ps, start, ps->p - start);
}

static bool mask(struct parser *ps)
{
	const char *start;

	ps->c->mask = UINT64_MAX;
	if (!symbol(ps, "&"))
		return true;
	skip(ps);
	start = ps->p;
	if (!number(ps, UINT64_MAX, "a mask", &ps->c->mask))
		return false;
	if (!ps->c->mask)
		return wrong(ps, start, "a mask that is not 0");
	ps->c->masked = true;
	return true;
}

static bool range(struct parser *ps)
{
	struct criterion *c = ps->c;
	const char *start;

	c->pred = CV_PRED_RANGE;
	if (!number(ps, UINT64_MAX, "{values} or a range's lower bound", &c->a))
		return false;
	if (!symbol(ps, ".."))
		return wrong(ps, ps->p, ".. and the range's upper bound");
	skip(ps);
	start = ps->p;
	if (!number(ps, UINT64_MAX, "the range's upper bound", &c->b))
		return false;
	if (c->b < c->a)
		return wrong(ps, start, "an upper bound not below the lower bound %" PRIu64, c->a);
	return true;
}

/* Bits that the mask cuts off would decide the test by themselves. */
static bool masked_value(struct parser *ps, uint64_t *out)
{
	const char *start;

	skip(ps);
	start = ps->p;
	if (!number(ps, UINT64_MAX, "a value", out))
		return false;
	if (*out & ~ps->c->mask)
		return wrong(ps, start, "a value without bits outside the mask 0x%" PRIx64,
			     ps->c->mask);
	return true;
}

static bool values(struct parser *ps)
{
	struct criterion *c = ps->c;

	c->pred = CV_PRED_IN;
	do {
		skip(ps);
		if (c->n_values == CV_PRED_VALUES)
			return wrong(ps, ps->p, "at most %d values; use bpf and a map for more",
				     CV_PRED_VALUES);
		if (!masked_value(ps, &c->values[c->n_values]))
			return false;
		c->n_values++;
	} while (symbol(ps, ","));
	if (!symbol(ps, "}"))
		return wrong(ps, ps->p, ", or }");
	return true;
}

static bool is_program(const char *p, const char *end)
{
	if (p == end || end - p >= CRITERION_PROGRAM_MAX)
		return false;
	for (; p < end; p++)
		if (!is_alpha(*p) && !is_digit(*p))
			return false;
	return true;
}

/* The end of the object's path, and its program. */
static const char *program_split(struct parser *ps, const char *start, const char *end)
{
	const char *colon = end;

	while (colon > start && *colon != ':')
		colon--;
	if (*colon != ':' || !is_program(colon + 1, end))
		return end;
	memcpy(ps->c->program, colon + 1, end - colon - 1);
	return colon;
}

static bool program(struct parser *ps)
{
	struct criterion *c = ps->c;
	const char *end, *start;

	c->pred = CV_PRED_BPF;
	c->pinned = word(ps, "pinned");
	skip(ps);
	start = ps->p;
	end = start + strlen(start);
	ps->p = end;
	while (end > start && is_space(end[-1]))
		end--;
	if (!c->pinned)
		end = program_split(ps, start, end);
	if (end == start)
		return wrong(ps, start, c->pinned ? "the path of a pinned program" :
			     "a BPF object file, or pinned and a path");
	if (end - start >= (ptrdiff_t)sizeof(c->path))
		return wrong(ps, start, "a path shorter than %zu bytes", sizeof(c->path));
	memcpy(c->path, start, end - start);
	return true;
}

static bool comparison(struct parser *ps, const char *start)
{
	static const struct { const char *symbol; enum cv_pred pred; } table[] = {
		{ "==", CV_PRED_EQ }, { "!=", CV_PRED_NE }, { "<=", CV_PRED_LE },
		{ ">=", CV_PRED_GE }, { "<", CV_PRED_LT }, { ">", CV_PRED_GT },
	};
	struct criterion *c = ps->c;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!symbol(ps, table[i].symbol))
			continue;
		c->pred = table[i].pred;
		if (c->pred == CV_PRED_EQ || c->pred == CV_PRED_NE)
			return masked_value(ps, &c->a);
		return number(ps, UINT64_MAX, "a value", &c->a);
	}
	return wrong(ps, start, "%s== != < <= > >= in%s", c->masked ? "" : "& ",
		     c->masked ? "" : " or bpf");
}

static bool test(struct parser *ps)
{
	const char *start;

	skip(ps);
	start = ps->p;
	if (word(ps, "in"))
		return symbol(ps, "{") ? values(ps) : range(ps);
	if (!word(ps, "bpf"))
		return comparison(ps, start);
	if (ps->c->masked)
		return wrong(ps, start, "no mask before bpf: the program sees the whole value");
	return program(ps);
}

bool criterion_parse(const char *text, struct criterion *c, struct criterion_error *err)
{
	struct parser ps = { .text = text, .p = text, .c = c, .err = err };

	memset(c, 0, sizeof(*c));
	memset(err, 0, sizeof(*err));
	if (!subject(&ps) || !mask(&ps) || !test(&ps))
		return false;
	skip(&ps);
	if (*ps.p)
		return wrong(&ps, ps.p, "nothing more");
	return true;
}

void criterion_explain(const char *text, const struct criterion_error *err, char *buf,
		       size_t size)
{
	char shown[512], pad[512];
	size_t column = 0, n = 0;

	/* one line, and the caret counts characters */
	for (; text[n] && n < sizeof(shown) - 1; n++) {
		shown[n] = (unsigned char)text[n] < ' ' || text[n] == 0x7f ? ' ' : text[n];
		if (n < err->at && (text[n] & 0xc0) != 0x80)
			pad[column++] = ' ';
	}
	shown[n] = pad[column] = '\0';
	snprintf(buf, size, "  %s\n  %s^\n  column %zu: found %s, expected %s", shown, pad,
		 column + 1, err->found, err->expected);
}

static const char *pred_symbol(enum cv_pred pred)
{
	switch (pred) {
	case CV_PRED_EQ:
		return "==";
	case CV_PRED_NE:
		return "!=";
	case CV_PRED_LT:
		return "<";
	case CV_PRED_LE:
		return "<=";
	case CV_PRED_GT:
		return ">";
	case CV_PRED_GE:
		return ">=";
	default:
		return "?";
	}
}

struct sink {
	char *buf;
	size_t size, n;
};

static void emit(struct sink *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void emit(struct sink *s, const char *fmt, ...)
{
	va_list ap;

	if (s->n >= s->size)
		return;
	va_start(ap, fmt);
	s->n += vsnprintf(s->buf + s->n, s->size - s->n, fmt, ap);
	va_end(ap);
}

static void emit_test(struct sink *s, const struct criterion *c)
{
	switch (c->pred) {
	case CV_PRED_RANGE:
		emit(s, "in 0x%" PRIx64 "..0x%" PRIx64, c->a, c->b);
		break;
	case CV_PRED_IN:
		for (unsigned int i = 0; i < c->n_values; i++)
			emit(s, "%s0x%" PRIx64, i ? ", " : "in {", c->values[i]);
		emit(s, "}");
		break;
	case CV_PRED_BPF:
		emit(s, "bpf%s%s%s%s%s", c->pinned ? " pinned" : "", *c->path ? " " : "", c->path,
		     *c->program ? ":" : "", c->program);
		break;
	default:
		emit(s, "%s 0x%" PRIx64, pred_symbol(c->pred), c->a);
		break;
	}
}

void criterion_format(const struct criterion *c, char *buf, size_t size)
{
	struct sink s = { .buf = buf, .size = size };

	if (*c->name)
		emit(&s, "watch \"%s\" ", c->name);
	else
		emit(&s, "watch %u ", c->watch);
	if (c->masked)
		emit(&s, "& 0x%" PRIx64 " ", c->mask);
	emit_test(&s, c);
}
