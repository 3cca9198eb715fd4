// SPDX-License-Identifier: GPL-2.0
/* The store in one file of SQLite's: write-ahead log, synced at each commit. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include "store.h"

#define SCHEMA_VERSION	1
#define EVENTS_KEPT	"100000"
#define PENDING_KEPT	"256"
#define FORGOTTEN_S	(31u * 24 * 3600)	/* after its end a certificate is kept for so long */

static const char schema[] =
	"CREATE TABLE node ("
	"	id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL, standing INTEGER NOT NULL,"
	"	approved INTEGER NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL, address TEXT NOT NULL,"
	"	seen INTEGER NOT NULL, reset_count INTEGER NOT NULL, restart_count INTEGER NOT NULL,"
	"	clock INTEGER NOT NULL, serial TEXT NOT NULL, met INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE certificate ("
	"	serial TEXT PRIMARY KEY, node TEXT NOT NULL REFERENCES node, not_after INTEGER NOT NULL,"
	"	revoked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE INDEX certificate_node ON certificate (node);"
	"CREATE TABLE event ("
	"	seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, node TEXT NOT NULL, what TEXT NOT NULL,"
	"	reason TEXT NOT NULL, text TEXT NOT NULL, rules TEXT NOT NULL);"
	"CREATE INDEX event_node ON event (node, seq);";

#define NODE_COLUMNS \
	"id, name, type, standing, approved, reason, text, address, seen, reset_count, restart_count, clock, serial, met"

enum query {
	Q_BEGIN, Q_COMMIT, Q_ROLLBACK,
	Q_NODE_GET, Q_NODE_NAMED, Q_NODE_PUT, Q_NODE_SEEN, Q_NODES, Q_NAME_FREE, Q_PENDING_OVER, Q_NODE_WHY,
	Q_CERTIFICATE_ADD, Q_CERTIFICATES_OVER, Q_CERTIFICATES_REVOKE, Q_REVOKED,
	Q_EVENT_ADD, Q_EVENTS_OVER, Q_EVENTS,
	N_QUERIES
};

static const char *const queries[] = {
	[Q_BEGIN] = "BEGIN IMMEDIATE",
	[Q_COMMIT] = "COMMIT",
	[Q_ROLLBACK] = "ROLLBACK",
	[Q_NODE_GET] = "SELECT " NODE_COLUMNS " FROM node WHERE id = ?",
	[Q_NODE_NAMED] = "SELECT id FROM node WHERE name = ?",
	[Q_NODE_PUT] = "INSERT INTO node (" NODE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
		       "ON CONFLICT (id) DO UPDATE SET name = excluded.name, type = excluded.type, standing = excluded.standing, "
		       "approved = excluded.approved, reason = excluded.reason, text = excluded.text, "
		       "address = excluded.address, seen = excluded.seen, reset_count = excluded.reset_count, "
		       "restart_count = excluded.restart_count, clock = excluded.clock, serial = excluded.serial, met = excluded.met",
	[Q_NAME_FREE] = "DELETE FROM node WHERE name = ? AND id != ? AND standing = 0 AND approved = 0",
	[Q_PENDING_OVER] = "DELETE FROM node WHERE standing = 0 AND approved = 0 AND id NOT IN (SELECT id FROM node "
			   "WHERE standing = 0 AND approved = 0 ORDER BY met DESC LIMIT " PENDING_KEPT ")",
	[Q_NODE_WHY] = "UPDATE node SET reason = ?, text = ? WHERE id = ?",
	[Q_NODE_SEEN] = "UPDATE node SET seen = ?, reset_count = ?, restart_count = ?, clock = ? WHERE id = ?",
	[Q_NODES] = "SELECT " NODE_COLUMNS " FROM node ORDER BY name",
	[Q_CERTIFICATE_ADD] = "INSERT INTO certificate (serial, node, not_after) VALUES (?, ?, ?)",
	[Q_CERTIFICATES_OVER] = "DELETE FROM certificate WHERE not_after < ?",
	[Q_CERTIFICATES_REVOKE] = "UPDATE certificate SET revoked = 1 WHERE node = ?",
	[Q_REVOKED] = "SELECT serial FROM certificate WHERE revoked AND not_after >= ?",
	[Q_EVENT_ADD] = "INSERT INTO event (time, node, what, reason, text, rules) VALUES (?, ?, ?, ?, ?, ?)",
	[Q_EVENTS_OVER] = "DELETE FROM event WHERE seq <= ? - " EVENTS_KEPT,
	[Q_EVENTS] = "SELECT * FROM (SELECT seq, time, node, what, reason, text, rules FROM event "
		     "WHERE ?1 = '' OR node = ?1 ORDER BY seq DESC LIMIT ?2) ORDER BY seq",
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *query[N_QUERIES];
};

const char *standing_name(enum standing standing)
{
	static const char *const names[] = {
		[STANDING_PENDING] = "pending", [STANDING_OUT] = "out", [STANDING_MEMBER] = "member",
		[STANDING_BARRED] = "barred",
	};

	return names[standing];
}

static bool fail(struct store *s, struct cv_error *err)
{
	return cv_refuse(err, CV_E_FILE, "the store: %s", sqlite3_errmsg(s->db));
}

/* --- opening -------------------------------------------------------------------------------- */

static bool run(struct store *s, const char *sql, struct cv_error *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || fail(s, err);
}

static int version_of(struct store *s)
{
	sqlite3_stmt *q = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		version = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	return version;
}

static bool make_tables(struct store *s, struct cv_error *err)
{
	char pragma[48];
	int version = version_of(s);

	if (version == SCHEMA_VERSION)
		return true;
	if (version > 0)
		return cv_refuse(err, CV_E_FILE, "the store is of version %d, expected %d: it is another program's", version,
				 SCHEMA_VERSION);
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", SCHEMA_VERSION);
	return version == 0 && run(s, "BEGIN IMMEDIATE", err) && run(s, schema, err) && run(s, pragma, err) && run(s, "COMMIT", err);
}

static bool prepare(struct store *s, struct cv_error *err)
{
	for (int i = 0; i < N_QUERIES; i++)
		if (sqlite3_prepare_v3(s->db, queries[i], -1, SQLITE_PREPARE_PERSISTENT, &s->query[i], NULL) != SQLITE_OK)
			return fail(s, err);
	return true;
}

struct store *store_open(const char *path, struct cv_error *err)
{
	struct store *s = calloc(1, sizeof(*s));
	struct cv_error why = {};

	if (!s) {
		cv_refuse(err, CV_E_MEMORY, "no memory for the store");
		return NULL;
	}
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL) == SQLITE_OK &&
	    run(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
		"PRAGMA trusted_schema = OFF; PRAGMA locking_mode = EXCLUSIVE", &why) &&
	    make_tables(s, &why) && prepare(s, &why))
		return s;
	cv_refuse(err, CV_E_FILE, "%.100s: %s", path, *why.text ? why.text : sqlite3_errmsg(s->db));
	store_close(s);
	return NULL;
}

void store_close(struct store *s)
{
	for (int i = 0; i < N_QUERIES; i++)
		sqlite3_finalize(s->query[i]);
	sqlite3_close(s->db);
	free(s);
}

/* --- queries ---------------------------------------------------------------------------------- */

/* Texts stay the caller's until the query is done. */
static sqlite3_stmt *ask(struct store *s, enum query which, const char *types, ...)
{
	sqlite3_stmt *q = s->query[which];
	va_list args;

	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	va_start(args, types);
	for (int i = 0; types[i]; i++)
		if (types[i] == 's')
			sqlite3_bind_text(q, i + 1, va_arg(args, const char *), -1, SQLITE_STATIC);
		else
			sqlite3_bind_int64(q, i + 1, va_arg(args, uint64_t));
	va_end(args);
	return q;
}

static bool done(struct store *s, sqlite3_stmt *q, struct cv_error *err)
{
	bool good = sqlite3_step(q) == SQLITE_DONE;

	if (!good)
		fail(s, err);
	sqlite3_reset(q);
	return good;
}

/* A row is there. False with @err: it could not be asked. */
static bool row(struct store *s, sqlite3_stmt *q, struct cv_error *err)
{
	int rc = sqlite3_step(q);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		fail(s, err);
	return rc == SQLITE_ROW;
}

static void take_text(sqlite3_stmt *q, int column, char *to, size_t size)
{
	snprintf(to, size, "%s", (const char *)sqlite3_column_text(q, column) ?: "");
}

bool store_begin(struct store *s, struct cv_error *err)
{
	return done(s, ask(s, Q_BEGIN, ""), err);
}

bool store_commit(struct store *s, struct cv_error *err)
{
	if (done(s, ask(s, Q_COMMIT, ""), err))
		return true;
	store_rollback(s);
	return false;
}

void store_rollback(struct store *s)
{
	if (!sqlite3_get_autocommit(s->db))
		done(s, ask(s, Q_ROLLBACK, ""), NULL);
}

/* --- nodes -------------------------------------------------------------------------------------- */

static void take_node(sqlite3_stmt *q, struct store_node *n)
{
	*n = (struct store_node) {
		.standing = sqlite3_column_int(q, 3), .approved = sqlite3_column_int(q, 4), .seen = sqlite3_column_int64(q, 8),
		.reset_count = sqlite3_column_int64(q, 9), .restart_count = sqlite3_column_int64(q, 10),
		.clock = sqlite3_column_int64(q, 11), .met = sqlite3_column_int64(q, 13),
	};
	take_text(q, 0, n->id, sizeof(n->id));
	take_text(q, 1, n->name, sizeof(n->name));
	take_text(q, 2, n->type, sizeof(n->type));
	take_text(q, 5, n->reason, sizeof(n->reason));
	take_text(q, 6, n->text, sizeof(n->text));
	take_text(q, 7, n->address, sizeof(n->address));
	take_text(q, 12, n->serial, sizeof(n->serial));
	if (n->standing >= N_STANDINGS)
		n->standing = STANDING_BARRED;
}

bool store_node_get(struct store *s, const char *id, struct store_node *node, struct cv_error *err)
{
	sqlite3_stmt *q = ask(s, Q_NODE_GET, "s", id);
	bool there = row(s, q, err);

	if (there)
		take_node(q, node);
	sqlite3_reset(q);
	return there;
}

bool store_node_named(struct store *s, const char *name, char id[CA_ID], struct cv_error *err)
{
	sqlite3_stmt *q = ask(s, Q_NODE_NAMED, "s", name);
	bool there = row(s, q, err);

	if (there)
		take_text(q, 0, id, CA_ID);
	sqlite3_reset(q);
	return there;
}

bool store_node_put(struct store *s, const struct store_node *n, struct cv_error *err)
{
	return done(s, ask(s, Q_NAME_FREE, "ss", n->name, n->id), err) &&
	       done(s, ask(s, Q_NODE_PUT, "sssiisssiiiisi", n->id, n->name, n->type, (uint64_t)n->standing,
			   (uint64_t)n->approved, n->reason, n->text, n->address, n->seen, n->reset_count,
			   n->restart_count, n->clock, n->serial, n->met), err);
}

bool store_node_pending(struct store *s, const struct store_node *n, struct cv_error *err)
{
	if (store_begin(s, err) && store_node_put(s, n, err) && done(s, ask(s, Q_PENDING_OVER, ""), err) &&
	    store_commit(s, err))
		return true;
	store_rollback(s);
	return false;
}

bool store_node_seen(struct store *s, const struct store_node *n, struct cv_error *err)
{
	return done(s, ask(s, Q_NODE_SEEN, "iiiis", n->seen, n->reset_count, n->restart_count, n->clock, n->id), err);
}

bool store_nodes(struct store *s, bool (*each)(void *context, const struct store_node *node), void *context,
		 struct cv_error *err)
{
	sqlite3_stmt *q = ask(s, Q_NODES, "");
	struct cv_error why = {};
	struct store_node n;
	bool more = true;

	while (more && row(s, q, &why)) {
		take_node(q, &n);
		more = each(context, &n);
	}
	sqlite3_reset(q);
	return !why.name || cv_refuse(err, why.name, "%s", why.text);
}

/* --- certificates ---------------------------------------------------------------------------------- */

bool store_certificate_add(struct store *s, const char *serial, const char *id, uint64_t not_after, struct cv_error *err)
{
	return done(s, ask(s, Q_CERTIFICATE_ADD, "ssi", serial, id, not_after), err);
}

bool store_certificates_revoke(struct store *s, const char *id, struct cv_error *err)
{
	return done(s, ask(s, Q_CERTIFICATES_REVOKE, "s", id), err);
}

static bool add_serial(uint8_t **serials, size_t n, const char *text)
{
	uint8_t *more = reallocarray(*serials, n + 1, CA_SERIAL);

	if (!more)
		return false;
	*serials = more;
	for (int i = 0; i < CA_SERIAL; i++)
		if (sscanf(text + 2 * i, "%2hhx", &more[n * CA_SERIAL + i]) != 1)
			return false;
	return true;
}

bool store_revoked(struct store *s, uint64_t now, uint8_t **serials, size_t *n, struct cv_error *err)
{
	struct cv_error why = {};
	sqlite3_stmt *q;

	*serials = NULL;
	*n = 0;
	/* Later than need be: a clock may have been put forward, and back. */
	if (!done(s, ask(s, Q_CERTIFICATES_OVER, "i", now > FORGOTTEN_S ? now - FORGOTTEN_S : 0), err))
		return false;
	q = ask(s, Q_REVOKED, "i", now);
	while (!why.name && row(s, q, &why)) {
		if (add_serial(serials, *n, (const char *)sqlite3_column_text(q, 0)))
			++*n;
		else
			cv_refuse(&why, CV_E_MEMORY, "no memory for revoked certificates");
	}
	sqlite3_reset(q);
	if (!why.name)
		return true;
	free(*serials);
	*serials = NULL;
	return cv_refuse(err, why.name, "%s", why.text);
}

/* --- events ------------------------------------------------------------------------------------------ */

bool store_event_add(struct store *s, const struct store_event *e, struct cv_error *err)
{
	uint64_t seq;

	if (!done(s, ask(s, Q_EVENT_ADD, "isssss", e->time, e->id, e->what, e->reason, e->text, e->rules), err))
		return false;
	seq = sqlite3_last_insert_rowid(s->db);
	return seq % 1000 || done(s, ask(s, Q_EVENTS_OVER, "i", seq), err);
}

bool store_refusal(struct store *s, const char *id, const struct store_event *e, struct cv_error *err)
{
	if (store_begin(s, err) && store_event_add(s, e, err) &&
	    done(s, ask(s, Q_NODE_WHY, "sss", e->reason, e->text, id), err) && store_commit(s, err))
		return true;
	store_rollback(s);
	return false;
}

static const char *text_of(sqlite3_stmt *q, int column)
{
	return (const char *)sqlite3_column_text(q, column) ?: "";
}

bool store_events(struct store *s, const char *id, unsigned int max,
		  bool (*each)(void *context, const struct store_event *event), void *context, struct cv_error *err)
{
	sqlite3_stmt *q = ask(s, Q_EVENTS, "si", id ?: "", (uint64_t)max);
	struct cv_error why = {};
	bool more = true;

	while (more && row(s, q, &why)) {
		struct store_event e = {
			.seq = sqlite3_column_int64(q, 0), .time = sqlite3_column_int64(q, 1), .id = text_of(q, 2),
			.what = text_of(q, 3), .reason = text_of(q, 4), .text = text_of(q, 5), .rules = text_of(q, 6),
		};

		more = each(context, &e);
	}
	sqlite3_reset(q);
	return !why.name || cv_refuse(err, why.name, "%s", why.text);
}
