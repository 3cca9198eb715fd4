/* SPDX-License-Identifier: GPL-2.0 */
/* Criteria as they were read: what parse.c makes, and canon.c and judge.c walk. */
#ifndef AST_H
#define AST_H

#include <cv/criteria.h>
#include "arena.h"

struct fact_ref {
	const struct cv_fact *fact;
	const struct cv_module *module;	/* NULL: a field of the list around it */
	struct cv_value *args;
};

enum operand_kind { OPERAND_FACT, OPERAND_VALUE, OPERAND_SET, OPERAND_LIST };

struct operand {
	enum operand_kind kind;
	enum cv_unit unit;
	union {
		struct fact_ref fact;
		struct cv_value value;
		struct {
			struct cv_value *values;	/* ascending, none twice */
			unsigned int n;
		} set;
		const struct cv_list *list;
	};
};

enum expr_kind { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_COMPARE, EXPR_EVERY, EXPR_NO, EXPR_SOME };

struct expr {
	enum expr_kind kind;
	struct expr *next;		/* the next operand of the "and" or "or" around it */
	union {
		struct expr *operands;	/* of "and" and "or"; the one of "not" */
		struct {
			struct fact_ref list;
			struct expr *where;	/* or NULL */
			struct expr *body;
		} each;
		struct {
			struct fact_ref left;
			enum cv_op op;
			struct operand right;
		} compare;
	};
};

struct cv_rule {
	struct cv_rule *next;
	struct expr *expr;		/* NULL: a commitment */
	const char *block;		/* or NULL */
	const char *text;		/* canonical */
	const uint8_t *salt;		/* of a hidden rule, CV_CRITERIA_ID bytes */
	uint8_t leaf[CV_CRITERIA_ID];
	unsigned int line;
};

struct remedies {
	struct remedies *next;
	const struct cv_fact *of;	/* NULL: of every rule */
	enum cv_severity severity;
	unsigned int actions;		/* bit CV_REMEDY_… */
};

struct cv_criteria {
	struct arena arena;
	const char *name;
	unsigned int targets;		/* bit of target_name(); 0: any */
	struct cv_rule *rules;
	struct remedies *remedies;
	uint8_t id[CV_CRITERIA_ID];
};

const char *target_name(unsigned int target);	/* NULL beyond the last */

/* canon.c: texts, leaves and identity of what was parsed. False without memory. */
bool canonize(struct cv_criteria *criteria);

/* The fact that a rule names first. */
const struct cv_fact *first_fact(const struct expr *expr);

/* renew.c: what a part of a rule is about, if some modules are read anew. */
enum renewal {
	RENEWAL_OTHERS,		/* modules that are not: it stands as it was */
	RENEWAL_NOW,		/* facts as they are now */
	RENEWAL_LIST,		/* one list that has grown */
	RENEWAL_MIXED
};

enum renewal renewal_of(const struct expr *part, const struct cv_evidence *renewed, unsigned int n_renewed);

/* "found" is shown as "vm.memory == 4 GiB, expected >= 8 GiB". */
int print_compare(const struct expr *compare, char *out, size_t size);

#endif
