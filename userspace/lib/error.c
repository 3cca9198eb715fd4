// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <cv/error.h>

static const char *const names[] = {
#define CV_ERROR(id, text) [CV_E_##id] = text,
	CV_ERROR_LIST
#undef CV_ERROR
};

const char *cv_error_name(enum cv_error_name name)
{
	return (unsigned int)name < sizeof(names) / sizeof(names[0]) ? names[name] : "unknown";
}

bool cv_refuse(struct cv_error *err, enum cv_error_name name, const char *format, ...)
{
	va_list args;

	if (!err)
		return false;
	err->name = name;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	/* It may quote what an attacker wrote: nothing that a terminal obeys. */
	for (char *c = err->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return false;
}
