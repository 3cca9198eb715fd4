// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "frontend.h"

#define AGAIN_MS	1000

struct frontend {
	const char *pid_file;
	const struct ports *ports;
	bool waiting;
	bool was_told;
	uint64_t told_at;		/* ms */
	uint64_t listeners;		/* as they were when it was told */
};

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static pid_t read_pid(const char *path)
{
	FILE *f = fopen(path, "re");
	int pid = 0;

	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid > 1 ? pid : 0;
}

/* Who does not run remembers nothing. */
static bool tell(struct frontend *f, struct cv_error *err)
{
	pid_t pid = read_pid(f->pid_file);

	if (!sockets_listeners(f->ports, &f->listeners, err))
		return false;
	if (!f->listeners) {
		f->waiting = false;
		return true;
	}
	f->told_at = monotonic_ms();
	f->was_told = pid && !kill(pid, SIGHUP);
	return f->was_told || cv_refuse(err, CV_E_FILE, "%.100s: somebody listens, but it is not the process that this names: %s",
					f->pid_file, pid ? strerror(errno) : "no process id");
}

void frontend_reread(struct frontend *f)
{
	f->waiting = f->pid_file;
	f->was_told = false;
}

bool frontend_is_settled(struct frontend *f, struct cv_error *err)
{
	uint64_t now;

	if (!f->waiting)
		return true;
	if (!f->was_told || monotonic_ms() - f->told_at >= AGAIN_MS)
		return tell(f, err) && !f->waiting;
	if (!sockets_listeners(f->ports, &now, err))
		return false;
	f->waiting = !now || now == f->listeners;
	return !f->waiting;
}

struct frontend *frontend_open(const char *pid_file, const struct ports *ports, struct cv_error *err)
{
	struct frontend *f = calloc(1, sizeof(*f));

	if (!f) {
		cv_refuse(err, CV_E_MEMORY, "no memory for a front end");
		return NULL;
	}
	f->pid_file = pid_file;
	f->ports = ports;
	return f;
}

void frontend_close(struct frontend *f)
{
	free(f);
}
