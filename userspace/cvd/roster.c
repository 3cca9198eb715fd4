// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>
#include "members.h"
#include "roster.h"

#define AGAIN_S		1
#define GATHER_MS	50	/* what is revoked by then is in one list */
#define CRL_LIFE	(24 * 3600)	/* seconds; made anew each half of it */
#define FILE_NAME	80

/*
 * A member's certificate is in ID.pem, and HASH.N is a link to it, N counting subjects of
 * one hash. Only one process writes here. The order of work does not matter: there is one at most of a member.
 */
struct work {
	struct work *next;
	char id[CA_ID];
	size_t der_len;			/* 0: the member goes */
	uint8_t der[];
};

struct roster {
	struct cvd *cvd;
	int dir;
	struct event *again;
	struct work *todo;		/* at most one of a member */
	bool crl_is_old;
	char why[160];			/* what could not be written */
};

static bool fail(struct roster *r, const char *name)
{
	snprintf(r->why, sizeof(r->why), "%.60s/%.60s: %s", r->cvd->config.members, name, strerror(errno));
	return false;
}

/* --- files ------------------------------------------------------------------------------------- */

static bool write_file(struct roster *r, const char *name, BIO *pem)
{
	char *data;
	long len = BIO_get_mem_data(pem, &data);
	int fd = openat(r->dir, ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool good = fd >= 0 && write(fd, data, len) == len && !fsync(fd);

	if (fd >= 0)
		good = !close(fd) && good;
	return (good && !renameat(r->dir, ".new", r->dir, name)) || fail(r, name);
}

static void link_name(unsigned long hash, unsigned int n, char name[FILE_NAME])
{
	snprintf(name, FILE_NAME, "%08lx.%u", hash, n);
}

/* Where the link called @name leads; empty: there is none. */
static void read_link(struct roster *r, const char *name, char target[FILE_NAME])
{
	ssize_t len = readlinkat(r->dir, name, target, FILE_NAME - 1);

	target[len > 0 ? len : 0] = 0;
}

/* The number of the link to @file among those of @hash, or of the first that is free. */
static unsigned int find_link(struct roster *r, unsigned long hash, const char *file, bool *there)
{
	char name[FILE_NAME], target[FILE_NAME];
	unsigned int n = 0;

	*there = false;
	for (;; n++) {
		link_name(hash, n, name);
		read_link(r, name, target);
		*there = !strcmp(target, file);
		if (*there || !*target)
			return n;
	}
}

static bool add_link(struct roster *r, unsigned long hash, const char *file)
{
	char name[FILE_NAME];
	bool there;

	link_name(hash, find_link(r, hash, file, &there), name);
	return there || !symlinkat(file, r->dir, name) || fail(r, name);
}

/* Who reads stops at the first number that is missing: the last link takes the place. */
static bool remove_link(struct roster *r, unsigned long hash, const char *file)
{
	char name[FILE_NAME], last[FILE_NAME], target[FILE_NAME];
	unsigned int n, end;
	bool there;

	n = find_link(r, hash, file, &there);
	if (!there)
		return true;
	for (end = n + 1; ; end++) {
		link_name(hash, end, last);
		read_link(r, last, target);
		if (!*target)
			break;
	}
	link_name(hash, n, name);
	link_name(hash, end - 1, last);
	return !renameat(r->dir, last, r->dir, name) && (end - 1 > n || !unlinkat(r->dir, name, 0)) ? true : fail(r, name);
}

/* --- one member ----------------------------------------------------------------------------------- */

static void file_name(const char *id, char name[FILE_NAME])
{
	snprintf(name, FILE_NAME, "%.64s.pem", id);
}

/* False: there is no such file, or none that is a certificate. */
static bool subject_hash(struct roster *r, const char *file, unsigned long *hash)
{
	int fd = openat(r->dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	bool good = x;

	if (x)
		*hash = X509_subject_name_hash(x);
	X509_free(x);
	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	return good;
}

static bool take_out(struct roster *r, const char *id)
{
	char file[FILE_NAME];
	unsigned long hash;

	file_name(id, file);
	if (subject_hash(r, file, &hash) && !remove_link(r, hash, file))
		return false;
	return !unlinkat(r->dir, file, 0) || errno == ENOENT || fail(r, file);
}

static bool put_in(struct roster *r, const struct work *w)
{
	const uint8_t *at = w->der;
	X509 *x = d2i_X509(NULL, &at, w->der_len);
	BIO *pem = BIO_new(BIO_s_mem());
	char file[FILE_NAME];
	bool good;

	file_name(w->id, file);
	errno = ENOMEM;
	good = x && pem && PEM_write_bio_X509(pem, x) == 1 ? take_out(r, w->id) && write_file(r, file, pem) &&
							       add_link(r, X509_subject_name_hash(x), file) : fail(r, file);
	BIO_free(pem);
	X509_free(x);
	return good;
}

/* --- what is revoked ---------------------------------------------------------------------------------- */

static bool write_crl(struct roster *r, struct cv_error *err)
{
	BIO *pem = BIO_new(BIO_s_mem());
	uint8_t *serials = NULL, *der = NULL;
	const uint8_t *at;
	X509_CRL *crl = NULL;
	size_t n, len;
	bool good;

	good = pem && store_revoked(r->cvd->store, now_ms() / 1000, &serials, &n, err) &&
	       ca_revoke(&r->cvd->ca, serials, n, CRL_LIFE, &der, &len, err);
	if (good) {
		at = der;
		crl = d2i_X509_CRL(NULL, &at, len);
		good = crl && PEM_write_bio_X509_CRL(pem, crl) == 1 && write_file(r, "crl.pem", pem);
	}
	if (!good && err->name)
		snprintf(r->why, sizeof(r->why), "crl.pem: %.140s", err->text);
	X509_CRL_free(crl);
	free(der);
	free(serials);
	BIO_free(pem);
	return good;
}

/* --- until it is done ------------------------------------------------------------------------ */

static void do_work(struct roster *r, bool coming)
{
	struct work **at = &r->todo, *w;

	while ((w = *at)) {
		if (coming != (w->der_len > 0) || !(coming ? put_in(r, w) : take_out(r, w->id))) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

/* False: something is left, and is tried again. */
static bool settle(struct roster *r)
{
	/* Whoever is to go goes, whatever else cannot be done. */
	do_work(r, false);
	do_work(r, true);
	if (!r->todo)
		return true;
	say(LOG_ERR, "the roster is not as it should be: %s", r->why);
	if (!event_pending(r->again, EV_TIMEOUT, NULL))
		event_add(r->again, &(struct timeval) { AGAIN_S, 0 });
	return false;
}

/* A list is made anew before it is over, whether there is more in it or not. */
static void settle_all(evutil_socket_t fd, short what, void *context)
{
	struct timeval again = { AGAIN_S, 0 }, later = { CRL_LIFE / 2, 0 };
	struct roster *r = context;
	struct cv_error err = {};
	bool good;

	(void)fd;
	(void)what;
	good = settle(r);
	r->crl_is_old = !write_crl(r, &err);
	if (r->crl_is_old)
		say(LOG_ERR, "the roster is not as it should be: %s", r->why);
	event_add(r->again, r->crl_is_old || !good ? &again : &later);
}

/* What was to be done of this member before is done with. */
static void forget(struct roster *r, const char *id)
{
	struct work **at = &r->todo, *w;

	while ((w = *at)) {
		if (strcmp(w->id, id)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

static void add_work(struct roster *r, const char *id, struct cv_bytes der)
{
	struct work **end = &r->todo, *w = malloc(sizeof(*w) + der.len);

	if (!w)
		abort();	/* who is out would stay in the roster; a new process makes it anew */
	forget(r, id);
	while (*end)
		end = &(*end)->next;
	*w = (struct work) { .der_len = der.len };
	snprintf(w->id, sizeof(w->id), "%s", id);
	memcpy(w->der, der.data ?: (const uint8_t *)"", der.len);
	*end = w;
	settle(r);
}

void roster_add(struct roster *r, const char *id, struct cv_bytes der)
{
	add_work(r, id, der);
}

void roster_remove(struct roster *r, const char *id)
{
	add_work(r, id, (struct cv_bytes) {});
}

/* Who is out is out of the directory already: the list may wait for others. */
void roster_revoked(struct roster *r)
{
	struct timeval soon = { 0, GATHER_MS * 1000 };

	if (!r->crl_is_old)
		event_add(r->again, &soon);
	r->crl_is_old = true;
}

bool roster_is_settled(const struct roster *r, const char **why)
{
	*why = r->why;
	return !r->todo && !r->crl_is_old;
}

/* --- opening --------------------------------------------------------------------------------------------- */

/* Files of nobody that is a member: of a process that died in between, or of somebody else. */
static bool sweep(struct roster *r, struct cv_error *err)
{
	DIR *d = fdopendir(openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;
	char id[CA_ID], target[FILE_NAME];
	bool good = true;

	if (!d)
		return cv_refuse(err, CV_E_FILE, "%.100s: %s", r->cvd->config.members, strerror(errno));
	while ((entry = readdir(d))) {
		read_link(r, entry->d_name, target);
		snprintf(id, sizeof(id), "%.64s", *target ? target : entry->d_name);
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "crl.pem") && !members_find(r->cvd, id) &&
		    unlinkat(r->dir, entry->d_name, 0))
			good = cv_refuse(err, CV_E_FILE, "%.100s/%.60s is nobody's that is a member, and cannot be removed: %s",
					 r->cvd->config.members, entry->d_name, strerror(errno));
	}
	closedir(d);
	return good;
}

struct roster *roster_open(struct cvd *cvd, struct cv_error *err)
{
	struct roster *r = calloc(1, sizeof(*r));

	if (!r)
		goto no_memory;
	r->cvd = cvd;
	r->dir = open(cvd->config.members, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->again = event_new(cvd->base, -1, 0, settle_all, r);
	if (r->dir < 0) {
		cv_refuse(err, CV_E_FILE, "%.100s: %s", cvd->config.members, strerror(errno));
		roster_close(r);
		return NULL;
	}
	if (!r->again)
		goto no_memory;
	if (!sweep(r, err)) {
		roster_close(r);
		return NULL;
	}
	settle_all(-1, 0, r);
	return r;
no_memory:
	if (r)
		roster_close(r);
	cv_refuse(err, CV_E_MEMORY, "no memory for the roster");
	return NULL;
}

void roster_close(struct roster *r)
{
	while (r->todo) {
		struct work *w = r->todo;

		r->todo = w->next;
		free(w);
	}
	if (r->again)
		event_free(r->again);
	if (r->dir >= 0)
		close(r->dir);
	free(r);
}
