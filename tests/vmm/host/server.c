// SPDX-License-Identifier: GPL-2.0
/* The control socket: a command a line, an answer a line, `ok ...` or `error ...`. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vmm.h"

static int listener;

void answer_add(struct answer *out, const char *format, ...)
{
	size_t room = sizeof(out->text) - out->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(out->text + out->len, room, format, args);
	va_end(args);
	if (n > 0)
		out->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void serve_line(char *line, FILE *stream)
{
	struct answer out = { .len = 0 };
	bool good;

	line[strcspn(line, "\n")] = 0;
	pthread_mutex_lock(&vm.lock);
	good = command_line(line, &out);
	pthread_mutex_unlock(&vm.lock);
	fprintf(stream, "%s%s%.*s\n", good ? "ok" : "error", out.len ? " " : "", (int)out.len, out.text);
	fflush(stream);
	if (vm.quitting)
		exit(0);
}

static void *serve(void *arg)
{
	FILE *stream = arg;
	char line[1024];

	while (fgets(line, sizeof(line), stream))
		serve_line(line, stream);
	fclose(stream);
	return NULL;
}

void server_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		die("--sock: path of at most %zu bytes", sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	unlink(path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 16))
		die("%s: %s", path, strerror(errno));
	signal(SIGPIPE, SIG_IGN);
}

void server_run(void)
{
	pthread_t thread;
	FILE *stream;
	int fd;

	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		stream = fdopen(fd, "r+");
		if (!stream || pthread_create(&thread, NULL, serve, stream))
			die("no thread for a connection");
		pthread_detach(thread);
	}
}
