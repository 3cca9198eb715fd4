/* SPDX-License-Identifier: GPL-2.0 */
/* The lists that criteria name, opened once each. */
#ifndef LISTS_H
#define LISTS_H

#include <cv/list.h>
#include "file.h"

struct opened_list {
	struct opened_list *next;
	char *path;
	struct file file;
	struct cv_list list;
};

struct lists {
	const char *beside;	/* a file: relative names are beside it */
	struct opened_list *first;
};

/* For struct cv_criteria_env; the context is a struct lists. */
const struct cv_list *lists_open(void *context, const char *name, enum cv_type type, struct cv_error *err);
void lists_close(struct lists *lists);

#endif
