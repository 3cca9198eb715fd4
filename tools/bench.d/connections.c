// SPDX-License-Identifier: GPL-2.0
/*
 * Many TCP connections, to be cut: connections CLIENT-NETNS GUEST-NETNS ADDRESS
 * PORT SERVICE N opens them, prints "open", and waits for a line on stdin; then
 * prints how many of them, at each end, were reset.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

static void die(const char *what)
{
	fprintf(stderr, "connections: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void enter(const char *netns)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
}

static int is_reset(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) && error == ECONNRESET;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET }, any = { .sin_family = AF_INET };
	int n, i, listener, one = 1, resets[2] = { 0, 0 };
	struct rlimit limit = { 65536, 65536 };
	int *client, *guest;

	if (argc != 7)
		die("arguments");
	n = atoi(argv[6]);
	client = calloc(n, sizeof(int));
	guest = calloc(n, sizeof(int));
	if (!client || !guest || setrlimit(RLIMIT_NOFILE, &limit))
		die("limits");
	enter(argv[2]);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	any.sin_port = htons(atoi(argv[5]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&any, sizeof(any)) || listen(listener, 128))
		die("listen");
	enter(argv[1]);
	to.sin_port = htons(atoi(argv[4]));
	if (inet_pton(AF_INET, argv[3], &to.sin_addr) != 1)
		die(argv[3]);
	for (i = 0; i < n; i++) {
		client[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (client[i] < 0 || connect(client[i], (struct sockaddr *)&to, sizeof(to)))
			die("connect");
		guest[i] = accept(listener, NULL, NULL);
		if (guest[i] < 0)
			die("accept");
	}
	puts("open");
	fflush(stdout);
	getchar();
	for (i = 0; i < n; i++) {
		resets[0] += is_reset(client[i]);
		resets[1] += is_reset(guest[i]);
	}
	printf("%d %d\n", resets[0], resets[1]);
	return 0;
}
