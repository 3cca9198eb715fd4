// SPDX-License-Identifier: GPL-2.0
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include "gates.h"
#include "members.h"
#include "metrics.h"
#include "roster.h"

static struct evhttp *server;

static void add(struct evbuffer *out, const char *name, const char *type, const char *help, uint64_t value)
{
	evbuffer_add_printf(out, "# HELP cvd_%s %s\n# TYPE cvd_%s %s\ncvd_%s %llu\n", name, help, name, type, name,
			    (unsigned long long)value);
}

static void show(struct evhttp_request *request, void *context)
{
	struct evbuffer *out = evbuffer_new();
	const struct cvd *cvd = context;
	unsigned int gates, settled;
	const char *why;

	if (!out) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		return;
	}
	add(out, "members", "gauge", "Nodes that are in the cloud.", members_count(cvd));
	add(out, "admitted_total", "counter", "Nodes that were let in.", cvd->count.admitted);
	add(out, "refused_total", "counter", "Nodes that were not let in.", cvd->count.refused);
	add(out, "ejected_total", "counter", "Members that were put out.", cvd->count.ejected);
	add(out, "evidence_total", "counter", "Evidence that was appraised.", cvd->count.evidence);
	add(out, "store_errors_total", "counter", "Transactions that failed.", cvd->count.store_errors);
	add(out, "roster_settled", "gauge", "1: the directory of members is as the store says.",
	    roster_is_settled(cvd->roster, &why));
	gates_count(&gates, &settled);
	add(out, "gates", "gauge", "Members that guard services.", gates);
	add(out, "gates_settled", "gauge", "Those that have done all that they were told.", settled);
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "text/plain; version=0.0.4");
	evhttp_send_reply(request, HTTP_OK, "OK", out);
	evbuffer_free(out);
}

bool metrics_open(struct cvd *cvd, struct cv_error *err)
{
	char host[64];
	const char *colon = cvd->config.metrics ? strrchr(cvd->config.metrics, ':') : NULL;

	if (!cvd->config.metrics)
		return true;
	if (colon && (size_t)(colon - cvd->config.metrics) < sizeof(host)) {
		snprintf(host, sizeof(host), "%.*s", (int)(colon - cvd->config.metrics), cvd->config.metrics);
		server = evhttp_new(cvd->base);
	}
	if (!server || evhttp_bind_socket(server, host, atoi(colon + 1)))
		return cv_refuse(err, CV_E_FILE, "metrics: cannot listen on %.60s, expected address:port", cvd->config.metrics);
	evhttp_set_allowed_methods(server, EVHTTP_REQ_GET);
	evhttp_set_max_body_size(server, 0);
	evhttp_set_max_headers_size(server, 4096);
	evhttp_set_timeout(server, 10);
	evhttp_set_cb(server, "/metrics", show, cvd);
	return true;
}

void metrics_close(void)
{
	if (server)
		evhttp_free(server);
}
