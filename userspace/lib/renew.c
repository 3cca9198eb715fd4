// SPDX-License-Identifier: GPL-2.0
/*
 * What criteria need to be judged again when a list has grown: "every" and "no"
 * hold for the whole list if they held for what was there and hold for what is
 * new, "some" if it held once. Of other expressions over lists that cannot be said.
 */
#include <string.h>
#include "ast.h"

struct mentions {
	const struct cv_evidence *renewed;
	unsigned int n_renewed;
	bool others, now, lists;	/* modules that are not, and that are; lists of those */
};

static bool is_renewed(const struct mentions *m, const struct cv_module *module)
{
	for (unsigned int i = 0; i < m->n_renewed; i++)
		if (m->renewed[i].module == module)
			return true;
	return false;
}

static void mention(struct mentions *m, const struct fact_ref *ref, bool list)
{
	if (!ref->module)	/* a field of a list that was mentioned */
		return;
	if (!is_renewed(m, ref->module))
		m->others = true;
	else if (list)
		m->lists = true;
	else
		m->now = true;
}

static void walk(struct mentions *m, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_NOT:
		for (const struct expr *o = e->operands; o; o = o->next)
			walk(m, o);
		break;
	case EXPR_COMPARE:
		mention(m, &e->compare.left, false);
		if (e->compare.right.kind == OPERAND_FACT)
			mention(m, &e->compare.right.fact, false);
		break;
	case EXPR_EVERY:
	case EXPR_NO:
	case EXPR_SOME:
		mention(m, &e->each.list, true);
		if (e->each.where)
			walk(m, e->each.where);
		walk(m, e->each.body);
		break;
	}
}

static bool is_quantified(const struct expr *e)
{
	return e->kind == EXPR_EVERY || e->kind == EXPR_NO || e->kind == EXPR_SOME;
}

enum renewal renewal_of(const struct expr *part, const struct cv_evidence *renewed, unsigned int n_renewed)
{
	struct mentions m = { .renewed = renewed, .n_renewed = n_renewed };

	if (!is_quantified(part)) {
		walk(&m, part);
		return m.lists || (m.others && m.now) ? RENEWAL_MIXED : m.now ? RENEWAL_NOW : RENEWAL_OTHERS;
	}
	if (part->each.where)
		walk(&m, part->each.where);
	walk(&m, part->each.body);
	if (!is_renewed(&m, part->each.list.module))
		return m.now || m.lists ? RENEWAL_MIXED : RENEWAL_OTHERS;
	/* Facts that are as they are now would make of the old records something else. */
	return m.now || m.lists || m.others ? RENEWAL_MIXED : RENEWAL_LIST;
}

static bool parts_can_be_renewed(const struct expr *e, const struct cv_evidence *renewed, unsigned int n_renewed)
{
	if (e->kind != EXPR_AND)
		return renewal_of(e, renewed, n_renewed) != RENEWAL_MIXED;
	for (const struct expr *o = e->operands; o; o = o->next)
		if (!parts_can_be_renewed(o, renewed, n_renewed))
			return false;
	return true;
}

#define MODULES_MAX	8

bool cv_criteria_can_be_renewed(const struct cv_criteria *criteria, const struct cv_module *const *renewed,
				unsigned int n_renewed, struct cv_spot *spot, struct cv_error *err)
{
	struct cv_evidence modules[MODULES_MAX] = {};

	if (n_renewed > MODULES_MAX)
		return cv_refuse(err, CV_E_CRITERIA_LIMIT, "more than %u modules", MODULES_MAX);
	for (unsigned int i = 0; i < n_renewed; i++)
		modules[i].module = renewed[i];
	for (const struct cv_rule *rule = criteria->rules; rule; rule = rule->next) {
		if (!rule->expr || parts_can_be_renewed(rule->expr, modules, n_renewed))
			continue;
		*spot = (struct cv_spot) { rule->line, 1, 0 };
		return cv_refuse(err, CV_E_CRITERIA_TYPE, "of a list that grows, \"every\", \"no\" or \"some\" must stand by "
				 "itself and be about its records alone; part other facts from it by a rule of their own");
	}
	return true;
}

bool cv_criteria_is_for(const struct cv_criteria *criteria, const char *type)
{
	if (!criteria->targets)
		return true;
	for (unsigned int i = 0; target_name(i); i++)
		if (criteria->targets >> i & 1 && !strcmp(target_name(i), type))
			return true;
	return false;
}
