/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is asked of nodes: criteria for each type, which all nodes of it share, and
 * the vendors whose TPMs are believed.
 */
#ifndef POLICY_H
#define POLICY_H

#include <cv/criteria.h>
#include <cv/ek.h>
#include <cv/lists.h>
#include <cv/quote.h>

enum node_type { NODE_COMPUTE, NODE_NETWORK, NODE_API, NODE_SERVICE, NODE_VERIFIER, N_NODE_TYPES };

struct policy {
	const char *dir;		/* of criteria: compute.cv and so on */
	struct cv_selection wanted;	/* the registers that are quoted */
	struct cv_vendors vendors;
	struct {
		struct cv_criteria *criteria;	/* NULL: no node of this type is admitted */
		struct cv_lists lists;
		char path[256];
		unsigned int generation;	/* counts loads: 0, none */
	} of[N_NODE_TYPES];
};

const char *node_type_name(enum node_type type);
bool node_type_find(const char *name, enum node_type *type);

/*
 * Reads every type's criteria, and roots in @vendors (a directory of certificates; NULL:
 * none; those in its directory "intermediates" lead to them). A type without a file has none. False and @err for a file that is not good.
 */
bool policy_open(struct policy *policy, const char *dir, const char *vendors, struct cv_error *err);
void policy_close(struct policy *policy);

/*
 * Reads the criteria of one type again. What was there stays if they are not good; why not is in @why, with
 * line and caret.
 */
bool policy_load(struct policy *policy, enum node_type type, char *why, size_t size);

/* Reads them and changes nothing; why they are not good is in @why, likewise. */
bool policy_test(const struct policy *policy, enum node_type type, char *why, size_t size);

#endif
