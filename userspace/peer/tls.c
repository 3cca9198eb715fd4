// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tls.h"

static const char *ssl_reason(void)
{
	return ERR_reason_error_string(ERR_get_error()) ?: "no reason given";
}

static bool set_identity(SSL_CTX *tls, const struct tls_identity *id)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls);

	if (id->certificate && (SSL_CTX_use_certificate(tls, id->certificate) != 1 || SSL_CTX_use_PrivateKey(tls, id->key) != 1))
		return false;
	return X509_STORE_add_cert(store, id->authority) == 1;
}

static SSL_CTX *make(const SSL_METHOD *method, const struct tls_identity *id, int verify, struct cv_error *err)
{
	SSL_CTX *tls = SSL_CTX_new(method);

	if (tls && SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1 && set_identity(tls, id)) {
		/* Nothing is resumed: who comes back proves itself again. Idle connections keep no buffers. */
		SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
		SSL_CTX_set_num_tickets(tls, 0);
		SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
		SSL_CTX_set_verify(tls, verify, NULL);
		SSL_CTX_set_verify_depth(tls, 2);
		return tls;
	}
	cv_refuse(err, CV_E_CERT_FORMAT, "TLS: %s", ssl_reason());
	SSL_CTX_free(tls);
	return NULL;
}

SSL_CTX *tls_server(const struct tls_identity *identity, struct cv_error *err)
{
	return make(TLS_server_method(), identity, SSL_VERIFY_PEER, err);
}

SSL_CTX *tls_client(const struct tls_identity *identity, const char *name, struct cv_error *err)
{
	SSL_CTX *tls = make(TLS_client_method(), identity, SSL_VERIFY_PEER, err);

	if (!tls || X509_VERIFY_PARAM_set1_host(SSL_CTX_get0_param(tls), name, 0) == 1)
		return tls;
	cv_refuse(err, CV_E_MEMORY, "TLS: %s", ssl_reason());
	SSL_CTX_free(tls);
	return NULL;
}

/* --- files ---------------------------------------------------------------------------------- */

static bool write_key(const char *path, EVP_PKEY *key)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool good;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	good = PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1 && !fflush(f) && !fsync(fileno(f));
	good = !fclose(f) && good;
	if (!good)
		unlink(path);
	return good;
}

static EVP_PKEY *make_key(const char *path, struct cv_error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	if (key && write_key(path, key))
		return key;
	cv_refuse(err, CV_E_FILE, "%.100s: cannot make a key: %s", path, key ? strerror(errno) : ssl_reason());
	EVP_PKEY_free(key);
	return NULL;
}

EVP_PKEY *tls_key_file(const char *path, struct cv_error *err)
{
	FILE *f = fopen(path, "re");
	EVP_PKEY *key;

	if (!f && errno == ENOENT)
		return make_key(path, err);
	key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
	if (!key)
		cv_refuse(err, CV_E_FILE, "%.100s: %s", path, f ? "no private key in PEM" : strerror(errno));
	if (f)
		fclose(f);
	return key;
}

X509 *tls_certificate_file(const char *path, struct cv_error *err)
{
	FILE *f = fopen(path, "re");
	X509 *certificate = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	if (!certificate)
		cv_refuse(err, CV_E_FILE, "%.100s: %s", path, f ? "no certificate in PEM" : strerror(errno));
	if (f)
		fclose(f);
	return certificate;
}

size_t tls_public(EVP_PKEY *key, uint8_t *der, size_t size)
{
	uint8_t *at = der;
	int len = i2d_PUBKEY(key, NULL);

	return len > 0 && (size_t)len <= size && i2d_PUBKEY(key, &at) == len ? (size_t)len : 0;
}
