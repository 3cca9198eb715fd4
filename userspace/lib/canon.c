// SPDX-License-Identifier: GPL-2.0
/*
 * The canonical text: one line for the name, the targets, each remedy and each
 * rule; blanks as here, operands of "and" and "or" and elements of sets sorted
 * and none twice, files by the identity of their content.
 *
 * A leaf is SHA-256(0, line); of a hidden rule it is SHA-256(3, c), where its
 * commitment c is SHA-256(1, s, line), and s is SHA-256(2, salt, line), so that one
 * rule can be disclosed by line and s without its neighbours, and no commitment
 * stands for a line that is not hidden. The identity is SHA-256 of
 * "CVCRITERIA1", a zero byte, and the leaves in ascending order, none twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include "ast.h"

#define TAG	"CVCRITERIA1"	/* with its final zero */

/* --- texts that grow ------------------------------------------------------------------ */

struct text {
	char *data;
	size_t len, size;
	bool failed;
};

static void put(struct text *t, const char *data, size_t len)
{
	if (t->len + len >= t->size) {
		size_t size = 2 * (t->len + len) + 64;
		char *grown = realloc(t->data, size);

		t->failed |= !grown;
		if (!grown)
			return;
		t->data = grown;
		t->size = size;
	}
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = 0;
}

static void put_text(struct text *t, const char *text)
{
	put(t, text, strlen(text));
}

static void put_value(struct text *t, const struct cv_value *value, enum cv_unit unit)
{
	char few[256], *all = few;
	int len = cv_value_print(value, unit, few, sizeof(few));

	if ((size_t)len >= sizeof(few)) {
		all = malloc(len + 1);
		t->failed |= !all;
		if (!all)
			return;
		cv_value_print(value, unit, all, len + 1);
	}
	put(t, all, len);
	if (all != few)
		free(all);
}

static void put_hex(struct text *t, const uint8_t *bytes, size_t len)
{
	char two[3];

	for (size_t i = 0; i < len; i++) {
		snprintf(two, sizeof(two), "%02x", bytes[i]);
		put(t, two, 2);
	}
}

/* --- expressions ------------------------------------------------------------------------ */

static void put_expr(struct text *t, const struct expr *e);

static void put_fact(struct text *t, const struct fact_ref *ref)
{
	put_text(t, ref->fact->name);
	for (unsigned int i = 0; i < CV_FACT_ARGS && ref->fact->param[i].name; i++) {
		put_text(t, i ? ", " : "(");
		if (ref->fact->param[i].words)
			put(t, (const char *)ref->args[i].string.data, ref->args[i].string.len);
		else
			put_value(t, &ref->args[i], CV_UNIT_NONE);
	}
	if (ref->fact->param[0].name)
		put_text(t, ")");
}

static void put_operand(struct text *t, const struct operand *o)
{
	switch (o->kind) {
	case OPERAND_FACT: put_fact(t, &o->fact); break;
	case OPERAND_VALUE: put_value(t, &o->value, o->unit); break;
	case OPERAND_LIST:
		put_text(t, "file sha256:");
		put_hex(t, o->list->id, CV_LIST_ID);
		break;
	case OPERAND_SET:
		for (unsigned int i = 0; i < o->set.n; i++) {
			put_text(t, i ? ", " : "{ ");
			put_value(t, &o->set.values[i], o->unit);
		}
		put_text(t, " }");
		break;
	}
}

static void put_compare(struct text *t, const struct expr *e)
{
	put_fact(t, &e->compare.left);
	put_text(t, " ");
	put_text(t, cv_op_text(e->compare.op));
	put_text(t, " ");
	put_operand(t, &e->compare.right);
}

static void put_each(struct text *t, const struct expr *e)
{
	put_text(t, e->kind == EXPR_EVERY ? "every " : e->kind == EXPR_NO ? "no " : "some ");
	put_fact(t, &e->each.list);
	if (e->each.where) {
		put_text(t, " where ");
		put_expr(t, e->each.where);
	}
	put_text(t, ": ");
	put_expr(t, e->each.body);
}

static bool is_each(const struct expr *e)
{
	return e->kind == EXPR_EVERY || e->kind == EXPR_NO || e->kind == EXPR_SOME;
}

/* What a quantifier is of goes to its end, so it ends where it is an operand. */
static void put_part(struct text *t, const struct expr *e)
{
	put_text(t, is_each(e) ? "(" : "");
	put_expr(t, e);
	put_text(t, is_each(e) ? ")" : "");
}

/* Always in parentheses, so that no precedence is to be known. */
static void put_chain(struct text *t, const struct expr *e)
{
	put_text(t, "(");
	for (const struct expr *o = e->operands; o; o = o->next) {
		if (o != e->operands)
			put_text(t, e->kind == EXPR_AND ? " and " : " or ");
		put_part(t, o);
	}
	put_text(t, ")");
}

static void put_expr(struct text *t, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR: put_chain(t, e); break;
	case EXPR_NOT:
		put_text(t, "not ");
		put_part(t, e->operands);
		break;
	case EXPR_COMPARE: put_compare(t, e); break;
	case EXPR_EVERY:
	case EXPR_NO:
	case EXPR_SOME: put_each(t, e); break;
	}
}

/* --- one form of an expression ---------------------------------------------------------------- */

static bool normalize(struct expr **at);

/* a and (b and c) is a and b and c. What is spliced in was normalized before: it has none of this kind. */
static bool flatten(struct expr *chain)
{
	struct expr **link = &chain->operands;

	while (*link) {
		struct expr *next = (*link)->next, *last;

		if (!normalize(link))
			return false;
		last = *link;
		if (last->kind == chain->kind) {
			*link = last->operands;
			for (last = last->operands; last->next; last = last->next)
				;
		}
		last->next = next;
		link = &last->next;
	}
	return true;
}

struct part {
	struct expr *expr;
	struct text text;
};

static int order_parts(const void *a, const void *b)
{
	return strcmp(((const struct part *)a)->text.data, ((const struct part *)b)->text.data);
}

static bool print_parts(const struct expr *chain, struct part *parts)
{
	for (struct expr *o = chain->operands; o; o = o->next, parts++) {
		parts->expr = o;
		put_expr(&parts->text, o);
		if (parts->text.failed || !parts->text.data)
			return false;
	}
	return true;
}

/* Ascending by their text, none twice. */
static void relink(struct expr *chain, struct part *parts, unsigned int n)
{
	struct expr **link = &chain->operands;

	qsort(parts, n, sizeof(*parts), order_parts);
	for (unsigned int i = 0; i < n; i++) {
		if (i && !order_parts(&parts[i - 1], &parts[i]))
			continue;
		*link = parts[i].expr;
		link = &parts[i].expr->next;
	}
	*link = NULL;
}

static bool sort_chain(struct expr *chain)
{
	unsigned int n = 0;
	struct part *parts;
	bool good;

	for (const struct expr *o = chain->operands; o; o = o->next)
		n++;
	parts = calloc(n, sizeof(*parts));
	good = parts && print_parts(chain, parts);
	if (good)
		relink(chain, parts, n);
	for (unsigned int i = 0; parts && i < n; i++)
		free(parts[i].text.data);
	free(parts);
	return good;
}

/* From the inside: a chain of which one operand is left is that operand. False without memory. */
static bool normalize(struct expr **at)
{
	struct expr *e = *at;

	switch (e->kind) {
	case EXPR_COMPARE: return true;
	case EXPR_NOT: return normalize(&e->operands);
	case EXPR_EVERY:
	case EXPR_NO:
	case EXPR_SOME: return (!e->each.where || normalize(&e->each.where)) && normalize(&e->each.body);
	case EXPR_AND:
	case EXPR_OR: break;
	}
	if (!flatten(e) || !sort_chain(e))
		return false;
	if (!e->operands->next)
		*at = e->operands;
	return true;
}

const struct cv_fact *first_fact(const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_NOT: return first_fact(expr->operands);
	case EXPR_COMPARE: return expr->compare.left.fact;
	default: return expr->each.list.fact;
	}
}

int print_compare(const struct expr *compare, char *out, size_t size)
{
	struct text t = {};
	int len;

	put_compare(&t, compare);
	len = snprintf(out, size, "%s", t.data ? t.data : "");
	free(t.data);
	return len;
}

/* --- lines and leaves ----------------------------------------------------------------------- */

static bool hash_leaf(uint8_t tag, const uint8_t *salt, struct cv_bytes line, uint8_t leaf[CV_CRITERIA_ID])
{
	struct cv_bytes parts[] = { { &tag, 1 }, { salt, salt ? CV_CRITERIA_ID : 0 }, line };
	uint8_t digest[CV_HASH_MAX];

	if (!cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), parts, 3, digest))
		return false;
	memcpy(leaf, digest, CV_CRITERIA_ID);
	return true;
}

static bool commit(struct cv_rule *rule)
{
	struct cv_bytes line = { (const uint8_t *)rule->text, strlen(rule->text) };
	uint8_t own[CV_CRITERIA_ID];

	if (!rule->salt)
		return hash_leaf(0, NULL, line, rule->leaf);
	return hash_leaf(2, rule->salt, line, own) && hash_leaf(1, own, line, rule->leaf);
}

static bool canonize_rule(struct cv_criteria *criteria, struct cv_rule *rule)
{
	struct text t = {};
	char *kept = NULL;

	if (rule->expr && !normalize(&rule->expr))
		return false;
	if (rule->block) {
		struct cv_value name = { .type = CV_STRING };

		name.string = (struct cv_bytes) { (const uint8_t *)rule->block, strlen(rule->block) };
		put_text(&t, "rules ");
		put_value(&t, &name, CV_UNIT_NONE);
		put_text(&t, " { ");
	}
	if (rule->expr)
		put_expr(&t, rule->expr);
	if (rule->block)
		put_text(&t, " }");
	if (!t.failed)
		kept = arena_alloc(&criteria->arena, t.len + 1);
	if (kept && t.data)
		memcpy(kept, t.data, t.len);
	free(t.data);
	rule->text = kept;
	return kept && (!rule->expr || commit(rule));
}

/* "criteria "name" for api, compute" */
static void put_head(struct text *t, const struct cv_criteria *criteria)
{
	struct cv_value name = { .type = CV_STRING };
	const char *before = " for ";

	name.string = (struct cv_bytes) { (const uint8_t *)criteria->name, strlen(criteria->name) };
	put_text(t, "criteria ");
	put_value(t, &name, CV_UNIT_NONE);
	for (unsigned int i = 0; target_name(i); i++) {
		if (!(criteria->targets >> i & 1))
			continue;
		put_text(t, before);
		put_text(t, target_name(i));
		before = ", ";
	}
}

static void put_remedies(struct text *t, const struct remedies *r)
{
	put_text(t, "on violation ");
	if (r->of) {
		put_text(t, "of ");
		put_text(t, r->of->name);
		put_text(t, " ");
	}
	put_text(t, "severity ");
	put_text(t, cv_severity_name(r->severity));
	for (unsigned int i = 0, n = 0; i < CV_N_REMEDIES; i++) {
		if (!(r->actions >> i & 1))
			continue;
		put_text(t, n++ ? ", " : " ");
		put_text(t, cv_remedy_name(i));
	}
}

struct leaf {
	uint8_t bytes[CV_CRITERIA_ID];
};

static int order_leaves(const void *a, const void *b)
{
	return memcmp(a, b, CV_CRITERIA_ID);
}

static bool leaf_of(struct text *t, struct leaf *leaf)
{
	bool good = !t->failed && hash_leaf(0, NULL, (struct cv_bytes) { (uint8_t *)t->data, t->len }, leaf->bytes);

	free(t->data);
	*t = (struct text) {};
	return good;
}

static bool leaf_of_rule(const struct cv_rule *rule, struct leaf *leaf)
{
	if (rule->salt || !rule->expr)
		return hash_leaf(3, NULL, (struct cv_bytes) { rule->leaf, CV_CRITERIA_ID }, leaf->bytes);
	memcpy(leaf->bytes, rule->leaf, CV_CRITERIA_ID);
	return true;
}

static unsigned int count_leaves(const struct cv_criteria *criteria)
{
	unsigned int n = 1;

	for (const struct cv_rule *rule = criteria->rules; rule; rule = rule->next)
		n++;
	for (const struct remedies *r = criteria->remedies; r; r = r->next)
		n++;
	return n;
}

static bool collect(const struct cv_criteria *criteria, struct leaf *leaf)
{
	struct text t = {};

	put_head(&t, criteria);
	if (!leaf_of(&t, leaf++))
		return false;
	for (const struct cv_rule *rule = criteria->rules; rule; rule = rule->next)
		if (!leaf_of_rule(rule, leaf++))
			return false;
	for (const struct remedies *r = criteria->remedies; r; r = r->next) {
		put_remedies(&t, r);
		if (!leaf_of(&t, leaf++))
			return false;
	}
	return true;
}

static bool identify(struct cv_criteria *criteria)
{
	unsigned int n = count_leaves(criteria), kept = 0;
	struct leaf *leaves = calloc(n, sizeof(*leaves));
	struct cv_bytes parts[2] = { { (const uint8_t *)TAG, sizeof(TAG) } };
	uint8_t digest[CV_HASH_MAX];
	bool good = leaves && collect(criteria, leaves);

	if (good) {
		qsort(leaves, n, sizeof(*leaves), order_leaves);
		for (unsigned int i = 0; i < n; i++)
			if (!kept || memcmp(&leaves[kept - 1], &leaves[i], CV_CRITERIA_ID))
				leaves[kept++] = leaves[i];
		parts[1] = (struct cv_bytes) { (uint8_t *)leaves, kept * sizeof(*leaves) };
		good = cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), parts, 2, digest);
	}
	if (good)
		memcpy(criteria->id, digest, CV_CRITERIA_ID);
	free(leaves);
	return good;
}

bool canonize(struct cv_criteria *criteria)
{
	for (struct cv_rule *rule = criteria->rules; rule; rule = rule->next)
		if (!canonize_rule(criteria, rule))
			return false;
	return identify(criteria);
}

/* --- the text for people ------------------------------------------------------------------------ */

static void put_rule(struct text *t, const struct cv_rule *rule, bool disclosed)
{
	put_text(t, "    ");
	if (!rule->expr || (rule->salt && disclosed)) {
		put_text(t, "commitment sha256:");
		put_hex(t, rule->leaf, CV_CRITERIA_ID);
	} else if (rule->salt) {
		put_text(t, "hidden \"");
		put_hex(t, rule->salt, CV_CRITERIA_ID);
		put_text(t, "\" { ");
	}
	if (rule->expr && !(rule->salt && disclosed)) {
		put_text(t, rule->text);
		put_text(t, rule->salt ? " }" : "");
	}
	put_text(t, "\n");
}

static int order_rules(const void *a, const void *b)
{
	const struct cv_rule *const *x = a, *const *y = b;
	int by_text = strcmp((*x)->text, (*y)->text);

	return by_text ? by_text : memcmp((*x)->leaf, (*y)->leaf, CV_CRITERIA_ID);
}

/* Sorted, so that two texts of one identity look the same. */
static void put_rules(struct text *t, const struct cv_criteria *criteria, bool disclosed)
{
	unsigned int n = count_leaves(criteria), i = 0;
	const struct cv_rule **rules = calloc(n, sizeof(*rules));

	t->failed |= !rules;
	if (!rules)
		return;
	for (const struct cv_rule *rule = criteria->rules; rule; rule = rule->next)
		rules[i++] = rule;
	qsort(rules, i, sizeof(*rules), order_rules);
	for (n = i, i = 0; i < n; i++)
		if (!i || memcmp(rules[i - 1]->leaf, rules[i]->leaf, CV_CRITERIA_ID))
			put_rule(t, rules[i], disclosed);
	free(rules);
}

char *cv_criteria_format(const struct cv_criteria *criteria, bool disclosed)
{
	struct text t = {};

	put_head(&t, criteria);
	put_text(&t, " {\n");
	put_rules(&t, criteria, disclosed);
	for (const struct remedies *r = criteria->remedies; r; r = r->next) {
		put_text(&t, "    ");
		put_remedies(&t, r);
		put_text(&t, "\n");
	}
	put_text(&t, "}\n");
	if (t.failed) {
		free(t.data);
		return NULL;
	}
	return t.data;
}
