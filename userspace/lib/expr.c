// SPDX-License-Identifier: GPL-2.0
/*
 * expr     := and { "or" and }
 * and      := factor { "and" factor }
 * factor   := "not" factor | "(" expr ")" | each | compare
 * each     := ("every" | "no" | "some") FACT [ "where" expr ] ":" expr
 * compare  := FACT op operand
 * operand  := literal | FACT | "{" literal { "," literal } "}" | "file" ( "(" STRING ")" | DIGEST )
 */
#include <stdio.h>
#include <stdlib.h>
#include "parser.h"

/* --- facts --------------------------------------------------------------------------- */

static bool unknown_fact(struct parser *p, const struct token *name)
{
	const char *near = cv_fact_nearest(p->env->catalog, p->list, name->text);

	return fail_at(p, name, CV_E_CRITERIA_NAME, "no fact is called \"%.*s\"%s%s%s",
		       name->text.len < 60 ? (int)name->text.len : 60, (const char *)name->text.data,
		       near ? "; did you mean \"" : " (cvctl facts lists them)", near ? near : "",
		       near ? "\"?" : "");
}

static bool take_number(struct parser *p, uint64_t *n)
{
	char text[24];
	char *end;

	if (p->token.kind != T_NUMBER || p->token.text.len >= sizeof(text))
		return expected(p, "a number below 2^64");
	memcpy(text, p->token.text.data, p->token.text.len);
	text[p->token.text.len] = 0;
	/* An unsigned long is 64 bits wide; of 20 digits, those beyond saturate. */
	*n = strtoul(text, &end, text[1] == 'x' ? 16 : 10);
	if (*end || *n == UINT64_MAX)
		return expected(p, "a number below 2^64");
	advance(p);
	return true;
}

static bool is_word_of(const struct cv_param *param, struct cv_bytes word)
{
	for (const char *const *w = param->words; *w; w++)
		if (strlen(*w) == word.len && !memcmp(*w, word.data, word.len))
			return true;
	return false;
}

static bool parse_word(struct parser *p, const struct cv_param *param, struct cv_value *arg)
{
	char *copy;

	if (p->token.kind != T_NAME || !is_word_of(param, p->token.text))
		return expected(p, param->name);
	copy = copy_text(p, p->token.text);
	arg->string = (struct cv_bytes) { (uint8_t *)copy, p->token.text.len };
	advance(p);
	return copy;
}

static bool parse_arg(struct parser *p, const struct cv_param *param, struct cv_value *arg)
{
	struct token at = p->token;

	arg->type = param->type;
	if (param->words)
		return parse_word(p, param, arg);
	if (param->type == CV_STRING)
		return parse_string(p, &arg->string);
	if (!take_number(p, &arg->integer))
		return false;
	return arg->integer <= param->max ||
	       fail_at(p, &at, CV_E_CRITERIA_TYPE, "%s is at most %llu", param->name,
		       (unsigned long long)param->max);
}

static bool parse_args(struct parser *p, struct fact_ref *ref)
{
	const struct cv_param *param = ref->fact->param;

	if (!param[0].name)
		return !at_punct(p, '(') ||
		       fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX, "%s takes no argument", ref->fact->name);
	ref->args = allocate(p, CV_FACT_ARGS * sizeof(*ref->args));
	if (!ref->args)
		return false;
	p->nest++;
	for (unsigned int i = 0; i < CV_FACT_ARGS && param[i].name; i++)
		if (!need_punct(p, i ? ',' : '(') || !parse_arg(p, &param[i], &ref->args[i]))
			return false;
	p->nest--;
	return need_punct(p, ')');
}

bool parse_fact_name(struct parser *p, struct fact_ref *ref)
{
	struct token name = p->token;

	*ref = (struct fact_ref) {};
	if (name.kind != T_NAME)
		return expected(p, "a fact");
	ref->fact = cv_fact_field(p->list, name.text);
	if (!ref->fact)
		ref->fact = cv_fact_find(p->env->catalog, name.text, &ref->module);
	if (!ref->fact)
		return unknown_fact(p, &name);
	advance(p);
	return true;
}

static bool parse_fact(struct parser *p, struct fact_ref *ref)
{
	return parse_fact_name(p, ref) && parse_args(p, ref);
}

/* --- values ---------------------------------------------------------------------------- */

static const struct { const char *name; enum cv_unit unit; uint64_t of; } units[] = {
	{ "B", CV_UNIT_BYTES, 1 }, { "KiB", CV_UNIT_BYTES, 1ull << 10 },
	{ "MiB", CV_UNIT_BYTES, 1ull << 20 }, { "GiB", CV_UNIT_BYTES, 1ull << 30 },
	{ "TiB", CV_UNIT_BYTES, 1ull << 40 },
	{ "ns", CV_UNIT_TIME, 1 }, { "us", CV_UNIT_TIME, 1000 }, { "ms", CV_UNIT_TIME, 1000000 },
	{ "s", CV_UNIT_TIME, 1000000000 }, { "min", CV_UNIT_TIME, 60000000000ull },
	{ "h", CV_UNIT_TIME, 3600000000000ull },
};

static bool parse_unit(struct parser *p, enum cv_unit unit, uint64_t *n)
{
	if (unit == CV_UNIT_NONE)
		return true;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct token at = p->token;

		if (units[i].unit != unit || !take_name(p, units[i].name))
			continue;
		return !__builtin_mul_overflow(*n, units[i].of, n) ||
		       fail_at(p, &at, CV_E_CRITERIA_TYPE, "more than 2^64 of the smallest unit");
	}
	return expected(p, unit == CV_UNIT_BYTES ? "a unit: B, KiB, MiB, GiB or TiB" :
						   "a unit: ns, us, ms, s, min or h");
}

static const char *const forms[] = {
	[CV_INTEGER] = "a number", [CV_BOOLEAN] = "true or false", [CV_STRING] = "a string in quotes",
	[CV_DIGEST] = "a digest, as sha256:0123…", [CV_ADDRESS] = "an address, as 10.0.0.1 or 2001:db8::1",
	[CV_PREFIX] = "a prefix, as 10.0.0.0/8, no bits set behind its length",
	[CV_VERSION] = "a version, as 7.2", [CV_RECORDS] = "a value",
};

static bool parse_boolean(struct parser *p, struct cv_value *value)
{
	value->boolean = at_name(p, "true");
	return take_name(p, "true") || take_name(p, "false") || expected(p, forms[CV_BOOLEAN]);
}

static bool parse_formed(struct parser *p, enum cv_type type, struct cv_value *value)
{
	uint8_t *room = type == CV_DIGEST ? allocate(p, CV_HASH_MAX) : NULL;

	if (p->token.kind != T_VALUE && !(type == CV_VERSION && p->token.kind == T_NUMBER))
		return expected(p, forms[type]);
	if ((type == CV_DIGEST && !room) || !cv_value_read(value, type, p->token.text, room))
		return expected(p, forms[type]);
	advance(p);
	return true;
}

static bool parse_value(struct parser *p, enum cv_type type, enum cv_unit unit, struct cv_value *value)
{
	*value = (struct cv_value) { .type = type };
	switch (type) {
	case CV_INTEGER: return take_number(p, &value->integer) && parse_unit(p, unit, &value->integer);
	case CV_BOOLEAN: return parse_boolean(p, value);
	case CV_STRING: return parse_string(p, &value->string);
	default: return parse_formed(p, type, value);
	}
}

/* An address is in prefixes, too. */
static bool parse_element(struct parser *p, const struct cv_fact *fact, struct cv_value *value)
{
	bool prefix = fact->type == CV_ADDRESS && p->token.kind == T_VALUE &&
		      memchr(p->token.text.data, '/', p->token.text.len);

	return parse_value(p, prefix ? CV_PREFIX : fact->type, fact->unit, value);
}

/* --- what a fact is compared with --------------------------------------------------------- */

static int order(const void *a, const void *b)
{
	return cv_value_order(a, b);
}

/* None stays twice. */
static void sort_set(struct cv_value *values, unsigned int *n)
{
	unsigned int kept = 0;

	qsort(values, *n, sizeof(*values), order);
	for (unsigned int i = 0; i < *n; i++)
		if (!kept || cv_value_order(&values[kept - 1], &values[i]))
			values[kept++] = values[i];
	*n = kept;
}

static bool parse_set(struct parser *p, const struct cv_fact *fact, struct operand *set)
{
	struct cv_value *values = calloc(CV_CRITERIA_SET_MAX, sizeof(*values));
	bool good = values || fail_at(p, &p->token, CV_E_MEMORY, "no memory for a set");

	set->kind = OPERAND_SET;
	p->nest++;
	advance(p);
	while (good) {
		if (set->set.n == CV_CRITERIA_SET_MAX)
			good = fail_at(p, &p->token, CV_E_CRITERIA_LIMIT,
				       "more than %u elements; put them in a file", CV_CRITERIA_SET_MAX);
		else
			good = parse_element(p, fact, &values[set->set.n]);
		set->set.n += good;
		if (!good || !at_punct(p, ','))
			break;
		advance(p);
		if (at_punct(p, '}'))	/* a comma may end the last line, too */
			break;
	}
	p->nest--;
	good = good && need_punct(p, '}');
	if (good) {
		sort_set(values, &set->set.n);
		set->set.values = allocate(p, set->set.n * sizeof(*values));
	}
	if (set->set.values)
		memcpy(set->set.values, values, set->set.n * sizeof(*values));
	free(values);
	return set->set.values;
}

/* The list that is named, or that has this identity. */
static bool find_list(struct parser *p, const struct token *name, const char *text, const struct cv_fact *fact,
		      struct operand *file)
{
	struct cv_error why = {};

	if (p->env->list)
		file->list = p->env->list(p->env->context, text, fact->type, &why);
	else
		cv_refuse(&why, CV_E_LIST_FORMAT, "files cannot be read here");
	return file->list || fail_at(p, name, why.name, "%s", why.text);
}

static bool parse_file_name(struct parser *p, const struct cv_fact *fact, struct operand *file)
{
	struct token name;
	struct cv_bytes path;

	p->nest++;
	if (!need_punct(p, '('))
		return false;
	name = p->token;
	if (!parse_string(p, &path))
		return false;
	p->nest--;
	if (memchr(path.data, 0, path.len))
		return fail_at(p, &name, CV_E_CRITERIA_SYNTAX, "a file's name has no zero byte");
	return find_list(p, &name, (const char *)path.data, fact, file) && need_punct(p, ')');
}

static bool parse_file(struct parser *p, const struct cv_fact *fact, struct operand *file)
{
	struct token name;
	struct cv_value id;
	uint8_t room[CV_HASH_MAX];
	char *text;

	file->kind = OPERAND_LIST;
	advance(p);
	if (p->token.kind != T_VALUE)
		return parse_file_name(p, fact, file);
	name = p->token;
	text = copy_text(p, name.text);
	if (!cv_value_read(&id, CV_DIGEST, name.text, room) || id.digest.hash->alg != CV_ALG_SHA256)
		return expected(p, "a file's identity, as sha256:0123… (cvctl list id)");
	if (!text || !find_list(p, &name, text, fact, file))
		return false;
	advance(p);
	return !memcmp(file->list->id, room, CV_LIST_ID) ||
	       fail_at(p, &name, CV_E_LIST_FORMAT, "the list that was found has another identity");
}

/* A name that is no literal: another fact of the same type and unit. */
static bool parse_other_fact(struct parser *p, const struct cv_fact *fact, struct operand *other)
{
	struct token at = p->token;

	other->kind = OPERAND_FACT;
	if (!parse_fact(p, &other->fact))
		return false;
	return (other->fact.fact->type == fact->type && other->fact.fact->unit == fact->unit) ||
	       fail_at(p, &at, CV_E_CRITERIA_TYPE, "%s is of type %s, and %s of type %s",
		       other->fact.fact->name, cv_type_name(other->fact.fact->type), fact->name,
		       cv_type_name(fact->type));
}

static bool parse_operand(struct parser *p, const struct cv_fact *fact, enum cv_op op,
			  struct operand *operand)
{
	*operand = (struct operand) { .unit = fact->unit };
	if (op == CV_IN || op == CV_NOT_IN) {
		if (at_name(p, "file"))
			return parse_file(p, fact, operand);
		return at_punct(p, '{') ? parse_set(p, fact, operand) :
					  expected(p, "a set { … } or file(\"…\")");
	}
	if (p->token.kind == T_NAME && !at_name(p, "true") && !at_name(p, "false"))
		return parse_other_fact(p, fact, operand);
	operand->kind = OPERAND_VALUE;
	return parse_value(p, fact->type, fact->unit, &operand->value);
}

/* --- comparisons ------------------------------------------------------------------------------ */

static bool parse_op(struct parser *p, enum cv_op *op)
{
	static const enum cv_op signs[] = { CV_EQ, CV_NE, CV_LE, CV_LT, CV_GE, CV_GT };

	for (unsigned int i = 0; p->token.kind == T_OP && i < sizeof(signs) / sizeof(signs[0]); i++) {
		const char *text = cv_op_text(signs[i]);

		*op = signs[i];
		if (strlen(text) == p->token.text.len && !memcmp(text, p->token.text.data, strlen(text))) {
			advance(p);
			return true;
		}
	}
	*op = at_name(p, "has") ? CV_HAS : at_name(p, "under") ? CV_UNDER :
	      at_name(p, "not") ? CV_NOT_IN : CV_IN;
	if (take_name(p, "has") || take_name(p, "under") || take_name(p, "in"))
		return true;
	return take_name(p, "not") && (take_name(p, "in") || expected(p, "\"in\""));
}

static bool parse_compare(struct parser *p, struct expr *e)
{
	struct token at = p->token;
	const struct cv_fact *fact;

	e->kind = EXPR_COMPARE;
	if (!parse_fact(p, &e->compare.left))
		return false;
	fact = e->compare.left.fact;
	if (fact->type == CV_RECORDS)
		return fail_at(p, &at, CV_E_CRITERIA_TYPE,
			       "%s is a list: write \"every %s: …\", \"some\" or \"no\"", fact->name, fact->name);
	at = p->token;
	if (!parse_op(p, &e->compare.op))
		return p->err->name == CV_E_NONE ?
		       expected(p, "a comparison: == != < <= > >= in, not in, has, under") : false;
	if (!cv_type_has(fact->type, e->compare.op))
		return fail_at(p, &at, CV_E_CRITERIA_TYPE, "%s is of type %s, which \"%s\" does not compare",
			       fact->name, cv_type_name(fact->type), cv_op_text(e->compare.op));
	skip_newlines(p);
	return parse_operand(p, fact, e->compare.op, &e->compare.right);
}

/* --- quantifiers and logic ----------------------------------------------------------------------- */

static struct expr *parse_or(struct parser *p);

static bool parse_each(struct parser *p, struct expr *e)
{
	struct token at;

	if (p->list)
		return fail_at(p, &p->token, CV_E_CRITERIA_SYNTAX,
			       "a list cannot be gone through within another (%s)", p->list->name);
	advance(p);
	at = p->token;
	if (!parse_fact(p, &e->each.list))
		return false;
	if (e->each.list.fact->type != CV_RECORDS)
		return fail_at(p, &at, CV_E_CRITERIA_TYPE, "%s is of type %s, expected a list",
			       e->each.list.fact->name, cv_type_name(e->each.list.fact->type));
	p->list = e->each.list.fact;
	if (take_name(p, "where"))
		e->each.where = parse_or(p);
	if (p->err->name == CV_E_NONE && need_punct(p, ':')) {
		skip_newlines(p);
		e->each.body = parse_or(p);
	}
	p->list = NULL;
	return p->err->name == CV_E_NONE;
}

static bool parse_parentheses(struct parser *p, struct expr **e)
{
	p->nest++;
	advance(p);
	*e = parse_or(p);
	p->nest--;
	return *e && need_punct(p, ')');
}

static bool parse_factor_into(struct parser *p, struct expr **e);

static bool parse_not(struct parser *p, struct expr *e)
{
	e->kind = EXPR_NOT;
	advance(p);
	return parse_factor_into(p, &e->operands);
}

static bool parse_factor_into(struct parser *p, struct expr **e)
{
	bool good;

	if (p->depth == CV_CRITERIA_DEPTH_MAX)
		return fail_at(p, &p->token, CV_E_CRITERIA_LIMIT, "deeper than %u", CV_CRITERIA_DEPTH_MAX);
	p->depth++;
	if (at_punct(p, '(')) {
		good = parse_parentheses(p, e);
	} else {
		*e = allocate(p, sizeof(**e));
		if (!*e)
			return false;
		(*e)->kind = at_name(p, "every") ? EXPR_EVERY : at_name(p, "no") ? EXPR_NO : EXPR_SOME;
		if (at_name(p, "every") || at_name(p, "no") || at_name(p, "some"))
			good = parse_each(p, *e);
		else
			good = at_name(p, "not") ? parse_not(p, *e) : parse_compare(p, *e);
	}
	p->depth--;
	return good;
}

static struct expr *parse_factor(struct parser *p)
{
	struct expr *e = NULL;

	return parse_factor_into(p, &e) ? e : NULL;
}

/* "and" may begin the next line. */
static bool take_connective(struct parser *p, const char *word)
{
	struct parser ahead = *p;

	skip_newlines(&ahead);
	if (!at_name(&ahead, word))
		return false;
	*p = ahead;
	advance(p);
	skip_newlines(p);
	return true;
}

/* One operand is itself; several become operands of one node. */
static struct expr *parse_chain(struct parser *p, enum expr_kind kind, const char *word,
				struct expr *(*parse)(struct parser *p))
{
	struct expr *first = parse(p), *last = first, *chain;

	if (!first || !take_connective(p, word))
		return first;
	chain = allocate(p, sizeof(*chain));
	if (!chain)
		return NULL;
	chain->kind = kind;
	chain->operands = first;
	do {
		last->next = parse(p);
		last = last->next;
	} while (last && take_connective(p, word));
	return last ? chain : NULL;
}

static struct expr *parse_and(struct parser *p)
{
	return parse_chain(p, EXPR_AND, "and", parse_factor);
}

static struct expr *parse_or(struct parser *p)
{
	return parse_chain(p, EXPR_OR, "or", parse_and);
}

struct expr *parse_expr(struct parser *p)
{
	struct expr *e = parse_or(p);

	return p->err->name == CV_E_NONE ? e : NULL;
}
