// SPDX-License-Identifier: GPL-2.0
/*
 * Round trips over one established UDP connection, each leg forwarded by the
 * host; prints the least cycles that a batch took, divided by its packets.
 *
 *	packets CLIENT-NETNS GUEST-NETNS ADDRESS PORT SERVICE
 *
 * One process sits in both namespaces: send and receive follow each other
 * directly, and on one CPU the forwarding happens in between.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <x86intrin.h>

#define BATCHES 20
#define TRIPS 20

static void die(const char *what)
{
	fprintf(stderr, "packets: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int socket_in(const char *netns)
{
	char path[128];
	int fd, sock;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	if (sock < 0)
		die("socket");
	return sock;
}

static void trip(int client, int guest)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char c = 'x';

	if (send(client, &c, 1, 0) != 1 ||
	    recvfrom(guest, &c, 1, 0, (struct sockaddr *)&from, &len) != 1 ||
	    sendto(guest, &c, 1, 0, (struct sockaddr *)&from, len) != 1 ||
	    recv(client, &c, 1, 0) != 1)
		die("trip");
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET }, any = { .sin_family = AF_INET };
	uint64_t least = ~0ULL, start, took;
	int client, guest, i, j;

	if (argc != 6)
		die("arguments");
	client = socket_in(argv[1]);
	guest = socket_in(argv[2]);
	any.sin_port = htons(atoi(argv[5]));
	to.sin_port = htons(atoi(argv[4]));
	if (inet_pton(AF_INET, argv[3], &to.sin_addr) != 1 ||
	    bind(guest, (struct sockaddr *)&any, sizeof(any)) ||
	    connect(client, (struct sockaddr *)&to, sizeof(to)))
		die("addresses");
	for (i = 0; i < TRIPS; i++)
		trip(client, guest);
	for (i = 0; i < BATCHES; i++) {
		start = __rdtsc();
		for (j = 0; j < TRIPS; j++)
			trip(client, guest);
		took = __rdtsc() - start;
		if (took < least)
			least = took;
	}
	printf("%.1f\n", (double)least / (2 * TRIPS));
	return 0;
}
