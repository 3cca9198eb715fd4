/* SPDX-License-Identifier: GPL-2.0 */
/* The lists that criteria name, opened once each. */
#ifndef CV_LISTS_H
#define CV_LISTS_H

#include "file.h"
#include "list.h"

struct cv_opened_list {
	struct cv_opened_list *next;
	char *path;
	struct cv_file file;
	struct cv_list list;
};

struct cv_lists {
	const char *beside;	/* a file: relative names are beside it */
	struct cv_opened_list *first;
};

/* For struct cv_criteria_env; the context is a struct cv_lists. */
const struct cv_list *cv_lists_open(void *context, const char *name, enum cv_type type, struct cv_error *err);
void cv_lists_close(struct cv_lists *lists);

#endif
