/* SPDX-License-Identifier: GPL-2.0 */
/* Makes requests that are nearly right. One thread only; the seed decides all. */
#ifndef MUTANT_H
#define MUTANT_H

#include "world.h"

enum { VM, WATCH, SESSION, SET, PORT, KINDS };

extern const uint16_t kind_attr[KINDS];

/* What the descriptors in requests may be: guests and others. */
extern int mutant_fds[6];

void mutant_seed(uint64_t seed);
uint32_t chance(uint32_t below);
bool one_in(uint32_t n);

/* The newest ids of each kind; requests name these, mostly. */
void remember(int kind, uint32_t id);

/* The next request. It may be shorter than a header of the family. */
void generate(struct msg *m);

#endif
