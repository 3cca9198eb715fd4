/* SPDX-License-Identifier: GPL-2.0 */
/* The whole of a file. */
#ifndef CV_FILE_H
#define CV_FILE_H

#include "bytes.h"
#include "error.h"

#define CV_FILE_MAX	(256u << 20)	/* bytes */

struct cv_file {
	struct cv_bytes bytes;
	void *mapped;		/* or NULL: allocated */
};

/* Maps a regular file, reads any other, as those of securityfs, to its end. False and @err. */
bool cv_file_open(struct cv_file *file, const char *path, struct cv_error *err);
void cv_file_close(struct cv_file *file);

#endif
