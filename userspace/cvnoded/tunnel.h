/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A way from a port of this machine to a service of the cloud, over TLS with the certificate that the verifier gave
 * this node. Without one there is no way.
 */
#ifndef TUNNEL_H
#define TUNNEL_H

#include "cvnoded.h"

struct tunnel;
struct evp_pkey_st;
struct x509_st;

/*
 * @what: the entry of the configuration; @to: NAME@ADDRESS:PORT, the service host's name as the cloud knows it; @listen:
 * address:port. NULL and @err.
 */
struct tunnel *tunnel_open(struct event_base *base, const char *what, const char *to, const char *listen, struct cv_error *err);
void tunnel_close(struct tunnel *tunnel);

/*
 * With this certificate from now on; connections that there are go on. NULL for @certificate: it is no member any more, and
 * they end.
 */
void tunnel_use(struct tunnel *tunnel, struct evp_pkey_st *key, struct x509_st *certificate, struct x509_st *authority);

#endif
