// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "peer.h"

#define LENGTH	4		/* bytes before a message */
#define LINGER	((struct timeval) { 1, 0 })

struct peer {
	struct bufferevent *bev;
	SSL *ssl;		/* of bev */
	const struct peer_ops *ops;
	void *context;
	struct event *timer;	/* handshake, the message that has begun, or the end */
	uint32_t max;
	bool ready, closing;
	char address[PEER_ADDRESS];
	char why[PEER_TEXT];
};

static void set_timer(struct peer *p, time_t seconds)
{
	struct timeval tv = { seconds, 0 };

	event_add(p->timer, &tv);
}

void peer_free(struct peer *p)
{
	if (p->timer)
		event_free(p->timer);
	if (p->bev)
		bufferevent_free(p->bev);
	free(p);
}

/* The last that is heard of it. */
static void over(struct peer *p, const char *why)
{
	p->ops->gone(p, *p->why ? p->why : why, p->context);
	peer_free(p);
}

static void timed_out(evutil_socket_t fd, short what, void *context)
{
	struct peer *p = context;

	(void)fd;
	(void)what;
	over(p, !p->ready ? "no TLS handshake in time" : "a message did not come to its end in time");
}

/* --- reading ---------------------------------------------------------------------------- */

static bool next_length(struct evbuffer *in, uint32_t *length)
{
	uint8_t head[LENGTH];

	if (evbuffer_copyout(in, head, LENGTH) != LENGTH)
		return false;
	*length = (uint32_t)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
	return true;
}

/* Closing does not take effect before the buffer is read no more. */
static void readable(struct bufferevent *bev, void *context)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct peer *p = context;
	uint32_t length;

	while (!p->closing && next_length(in, &length)) {
		struct cv_bytes message = { NULL, length };
		char why[PEER_TEXT];

		if (length > p->max) {
			snprintf(why, sizeof(why), "a message of %u bytes, expected at most %u", length, p->max);
			peer_close(p, why);
			return;
		}
		if (evbuffer_get_length(in) < LENGTH + (size_t)length)
			break;
		evbuffer_drain(in, LENGTH);
		message.data = length ? evbuffer_pullup(in, length) : (const uint8_t *)"";
		if (!message.data) {
			peer_close(p, "no memory for a message");
			return;
		}
		event_del(p->timer);
		p->ops->message(p, message, p->context);
		if (!p->closing)
			evbuffer_drain(in, length);
	}
	if (p->closing)
		evbuffer_drain(in, evbuffer_get_length(in));
	else if (evbuffer_get_length(in) && !event_pending(p->timer, EV_TIMEOUT, NULL))
		set_timer(p, PEER_MESSAGE_S);
}

/* --- ends -------------------------------------------------------------------------------- */

static void end_if_sent(struct bufferevent *bev, void *context)
{
	struct peer *p = context;

	if (p->closing && !evbuffer_get_length(bufferevent_get_output(bev)))
		over(p, "closed");
}

static void ended(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	over(context, "closed");
}

/* The reason that TLS gives, or the network. */
static void explain(struct peer *p, short what, char why[PEER_TEXT])
{
	unsigned long code = bufferevent_get_openssl_error(p->bev);
	int error = EVUTIL_SOCKET_ERROR();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	long verified = SSL_get_verify_result(p->ssl);

	if (verified != X509_V_OK)
		snprintf(why, PEER_TEXT, "TLS: its certificate: %s", X509_verify_cert_error_string(verified));
	else if (reason)
		snprintf(why, PEER_TEXT, "TLS: %s", reason);
	else if (what & BEV_EVENT_EOF || !error)
		snprintf(why, PEER_TEXT, "the other side closed the connection");
	else
		snprintf(why, PEER_TEXT, "%s", evutil_socket_error_to_string(error));
}

static void happened(struct bufferevent *bev, short what, void *context)
{
	struct peer *p = context;
	char why[PEER_TEXT];

	(void)bev;
	if (p->closing)
		return;		/* its timer ends it */
	if (what & BEV_EVENT_CONNECTED) {
		p->ready = true;
		event_del(p->timer);
		p->ops->ready(p, p->context);
	} else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
		explain(p, what, why);
		over(p, why);
	}
}

void peer_close(struct peer *p, const char *why)
{
	if (p->closing)
		return;
	p->closing = true;
	snprintf(p->why, sizeof(p->why), "%s", why);
	/* The caller may be called by this very peer: the end comes from the loop. */
	event_free(p->timer);
	p->timer = event_new(bufferevent_get_base(p->bev), -1, 0, ended, p);
	if (!p->timer)
		abort();	/* nothing would ever free it */
	event_add(p->timer, evbuffer_get_length(bufferevent_get_output(p->bev)) ? &LINGER : &(struct timeval) {});
}

/* --- beginnings ---------------------------------------------------------------------------- */

static struct peer *begin(struct event_base *base, SSL_CTX *tls, int fd, enum bufferevent_ssl_state state,
			  const struct peer_ops *ops, void *context)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p)
		goto no_peer;
	p->ops = ops;
	p->context = context;
	p->timer = event_new(base, -1, 0, timed_out, p);
	p->ssl = SSL_new(tls);
	if (!p->timer || !p->ssl)
		goto no_bev;
	p->bev = bufferevent_openssl_socket_new(base, fd, p->ssl, state, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!p->bev)
		goto no_bev;
	bufferevent_openssl_set_allow_dirty_shutdown(p->bev, 1);
	bufferevent_setcb(p->bev, readable, end_if_sent, happened, p);
	peer_limit(p, 65536);
	bufferevent_enable(p->bev, EV_READ | EV_WRITE);
	set_timer(p, PEER_HANDSHAKE_S);
	return p;
no_bev:
	SSL_free(p->ssl);
	peer_free(p);
no_peer:
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void print_address(const struct sockaddr *address, char text[PEER_ADDRESS])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], host, sizeof(host));
		snprintf(text, PEER_ADDRESS, "%s:%u", host, ntohs(six->sin6_port));
	} else if (address->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
		snprintf(text, PEER_ADDRESS, "[%s]:%u", host, ntohs(six->sin6_port));
	} else {
		inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
		snprintf(text, PEER_ADDRESS, "%s:%u", host, ntohs(four->sin_port));
	}
}

void peer_local_address(const struct peer *p, char address[PEER_ADDRESS])
{
	struct sockaddr_storage here = {};
	socklen_t len = sizeof(here);

	*address = 0;
	if (!getsockname(bufferevent_getfd(p->bev), (struct sockaddr *)&here, &len))
		print_address((struct sockaddr *)&here, address);
}

struct peer *peer_accept(struct event_base *base, SSL_CTX *tls, int fd, const struct peer_ops *ops, void *context)
{
	struct sockaddr_storage from = {};
	socklen_t len = sizeof(from);
	struct peer *p;
	int one = 1;

	if (getpeername(fd, (struct sockaddr *)&from, &len)) {
		close(fd);
		return NULL;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	p = begin(base, tls, fd, BUFFEREVENT_SSL_ACCEPTING, ops, context);
	if (p)
		print_address((struct sockaddr *)&from, p->address);
	return p;
}

struct peer *peer_connect(struct event_base *base, SSL_CTX *tls, const struct sockaddr *address, int address_len,
			  const struct peer_ops *ops, void *context)
{
	struct peer *p = begin(base, tls, -1, BUFFEREVENT_SSL_CONNECTING, ops, context);

	if (!p)
		return NULL;
	print_address(address, p->address);
	if (!bufferevent_socket_connect(p->bev, address, address_len))
		return p;
	peer_free(p);
	return NULL;
}

/* --- the rest ---------------------------------------------------------------------------------- */

void peer_limit(struct peer *p, uint32_t max)
{
	p->max = max;
	/* What is beyond stays in the network until it is read. */
	bufferevent_setwatermark(p->bev, EV_READ, 0, LENGTH + (size_t)max);
}

bool peer_send(struct peer *p, struct cv_bytes message)
{
	struct evbuffer *out = bufferevent_get_output(p->bev);
	const uint8_t head[LENGTH] = { message.len >> 24, message.len >> 16, message.len >> 8, message.len };

	if (p->closing || message.len > p->max || evbuffer_get_length(out) > p->max)
		return false;
	return !evbuffer_expand(out, LENGTH + message.len) && !evbuffer_add(out, head, LENGTH) &&
	       !evbuffer_add(out, message.data, message.len);
}

bool peer_channel(struct peer *p, uint8_t channel[CV_QUESTION_CHANNEL])
{
	static const char label[] = CV_QUESTION_LABEL;

	return p->ready && SSL_export_keying_material(p->ssl, channel, CV_QUESTION_CHANNEL, label, sizeof(label) - 1,
						      NULL, 0, 0) == 1;
}

X509 *peer_certificate(const struct peer *p)
{
	return SSL_get0_peer_certificate(p->ssl);
}

const char *peer_address(const struct peer *p)
{
	return p->address;
}
