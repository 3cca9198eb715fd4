// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cv/json.h>
#include "control.h"
#include "gates.h"
#include "members.h"
#include "node.h"
#include "roster.h"

#define LINE_MAX_BYTES	65536
#define EVENTS_MAX	1000
#define IDLE		((struct timeval) { 10, 0 })

struct control {
	struct evconnlistener *listener;
	char path[108];
};

/* Every answer is {"ok": true, …}, or {"ok": false, "error": {"name": …, "text": …}}. */
static json_t *refused(const char *name, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return json_pack("{s:b, s:{s:s, s:o}}", "ok", 0, "error", "name", name, "text",
			 cv_json_text(text));
}

static json_t *refused_by(const struct cv_error *err)
{
	return refused(cv_error_name(err->name), "%s", err->text);
}

/* --- nodes --------------------------------------------------------------------------------------- */

static json_t *node_json(struct cvd *cvd, const struct store_node *n)
{
	struct member *m = members_find(cvd, n->id);
	const struct store_node *is = m ? &m->is : n;
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:o, s:s}", "id", is->id, "name", is->name, "type", is->type, "standing",
			      standing_name(is->standing), "approved", is->approved, "reason", is->reason, "text",
			      cv_json_text(is->text), "address", is->address);

	if (is->seen)
		json_object_update_new(o, json_pack("{s:I, s:I, s:I, s:I}", "seen_ms", (json_int_t)is->seen, "reset_count",
					     (json_int_t)is->reset_count, "restart_count", (json_int_t)is->restart_count,
					     "clock_ms", (json_int_t)is->clock));
	if (m)
		json_object_update_new(o, json_pack("{s:b, s:s}", "connected", m->node != NULL, "serial", is->serial));
	if (m && m->gate)
		json_object_set_new(o, "gate_settled", json_boolean(gate_is_settled(m->gate)));
	return o;
}

struct listing {
	struct cvd *cvd;
	json_t *list;
	const char *prefix;		/* of an id, or a whole name */
	struct store_node found;
	unsigned int n;
};

static bool add_node(void *context, const struct store_node *n)
{
	struct listing *l = context;

	json_array_append_new(l->list, node_json(l->cvd, n));
	return true;
}

static json_t *node_list(struct cvd *cvd, json_t *request)
{
	struct listing l = { .cvd = cvd, .list = json_array() };
	struct cv_error err = {};

	(void)request;
	if (store_nodes(cvd->store, add_node, &l, &err))
		return json_pack("{s:b, s:o}", "ok", 1, "nodes", l.list);
	json_decref(l.list);
	return refused_by(&err);
}

static bool match_node(void *context, const struct store_node *n)
{
	struct listing *l = context;
	bool named = !strcmp(n->name, l->prefix);

	if (!named && (strlen(l->prefix) < 4 || strncmp(n->id, l->prefix, strlen(l->prefix))))
		return true;
	l->found = *n;
	l->n++;
	return true;
}

/* By name, or by enough of its id. NULL: found. */
static json_t *find_node(struct cvd *cvd, json_t *request, struct store_node *node)
{
	struct listing l = { .prefix = json_string_value(json_object_get(request, "node")) };
	struct cv_error err = {};

	if (!l.prefix)
		return refused("usage", "which node?");
	if (!store_nodes(cvd->store, match_node, &l, &err))
		return refused_by(&err);
	if (!l.n)
		return refused("node", "no node is called \"%s\", and no id begins so", l.prefix);
	if (l.n > 1)
		return refused("node", "%u nodes are called so, or have an id that begins with \"%s\"", l.n, l.prefix);
	*node = l.found;
	return NULL;
}

static json_t *node_show(struct cvd *cvd, json_t *request)
{
	struct store_node n;
	json_t *no = find_node(cvd, request, &n);

	return no ?: json_pack("{s:b, s:o}", "ok", 1, "node", node_json(cvd, &n));
}

/* What an operator says is an event like others. */
static bool store_word(struct cvd *cvd, const struct store_node *n, const char *what, struct cv_error *err)
{
	const struct store_event event = { .time = now_ms(), .id = n->id, .what = what, .reason = "operator", .text = "", .rules = "" };

	if (store_begin(cvd->store, err) && store_node_put(cvd->store, n, err) && store_event_add(cvd->store, &event, err) &&
	    store_commit(cvd->store, err))
		return true;
	store_rollback(cvd->store);
	return false;
}

#define ID_DIGITS	16	/* that nobody can find a key for */

static bool is_id(const char *said, const char *id)
{
	return strlen(said) >= ID_DIGITS && !strncmp(said, id, strlen(said));
}

static json_t *node_approve(struct cvd *cvd, json_t *request)
{
	struct cv_error err = {};
	struct store_node n;
	json_t *no = find_node(cvd, request, &n);

	if (no)
		return no;
	if (members_find(cvd, n.id))
		return json_pack("{s:b, s:o}", "ok", 1, "node", node_json(cvd, &n));
	if (n.standing == STANDING_PENDING && !is_id(json_string_value(json_object_get(request, "node")), n.id))
		return refused("node", "anybody can ask under a name, or an id that begins alike: say at least %u digits of the id, "
			       "as cvnoded --identity prints it on the node", ID_DIGITS);
	n.approved = true;
	n.standing = STANDING_OUT;
	n.reset_count = n.restart_count = n.clock = 0;	/* of a TPM that was cleared */
	snprintf(n.reason, sizeof(n.reason), "approved");
	snprintf(n.text, sizeof(n.text), "it may prove itself");
	if (!store_word(cvd, &n, "approved", &err))
		return refused_by(&err);
	return json_pack("{s:b, s:o}", "ok", 1, "node", node_json(cvd, &n));
}

static json_t *node_eject(struct cvd *cvd, json_t *request)
{
	const struct verdict v = { "operator", "an operator ejected it", "" };
	struct cv_error err = {};
	struct store_node n;
	json_t *no = find_node(cvd, request, &n);
	struct member *m = no ? NULL : members_find(cvd, n.id);

	if (no)
		return no;
	node_refuse_all(n.id, &v);
	if (m) {
		members_eject(m, STANDING_BARRED, &v);
		return store_node_get(cvd->store, n.id, &n, &err) && n.standing == STANDING_BARRED ?
		       json_pack("{s:b, s:o}", "ok", 1, "node", node_json(cvd, &n)) :
		       refused("file", "it is out, but that it stays so is not stored yet; it is tried again");
	}
	n.standing = STANDING_BARRED;
	n.approved = false;
	snprintf(n.reason, sizeof(n.reason), "%s", v.reason);
	snprintf(n.text, sizeof(n.text), "%s", v.text);
	if (!store_word(cvd, &n, "ejected", &err))
		return refused_by(&err);
	return json_pack("{s:b, s:o}", "ok", 1, "node", node_json(cvd, &n));
}

/* --- history --------------------------------------------------------------------------------------- */

static bool add_event(void *list, const struct store_event *e)
{
	json_t *o = json_pack("{s:I, s:I, s:s, s:s, s:s, s:o}", "seq", (json_int_t)e->seq, "time_ms", (json_int_t)e->time, "node",
			      e->id, "what", e->what, "reason", e->reason, "text", cv_json_text(e->text));
	json_t *rules = *e->rules ? json_loads(e->rules, 0, NULL) : NULL;

	if (rules)
		json_object_set_new(o, "rules", rules);
	json_array_append_new(list, o);
	return true;
}

static json_t *node_history(struct cvd *cvd, json_t *request)
{
	json_t *max = json_object_get(request, "max"), *list, *no = NULL;
	bool all = !json_object_get(request, "node");
	struct store_node n = {};
	struct cv_error err = {};
	json_int_t count = json_is_integer(max) ? json_integer_value(max) : 100;

	if (!all && (no = find_node(cvd, request, &n)))
		return no;
	if (count < 1 || count > EVENTS_MAX)
		return refused("usage", "%lld events, expected 1 to %u", (long long)count, EVENTS_MAX);
	list = json_array();
	if (store_events(cvd->store, all ? NULL : n.id, count, add_event, list, &err))
		return json_pack("{s:b, s:o}", "ok", 1, "events", list);
	json_decref(list);
	return refused_by(&err);
}

/* --- criteria ---------------------------------------------------------------------------------------- */

static json_t *criteria_json(struct cvd *cvd, enum node_type type)
{
	const struct cv_criteria *criteria = cvd->policy.of[type].criteria;
	char id[CV_CRITERIA_ID_TEXT];

	if (!criteria)
		return json_pack("{s:s, s:n}", "type", node_type_name(type), "id");
	cv_criteria_print_id(criteria, id);
	return json_pack("{s:s, s:o, s:s, s:s}", "type", node_type_name(type), "name",
			 cv_json_text(cv_criteria_name(criteria)), "id", id, "file", cvd->policy.of[type].path);
}

static bool type_of(json_t *request, enum node_type *type)
{
	const char *name = json_string_value(json_object_get(request, "type"));

	return name && node_type_find(name, type);
}

static json_t *criteria_load(struct cvd *cvd, json_t *request)
{
	enum node_type type;
	char why[1024];

	if (!type_of(request, &type))
		return refused("usage", "of which type? compute, network, api, service or verifier");
	if (!policy_load(&cvd->policy, type, why, sizeof(why)))
		return refused("criteria", "%s", why);
	return json_pack("{s:b, s:o}", "ok", 1, "criteria", criteria_json(cvd, type));
}

/* Nothing is changed by it. */
static json_t *criteria_test(struct cvd *cvd, json_t *request)
{
	enum node_type type;
	char why[1024];

	if (!type_of(request, &type))
		return refused("usage", "of which type? compute, network, api, service or verifier");
	if (!policy_test(&cvd->policy, type, why, sizeof(why)))
		return refused("criteria", "%s", why);
	return json_pack("{s:b, s:{s:s, s:s}}", "ok", 1, "criteria", "type", node_type_name(type), "file",
			 cvd->policy.of[type].path);
}

static json_t *criteria_show(struct cvd *cvd, json_t *request)
{
	json_t *list = json_array();

	(void)request;
	for (enum node_type type = 0; type < N_NODE_TYPES; type++)
		json_array_append_new(list, criteria_json(cvd, type));
	return json_pack("{s:b, s:o}", "ok", 1, "criteria", list);
}

static json_t *status(struct cvd *cvd, json_t *request)
{
	const char *why;
	bool settled = roster_is_settled(cvd->roster, &why);

	(void)request;
	return json_pack("{s:b, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:s}}", "ok", 1, "status", "members",
			 (json_int_t)members_count(cvd), "admitted", (json_int_t)cvd->count.admitted, "refused",
			 (json_int_t)cvd->count.refused, "ejected", (json_int_t)cvd->count.ejected, "evidence",
			 (json_int_t)cvd->count.evidence, "store_errors", (json_int_t)cvd->count.store_errors, "roster_settled",
			 settled, "roster_why", why);
}

/* --- the socket --------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	json_t *(*run)(struct cvd *cvd, json_t *request);
} requests[] = {
	{ "node list", node_list }, { "node show", node_show }, { "node approve", node_approve }, { "node eject", node_eject },
	{ "node history", node_history }, { "criteria load", criteria_load }, { "criteria test", criteria_test }, { "criteria show", criteria_show },
	{ "status", status },
};

static json_t *answer(struct cvd *cvd, const char *line)
{
	json_t *request = json_loads(line, 0, NULL), *result = NULL;
	const char *name = json_string_value(json_object_get(request, "do"));

	for (size_t i = 0; name && !result && i < sizeof(requests) / sizeof(requests[0]); i++)
		if (!strcmp(name, requests[i].name))
			result = requests[i].run(cvd, request);
	if (!result)
		result = refused("usage", "no request that this verifier knows");
	json_decref(request);
	return result;
}

static void readable(struct bufferevent *bev, void *context)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	char *line, *text;
	json_t *result;

	while ((line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF))) {
		result = answer(context, line);
		text = json_dumps(result, JSON_COMPACT);
		if (text)
			evbuffer_add_printf(bufferevent_get_output(bev), "%s\n", text);
		free(text);
		json_decref(result);
		free(line);
	}
	if (evbuffer_get_length(in) >= LINE_MAX_BYTES)
		bufferevent_free(bev);
}

static void happened(struct bufferevent *bev, short what, void *context)
{
	(void)what;
	(void)context;
	bufferevent_free(bev);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *cvd)
{
	struct bufferevent *bev = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);

	(void)from;
	(void)len;
	if (!bev) {
		close(fd);
		return;
	}
	bufferevent_setcb(bev, readable, NULL, happened, cvd);
	bufferevent_setwatermark(bev, EV_READ, 0, LINE_MAX_BYTES);
	bufferevent_set_timeouts(bev, &IDLE, &IDLE);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static int bind_socket(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0117);
	bool good;

	strcpy(to.sun_path, path);
	unlink(path);
	good = fd >= 0 && !bind(fd, (struct sockaddr *)&to, sizeof(to)) && !listen(fd, 16);
	umask(mask);
	if (good || fd < 0)
		return fd;
	close(fd);
	return -1;
}

struct control *control_open(struct cvd *cvd, struct cv_error *err)
{
	struct control *c = calloc(1, sizeof(*c));
	int fd = -1;

	if (c && strlen(cvd->config.control) < sizeof(c->path)) {
		strcpy(c->path, cvd->config.control);
		fd = bind_socket(c->path);
	}
	if (fd >= 0)
		c->listener = evconnlistener_new(cvd->base, accepted, cvd, LEV_OPT_CLOSE_ON_FREE, 0, fd);
	if (c && c->listener)
		return c;
	cv_refuse(err, CV_E_FILE, "%.100s: %s", cvd->config.control, strerror(errno));
	free(c);
	return NULL;
}

void control_close(struct control *c)
{
	evconnlistener_free(c->listener);
	unlink(c->path);
	free(c);
}
