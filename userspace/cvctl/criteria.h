/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CRITERIA_H
#define CRITERIA_H

#include "cvctl.h"
#include <cv/lists.h>

struct opened_criteria {
	struct cv_criteria *criteria;
	struct cv_lists lists;
};

/* EXIT_GOOD, or why not, which was said on standard error: EXIT_USAGE: no such file; EXIT_REFUSED: wrong. */
int criteria_open(struct opened_criteria *it, const char *path);
void criteria_close(struct opened_criteria *it);

#endif
