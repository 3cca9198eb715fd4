/* SPDX-License-Identifier: GPL-2.0 */
/* Names where ids are taken: digits are an id, anything else is looked up. */
#ifndef NAME_H
#define NAME_H

#include "args.h"

int name_vm(struct call *call, const char *text, uint32_t *id);
/* A watch by name is VM/NAME. */
int name_watch(struct call *call, const char *text, uint32_t *id);
int name_watch_in(struct call *call, uint32_t vm, const char *name, uint32_t *id);

#endif /* NAME_H */
