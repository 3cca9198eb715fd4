/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SAY_H
#define SAY_H

#include <syslog.h>

/* A line on standard error, with the level (LOG_ERR and so on) as systemd understands it, and the program's name. */
void say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
