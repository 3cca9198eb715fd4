/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEXT_H
#define TEXT_H

#include <jansson.h>

/* A JSON string whatever the bytes: what is not UTF-8 becomes "?". null for NULL. */
json_t *text_json(const char *text);

#endif
