/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CV_JSON_H
#define CV_JSON_H

#include <jansson.h>

/* A JSON string whatever the bytes: what is not UTF-8 becomes "?". null for NULL. */
json_t *cv_json_text(const char *text);

#endif
