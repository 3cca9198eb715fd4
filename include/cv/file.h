/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FILE_H
#define FILE_H

#include <cv/error.h>
#include <cv/bytes.h>

#define FILE_MAX	(256u << 20)	/* bytes */

struct file {
	struct cv_bytes bytes;
	void *mapped;		/* or NULL: allocated */
};

/* Maps a regular file, reads any other, as those of securityfs, to its end. False and @err. */
bool file_open(struct file *file, const char *path, struct cv_error *err);
void file_close(struct file *file);

#endif
