/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CRITERIA_H
#define CRITERIA_H

#include "cvctl.h"
#include <cv/lists.h>

#define CRITERIA_ID_TEXT	(7 + 2 * CV_CRITERIA_ID + 1)

struct opened_criteria {
	struct cv_criteria *criteria;
	struct cv_lists lists;
};

/* EXIT_GOOD, or why not, which was said on standard error: EXIT_USAGE: no such file; EXIT_REFUSED: wrong. */
int criteria_open(struct opened_criteria *it, const char *path);
void criteria_close(struct opened_criteria *it);

void criteria_print_id(const struct cv_criteria *criteria, char text[CRITERIA_ID_TEXT]);

#endif
