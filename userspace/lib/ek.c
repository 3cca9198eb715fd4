// SPDX-License-Identifier: GPL-2.0
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <cv/ek.h>
#include "public.h"

#define WANTED (TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
		TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_DECRYPT)
#define EK_CERTIFICATE	"2.23.133.8.1"	/* tcg-kp-EKCertificate */

/* --- the key ---------------------------------------------------------------------------- */

static bool protects(struct cv_ek *ek, const TPMT_PUBLIC *p, struct cv_error *err)
{
	/* At the same place for RSA and ECC. */
	const TPMT_SYM_DEF_OBJECT *sym = &p->parameters.asymDetail.symmetric;

	ek->aes_bits = sym->keyBits.aes;
	return (sym->algorithm == TPM2_ALG_AES && sym->mode.aes == TPM2_ALG_CFB &&
		(ek->aes_bits == 128 || ek->aes_bits == 192 || ek->aes_bits == 256)) ||
	       cv_refuse(err, CV_E_KEY_TYPE,
			 "the endorsement key protects by 0x%04x of %u bits, expected AES of 128 to 256 in CFB mode",
			 sym->algorithm, sym->keyBits.sym);
}

static bool identify(struct cv_ek *ek, struct cv_error *err)
{
	uint8_t *der = NULL, digest[CV_HASH_MAX];
	int len = i2d_PUBKEY(ek->pkey, &der);
	struct cv_bytes part = { der, len > 0 ? len : 0 };
	bool done = part.len && cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), &part, 1, digest);

	OPENSSL_free(der);
	if (!done)
		return cv_refuse(err, CV_E_MEMORY, "OpenSSL cannot encode the endorsement key");
	memcpy(ek->id, digest, CV_EK_ID);
	return true;
}

bool cv_ek_read(struct cv_ek *ek, struct cv_bytes tpm2b_public, struct cv_error *err)
{
	TPM2B_PUBLIC public;
	TPMA_OBJECT attributes;

	*ek = (struct cv_ek) {};
	if (!public_read(&public, tpm2b_public, err))
		return false;
	attributes = public.publicArea.objectAttributes;
	if ((attributes & WANTED) != WANTED || attributes & TPMA_OBJECT_SIGN_ENCRYPT)
		return cv_refuse(err, CV_E_KEY_ATTRIBUTES,
				 "the endorsement key's attributes are 0x%08x, expected 0x%08x (restricted, fixedTPM, fixedParent, sensitiveDataOrigin, decrypt) and not sign",
				 attributes, WANTED);
	if (!public_is_strong(&public.publicArea, err) || !protects(ek, &public.publicArea, err) ||
	    !public_name(&public, tpm2b_public, &ek->name_alg, ek->name, &ek->name_len, err))
		return false;
	ek->pkey = public_pkey(&public.publicArea);
	if (!ek->pkey)
		return cv_refuse(err, CV_E_KEY_TYPE, "the endorsement key's numbers are not a public key");
	return identify(ek, err);
}

void cv_ek_clear(struct cv_ek *ek)
{
	EVP_PKEY_free(ek->pkey);
	*ek = (struct cv_ek) {};
}

/* --- vendors ------------------------------------------------------------------------------ */

bool cv_vendors_begin(struct cv_vendors *vendors, struct cv_error *err)
{
	vendors->roots = X509_STORE_new();
	vendors->intermediates = sk_X509_new_null();
	return (vendors->roots && vendors->intermediates) || cv_refuse(err, CV_E_MEMORY, "no memory for vendors");
}

void cv_vendors_clear(struct cv_vendors *vendors)
{
	X509_STORE_free(vendors->roots);
	sk_X509_pop_free(vendors->intermediates, X509_free);
	*vendors = (struct cv_vendors) {};
}

/* Takes the reference of @cert. */
static bool believe(struct cv_vendors *vendors, X509 *cert, bool root)
{
	bool done;

	if (!root) {
		done = sk_X509_push(vendors->intermediates, cert) > 0;
		if (!done)
			X509_free(cert);
		return done;
	}
	done = X509_STORE_add_cert(vendors->roots, cert) == 1;
	X509_free(cert);
	return done;
}

static unsigned int add_pem(struct cv_vendors *vendors, struct cv_bytes content, bool root)
{
	BIO *bio = BIO_new_mem_buf(content.data, content.len);
	unsigned int n = 0;
	X509 *cert;

	while (bio && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		n += believe(vendors, cert, root);
	BIO_free(bio);
	return n;
}

static X509 *read_der(struct cv_bytes der)
{
	const unsigned char *at = der.data;
	X509 *cert = d2i_X509(NULL, &at, der.len);

	if (cert && at == der.data + der.len)
		return cert;
	X509_free(cert);
	return NULL;
}

bool cv_vendors_add(struct cv_vendors *vendors, struct cv_bytes content, bool root, struct cv_error *err)
{
	X509 *cert;

	if (content.len > INT32_MAX)
		return cv_refuse(err, CV_E_CERT_FORMAT, "%zu bytes are no certificates", content.len);
	if (add_pem(vendors, content, root))
		return true;
	cert = read_der(content);
	return (cert && believe(vendors, cert, root)) ||
	       cv_refuse(err, CV_E_CERT_FORMAT, "%zu bytes hold no certificate, in PEM or DER", content.len);
}

/* --- certificates of TPMs -------------------------------------------------------------------- */

/* Tag, length and content of the first DER value; what is behind it is left. */
static bool take_der(struct cv_reader *r, uint8_t tag, struct cv_bytes *whole, struct cv_bytes *content)
{
	const uint8_t *begin = r->at;
	uint8_t got = cv_take_le(r, 1), first = cv_take_le(r, 1);
	uint64_t len = first;

	if (first & 0x80) {
		if ((first & 0x7f) < 1 || (first & 0x7f) > 4)
			return false;
		len = cv_take_be(r, first & 0x7f);
	}
	*content = cv_take(r, len);
	*whole = (struct cv_bytes) { begin, (size_t)(r->at - begin) };
	return !r->beyond && got == tag;
}

/* TCG_PCCLIENT_STORED_CERT: 0x1001, a type (0: the whole certificate), a length. */
static struct cv_bytes without_stored_header(struct cv_bytes stored)
{
	struct cv_reader r = cv_reader(stored);
	bool is = cv_take_be(&r, 2) == 0x1001 && cv_take_be(&r, 1) == 0;
	uint64_t len = cv_take_be(&r, 2);

	if (!is || r.beyond || len > r.left)
		return stored;
	return (struct cv_bytes) { r.at, len };
}

static bool is_padding(const struct cv_reader *r)
{
	struct cv_bytes rest = { r->at, r->left };

	return cv_bytes_all(rest, 0xff) || cv_bytes_all(rest, 0);
}

bool cv_ek_cert_find(struct cv_bytes stored, struct cv_bytes *der, struct cv_error *err)
{
	struct cv_bytes inner = without_stored_header(stored), whole, content;
	struct cv_reader r = cv_reader(inner);

	/* An OCTET STRING around it. */
	if (take_der(&r, 0x04, &whole, &content) && is_padding(&r))
		inner = content;
	r = cv_reader(inner);
	if (stored.len <= CV_EK_CERT_MAX && take_der(&r, 0x30, der, &content) && is_padding(&r))
		return true;
	return cv_refuse(err, CV_E_CERT_FORMAT, "%zu bytes are no certificate of a TPM", stored.len);
}

static bool is_for_ek(X509 *cert)
{
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool is = !usage;		/* some vendors leave it out */
	char text[64];

	for (int i = 0; usage && i < sk_ASN1_OBJECT_num(usage); i++)
		if (OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(usage, i), 1) > 0)
			is |= !strcmp(text, EK_CERTIFICATE);
	EXTENDED_KEY_USAGE_free(usage);
	return is;
}

/* OpenSSL verifies the bytes that were signed, as they came. */
static bool leads_to_root(X509 *cert, const struct cv_vendors *vendors, time_t now, struct cv_error *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	bool good = false;
	int why = X509_V_ERR_OUT_OF_MEM;

	if (ctx && X509_STORE_CTX_init(ctx, vendors->roots, cert, vendors->intermediates)) {
		param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_time(param, now);
		good = X509_verify_cert(ctx) == 1;
		why = X509_STORE_CTX_get_error(ctx);
	}
	if (!good)
		cv_refuse(err, CV_E_CERT_CHAIN, "the endorsement certificate leads to no vendor that is believed: %s",
			  X509_verify_cert_error_string(why));
	X509_STORE_CTX_free(ctx);
	return good;
}

static bool cert_is_good(X509 *cert, const struct cv_ek *ek, const struct cv_vendors *vendors, time_t now,
			 struct cv_error *err)
{
	if (EVP_PKEY_eq(X509_get0_pubkey(cert), ek->pkey) != 1)
		return cv_refuse(err, CV_E_CERT_KEY, "the endorsement certificate is of another key");
	if (!is_for_ek(cert) || X509_check_ca(cert))
		return cv_refuse(err, CV_E_CERT_USAGE, "the certificate is not for an endorsement key (%s)", EK_CERTIFICATE);
	return leads_to_root(cert, vendors, now, err);
}

bool cv_ek_cert_verify(const struct cv_ek *ek, struct cv_bytes stored, const struct cv_vendors *vendors,
		       time_t now, struct cv_error *err)
{
	struct cv_bytes der;
	X509 *cert;
	bool good;

	if (!cv_ek_cert_find(stored, &der, err))
		return false;
	cert = read_der(der);
	if (!cert)
		return cv_refuse(err, CV_E_CERT_FORMAT, "%zu bytes are no certificate", der.len);
	good = cert_is_good(cert, ek, vendors, now, err);
	X509_free(cert);
	return good;
}
