// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "remedy.h"

#define AT_A_TIME	16	/* programs that run; more wait in the socket */
#define LOOK_US		20000	/* between looks at one that runs */

struct request {
	char id[CA_ID], name[CA_NAME], type[16], address[64], reason[32];
};

struct answer {
	char id[CA_ID];
	int error;			/* why it could not be started; or 0 */
	int status;			/* as of waitpid(2) */
	bool late;			/* it was killed when its time was over */
	uint32_t ms;
};

struct remedy {
	const struct config *config;
	struct cvd *cvd;
	pid_t pid;
	int socket;
	struct event *answered;
};

/* --- the process that starts programs ------------------------------------------------------------------- */

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

/* A group of its own: what it started ends with it. */
static int start(const struct config *config, struct request *r, pid_t *pid)
{
	char *argv[] = { (char *)config->remedy, r->id, r->name, r->type, r->address, r->reason, NULL };
	char *env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	posix_spawnattr_t attr;
	sigset_t all;
	int rc;

	posix_spawnattr_init(&attr);
	sigfillset(&all);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(pid, config->remedy, NULL, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static void keep(const struct config *config, struct request *r, int socket)
{
	uint64_t since = monotonic_ms();
	struct answer a = {};
	pid_t pid;

	memcpy(a.id, r->id, sizeof(a.id));
	a.error = start(config, r, &pid);
	while (!a.error && !waitpid(pid, &a.status, WNOHANG)) {
		if (!a.late && monotonic_ms() - since >= config->remedy_timeout) {
			a.late = true;
			kill(-pid, SIGKILL);
		}
		usleep(LOOK_US);
	}
	a.ms = monotonic_ms() - since;
	send(socket, &a, sizeof(a), MSG_NOSIGNAL);
}

static void end_texts(struct request *r)
{
	r->id[sizeof(r->id) - 1] = r->name[sizeof(r->name) - 1] = r->type[sizeof(r->type) - 1] = 0;
	r->address[sizeof(r->address) - 1] = r->reason[sizeof(r->reason) - 1] = 0;
}

static void serve(const struct config *config, int socket)
{
	unsigned int running = 0;
	struct request r;

	prctl(PR_SET_NAME, "cvd-remedy");
	signal(SIGINT, SIG_IGN);	/* it ends when the other side does */
	signal(SIGTERM, SIG_IGN);
	while (recv(socket, &r, sizeof(r), 0) == sizeof(r)) {
		end_texts(&r);
		while (running && waitpid(-1, NULL, running < AT_A_TIME ? WNOHANG : 0) > 0)
			running--;
		switch (fork()) {
		case 0:
			keep(config, &r, socket);
			_exit(0);
		case -1:
			break;
		default:
			running++;
		}
	}
	_exit(0);
}

struct remedy *remedy_start(const struct config *config, struct cv_error *err)
{
	struct remedy *r;
	int ends[2];

	if (!config->remedy)
		return NULL;
	r = calloc(1, sizeof(*r));
	if (!r || access(config->remedy, X_OK) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		cv_refuse(err, CV_E_FILE, "remedy: %.100s: %s", config->remedy, strerror(errno));
		free(r);
		return NULL;
	}
	r->config = config;
	r->pid = fork();
	if (!r->pid) {
		dup2(ends[1], STDERR_FILENO + 1);
		close_range(STDERR_FILENO + 2, ~0u, 0);	/* the authority's socket is not its business */
		serve(config, STDERR_FILENO + 1);
	}
	close(ends[1]);
	r->socket = ends[0];
	if (r->pid > 0)
		return r;
	cv_refuse(err, CV_E_MEMORY, "remedy: %s", strerror(errno));
	remedy_stop(r);
	return NULL;
}

/* --- asking it ------------------------------------------------------------------------------------------------ */

static void store_outcome(struct cvd *cvd, const char *id, const char *reason, const char *text)
{
	const struct store_event event = {
		.time = now_ms(), .id = id, .what = "remedied", .reason = reason, .text = text, .rules = "",
	};
	struct cv_error err = {};

	say(*reason ? LOG_ERR : LOG_NOTICE, "%.16s: %s", id, text);
	if (!store_event_add(cvd->store, &event, &err))
		say(LOG_ERR, "%s; what the remedy did is not stored", err.text);
}

static void answered(evutil_socket_t fd, short what, void *remedy)
{
	struct remedy *r = remedy;
	char text[STORE_TEXT];
	struct answer a;

	(void)what;
	if (recv(fd, &a, sizeof(a), MSG_DONTWAIT) != sizeof(a)) {
		if (errno == EAGAIN)
			return;
		say(LOG_CRIT, "the process that starts remedies is gone: none is started any more");
		event_del(r->answered);
		return;
	}
	a.id[sizeof(a.id) - 1] = 0;
	if (a.error)
		snprintf(text, sizeof(text), "%.100s cannot be started: %s", r->config->remedy, strerror(a.error));
	else if (a.late)
		snprintf(text, sizeof(text), "%.100s was killed: it took longer than %u ms", r->config->remedy, r->config->remedy_timeout);
	else if (WIFSIGNALED(a.status))
		snprintf(text, sizeof(text), "%.100s ended by signal %d", r->config->remedy, WTERMSIG(a.status));
	else
		snprintf(text, sizeof(text), "%.100s ended with status %d, after %u ms", r->config->remedy, WEXITSTATUS(a.status), a.ms);
	store_outcome(r->cvd, a.id, a.error || a.late || a.status ? "failed" : "", text);
}

bool remedy_open(struct remedy *r, struct cvd *cvd, struct cv_error *err)
{
	r->cvd = cvd;
	r->answered = event_new(cvd->base, r->socket, EV_READ | EV_PERSIST, answered, r);
	return (r->answered && !event_add(r->answered, NULL)) || cv_refuse(err, CV_E_MEMORY, "no memory for remedies");
}

static bool is_for(const char *reasons, const char *reason)
{
	size_t len = strlen(reason);

	for (const char *at = reasons; *at; at += strcspn(at, " \t")) {
		at += strspn(at, " \t");
		if (strcspn(at, " \t") == len && !strncmp(at, reason, len))
			return true;
	}
	return false;
}

void remedy_run(struct remedy *r, const struct store_node *node)
{
	struct request q = {};

	if (!r || !is_for(r->config->remedy_for, node->reason))
		return;
	snprintf(q.id, sizeof(q.id), "%s", node->id);
	snprintf(q.name, sizeof(q.name), "%s", node->name);
	snprintf(q.type, sizeof(q.type), "%s", node->type);
	snprintf(q.address, sizeof(q.address), "%s", node->address);
	snprintf(q.reason, sizeof(q.reason), "%s", node->reason);
	if (send(r->socket, &q, sizeof(q), MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(q))
		store_outcome(r->cvd, node->id, "failed", "the remedy could not be asked for: too many are");
}

void remedy_stop(struct remedy *r)
{
	if (r->answered)
		event_free(r->answered);
	close(r->socket);
	if (r->pid > 0)
		waitpid(r->pid, NULL, 0);
	free(r);
}
