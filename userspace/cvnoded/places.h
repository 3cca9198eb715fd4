/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses that are in use, and by how many: machines behind one address share it. Without memory the program ends. */
#ifndef PLACES_H
#define PLACES_H

#include <stdbool.h>

#define PLACE	48	/* bytes of an address, with its end */

struct places {
	void *root;	/* of tsearch(3) */
};

bool places_have(const struct places *places, const char *address);
void places_use(struct places *places, const char *address);
void places_leave(struct places *places, const char *address);
void places_clear(struct places *places);

#endif
