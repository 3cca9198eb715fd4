// SPDX-License-Identifier: GPL-2.0
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <peer/tls.h>
#include "ca_sign.h"

#define AUTHORITY_LIFE	(10l * 365 * 24 * 3600)
#define SKEW		60	/* seconds by which the other side's clock may be behind */

static bool set_serial(ASN1_INTEGER *to, const uint8_t serial[CA_SERIAL])
{
	BIGNUM *n = BN_bin2bn(serial, CA_SERIAL, NULL);
	bool good = n && BN_to_ASN1_INTEGER(n, to);

	BN_free(n);
	return good;
}

/* Positive, whatever the draw. */
static bool draw_serial(uint8_t serial[CA_SERIAL])
{
	bool good = RAND_bytes(serial, CA_SERIAL) == 1;

	serial[0] = (serial[0] & 0x7f) | 0x40;
	return good;
}

static bool add_name(X509_NAME *name, const char *field, const char *text)
{
	return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const uint8_t *)text, -1, -1, 0) == 1;
}

static bool extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool good;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	good = e && X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	return good;
}

static X509 *begin(X509 *authority, EVP_PKEY *public, const uint8_t serial[CA_SERIAL], long life)
{
	X509 *x = X509_new();

	if (x && X509_set_version(x, X509_VERSION_3) && set_serial(X509_get_serialNumber(x), serial) &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -SKEW) && X509_gmtime_adj(X509_getm_notAfter(x), life) &&
	    X509_set_pubkey(x, public) &&
	    (!authority || X509_set_issuer_name(x, X509_get_subject_name(authority))))
		return x;
	X509_free(x);
	return NULL;
}

static X509 *end(X509 *x, EVP_PKEY *key, bool good)
{
	if (good && X509_sign(x, key, EVP_sha256()))
		return x;
	X509_free(x);
	return NULL;
}

X509 *ca_sign_itself(EVP_PKEY *key)
{
	uint8_t serial[CA_SERIAL];
	X509 *x = draw_serial(serial) ? begin(NULL, key, serial, AUTHORITY_LIFE) : NULL;

	return end(x, key, x && add_name(X509_get_subject_name(x), "CN", "Cloud Verifier authority") &&
		   X509_set_issuer_name(x, X509_get_subject_name(x)) &&
		   extend(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
		   extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
		   extend(x, x, NID_subject_key_identifier, "hash"));
}

static bool is_leaf(X509 *x, X509 *authority, const char *usage)
{
	return extend(x, authority, NID_basic_constraints, "critical,CA:FALSE") &&
	       extend(x, authority, NID_key_usage, "critical,digitalSignature") &&
	       extend(x, authority, NID_ext_key_usage, usage) && extend(x, authority, NID_authority_key_identifier, "keyid:always");
}

static EVP_PKEY *read_public(struct cv_bytes public)
{
	const uint8_t *at = public.data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, public.len);

	if (key && at == public.data + public.len)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static void serial_text(const ASN1_INTEGER *serial, char text[2 * CA_SERIAL + 1])
{
	const uint8_t *bytes = ASN1_STRING_get0_data(serial);

	*text = 0;
	for (int i = 0; i < ASN1_STRING_length(serial) && i < CA_SERIAL; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

/* Tunnels of members end at its host: it is a server as well, under a name that the verifier's is not. */
static bool is_service(const struct ca_subject *s)
{
	return !strcmp(s->type, "service");
}

/* The names bind what the certificate is of: endorsement key, attestation key, boot. */
static bool name_node(X509 *x, X509 *authority, const struct ca_subject *s)
{
	X509_NAME *name = X509_get_subject_name(x);
	char names[768], serial[2 * CA_SERIAL + 1];

	snprintf(names, sizeof(names), "URI:urn:cloudverifier:node:%s,URI:urn:cloudverifier:ak:%s,"
		 "URI:urn:cloudverifier:epoch:%u.%u%s%s%s", s->id, s->ak, s->reset_count, s->restart_count,
		 is_service(s) ? ",DNS:" : "", is_service(s) ? s->name : "", is_service(s) ? TLS_SERVICE_OF : "");
	serial_text(X509_get0_serialNumber(x), serial);
	/*
	 * Front ends look a certificate up by its subject, and remember what they found: no two nodes share one, nor two
	 * certificates of one node.
	 */
	return add_name(name, "serialNumber", serial) && add_name(name, "OU", s->type) && add_name(name, "CN", s->name) &&
	       add_name(name, "UID", s->id) && extend(x, authority, NID_subject_alt_name, names);
}

X509 *ca_sign_node(EVP_PKEY *key, X509 *authority, const struct ca_subject *subject, struct cv_bytes public,
		   uint32_t life, uint8_t serial[CA_SERIAL])
{
	EVP_PKEY *of = read_public(public);
	X509 *x = of && draw_serial(serial) ? begin(authority, of, serial, life) : NULL;

	EVP_PKEY_free(of);
	return end(x, key, x && name_node(x, authority, subject) &&
		   is_leaf(x, authority, is_service(subject) ? "clientAuth,serverAuth" : "clientAuth"));
}

X509 *ca_sign_verifier(EVP_PKEY *key, X509 *authority, struct cv_bytes public, uint32_t life)
{
	EVP_PKEY *of = read_public(public);
	uint8_t serial[CA_SERIAL];
	X509 *x = of && draw_serial(serial) ? begin(authority, of, serial, life) : NULL;

	EVP_PKEY_free(of);
	return end(x, key, x && add_name(X509_get_subject_name(x), "CN", "Cloud Verifier") &&
		   extend(x, authority, NID_subject_alt_name, "DNS:" TLS_VERIFIER) &&
		   is_leaf(x, authority, "serverAuth"));
}

static bool revoke(X509_CRL *crl, const uint8_t serial[CA_SERIAL])
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	X509_REVOKED *r = X509_REVOKED_new();
	bool good = n && r && set_serial(n, serial) && X509_REVOKED_set_serialNumber(r, n) &&
		    X509_REVOKED_set_revocationDate(r, (ASN1_TIME *)X509_CRL_get0_lastUpdate(crl)) && X509_CRL_add0_revoked(crl, r);

	if (!good)
		X509_REVOKED_free(r);
	ASN1_INTEGER_free(n);
	return good;
}

X509_CRL *ca_sign_revoked(EVP_PKEY *key, X509 *authority, const uint8_t *serials, size_t n, uint32_t life)
{
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0), *next = X509_gmtime_adj(NULL, life);
	X509_CRL *crl = X509_CRL_new();
	bool good = crl && now && next && X509_CRL_set_version(crl, X509_CRL_VERSION_2) &&
		    X509_CRL_set_issuer_name(crl, X509_get_subject_name(authority)) &&
		    X509_CRL_set1_lastUpdate(crl, now) && X509_CRL_set1_nextUpdate(crl, next);

	for (size_t i = 0; good && i < n; i++)
		good = revoke(crl, serials + i * CA_SERIAL);
	good = good && X509_CRL_sort(crl) && X509_CRL_sign(crl, key, EVP_sha256());
	ASN1_TIME_free(now);
	ASN1_TIME_free(next);
	if (good)
		return crl;
	X509_CRL_free(crl);
	return NULL;
}
