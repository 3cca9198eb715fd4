// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <cv/json.h>

json_t *cv_json_text(const char *text)
{
	json_t *json = text ? json_string(text) : json_null();
	char *ascii = json ? NULL : strdup(text);

	if (!ascii)
		return json;
	for (char *c = ascii; *c; c++)
		if (*c & 0x80)
			*c = '?';
	json = json_string(ascii);
	free(ascii);
	return json;
}
