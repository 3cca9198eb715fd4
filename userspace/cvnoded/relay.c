// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>
#include "relay.h"

#define BUFFER		65536	/* bytes on their way, in each direction */

struct pair {
	TAILQ_ENTRY(pair) in_relay;
	struct relay *relay;
	struct bufferevent *near, *far;
	struct event *end;
};

struct relay {
	struct event_base *base;
	struct relay_options o;
	struct evconnlistener *listener;
	struct sockaddr_storage to;
	int to_len;
	TAILQ_HEAD(, pair) pairs;
	unsigned int n;
};

static void free_pair(struct pair *p)
{
	TAILQ_REMOVE(&p->relay->pairs, p, in_relay);
	p->relay->n--;
	if (p->near)
		bufferevent_free(p->near);
	if (p->far)
		bufferevent_free(p->far);
	if (p->end)
		event_free(p->end);
	free(p);
}

static void end_pair(evutil_socket_t fd, short what, void *pair)
{
	(void)fd;
	(void)what;
	free_pair(pair);
}

static struct bufferevent *other(struct pair *p, struct bufferevent *bev)
{
	return bev == p->near ? p->far : p->near;
}

/* Who does not read is not read from. */
static void readable(struct bufferevent *bev, void *pair)
{
	struct evbuffer *out = bufferevent_get_output(other(pair, bev));

	evbuffer_add_buffer(out, bufferevent_get_input(bev));
	if (evbuffer_get_length(out) >= BUFFER)
		bufferevent_disable(bev, EV_READ);
}

static void written(struct bufferevent *bev, void *pair)
{
	bufferevent_enable(other(pair, bev), EV_READ);
}

/* What one said last still reaches the other, and an answer to it comes back, if it does not take longer than that. */
static void happened(struct bufferevent *bev, short what, void *pair)
{
	struct pair *p = pair;

	(void)bev;
	if (what & BEV_EVENT_ERROR)
		free_pair(p);
	else if (what & BEV_EVENT_EOF)
		event_add(p->end, &(struct timeval) { 1, 0 });
}

static bool begin_side(struct pair *p, struct bufferevent *bev)
{
	if (!bev)
		return false;
	bufferevent_setcb(bev, readable, written, happened, p);
	bufferevent_setwatermark(bev, EV_READ, 0, BUFFER);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	return true;
}

static bool begin_near(struct pair *p, int fd)
{
	p->near = bufferevent_socket_new(p->relay->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!p->near)
		close(fd);
	return begin_side(p, p->near);
}

static bool begin_far(struct pair *p)
{
	const int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
	struct relay *r = p->relay;
	SSL *ssl = r->o.secure ? r->o.secure(r->o.context) : NULL;

	if (ssl) {
		p->far = bufferevent_openssl_socket_new(r->base, -1, ssl, BUFFEREVENT_SSL_CONNECTING, options);
		if (!p->far)
			SSL_free(ssl);
		else
			bufferevent_openssl_set_allow_dirty_shutdown(p->far, 1);
	} else if (!r->o.secure) {
		p->far = bufferevent_socket_new(r->base, -1, options);
	}
	return begin_side(p, p->far) && !bufferevent_socket_connect(p->far, (struct sockaddr *)&r->to, r->to_len);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *relay)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct relay *r = relay;

	(void)listener;
	(void)from;
	(void)len;
	if (!p) {
		close(fd);
		return;
	}
	p->relay = r;
	TAILQ_INSERT_TAIL(&r->pairs, p, in_relay);
	r->n++;
	p->end = event_new(r->base, -1, 0, end_pair, p);
	if (!begin_near(p, fd) || !p->end || !begin_far(p)) {
		free_pair(p);
		return;
	}
	if (r->o.life)
		event_add(p->end, &(struct timeval) { r->o.life, 0 });
	if (r->n > r->o.at_a_time)
		free_pair(TAILQ_FIRST(&r->pairs));
}

static struct evconnlistener *listen_at(struct relay *r, const struct sockaddr *address, int len)
{
	return evconnlistener_new_bind(r->base, accepted, r, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
				       128, address, len);
}

/* A port alone: on IPv4 as well, or on that alone, where there is no IPv6. */
static struct evconnlistener *listen_on(struct relay *r)
{
	struct sockaddr_storage address = {};
	char text[64];
	int len = sizeof(address);

	if (strchr(r->o.listen, ':'))
		return evutil_parse_sockaddr_port(r->o.listen, (struct sockaddr *)&address, &len) ? NULL :
		       listen_at(r, (struct sockaddr *)&address, len);
	for (int four = 0; four < 2; four++) {
		struct evconnlistener *listener;

		snprintf(text, sizeof(text), four ? "0.0.0.0:%.10s" : "[::]:%.10s", r->o.listen);
		len = sizeof(address);
		listener = evutil_parse_sockaddr_port(text, (struct sockaddr *)&address, &len) ? NULL :
			   listen_at(r, (struct sockaddr *)&address, len);
		if (listener)
			return listener;
	}
	return NULL;
}

struct relay *relay_open(struct event_base *base, const struct relay_options *options, struct cv_error *err)
{
	struct relay *r = calloc(1, sizeof(*r));

	if (!r) {
		cv_refuse(err, CV_E_MEMORY, "no memory for a relay");
		return NULL;
	}
	r->base = base;
	r->o = *options;
	TAILQ_INIT(&r->pairs);
	r->to_len = sizeof(r->to);
	if (evutil_parse_sockaddr_port(r->o.to, (struct sockaddr *)&r->to, &r->to_len)) {
		cv_refuse(err, CV_E_FILE, "%s: got \"%.60s\", expected address:port", r->o.what, r->o.to);
		free(r);
		return NULL;
	}
	errno = 0;
	r->listener = listen_on(r);
	if (r->listener)
		return r;
	cv_refuse(err, CV_E_FILE, "%s: cannot listen on %.60s: %s", r->o.what, r->o.listen,
		  errno ? strerror(errno) : "expected address:port");
	free(r);
	return NULL;
}

void relay_end_all(struct relay *r)
{
	while (!TAILQ_EMPTY(&r->pairs))
		free_pair(TAILQ_FIRST(&r->pairs));
}

void relay_close(struct relay *r)
{
	relay_end_all(r);
	evconnlistener_free(r->listener);
	free(r);
}
