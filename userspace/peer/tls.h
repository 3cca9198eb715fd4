/* SPDX-License-Identifier: GPL-2.0 */
/* TLS 1.3 as both sides of the verifier's port want it. */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>
#include <cv/error.h>

struct ssl_ctx_st;
struct x509_st;
struct evp_pkey_st;

struct tls_identity {
	struct evp_pkey_st *key;
	struct x509_st *certificate;	/* NULL: a client without one, as yet */
	struct x509_st *authority;	/* who the other side's certificate must be from */
};

/* The identity stays the caller's. The other side may show no certificate, but none that is not good. NULL and @err. */
struct ssl_ctx_st *tls_server(const struct tls_identity *identity, struct cv_error *err);

/* What the certificates of servers are for: the verifier's, and that of a member NAME of type service. */
#define TLS_VERIFIER		"verifier.cloudverifier.internal"
#define TLS_SERVICE_OF		".service.cloudverifier.internal"

/* The other side must show a certificate for servers, for @name. */
struct ssl_ctx_st *tls_client(const struct tls_identity *identity, const char *name, struct cv_error *err);

/* The key in the PEM file @path; one on P-256 is made, mode 0600, if there is none. */
struct evp_pkey_st *tls_key_file(const char *path, struct cv_error *err);

/* The certificate in the PEM file @path. */
struct x509_st *tls_certificate_file(const char *path, struct cv_error *err);

/* SubjectPublicKeyInfo, DER. 0 if it is longer than @size. */
size_t tls_public(struct evp_pkey_st *key, uint8_t *der, size_t size);

#endif
