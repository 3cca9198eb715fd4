// SPDX-License-Identifier: GPL-2.0
#include <openssl/ssl.h>
#include <peer/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include "relay.h"
#include "tunnel.h"

#define AT_A_TIME	1024

struct tunnel {
	struct relay *relay;
	SSL_CTX *tls;			/* NULL: this node is no member */
	char name[128];			/* that the service's certificate is to be for */
};

static SSL *secure(void *context)
{
	struct tunnel *t = context;

	return t->tls ? SSL_new(t->tls) : NULL;
}

struct tunnel *tunnel_open(struct event_base *base, const char *what, const char *to, const char *listen, struct cv_error *err)
{
	const char *at = strchr(to, '@');
	struct tunnel *t = calloc(1, sizeof(*t));

	if (!t) {
		cv_refuse(err, CV_E_MEMORY, "no memory for a tunnel");
		return NULL;
	}
	if (!at || at == to || at - to > 63) {
		cv_refuse(err, CV_E_FILE, "%s: got \"%.60s\", expected NAME@ADDRESS:PORT", what, to);
		free(t);
		return NULL;
	}
	snprintf(t->name, sizeof(t->name), "%.*s%s", (int)(at - to), to, TLS_SERVICE_OF);
	t->relay = relay_open(base, &(struct relay_options) {
		.what = what, .listen = listen, .to = at + 1, .at_a_time = AT_A_TIME, .secure = secure, .context = t,
	}, err);
	if (t->relay)
		return t;
	free(t);
	return NULL;
}

void tunnel_close(struct tunnel *t)
{
	relay_close(t->relay);
	SSL_CTX_free(t->tls);
	free(t);
}

void tunnel_use(struct tunnel *t, EVP_PKEY *key, X509 *certificate, X509 *authority)
{
	struct tls_identity identity = { key, certificate, authority };
	struct cv_error err = {};

	SSL_CTX_free(t->tls);
	t->tls = certificate ? tls_client(&identity, t->name, &err) : NULL;
	if (certificate && !t->tls)
		say(LOG_ERR, "no tunnel to %s: %s", t->name, err.text);
	if (!t->tls)
		relay_end_all(t->relay);
}
