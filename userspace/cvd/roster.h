/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What others obey: a directory with the certificate of each member, by the
 * names that OpenSSL looks for (a hash of the subject; "CApath" of stunnel,
 * RabbitMQ and PostgreSQL front ends), and the list of what is revoked, crl.pem beside them.
 *
 * A file is there whole or not at all. What cannot be written now is tried again
 * until it can; a member that is not written yet is only kept out longer.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include "cvd.h"

/* Makes the directory say what the store does. */
struct roster *roster_open(struct cvd *cvd, struct cv_error *err);
void roster_close(struct roster *roster);

/* @der: the member's certificate, which replaces the one it had. */
void roster_add(struct roster *roster, const char *id, struct cv_bytes der);
/* A member's certificate in DER, for the caller to OPENSSL_free; NULL: it has none there. */
uint8_t *roster_get(const struct roster *roster, const char *id, size_t *len);

void roster_remove(struct roster *roster, const char *id);

/* The store has more that is revoked. */
void roster_revoked(struct roster *roster);

/* Is all written? Otherwise why not. */
bool roster_is_settled(const struct roster *roster, const char **why);

#endif
