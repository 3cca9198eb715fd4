/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A directory with the certificate of each member, by the names that OpenSSL looks for
 * ("CApath"): ID.pem, and HASH.N, a link to it, N counting the subjects of one hash. A file is
 * there whole or not at all. Only one process writes there. No call keeps what it is given.
 *
 * False: it cannot be done now, and why() says why; whoever calls tries again.
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stdbool.h>
#include <cv/bytes.h>
#include <cv/error.h>

struct directory;

#define DIRECTORY_CRL	"crl.pem"

/* NULL and @err. @path must outlive it. */
struct directory *directory_open(const char *path, struct cv_error *err);
void directory_close(struct directory *d);

/* The certificate @der is the one of @id from now on; the one it had goes. One that is there already stays as it is. */
bool directory_put(struct directory *d, const char *id, struct cv_bytes der);
bool directory_remove(struct directory *d, const char *id);

/* The certificate of @id in DER, for the caller to OPENSSL_free. NULL: there is none. */
uint8_t *directory_get(struct directory *d, const char *id, size_t *len);

/* The list of what is revoked. */
bool directory_put_crl(struct directory *d, struct cv_bytes der);

/* Removes everything of ids that @is_known does not know, as a process leaves it that died in between. */
bool directory_sweep(struct directory *d, bool (*is_known)(void *context, const char *id), void *context);

/* What went wrong last. */
const char *directory_why(const struct directory *d);

#endif
