/* SPDX-License-Identifier: GPL-2.0 */
/* What the network side may do, once all that needs more is open. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <cv/error.h>

/*
 * The directory @path is @user's from now on: made if it is not there, given if it
 * is empty. One that is another's and has something in it is not touched. False and @err.
 */
bool sandbox_give(const char *path, const char *user, struct cv_error *err);

/* Becomes @user, whose the directories are. False and @err. */
bool sandbox_become(const char *user, struct cv_error *err);

/* From now on the process is killed by system calls that it has no reason for: others' processes, programs, new privileges, devices. */
bool sandbox_close(struct cv_error *err);

/* The same for the authority's process, which only reads requests and writes answers. */
bool sandbox_authority(struct cv_error *err);

#endif
