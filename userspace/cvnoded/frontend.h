/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who ends the tunnels on a service host (stunnel): it remembers certificates that it saw, until it is told
 * to read its configuration anew, by SIGHUP. That it has done so shows in that it listens with new sockets.
 */
#ifndef FRONTEND_H
#define FRONTEND_H

#include "sockets.h"

struct frontend;

/* @pid_file: where it writes its process id; NULL: there is none to be told. @ports must outlive it. NULL and @err. */
struct frontend *frontend_open(const char *pid_file, const struct ports *ports, struct cv_error *err);
void frontend_close(struct frontend *frontend);

/* It is to read anew. */
void frontend_reread(struct frontend *frontend);

/* Has it? Tells it so again after a second. False without @err->name set: not yet. */
bool frontend_is_settled(struct frontend *frontend, struct cv_error *err);

#endif
