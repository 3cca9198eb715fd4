/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What criteria can speak of. A module declares facts and reads them from its
 * evidence; a new fact is one entry in a module's table and one function
 * (Documentation/criteria.md has an example).
 */
#ifndef CV_FACT_H
#define CV_FACT_H

#include <stdalign.h>
#include "value.h"

#define CV_FACT_ARGS	3
#define CV_FROM_MAX	96	/* bytes of text that says where a fact was found */

/* An argument of a fact, as pcr(sha256, 4) has two: their values are checked to be of these types. */
struct cv_param {
	const char *name;
	enum cv_type type;
	const char *const *words;	/* or the names that it may be; ends with NULL; the value is a string */
	uint64_t max;			/* of an integer */
};

/* A position in a list of records, which the module interprets. */
struct cv_item {
	uint64_t index;
	alignas(max_align_t) uint8_t state[448];
};

/* What a fact is read from. */
struct cv_ask {
	const void *evidence;		/* of the fact's module */
	const struct cv_value *args;	/* as many as it declares */
	const struct cv_item *item;	/* the record, for a field of a list */
	uint8_t *room;			/* for a digest that the evidence does not have as bytes: CV_HASH_MAX */
};

/* Where it was found, or why it is not known. */
struct cv_from {
	char text[CV_FROM_MAX];
};

struct cv_fact {
	const char *name;		/* "boot.secure_boot"; of a field: "digest" */
	enum cv_type type;
	enum cv_unit unit;
	bool in_kernel;			/* the host's kernel can judge it alone */
	const char *meaning;
	struct cv_param param[CV_FACT_ARGS];	/* the first without a name ends them */

	/*
	 * False: it is not known, and @from may say why. What the value points to
	 * stays as long as the evidence, or until the next item.
	 */
	bool (*get)(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from);

	/* Of a list of records, instead of get. */
	const struct cv_fact *fields;	/* the first without a name ends them */
	bool (*begin)(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from);
	enum cv_list_next { CV_LIST_ITEM, CV_LIST_END, CV_LIST_BAD }
		(*next)(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from);
};

struct cv_module {
	const char *name;
	const struct cv_fact *facts;	/* the first without a name ends them */
};

/* The modules a program has; criteria may speak of their facts. */
struct cv_catalog {
	const struct cv_module *const *modules;
	unsigned int n_modules;
};

/* A module's evidence of one node or guest. */
struct cv_evidence {
	const struct cv_module *module;
	const void *data;
};

const struct cv_fact *cv_fact_find(const struct cv_catalog *catalog, struct cv_bytes name,
				   const struct cv_module **module);
const struct cv_fact *cv_fact_field(const struct cv_fact *list, struct cv_bytes name);

/* The known name that is the least typing away from @name, or NULL if none is near. @list may be NULL. */
const char *cv_fact_nearest(const struct cv_catalog *catalog, const struct cv_fact *list,
			    struct cv_bytes name);

#endif
