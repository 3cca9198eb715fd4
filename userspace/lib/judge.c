// SPDX-License-Identifier: GPL-2.0
/*
 * Three-valued logic (Kleene): unknown is not satisfied, and "not unknown" is
 * unknown; "false and unknown" is false whatever the unknown turns out to be.
 */
#include <stdio.h>
#include "ast.h"

#define WHY_MAX	512

struct judge {
	const struct cv_evidence *evidence;
	unsigned int n_evidence;
	bool again;		/* the rules held before: what the evidence is not about stands */
	/* The list that is gone through, and its record. */
	const struct fact_ref *list;
	const void *list_data;
	const struct cv_item *item;
	/* The last comparison that was no success, and what was found; its text is made when it decided. */
	const struct expr *compare;
	struct cv_value left;
	bool known;
	struct cv_from from;
	char why[WHY_MAX];
	uint8_t room[2][CV_HASH_MAX];	/* for the values of a comparison */
};

static enum cv_verdict judge_expr(struct judge *j, const struct expr *e);

/* --- facts ---------------------------------------------------------------------------- */

static bool find_evidence(struct judge *j, const struct fact_ref *ref, const void **data)
{
	if (!ref->module) {		/* a field */
		*data = j->list_data;
		return true;
	}
	for (unsigned int i = 0; i < j->n_evidence; i++) {
		*data = j->evidence[i].data;
		if (j->evidence[i].module == ref->module)
			return true;
	}
	snprintf(j->from.text, sizeof(j->from.text), "no evidence of the module %s", ref->module->name);
	return false;
}

static bool get(struct judge *j, const struct fact_ref *ref, uint8_t *room, struct cv_value *value,
		struct cv_from *from)
{
	struct cv_ask ask = { .args = ref->args, .item = ref->module ? NULL : j->item, .room = room };

	*from = (struct cv_from) {};
	*value = (struct cv_value) { .type = ref->fact->type };
	return find_evidence(j, ref, &ask.evidence) && ref->fact->get(&ask, value, from) &&
	       value->type == ref->fact->type;
}

/* --- comparisons ------------------------------------------------------------------------- */

static enum cv_verdict negate(enum cv_verdict v)
{
	return v == CV_UNKNOWN ? v : v == CV_SATISFIED ? CV_VIOLATED : CV_SATISFIED;
}

/* A digest could be any of those that are of another algorithm. */
static enum cv_verdict in_set(const struct cv_value *value, const struct operand *set)
{
	enum cv_verdict in = CV_VIOLATED;

	for (unsigned int i = 0; i < set->set.n; i++) {
		const struct cv_value *element = &set->set.values[i];

		if (element->type == CV_PREFIX && value->type == CV_ADDRESS) {
			if (cv_prefix_covers(element, value))
				return CV_SATISFIED;
			continue;
		}
		switch (cv_value_compare(value, CV_EQ, element)) {
		case CV_SATISFIED: return CV_SATISFIED;
		case CV_UNKNOWN: in = CV_UNKNOWN; break;
		case CV_VIOLATED: break;
		}
	}
	return in;
}

static enum cv_verdict member(const struct cv_value *value, const struct operand *of)
{
	return of->kind == OPERAND_LIST ? cv_list_has(of->list, value) : in_set(value, of);
}

static void print_value(const struct cv_value *value, enum cv_unit unit, char text[CV_VALUE_TEXT])
{
	if (cv_value_print(value, unit, text, CV_VALUE_TEXT) >= CV_VALUE_TEXT)
		strcpy(text + CV_VALUE_TEXT - 4, "...");
}

/* "vm.memory is 4 GiB, expected vm.memory >= 8 GiB" */
static void explain_compare(struct judge *j)
{
	const struct cv_fact *fact = j->compare->compare.left.fact;
	char value[CV_VALUE_TEXT] = "not known", compare[256];

	if (j->known)
		print_value(&j->left, fact->unit, value);
	if (print_compare(j->compare, compare, sizeof(compare)) >= (int)sizeof(compare))
		strcpy(compare + sizeof(compare) - 4, "...");
	snprintf(j->why, sizeof(j->why), "%s is %s, expected %s", fact->name, value, compare);
}

static enum cv_verdict judge_compare(struct judge *j, const struct expr *e)
{
	const struct operand *right = &e->compare.right;
	struct cv_value left, other;
	struct cv_from from, other_from;
	bool known = get(j, &e->compare.left, j->room[0], &left, &from);
	enum cv_verdict v = CV_UNKNOWN;

	if (!known && !from.text[0])
		from = j->from;
	if (known && right->kind == OPERAND_FACT) {
		if (get(j, &right->fact, j->room[1], &other, &other_from))
			v = cv_value_compare(&left, e->compare.op, &other);
		else
			from = other_from.text[0] ? other_from : j->from;
	} else if (known && right->kind == OPERAND_VALUE) {
		v = cv_value_compare(&left, e->compare.op, &right->value);
	} else if (known) {
		v = member(&left, right);
		v = e->compare.op == CV_NOT_IN ? negate(v) : v;
	}
	if (v != CV_SATISFIED) {
		j->compare = e;
		j->left = left;
		j->known = known;
		j->from = from;
	}
	return v;
}

/* --- logic ---------------------------------------------------------------------------------- */

/* Ends at the verdict that decides whatever the others are. */
static enum cv_verdict judge_chain(struct judge *j, const struct expr *e, enum cv_verdict decides)
{
	enum cv_verdict all = negate(decides), v;
	struct judge unknown;

	for (const struct expr *o = e->operands; o; o = o->next) {
		v = judge_expr(j, o);
		if (v == decides)
			return v;
		if (v != CV_UNKNOWN)
			continue;
		unknown = *j;
		all = v;
	}
	if (all == CV_UNKNOWN)
		*j = unknown;
	return all;
}

static enum cv_verdict judge_not(struct judge *j, const struct expr *e)
{
	enum cv_verdict v = negate(judge_expr(j, e->operands));

	if (v == CV_VIOLATED) {
		j->compare = NULL;
		snprintf(j->why, sizeof(j->why), "%s: is so, expected that it is not",
			 first_fact(e->operands)->name);
	}
	return v;
}

/* --- lists ------------------------------------------------------------------------------------ */

static enum cv_verdict judge_item(struct judge *j, const struct expr *e)
{
	enum cv_verdict in = e->each.where ? judge_expr(j, e->each.where) : CV_SATISFIED, v;

	if (in == CV_VIOLATED)
		return CV_SATISFIED;
	v = judge_expr(j, e->each.body);
	if (e->kind != EXPR_EVERY)
		v = negate(v);
	/* Of a record that may not be meant, nothing is known but success. */
	return v == CV_SATISFIED || in == CV_SATISFIED ? v : CV_UNKNOWN;
}

/* Which record: the fields of it that are strings say. */
static void explain_item(struct judge *j, const struct expr *e)
{
	char before[WHY_MAX], text[CV_VALUE_TEXT];
	struct cv_ask ask = { .evidence = j->list_data, .item = j->item };
	const struct cv_fact *list = e->each.list.fact;
	struct cv_value value = { .type = CV_STRING };
	struct cv_from from = {};

	if (j->compare)
		explain_compare(j);
	j->compare = NULL;
	text[0] = 0;
	if (list->fields->type == CV_STRING && list->fields->get(&ask, &value, &from))
		print_value(&value, CV_UNIT_NONE, text);
	memcpy(before, j->why, sizeof(before));
	snprintf(j->why, sizeof(j->why), "%s %s %s%s%.*s", e->kind == EXPR_EVERY ? "not every" : "some",
		 list->name, text, *text ? ": " : "", (int)sizeof(before) / 2,
		 e->kind == EXPR_EVERY ? before : "is such a one");
	if (!j->from.text[0])
		snprintf(j->from.text, sizeof(j->from.text), "entry %llu", (unsigned long long)j->item->index);
}

/* "every": no record violates. "no": none satisfies. */
static enum cv_verdict judge_records(struct judge *j, const struct expr *e, struct cv_item *item,
				     enum cv_list_next *next)
{
	struct cv_ask ask = { .evidence = j->list_data, .args = e->each.list.args };
	enum cv_verdict all = CV_SATISFIED, v;
	struct judge unknown = {};

	while ((*next = e->each.list.fact->next(&ask, item, &j->from)) == CV_LIST_ITEM) {
		j->from = (struct cv_from) {};
		v = judge_item(j, e);
		if (v == CV_SATISFIED)
			continue;
		explain_item(j, e);
		if (v == CV_VIOLATED)
			return v;
		if (all != CV_UNKNOWN)
			unknown = *j;
		all = v;
	}
	if (all == CV_UNKNOWN)
		*j = unknown;
	return all;
}

/* A list that cannot be read to its end can only violate. */
static enum cv_verdict judge_list(struct judge *j, const struct expr *e)
{
	enum cv_list_next next = CV_LIST_BAD;
	enum cv_verdict v = CV_UNKNOWN;
	struct cv_item item = {};
	struct cv_ask ask = { .args = e->each.list.args };

	j->compare = NULL;
	j->from = (struct cv_from) {};
	if (find_evidence(j, &e->each.list, &ask.evidence) &&
	    e->each.list.fact->begin(&ask, &item, &j->from)) {
		j->list = &e->each.list;
		j->list_data = ask.evidence;
		j->item = &item;
		v = judge_records(j, e, &item, &next);
		j->compare = NULL;	/* of a record that is gone */
		j->list = NULL;
		j->item = NULL;
	}
	if (v == CV_VIOLATED || next == CV_LIST_END)
		return v;
	snprintf(j->why, sizeof(j->why), "%s is not known to its end", e->each.list.fact->name);
	return CV_UNKNOWN;
}

/* Some record satisfies: not no record does. */
static enum cv_verdict judge_some(struct judge *j, const struct expr *e)
{
	enum cv_verdict v = negate(judge_list(j, e));

	if (v == CV_VIOLATED)
		snprintf(j->why, sizeof(j->why), "no %s is such a one", e->each.list.fact->name);
	return v;
}

static enum cv_verdict judge_expr(struct judge *j, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_AND: return judge_chain(j, e, CV_VIOLATED);
	case EXPR_OR: return judge_chain(j, e, CV_SATISFIED);
	case EXPR_NOT: return judge_not(j, e);
	case EXPR_COMPARE: return judge_compare(j, e);
	case EXPR_EVERY:
	case EXPR_NO: return judge_list(j, e);
	case EXPR_SOME: return judge_some(j, e);
	}
	return CV_UNKNOWN;
}

/* --- rules -------------------------------------------------------------------------------------- */

static const struct remedies *remedies_of(const struct cv_criteria *criteria, const struct cv_rule *rule)
{
	const struct cv_fact *fact = rule->expr ? first_fact(rule->expr) : NULL;
	const struct remedies *general = NULL;

	for (const struct remedies *r = criteria->remedies; r; r = r->next) {
		if (!r->of)
			general = r;
		else if (r->of == fact)
			return r;
	}
	return general;
}

/* What held before still does, but where the evidence says otherwise. */
static enum cv_verdict judge_part_again(struct judge *j, const struct expr *part)
{
	enum renewal renewal = renewal_of(part, j->evidence, j->n_evidence);
	enum cv_verdict v = renewal == RENEWAL_OTHERS ? CV_SATISFIED : judge_expr(j, part);

	return renewal == RENEWAL_LIST && part->kind == EXPR_SOME && v == CV_VIOLATED ? CV_SATISFIED : v;
}

static enum cv_verdict judge_again(struct judge *j, const struct expr *e)
{
	enum cv_verdict all = CV_SATISFIED, v;

	if (e->kind != EXPR_AND)
		return judge_part_again(j, e);
	for (const struct expr *o = e->operands; o && all == CV_SATISFIED; o = o->next) {
		v = judge_again(j, o);
		all = v < all ? v : all;
	}
	return all;
}

static enum cv_verdict judge_rule(struct judge *j, const struct cv_rule *rule)
{
	enum cv_verdict v;

	j->why[0] = 0;
	j->compare = NULL;
	j->from = (struct cv_from) {};
	if (!rule->expr) {
		snprintf(j->why, sizeof(j->why), "the rule is not disclosed here, only a commitment to it");
		return CV_UNKNOWN;
	}
	v = j->again ? judge_again(j, rule->expr) : judge_expr(j, rule->expr);
	if (v != CV_SATISFIED) {
		if (j->compare)
			explain_compare(j);
		return v;
	}
	j->why[0] = 0;
	j->from = (struct cv_from) {};
	return v;
}

static void report_rule(const struct cv_criteria *criteria, const struct cv_rule *rule, enum cv_verdict verdict,
			const struct judge *j, cv_report_fn *report, void *context)
{
	const struct remedies *r = remedies_of(criteria, rule);
	struct cv_rule_report it = {
		.verdict = verdict, .hidden = rule->salt || !rule->expr, .line = rule->line,
		.block = rule->block, .text = rule->text, .why = j->why, .from = j->from.text,
		.severity = r ? r->severity : CV_CRITICAL,
		.remedies = r ? r->actions : 1u << CV_REMEDY_CLOSE,
	};

	report(context, &it);
}

static enum cv_verdict judge_rules(struct judge *j, const struct cv_criteria *criteria, cv_report_fn *report,
				   void *context)
{
	enum cv_verdict all = CV_SATISFIED, v;

	for (const struct cv_rule *rule = criteria->rules; rule; rule = rule->next) {
		v = judge_rule(j, rule);
		if (report)
			report_rule(criteria, rule, v, j, report, context);
		all = v < all ? v : all;
	}
	return all;
}

enum cv_verdict cv_criteria_judge(const struct cv_criteria *criteria, const struct cv_evidence *evidence,
				  unsigned int n_evidence, cv_report_fn *report, void *context)
{
	struct judge j = { .evidence = evidence, .n_evidence = n_evidence };

	return judge_rules(&j, criteria, report, context);
}

enum cv_verdict cv_criteria_judge_again(const struct cv_criteria *criteria, const struct cv_evidence *evidence,
					unsigned int n_evidence, cv_report_fn *report, void *context)
{
	struct judge j = { .evidence = evidence, .n_evidence = n_evidence, .again = true };

	return judge_rules(&j, criteria, report, context);
}
