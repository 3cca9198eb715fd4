// SPDX-License-Identifier: GPL-2.0
/* Both ends of the socket to the authority's process, and that process. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <peer/tls.h>
#include "ca_sign.h"
#include "sandbox.h"

enum what { CERTIFY_NODE, CERTIFY_VERIFIER, REVOKE };

/* A stream: lists of what is revoked may be long. Behind a request come @len bytes, behind an answer as many. */
struct request {
	enum what what;
	uint32_t life;			/* seconds */
	struct ca_subject subject;
	uint32_t len;
};

struct answer {
	uint8_t serial[CA_SERIAL];
	uint32_t len;			/* 0: it could not */
};

static bool send_all(int fd, const void *data, size_t len)
{
	for (const char *at = data; len; ) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= n;
	}
	return true;
}

static bool receive_all(int fd, void *data, size_t len)
{
	for (char *at = data; len; ) {
		ssize_t n = recv(fd, at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= n;
	}
	return true;
}

/* --- the process ---------------------------------------------------------------------------- */

struct authority {
	EVP_PKEY *key;
	X509 *certificate;
	bool verifier_is_certified;
};

#define NODE_LIFE_MAX		(31u * 24 * 3600)	/* seconds */
#define VERIFIER_LIFE_MAX	(366u * 24 * 3600)

/* Whoever asks may be an intruder: texts end, and are what a certificate can have between commas. */
static bool is_text(const char *text, size_t size)
{
	return memchr(text, 0, size) && *text && !strpbrk(text, ",\n\\:;");
}

static bool is_hex(const char *text, size_t size)
{
	return is_text(text, size) && !text[strspn(text, "0123456789abcdef")];
}

static bool is_subject(const struct ca_subject *s)
{
	return is_hex(s->id, sizeof(s->id)) && is_text(s->name, sizeof(s->name)) && is_text(s->type, sizeof(s->type)) &&
	       is_hex(s->ak, sizeof(s->ak));
}

/* The verifier has one certificate in its life. */
static X509 *make_certificate(struct authority *a, const struct request *r, struct cv_bytes public,
			      uint8_t serial[CA_SERIAL])
{
	if (r->what == CERTIFY_NODE && r->life <= NODE_LIFE_MAX && is_subject(&r->subject))
		return ca_sign_node(a->key, a->certificate, &r->subject, public, r->life, serial);
	if (r->what != CERTIFY_VERIFIER || r->life > VERIFIER_LIFE_MAX || a->verifier_is_certified)
		return NULL;
	a->verifier_is_certified = true;
	return ca_sign_verifier(a->key, a->certificate, public, r->life);
}

static int make(struct authority *a, const struct request *r, const uint8_t *data, uint8_t **der,
		uint8_t serial[CA_SERIAL])
{
	X509_CRL *crl;
	X509 *x;
	int len;

	if (r->what == REVOKE) {
		crl = ca_sign_revoked(a->key, a->certificate, data, r->len / CA_SERIAL, r->life);
		len = crl ? i2d_X509_CRL(crl, der) : -1;
		X509_CRL_free(crl);
		return len;
	}
	x = make_certificate(a, r, (struct cv_bytes) { data, r->len }, serial);
	len = x ? i2d_X509(x, der) : -1;
	X509_free(x);
	return len;
}

static bool serve_one(struct authority *a, int socket)
{
	struct answer answer = {};
	uint8_t *data, *der = NULL;
	struct request r;
	bool good;
	int len;

	if (!receive_all(socket, &r, sizeof(r)) || r.len > CA_CRL_MAX)
		return false;
	data = malloc(r.len + 1);
	good = data && receive_all(socket, data, r.len);
	if (good) {
		len = make(a, &r, data, &der, answer.serial);
		answer.len = len > 0 ? len : 0;
		ERR_clear_error();
		good = send_all(socket, &answer, sizeof(answer)) && send_all(socket, der, answer.len);
	}
	OPENSSL_free(der);
	free(data);
	return good;
}

/* --- start ------------------------------------------------------------------------------------ */

static bool write_certificate(const char *path, X509 *x)
{
	FILE *f = fopen(path, "wxe");
	bool good = f && PEM_write_X509(f, x) == 1 && !fflush(f) && !fsync(fileno(f));

	if (f)
		good = !fclose(f) && good;
	return good;
}

static bool load(struct authority *a, const char *dir, struct cv_error *err)
{
	char key[256], certificate[256];

	if (snprintf(key, sizeof(key), "%s/ca.key", dir) >= (int)sizeof(key))
		return cv_refuse(err, CV_E_FILE, "the name of the directory is too long");
	snprintf(certificate, sizeof(certificate), "%s/ca.pem", dir);
	a->key = tls_key_file(key, err);
	if (!a->key)
		return false;
	if (access(certificate, F_OK)) {
		a->certificate = ca_sign_itself(a->key);
		return (a->certificate && write_certificate(certificate, a->certificate)) ||
		       cv_refuse(err, CV_E_FILE, "%.100s: cannot be made: %s", certificate, strerror(errno));
	}
	a->certificate = tls_certificate_file(certificate, err);
	if (!a->certificate)
		return false;
	return X509_check_private_key(a->certificate, a->key) == 1 ||
	       cv_refuse(err, CV_E_CERT_KEY, "%.100s is not of the key in %.100s", certificate, key);
}

/* The first answer is the authority's certificate, or why there is none. */
static bool say_hello(const struct authority *a, const struct cv_error *err, int socket)
{
	uint8_t *der = NULL;
	int len = a->certificate ? i2d_X509(a->certificate, &der) : 0;
	struct answer answer = { .len = len > 0 ? len : 0 };
	bool good = send_all(socket, err, sizeof(*err)) && send_all(socket, &answer, sizeof(answer)) &&
		    send_all(socket, der, answer.len);

	OPENSSL_free(der);
	return good && answer.len;
}

/* Once all that it will do, so that OpenSSL has what it reads from files. */
static bool warm_up(const struct authority *a, struct cv_error *err)
{
	static const uint8_t many[256 * CA_SERIAL];	/* enough that all of qsort(3) is met */
	X509_CRL *crl = ca_sign_revoked(a->key, a->certificate, many, 256, 1);
	X509 *x = ca_sign_itself(a->key);
	bool good = x && crl;

	X509_CRL_free(crl);
	X509_free(x);
	return good || cv_refuse(err, CV_E_KEY_TYPE, "the authority's key cannot sign");
}

/* The key is read here and nowhere else. */
static void serve(const char *dir, int socket)
{
	struct cv_error err = {};
	struct authority a = {};
	bool good;

	prctl(PR_SET_NAME, "cvd-ca");
	prctl(PR_SET_DUMPABLE, 0);	/* no core, no ptrace by the network side */
	signal(SIGINT, SIG_IGN);	/* it ends when the other side does */
	signal(SIGTERM, SIG_IGN);
	good = load(&a, dir, &err) && warm_up(&a, &err) && sandbox_authority(&err);
	if (!good) {
		X509_free(a.certificate);
		a.certificate = NULL;
	}
	if (say_hello(&a, &err, socket))
		while (serve_one(&a, socket))
			;
	EVP_PKEY_free(a.key);
	_exit(0);
}

static bool hear_hello(struct ca *ca, struct cv_error *err)
{
	uint8_t der[CA_DER_MAX];
	const uint8_t *at = der;
	struct answer answer;
	struct cv_error why;

	if (!receive_all(ca->socket, &why, sizeof(why)) || !receive_all(ca->socket, &answer, sizeof(answer)) ||
	    answer.len > sizeof(der) || !receive_all(ca->socket, der, answer.len))
		return cv_refuse(err, CV_E_FILE, "the authority's process does not answer");
	if (why.name)
		return cv_refuse(err, why.name, "%s", why.text);
	ca->certificate = d2i_X509(NULL, &at, answer.len);
	return ca->certificate || cv_refuse(err, CV_E_CERT_FORMAT, "the authority has no certificate");
}

bool ca_start(struct ca *ca, const char *dir, struct cv_error *err)
{
	int ends[2];

	*ca = (struct ca) { .pid = -1, .socket = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return cv_refuse(err, CV_E_MEMORY, "the authority's process: %s", strerror(errno));
	ca->pid = fork();
	if (!ca->pid) {
		close(ends[0]);
		serve(dir, ends[1]);
	}
	close(ends[1]);
	ca->socket = ends[0];
	if (ca->pid < 0)
		return cv_refuse(err, CV_E_MEMORY, "the authority's process: %s", strerror(errno));
	return hear_hello(ca, err);
}

void ca_stop(struct ca *ca)
{
	if (ca->socket >= 0)
		close(ca->socket);
	if (ca->pid > 0)
		waitpid(ca->pid, NULL, 0);
	X509_free(ca->certificate);
}

/* --- asking it ----------------------------------------------------------------------------------- */

/* Without it, or out of step with it, nothing can go on. */
static void broken(void)
{
	fputs("<2>cvd: the authority's process does not answer\n", stderr);
	_exit(1);
}

static bool ask(struct ca *ca, const struct request *r, const void *data, struct answer *answer, struct cv_error *err)
{
	if (!send_all(ca->socket, r, sizeof(*r)) || !send_all(ca->socket, data, r->len) ||
	    !receive_all(ca->socket, answer, sizeof(*answer)))
		broken();
	return answer->len || cv_refuse(err, CV_E_CERT_FORMAT, "the authority cannot sign this");
}

static bool certify(struct ca *ca, struct request *r, struct cv_bytes public, struct answer *answer,
		    uint8_t der[CA_DER_MAX], size_t *der_len, struct cv_error *err)
{
	r->len = public.len;
	if (public.len > CA_PUBLIC_MAX)
		return cv_refuse(err, CV_E_KEY_FORMAT, "a public key of %zu bytes", public.len);
	if (!ask(ca, r, public.data, answer, err))
		return false;
	*der_len = answer->len;
	if (answer->len > CA_DER_MAX || !receive_all(ca->socket, der, answer->len))
		broken();
	return true;
}

bool ca_certify_node(struct ca *ca, const struct ca_subject *subject, struct cv_bytes public, uint32_t life,
		     uint8_t serial[CA_SERIAL], uint8_t der[CA_DER_MAX], size_t *der_len, struct cv_error *err)
{
	struct request r = { .what = CERTIFY_NODE, .life = life, .subject = *subject };
	struct answer answer;

	if (!certify(ca, &r, public, &answer, der, der_len, err))
		return false;
	memcpy(serial, answer.serial, CA_SERIAL);
	return true;
}

bool ca_certify_verifier(struct ca *ca, struct cv_bytes public, uint32_t life, uint8_t der[CA_DER_MAX],
			 size_t *der_len, struct cv_error *err)
{
	struct request r = { .what = CERTIFY_VERIFIER, .life = life };
	struct answer answer;

	return certify(ca, &r, public, &answer, der, der_len, err);
}

bool ca_revoke(struct ca *ca, const uint8_t *serials, size_t n, uint32_t life, uint8_t **der, size_t *der_len,
	       struct cv_error *err)
{
	struct request r = { .what = REVOKE, .life = life, .len = n * CA_SERIAL };
	struct answer answer;

	if (n > CA_CRL_MAX / CA_SERIAL)
		return cv_refuse(err, CV_E_CRITERIA_LIMIT, "%zu revoked certificates", n);
	if (!ask(ca, &r, serials, &answer, err))
		return false;
	*der = malloc(answer.len);
	*der_len = answer.len;
	if (!*der || !receive_all(ca->socket, *der, answer.len))
		broken();
	return true;
}
