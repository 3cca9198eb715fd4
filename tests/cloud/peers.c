// SPDX-License-Identifier: GPL-2.0
/*
 * Peers that a verifier does not want, by what they do:
 *
 *	peers PORT silent COUNT		connect, and say nothing
 *	peers PORT slow COUNT		a TLS handshake, then a message of which a byte comes each second
 *	peers PORT garbage COUNT	bytes that are no TLS
 *	peers PORT nonsense COUNT	TLS, then messages that are none of the protocol
 *	peers PORT huge COUNT		TLS, then a message that says to be of 100 MiB, and as much of it as is taken
 *	peers PORT early COUNT		TLS, then evidence before a hello
 *
 * Prints "ready" when all are connected, and "closed N" when the verifier has closed N of them; ends when
 * it has closed all, or by a signal.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static SSL_CTX *tls;
static const char *how;
static int port, count;

static int dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("peers");
		exit(1);
	}
	return fd;
}

static SSL *handshake(int fd)
{
	SSL *ssl = SSL_new(tls);

	SSL_set_fd(ssl, fd);
	return SSL_connect(ssl) == 1 ? ssl : NULL;
}

/* An evidence that is empty: field 3, of no bytes. */
static const unsigned char early[] = { 0, 0, 0, 2, 0x1a, 0 };
static const unsigned char nonsense[] = { 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff };
static const unsigned char huge[] = { 0x06, 0x40, 0, 0 };
static const unsigned char slow[] = { 0, 0, 0, 40 };

static void say(SSL *ssl, int fd)
{
	static unsigned char room[65536];

	if (!strcmp(how, "garbage") && write(fd, room, sizeof(room)) < 0)
		return;
	if (!ssl)
		return;
	if (!strcmp(how, "early"))
		SSL_write(ssl, early, sizeof(early));
	else if (!strcmp(how, "nonsense"))
		SSL_write(ssl, nonsense, sizeof(nonsense));
	else if (!strcmp(how, "slow"))
		SSL_write(ssl, slow, sizeof(slow));
	else if (!strcmp(how, "huge") && SSL_write(ssl, huge, sizeof(huge)) > 0)
		for (int i = 0; i < 1600 && SSL_write(ssl, room, sizeof(room)) > 0; i++)
			;
}

static int closed(struct pollfd *fds, SSL **ssl)
{
	static char room[65536];
	int n = 0;

	for (int i = 0; i < count; i++) {
		if (fds[i].fd >= 0 && fds[i].revents && recv(fds[i].fd, room, sizeof(room), MSG_DONTWAIT) <= 0 &&
		    errno != EAGAIN) {
			close(fds[i].fd);
			fds[i].fd = -1;
		}
		n += fds[i].fd < 0;
		errno = 0;
		if (fds[i].fd >= 0 && ssl[i] && !strcmp(how, "slow"))
			SSL_write(ssl[i], "", 1);
	}
	return n;
}

static void run(struct pollfd *fds, SSL **ssl)
{
	int n = 0, told = 0;

	for (int i = 0; i < count; i++) {
		fds[i] = (struct pollfd) { dial(), POLLIN, 0 };
		ssl[i] = strcmp(how, "silent") && strcmp(how, "garbage") ? handshake(fds[i].fd) : NULL;
		say(ssl[i], fds[i].fd);
	}
	puts("ready");
	while (n < count) {
		poll(fds, count, 1000);
		n = closed(fds, ssl);
		if (n != told)
			printf("closed %d\n", told = n);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	if (argc != 4) {
		fputs("usage: peers PORT silent|slow|garbage|nonsense|huge|early COUNT\n", stderr);
		return 2;
	}
	port = atoi(argv[1]);
	how = argv[2];
	count = atoi(argv[3]);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	tls = SSL_CTX_new(TLS_client_method());
	run(calloc(count, sizeof(struct pollfd)), calloc(count, sizeof(SSL *)));
	return 0;
}
