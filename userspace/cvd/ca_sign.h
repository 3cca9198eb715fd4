/* SPDX-License-Identifier: GPL-2.0 */
/* What the authority's process makes with its key. */
#ifndef CA_SIGN_H
#define CA_SIGN_H

#include <openssl/x509.h>
#include "ca.h"

X509 *ca_sign_itself(EVP_PKEY *key);
X509 *ca_sign_node(EVP_PKEY *key, X509 *authority, const struct ca_subject *subject, struct cv_bytes public,
		   uint32_t life, uint8_t serial[CA_SERIAL]);
X509 *ca_sign_verifier(EVP_PKEY *key, X509 *authority, struct cv_bytes public, uint32_t life);
X509_CRL *ca_sign_revoked(EVP_PKEY *key, X509 *authority, const uint8_t *serials, size_t n, uint32_t life);

#endif
