// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "directory.h"

#define FILE_NAME	80

struct directory {
	const char *path;
	int fd;
	char why[160];
};

static bool fail(struct directory *d, const char *name)
{
	snprintf(d->why, sizeof(d->why), "%.60s/%.60s: %s", d->path, name, strerror(errno));
	return false;
}

const char *directory_why(const struct directory *d)
{
	return d->why;
}

/* --- files ------------------------------------------------------------------------------------- */

static bool write_file(struct directory *d, const char *name, BIO *pem)
{
	char *data;
	long len = BIO_get_mem_data(pem, &data);
	int fd = openat(d->fd, ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	bool good = fd >= 0 && write(fd, data, len) == len && !fsync(fd);

	if (fd >= 0)
		good = !close(fd) && good;
	return (good && !renameat(d->fd, ".new", d->fd, name)) || fail(d, name);
}

static void link_name(unsigned long hash, unsigned int n, char name[FILE_NAME])
{
	snprintf(name, FILE_NAME, "%08lx.%u", hash, n);
}

/* Where the link called @name leads; empty: there is none. */
static void read_link(struct directory *d, const char *name, char target[FILE_NAME])
{
	ssize_t len = readlinkat(d->fd, name, target, FILE_NAME - 1);

	target[len > 0 ? len : 0] = 0;
}

/* The number of the link to @file among those of @hash, or of the first that is free. */
static unsigned int find_link(struct directory *d, unsigned long hash, const char *file, bool *there)
{
	char name[FILE_NAME], target[FILE_NAME];
	unsigned int n = 0;

	*there = false;
	for (;; n++) {
		link_name(hash, n, name);
		read_link(d, name, target);
		*there = !strcmp(target, file);
		if (*there || !*target)
			return n;
	}
}

static bool add_link(struct directory *d, unsigned long hash, const char *file)
{
	char name[FILE_NAME];
	bool there;

	link_name(hash, find_link(d, hash, file, &there), name);
	return there || !symlinkat(file, d->fd, name) || fail(d, name);
}

/* Who reads stops at the first number that is missing: the last link takes the place. */
static bool remove_link(struct directory *d, unsigned long hash, const char *file)
{
	char name[FILE_NAME], last[FILE_NAME], target[FILE_NAME];
	unsigned int n, end;
	bool there;

	n = find_link(d, hash, file, &there);
	if (!there)
		return true;
	for (end = n + 1; ; end++) {
		link_name(hash, end, last);
		read_link(d, last, target);
		if (!*target)
			break;
	}
	link_name(hash, n, name);
	link_name(hash, end - 1, last);
	return !renameat(d->fd, last, d->fd, name) && (end - 1 > n || !unlinkat(d->fd, name, 0)) ? true : fail(d, name);
}

/* --- one member ----------------------------------------------------------------------------------- */

static void file_name(const char *id, char name[FILE_NAME])
{
	snprintf(name, FILE_NAME, "%.64s.pem", id);
}

/* NULL: there is no such file, or none that is a certificate. */
static X509 *read_certificate(struct directory *d, const char *file)
{
	int fd = openat(d->fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	return x;
}

bool directory_remove(struct directory *d, const char *id)
{
	char file[FILE_NAME];
	X509 *x;
	bool good;

	file_name(id, file);
	x = read_certificate(d, file);
	good = !x || remove_link(d, X509_subject_name_hash(x), file);
	X509_free(x);
	return good && (!unlinkat(d->fd, file, 0) || errno == ENOENT || fail(d, file));
}

static bool is_there(struct directory *d, const char *file, X509 *x)
{
	X509 *old = read_certificate(d, file);
	bool there = false;

	if (old && !X509_cmp(old, x))
		find_link(d, X509_subject_name_hash(x), file, &there);
	X509_free(old);
	return there;
}

bool directory_put(struct directory *d, const char *id, struct cv_bytes der)
{
	const uint8_t *at = der.data;
	X509 *x = d2i_X509(NULL, &at, der.len);
	BIO *pem = BIO_new(BIO_s_mem());
	char file[FILE_NAME];
	bool good;

	file_name(id, file);
	errno = x ? ENOMEM : EINVAL;
	if (!x || !pem || PEM_write_bio_X509(pem, x) != 1)
		good = fail(d, file);
	else
		good = is_there(d, file, x) || (directory_remove(d, id) && write_file(d, file, pem) &&
						add_link(d, X509_subject_name_hash(x), file));
	BIO_free(pem);
	X509_free(x);
	return good;
}

uint8_t *directory_get(struct directory *d, const char *id, size_t *len)
{
	char file[FILE_NAME];
	uint8_t *der = NULL;
	X509 *x;
	int n;

	file_name(id, file);
	x = read_certificate(d, file);
	n = x ? i2d_X509(x, &der) : -1;
	X509_free(x);
	*len = n > 0 ? n : 0;
	return n > 0 ? der : NULL;
}

/* --- all of them ------------------------------------------------------------------------------------ */

bool directory_put_crl(struct directory *d, struct cv_bytes der)
{
	const uint8_t *at = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, der.len);
	BIO *pem = BIO_new(BIO_s_mem());
	bool good;

	errno = crl ? ENOMEM : EINVAL;
	good = crl && pem && PEM_write_bio_X509_CRL(pem, crl) == 1 ? write_file(d, DIRECTORY_CRL, pem) : fail(d, DIRECTORY_CRL);
	BIO_free(pem);
	X509_CRL_free(crl);
	return good;
}

bool directory_sweep(struct directory *d, bool (*is_known)(void *context, const char *id), void *context)
{
	DIR *all = fdopendir(openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;
	char id[65], target[FILE_NAME];
	bool good = true;

	if (!all)
		return fail(d, ".");
	while ((entry = readdir(all))) {
		read_link(d, entry->d_name, target);
		snprintf(id, sizeof(id), "%.64s", *target ? target : entry->d_name);
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, DIRECTORY_CRL) && !is_known(context, id) &&
		    unlinkat(d->fd, entry->d_name, 0))
			good = fail(d, entry->d_name);
	}
	closedir(all);
	return good;
}

struct directory *directory_open(const char *path, struct cv_error *err)
{
	struct directory *d = calloc(1, sizeof(*d));

	if (!d) {
		cv_refuse(err, CV_E_MEMORY, "no memory for a directory");
		return NULL;
	}
	d->path = path;
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd >= 0)
		return d;
	cv_refuse(err, CV_E_FILE, "%.100s: %s", path, strerror(errno));
	free(d);
	return NULL;
}

void directory_close(struct directory *d)
{
	close(d->fd);
	free(d);
}
