// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "say.h"

void say(int level, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if (*c < 0x20 && *c > 0)
			*c = ' ';	/* one line, whatever the other side calls itself */
	fprintf(stderr, "<%d>%s: %s\n", level, program_invocation_short_name, text);
}
