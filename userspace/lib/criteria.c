// SPDX-License-Identifier: GPL-2.0
/*
 * text     := "criteria" STRING [ "for" TARGET { "," TARGET } ] "{" items "}"
 * items    := { item NEWLINE }
 * item     := expr | "rules" STRING "{" items "}" | "hidden" STRING "{" items "}" |
 *             "commitment" DIGEST | remedies
 * remedies := "on" "violation" [ "of" FACT ] [ "severity" SEVERITY ] REMEDY { "," REMEDY }
 */
#include <stdio.h>
#include <stdlib.h>
#include "parser.h"

static const char *const targets[] = { "compute", "network", "api", "service", "verifier", "guest", NULL };

static const char *const remedy_names[] = {
#define CV_REMEDY(id, text) [CV_REMEDY_##id] = text,
	CV_REMEDIES
#undef CV_REMEDY
};

static const char *const severity_names[] = {
	[CV_MINOR] = "minor", [CV_MAJOR] = "major", [CV_CRITICAL] = "critical",
};

const char *target_name(unsigned int target)
{
	return targets[target];
}

const char *cv_remedy_name(enum cv_remedy remedy)
{
	return remedy_names[remedy];
}

const char *cv_severity_name(enum cv_severity severity)
{
	return severity_names[severity];
}

/* --- items ----------------------------------------------------------------------------- */

/* What the rules of a block have in common. */
struct block {
	const char *name;	/* or NULL */
	const uint8_t *salt;	/* or NULL: not hidden */
};

static bool parse_items(struct parser *p, const struct block *block);

static struct cv_rule *new_rule(struct parser *p, const struct block *block)
{
	static const char too_many[] = "more than %u rules";
	struct cv_rule *rule, **end = &p->criteria->rules;
	unsigned int n = 0;

	for (; *end; end = &(*end)->next)
		n++;
	if (n == CV_CRITERIA_RULES_MAX) {
		fail_at(p, &p->token, CV_E_CRITERIA_LIMIT, too_many, CV_CRITERIA_RULES_MAX);
		return NULL;
	}
	rule = allocate(p, sizeof(*rule));
	if (!rule)
		return NULL;
	*rule = (struct cv_rule) { .block = block->name, .salt = block->salt, .line = p->token.line };
	*end = rule;
	return rule;
}

static bool parse_rule(struct parser *p, const struct block *block)
{
	struct cv_rule *rule = new_rule(p, block);

	if (!rule)
		return false;
	rule->expr = parse_expr(p);
	return rule->expr;
}

static bool parse_name(struct parser *p, const char **name)
{
	struct token at = p->token;
	struct cv_bytes string;

	if (!parse_string(p, &string))
		return false;
	*name = (const char *)string.data;
	return (string.len && !memchr(string.data, 0, string.len)) ||
	       fail_at(p, &at, CV_E_CRITERIA_SYNTAX, "a name has at least one character, and no zero byte");
}

static bool enter(struct parser *p)
{
	if (p->depth == CV_CRITERIA_DEPTH_MAX)
		return fail_at(p, &p->token, CV_E_CRITERIA_LIMIT, "deeper than %u", CV_CRITERIA_DEPTH_MAX);
	p->depth++;
	return true;
}

static bool parse_block(struct parser *p, const struct block *outer)
{
	struct block inner = *outer;
	bool good;

	if (outer->name)
		return fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX, "named rules within \"%s\"", outer->name);
	advance(p);
	good = enter(p) && parse_name(p, &inner.name) && parse_items(p, &inner);
	p->depth--;
	return good;
}

static const char salt_form[] = "a salt of 64 hexadecimal digits in quotes, that nobody can guess (openssl rand -hex 32)";

static bool parse_salt(struct parser *p, const uint8_t **salt)
{
	char text[8 + 2 * CV_CRITERIA_ID] = "sha256:";
	uint8_t *room = allocate(p, CV_HASH_MAX);
	struct cv_value value;

	if (!room)
		return false;
	if (p->token.kind != T_STRING || p->token.text.len != 2 * CV_CRITERIA_ID)
		return expected(p, salt_form);
	memcpy(text + 7, p->token.text.data, p->token.text.len);
	if (!cv_value_read(&value, CV_DIGEST, (struct cv_bytes) { (uint8_t *)text, 7 + p->token.text.len }, room))
		return expected(p, salt_form);
	*salt = room;
	advance(p);
	return true;
}

static bool parse_hidden(struct parser *p, const struct block *outer)
{
	struct block inner = *outer;
	bool good;

	if (outer->salt)
		return fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX, "hidden within hidden");
	advance(p);
	good = enter(p) && parse_salt(p, &inner.salt) && parse_items(p, &inner);
	p->depth--;
	return good;
}

static bool parse_commitment(struct parser *p, const struct block *block)
{
	struct cv_value digest;
	uint8_t room[CV_HASH_MAX];
	struct cv_rule *rule;

	if (block->name || block->salt)
		return fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX, "a commitment stands by itself");
	advance(p);
	if (p->token.kind != T_VALUE || !cv_value_read(&digest, CV_DIGEST, p->token.text, room) ||
	    digest.digest.hash->alg != CV_ALG_SHA256)
		return expected(p, "a commitment, as sha256:0123…");
	rule = new_rule(p, block);
	if (!rule)
		return false;
	memcpy(rule->leaf, room, sizeof(rule->leaf));
	advance(p);
	return true;
}

/* --- remedies ------------------------------------------------------------------------------ */

static bool parse_choice(struct parser *p, const char *const *names, unsigned int n, const char *what,
			 unsigned int *choice)
{
	char all[160];
	int len = 0;

	for (*choice = 0; *choice < n; ++*choice)
		if (take_name(p, names[*choice]))
			return true;
	len = snprintf(all, sizeof(all), "%s:", what);
	for (unsigned int i = 0; i < n; i++)
		len += snprintf(all + len, sizeof(all) - len, "%s %s", i ? "," : "", names[i]);
	return expected(p, all);
}

static bool parse_actions(struct parser *p, unsigned int *actions)
{
	unsigned int action;

	*actions = 1u << CV_REMEDY_CLOSE;	/* whatever else is done */
	do {
		skip_newlines(p);
		if (!parse_choice(p, remedy_names, CV_N_REMEDIES, "a remedy", &action))
			return false;
		*actions |= 1u << action;
		if (!at_punct(p, ','))
			return true;
		advance(p);
	} while (true);
}

static bool parse_remedies(struct parser *p, const struct block *block)
{
	struct token at = p->token;
	struct remedies *r, **end = &p->criteria->remedies;
	struct fact_ref of = {};
	unsigned int severity = CV_CRITICAL;

	if (block->name || block->salt)
		return fail_at(p, &at, CV_E_CRITERIA_SYNTAX, "remedies stand outside of blocks");
	advance(p);
	if (!take_name(p, "violation"))
		return expected(p, "\"violation\"");
	if (take_name(p, "of") && !parse_fact_name(p, &of))
		return false;
	if (take_name(p, "severity") && !parse_choice(p, severity_names, 3, "a severity", &severity))
		return false;
	for (; *end; end = &(*end)->next)
		if ((*end)->of == of.fact)
			return fail_at(p, &at, CV_E_CRITERIA_SYNTAX, "remedies of %s were told before",
				       of.fact ? of.fact->name : "every rule");
	r = allocate(p, sizeof(*r));
	if (!r)
		return false;
	r->of = of.fact;
	r->severity = severity;
	*end = r;
	return parse_actions(p, &r->actions);
}

/* --- the whole --------------------------------------------------------------------------------- */

static bool parse_item(struct parser *p, const struct block *block)
{
	if (at_name(p, "rules"))
		return parse_block(p, block);
	if (at_name(p, "hidden"))
		return parse_hidden(p, block);
	if (at_name(p, "commitment"))
		return parse_commitment(p, block);
	if (at_name(p, "on"))
		return parse_remedies(p, block);
	return parse_rule(p, block);
}

static bool parse_items(struct parser *p, const struct block *block)
{
	if (!need_punct(p, '{'))
		return false;
	skip_newlines(p);
	while (!at_punct(p, '}')) {
		if (!parse_item(p, block))
			return false;
		if (p->token.kind != T_NEWLINE && !at_punct(p, '}'))
			return expected(p, "the end of the line, \"and\" or \"or\"");
		skip_newlines(p);
	}
	advance(p);
	return true;
}

static bool parse_targets(struct parser *p)
{
	unsigned int target;

	if (!take_name(p, "for"))
		return true;
	do {
		if (!parse_choice(p, targets, sizeof(targets) / sizeof(targets[0]) - 1, "what they are for", &target))
			return false;
		p->criteria->targets |= 1u << target;
		if (!at_punct(p, ','))
			return true;
		advance(p);
	} while (true);
}

static bool parse_text(struct parser *p)
{
	const struct block outside = {};

	advance(p);
	skip_newlines(p);
	if (!take_name(p, "criteria"))
		return expected(p, "\"criteria\", a name in quotes and { rules }");
	if (!parse_name(p, &p->criteria->name) || !parse_targets(p) || !parse_items(p, &outside))
		return false;
	skip_newlines(p);
	if (p->token.kind != T_END)
		return expected(p, "the end of the text: one text holds one criteria");
	return p->criteria->rules ||
	       fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX, "no rule: nothing would be asked of anybody");
}

struct cv_criteria *cv_criteria_parse(struct cv_bytes text, const struct cv_criteria_env *env,
				      struct cv_spot *spot, struct cv_error *err)
{
	struct cv_criteria *criteria = calloc(1, sizeof(*criteria));
	struct parser p = { .env = env, .criteria = criteria, .spot = spot, .err = err };

	*spot = (struct cv_spot) { 1, 1, 0 };
	*err = (struct cv_error) {};
	if (!criteria) {
		cv_refuse(err, CV_E_MEMORY, "no memory for criteria");
		return NULL;
	}
	criteria->arena.max = CV_CRITERIA_MEMORY_MAX;
	lexer_begin(&p.lexer, text);
	if (text.len > CV_CRITERIA_TEXT_MAX)
		cv_refuse(err, CV_E_CRITERIA_LIMIT, "%zu bytes, expected at most %u", text.len,
			  CV_CRITERIA_TEXT_MAX);
	else if (parse_text(&p) && !canonize(criteria))
		cv_refuse(err, CV_E_MEMORY, "no memory for the canonical form");
	if (err->name == CV_E_NONE)
		return criteria;
	cv_criteria_free(criteria);
	return NULL;
}

void cv_criteria_free(struct cv_criteria *criteria)
{
	if (criteria)
		arena_clear(&criteria->arena);
	free(criteria);
}

const char *cv_criteria_name(const struct cv_criteria *criteria)
{
	return criteria->name;
}

const uint8_t *cv_criteria_id(const struct cv_criteria *criteria)
{
	return criteria->id;
}

void cv_criteria_print_id(const struct cv_criteria *criteria, char text[CV_CRITERIA_ID_TEXT])
{
	const uint8_t *id = cv_criteria_id(criteria);
	int len = sprintf(text, "sha256:");

	for (unsigned int i = 0; i < CV_CRITERIA_ID; i++)
		len += sprintf(text + len, "%02x", id[i]);
}

/* --- showing what is wrong ------------------------------------------------------------------------ */

static struct cv_bytes line_of(struct cv_bytes text, unsigned int number)
{
	struct cv_bytes line = text;

	while (number-- > 1) {
		const uint8_t *end = line.len ? memchr(line.data, '\n', line.len) : NULL;

		if (!end)
			break;
		line.len -= end + 1 - line.data;
		line.data = end + 1;
	}
	if (line.len) {
		const uint8_t *end = memchr(line.data, '\n', line.len);

		line.len = end ? (size_t)(end - line.data) : line.len;
	}
	return line;
}

#define SHOWN	100	/* bytes of a line */

int cv_criteria_explain(const char *file, struct cv_bytes text, const struct cv_spot *spot,
			const struct cv_error *err, char *out, size_t size)
{
	struct cv_bytes line = line_of(text, spot->line);
	size_t shown = line.len < SHOWN ? line.len : SHOWN;
	char copy[SHOWN + 1], mark[SHOWN + 2];
	size_t end = spot->column - 1 + (spot->len ? spot->len : 1);

	for (size_t i = 0; i < shown; i++)
		copy[i] = line.data[i] == '\t' || (line.data[i] >= 0x20 && line.data[i] != 0x7f) ? line.data[i] : '?';
	copy[shown] = 0;
	if (end > shown + 1)
		end = shown + 1;
	for (size_t i = 0; i < end; i++)
		mark[i] = i < spot->column - 1 ? (i < shown && copy[i] == '\t' ? '\t' : ' ') :
			  i == spot->column - 1 ? '^' : '~';
	mark[end] = 0;
	return snprintf(out, size, "%s:%u:%u: %s\n%s\n%s\n", file, spot->line, spot->column, err->text, copy, mark);
}
