/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Integrity criteria: what a node or a guest must be, as a text that a person
 * reads aloud and a program judges (Documentation/criteria.md).
 *
 * A text is parsed against a catalog of facts, whose types it must respect. Its
 * identity is a digest of its canonical form: comments, blanks, the order of
 * rules, operands and set elements do not matter, and files count by content.
 */
#ifndef CV_CRITERIA_H
#define CV_CRITERIA_H

#include "fact.h"
#include "list.h"

#define CV_CRITERIA_ID		32		/* bytes; SHA-256 */
#define CV_CRITERIA_ID_TEXT	(7 + 2 * CV_CRITERIA_ID + 1)	/* bytes of "sha256:0123…" and its zero */
#define CV_CRITERIA_TEXT_MAX	(1u << 20)	/* bytes */
#define CV_CRITERIA_RULES_MAX	4096
#define CV_CRITERIA_DEPTH_MAX	32		/* of parentheses, not and quantifiers */
#define CV_CRITERIA_SET_MAX	4096		/* elements of { } */
#define CV_CRITERIA_MEMORY_MAX	(4u << 20)	/* of a parsed text, but for its lists */

struct cv_criteria;
struct cv_rule;

/* Where in a text; len bytes of one line. */
struct cv_spot {
	unsigned int line, column, len;
};

/* What a text may refer to. */
struct cv_criteria_env {
	const struct cv_catalog *catalog;
	/*
	 * The list of that name, of values of @type. It is the caller's, may be shared
	 * by any number of criteria, and must outlive them. NULL and @err: none.
	 */
	const struct cv_list *(*list)(void *context, const char *name, enum cv_type type,
				      struct cv_error *err);
	void *context;
};

/* NULL, @err and @spot for a text that is not good. The caller frees; @text is no longer needed. */
struct cv_criteria *cv_criteria_parse(struct cv_bytes text, const struct cv_criteria_env *env,
				      struct cv_spot *spot, struct cv_error *err);
void cv_criteria_free(struct cv_criteria *criteria);

/* "FILE:LINE:COLUMN: why", the line and a caret below the spot. As snprintf. */
int cv_criteria_explain(const char *file, struct cv_bytes text, const struct cv_spot *spot,
			const struct cv_error *err, char *out, size_t size);

const char *cv_criteria_name(const struct cv_criteria *criteria);
const uint8_t *cv_criteria_id(const struct cv_criteria *criteria);	/* CV_CRITERIA_ID bytes */
void cv_criteria_print_id(const struct cv_criteria *criteria, char text[CV_CRITERIA_ID_TEXT]);

/*
 * The canonical text, which the caller frees; NULL without memory. @disclosed:
 * hidden rules are replaced by their commitments, and the text still has the
 * same identity.
 */
char *cv_criteria_format(const struct cv_criteria *criteria, bool disclosed);

/* What happens on a violation. A rule's are those of the fact it names first, else the general ones. */
#define CV_REMEDIES \
	CV_REMEDY(CLOSE, "close")		/* the criteria ports; always done */ \
	CV_REMEDY(QUARANTINE, "quarantine")	/* all traffic of the guest */ \
	CV_REMEDY(PAUSE, "pause") \
	CV_REMEDY(SHUTDOWN, "shutdown") \
	CV_REMEDY(ROLLBACK, "rollback")		/* to the guest's last good snapshot */ \
	CV_REMEDY(EJECT, "eject")		/* the node, from the cloud */ \
	CV_REMEDY(REIMAGE, "reimage")		/* the node */

enum cv_remedy {
#define CV_REMEDY(id, text) CV_REMEDY_##id,
	CV_REMEDIES
#undef CV_REMEDY
	CV_N_REMEDIES
};

enum cv_severity { CV_MINOR, CV_MAJOR, CV_CRITICAL };

const char *cv_remedy_name(enum cv_remedy remedy);
const char *cv_severity_name(enum cv_severity severity);

/* --- judging ----------------------------------------------------------------------------- */

/* What became of a rule. Texts last until the report returns. */
struct cv_rule_report {
	enum cv_verdict verdict;
	bool hidden;			/* do not show its text to who may not see it */
	unsigned int line;
	const char *block;		/* of "rules", or NULL */
	const char *text;		/* the rule, canonical */
	enum cv_severity severity;
	unsigned int remedies;		/* bit CV_REMEDY_… */
	const char *why;		/* the comparison that decided, with what was found; empty if satisfied */
	const char *from;		/* where that was found, or why it is not known */
};

typedef void cv_report_fn(void *context, const struct cv_rule_report *report);

/*
 * Every rule is judged and reported. Violated if one is; else unknown if one is;
 * a commitment to a rule that is not disclosed is unknown.
 */
enum cv_verdict cv_criteria_judge(const struct cv_criteria *criteria,
				  const struct cv_evidence *evidence, unsigned int n_evidence,
				  cv_report_fn *report, void *context);

/* --- judging again ------------------------------------------------------------------------- */

/*
 * Whoever satisfied @criteria may be judged again by what is new: by modules that
 * are read anew, the facts of which count as they are now, and the lists of which
 * hold what was not in them before. Rules about other modules stand as they were.
 *
 * False, @err and @spot's line if a rule mixes both in a way that cannot be told apart: a part
 * of a rule (between its "and"s) is about @renewed modules alone, or about none of them,
 * and a list of theirs is gone through only by "every", "no" or "some" that stands by itself.
 */
bool cv_criteria_can_be_renewed(const struct cv_criteria *criteria,
				const struct cv_module *const *renewed, unsigned int n_renewed,
				struct cv_spot *spot, struct cv_error *err);

/* As cv_criteria_judge(), of criteria that can be renewed by the modules of @evidence. */
enum cv_verdict cv_criteria_judge_again(const struct cv_criteria *criteria,
					const struct cv_evidence *evidence, unsigned int n_evidence,
					cv_report_fn *report, void *context);

/* Are they for nodes or guests of this type ("compute")? Those that do not say are for all. */
bool cv_criteria_is_for(const struct cv_criteria *criteria, const char *type);

#endif
