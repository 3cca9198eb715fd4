/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connection between a node and its verifier: TLS 1.3 that carries messages,
 * each with its length in front (cv/node.proto). Nothing a peer does makes it
 * take more memory than the limit it was given, or stay longer than the time.
 *
 * Belongs to one event loop; nothing here blocks.
 */
#ifndef PEER_H
#define PEER_H

#include <cv/bytes.h>
#include <cv/question.h>

struct event_base;
struct sockaddr;
struct ssl_ctx_st;
struct x509_st;
struct peer;

#define PEER_HANDSHAKE_S	10	/* for the TLS handshake */
#define PEER_MESSAGE_S		30	/* for a message, from its first byte to its last */
#define PEER_TEXT		160
#define PEER_ADDRESS		72

struct peer_ops {
	/* The handshake is over. */
	void (*ready)(struct peer *peer, void *context);
	/* A whole message; it is gone when this returns. */
	void (*message)(struct peer *peer, struct cv_bytes message, void *context);
	/* The connection is over, and why; peer is freed when this returns. */
	void (*gone)(struct peer *peer, const char *why, void *context);
};

/* Takes @fd, which is closed with the peer. NULL without memory; then @fd is closed. */
struct peer *peer_accept(struct event_base *base, struct ssl_ctx_st *tls, int fd, const struct peer_ops *ops,
			 void *context);
/* What goes wrong is told by ops.gone. */
struct peer *peer_connect(struct event_base *base, struct ssl_ctx_st *tls, const struct sockaddr *address,
			  int address_len, const struct peer_ops *ops, void *context);

/* Messages beyond @max bytes, either way, end the connection. At first 64 KiB. */
void peer_limit(struct peer *peer, uint32_t max);

/* Copies it. False if it is too long, or there is no memory. */
bool peer_send(struct peer *peer, struct cv_bytes message);

/* What binds statements to this connection and no other. False before the handshake. */
bool peer_channel(struct peer *peer, uint8_t channel[CV_QUESTION_CHANNEL]);

/* The other side's certificate, which was verified; NULL: it showed none. The peer's. */
struct x509_st *peer_certificate(const struct peer *peer);

/* "192.0.2.1:7510" */
const char *peer_address(const struct peer *peer);

/* This side's, likewise; empty: it is over already. */
void peer_local_address(const struct peer *peer, char address[PEER_ADDRESS]);

/*
 * Ends the connection after what was sent has left, or after a second: ops.gone is
 * called, later and not from here. Nothing that still arrives is handed on.
 */
void peer_close(struct peer *peer, const char *why);

/* At once, without ops.gone. */
void peer_free(struct peer *peer);

#endif
