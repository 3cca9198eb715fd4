// SPDX-License-Identifier: GPL-2.0
/*
 * Many connections and what becomes of each: the traffic of the tests in this
 * directory, both ends of it. See usage below.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "conns.h"

#define MAX_CONNS	4096
#define MAX_LISTENERS	64
#define MAX_CHUNK	16384

static const char usage[] =
	"usage: conns serve|connect [-u] [-s] [-e] [-l] [-x] [-w] [-b BYTES] [-i MS] [-n N] [-p PORT] [-t SEC] ADDRESS PORT...\n"
	"       conns clock\n"
	"       conns unreach [-u] TO PORT FROM PORT\n"
	"serve listens on every port; connect opens N connections (1), spread over the\n"
	"ports. Both send nothing on their own, except with\n"
	"  -s        send a chunk of -b bytes (100) every -i milliseconds (200)\n"
	"  -e        send back what comes\n"
	"and a client of -u (UDP instead of TCP) one datagram to begin with.\n"
	"  -l        connect: say hello and be ready only when every connection has been heard of\n"
	"  -x        connect: end as soon as ready\n"
	"  -w        connect: shut down our direction once established\n"
	"  -p PORT   connect: from this port, and the ones after it\n"
	"  -t SEC    end after this time\n"
	"\"ready\" says: listening, or nothing waits for an answer any more; \"connecting\"\n"
	"comes before it, when every request is sent. The end is SIGTERM, -t, or, for connect, that no connection is left.\n"
	"Then one line for each connection and a total:\n"
	"  conn LOCAL-PORT PEER-PORT how=open|waiting|fin|reset|refused|ERROR in=BYTES out=BYTES ms=LIFE\n"
	"SIGUSR1 prints the same and goes on. clock prints CLOCK_REALTIME - CLOCK_MONOTONIC in ns.\n"
	"unreach sends TO an ICMP error, port unreachable, about a packet from it to FROM.\n";

enum how { WAITING, OPEN, FIN, RESET, REFUSED, OTHER, HOWS };

static const char *const how_names[] = { "waiting", "open", "fin", "reset", "refused", "other" };

struct conn {
	int fd;
	bool shared;			/* fd is the server's UDP socket */
	bool heard;
	enum how how;
	int error;
	union address peer;		/* of a server's UDP peer */
	unsigned int local_port, peer_port;
	uint64_t in, out, began, ended;
};

static struct {
	bool serve, udp, stream, echo, half_close, hear, once;
	size_t chunk;
	unsigned int every_ms, n, from_port, seconds;
} opt = { .chunk = 100, .every_ms = 200, .n = 1 };

static struct conn conns[MAX_CONNS];
static unsigned int n_conns;
static int listeners[MAX_LISTENERS];
static unsigned int n_listeners;
static int epoll_fd;
static char chunk[MAX_CHUNK];
static bool said_connecting, said_ready;

void die(const char *what)
{
	fprintf(stderr, "conns: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* The reading with the least time around it. */
static void print_clock(void)
{
	uint64_t best = UINT64_MAX, offset = 0;

	for (int i = 0; i < 1000; i++) {
		uint64_t before = now_ns(CLOCK_MONOTONIC);
		uint64_t real = now_ns(CLOCK_REALTIME);
		uint64_t after = now_ns(CLOCK_MONOTONIC);

		if (after - before < best) {
			best = after - before;
			offset = real - before - best / 2;
		}
	}
	printf("%llu %llu\n", (unsigned long long)offset, (unsigned long long)best);
}

static void say(bool *said, const char *word)
{
	if (*said)
		return;
	*said = true;
	puts(word);
	fflush(stdout);
}

socklen_t make_address(union address *a, const char *text, unsigned int port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		return sizeof(a->v4);
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		return sizeof(a->v6);
	}
	errno = EINVAL;
	die(text);
	return 0;
}

socklen_t size_of(const union address *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

unsigned int port_of(const union address *a)
{
	return ntohs(a->sa.sa_family == AF_INET ? a->v4.sin_port : a->v6.sin6_port);
}

/* What epoll gives back: an index of conns, or of listeners from MAX_CONNS on. */
static void watch(int fd, uint32_t events, uint32_t tag, int op)
{
	struct epoll_event ev = { .events = events, .data.u32 = tag };

	if (epoll_ctl(epoll_fd, op, fd, &ev))
		die("epoll_ctl");
}

static struct conn *new_conn(int fd)
{
	struct conn *c = &conns[n_conns];

	if (n_conns == MAX_CONNS) {
		errno = ENOSPC;
		die("connections");
	}
	n_conns++;
	c->fd = fd;
	c->began = now_ns(CLOCK_MONOTONIC);
	return c;
}

static void note_ports(struct conn *c)
{
	union address a;
	socklen_t len = sizeof(a);

	if (!getsockname(c->fd, &a.sa, &len))
		c->local_port = port_of(&a);
	len = sizeof(a);
	if (!getpeername(c->fd, &a.sa, &len))
		c->peer_port = port_of(&a);
}

static void ended(struct conn *c, enum how how, int error)
{
	c->how = how;
	c->error = error;
	c->ended = now_ns(CLOCK_MONOTONIC);
	close(c->fd);
}

static void failed(struct conn *c, int error)
{
	enum how how = error == ECONNRESET ? RESET : error == ECONNREFUSED ? REFUSED : OTHER;

	if (!c->shared)
		ended(c, how, error);
}

static void send_some(struct conn *c, size_t len)
{
	ssize_t n = c->shared ?
		sendto(c->fd, chunk, len, MSG_DONTWAIT, &c->peer.sa, size_of(&c->peer)) :
		send(c->fd, chunk, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		c->out += n;
	else if (n < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EPERM)
		failed(c, errno);
}

static void established(struct conn *c)
{
	c->how = OPEN;
	if (!c->shared)
		note_ports(c);
	if (!opt.serve && (opt.udp || opt.stream || opt.hear))
		send_some(c, opt.chunk);
	if (opt.half_close)
		shutdown(c->fd, SHUT_WR);
}

static void heard(struct conn *c, size_t n)
{
	c->heard = true;
	c->in += n;
	if (opt.echo)
		send_some(c, n);
}

static void read_conn(struct conn *c)
{
	static char buf[65536];
	ssize_t n;

	for (int i = 0; i < 16 && c->how == OPEN; i++) {
		n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			failed(c, errno);
		else if (n == 0 && !opt.udp)
			ended(c, FIN, 0);
		else
			heard(c, n);
	}
}

static void on_conn(struct conn *c, uint32_t events)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (c->how == WAITING) {
		getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error) {
			failed(c, error);
		} else if (events & EPOLLOUT) {
			watch(c->fd, EPOLLIN, c - conns, EPOLL_CTL_MOD);
			established(c);
		}
	} else if (c->how == OPEN) {
		read_conn(c);
	}
}

static struct conn *peer(int fd, const union address *from)
{
	struct conn *c;

	for (c = conns; c < conns + n_conns; c++)
		if (c->fd == fd && !memcmp(&c->peer, from, size_of(from)))
			return c;
	c = new_conn(fd);
	c->shared = true;
	c->peer = *from;
	note_ports(c);
	c->peer_port = port_of(from);
	established(c);
	return c;
}

static void on_datagram(int fd)
{
	static char buf[65536];
	union address from;
	socklen_t len = sizeof(from);
	ssize_t n;

	memset(&from, 0, sizeof(from));
	n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, &from.sa, &len);
	if (n >= 0)
		heard(peer(fd, &from), n);
}

static void on_listener(int fd)
{
	struct conn *c;
	int new_fd;

	if (opt.udp) {
		on_datagram(fd);
		return;
	}
	new_fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	if (new_fd < 0)
		return;
	c = new_conn(new_fd);
	watch(new_fd, EPOLLIN, c - conns, EPOLL_CTL_ADD);
	established(c);
}

static int make_socket(const union address *a)
{
	int one = 1, fd;

	fd = socket(a->sa.sa_family, (opt.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Not for us: has the kernel stamp packets as they arrive, for whoever captures them. */
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	if (a->sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return fd;
}

static void listen_on(const char *address, unsigned int port)
{
	union address a;
	socklen_t len = make_address(&a, address, port);
	int fd = make_socket(&a);

	if (bind(fd, &a.sa, len) || (!opt.udp && listen(fd, 1024)))
		die("bind");
	watch(fd, EPOLLIN, MAX_CONNS + n_listeners, EPOLL_CTL_ADD);
	listeners[n_listeners++] = fd;
}

static void bind_from(int fd, int family)
{
	union address a;

	make_address(&a, family == AF_INET ? "0.0.0.0" : "::", opt.from_port++);
	if (bind(fd, &a.sa, size_of(&a)))
		die("bind");
}

static void open_one(const char *address, unsigned int port)
{
	union address a;
	socklen_t len = make_address(&a, address, port);
	int fd = make_socket(&a);
	struct conn *c;

	if (opt.from_port)
		bind_from(fd, a.sa.sa_family);
	c = new_conn(fd);
	c->peer_port = port;
	watch(fd, opt.udp ? EPOLLIN : EPOLLOUT, c - conns, EPOLL_CTL_ADD);
	if (!connect(fd, &a.sa, len)) {
		watch(fd, EPOLLIN, c - conns, EPOLL_CTL_MOD);
		established(c);
	} else if (errno != EINPROGRESS) {
		failed(c, errno);
	}
	note_ports(c);
}

static void tick(void)
{
	for (unsigned int i = 0; i < n_conns; i++)
		if (conns[i].how == OPEN)
			send_some(&conns[i], opt.chunk);
}

static void report(void)
{
	unsigned int count[HOWS] = { 0 };
	uint64_t in = 0, out = 0, now = now_ns(CLOCK_MONOTONIC);

	for (struct conn *c = conns; c < conns + n_conns; c++) {
		count[c->how]++;
		in += c->in;
		out += c->out;
		printf("conn %u %u how=%s in=%llu out=%llu ms=%llu\n", c->local_port, c->peer_port,
		       c->how == OTHER ? strerrorname_np(c->error) : how_names[c->how],
		       (unsigned long long)c->in, (unsigned long long)c->out,
		       (unsigned long long)((c->how <= OPEN ? now : c->ended) - c->began) / 1000000);
	}
	printf("total");
	for (int how = 0; how < HOWS; how++)
		printf(" %s=%u", how_names[how], count[how]);
	printf(" in=%llu out=%llu\n", (unsigned long long)in, (unsigned long long)out);
	fflush(stdout);
}

/* Is there one that waits, one not heard of, one left at all? */
static bool look_round(void)
{
	bool waiting = false, unheard = false, left = opt.serve;

	for (struct conn *c = conns; c < conns + n_conns; c++) {
		waiting |= c->how == WAITING;
		unheard |= c->how == OPEN && !c->heard;
		left |= c->how <= OPEN;
	}
	if (!waiting && (opt.serve || !(unheard && opt.hear)))
		say(&said_ready, "ready");
	return left && !(said_ready && opt.once);
}

static int timer(unsigned int ms, bool again)
{
	struct itimerspec t = { .it_value = { ms / 1000, ms % 1000 * 1000000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);

	if (again)
		t.it_interval = t.it_value;
	if (fd < 0 || timerfd_settime(fd, 0, &t, NULL))
		die("timerfd");
	return fd;
}

enum { TAG_SIGNAL = MAX_CONNS + MAX_LISTENERS, TAG_TICK, TAG_END };

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK);
}

/* False when it is time to end. */
static bool dispatch(const struct epoll_event *ev, int signal_fd, int tick_fd)
{
	struct signalfd_siginfo info;
	uint32_t tag = ev->data.u32;
	uint64_t times;

	if (tag < MAX_CONNS) {
		on_conn(&conns[tag], ev->events);
	} else if (tag < TAG_SIGNAL) {
		on_listener(listeners[tag - MAX_CONNS]);
	} else if (tag == TAG_TICK) {
		if (read(tick_fd, &times, sizeof(times)) > 0)
			tick();
	} else if (tag == TAG_END) {
		return false;
	} else if (read(signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM)
			return false;
		report();
	}
	return true;
}

static void run(int signal_fd)
{
	struct epoll_event evs[256];
	int tick_fd = -1;

	watch(signal_fd, EPOLLIN, TAG_SIGNAL, EPOLL_CTL_ADD);
	if (opt.stream && !opt.half_close) {
		tick_fd = timer(opt.every_ms, true);
		watch(tick_fd, EPOLLIN, TAG_TICK, EPOLL_CTL_ADD);
	}
	if (opt.seconds)
		watch(timer(opt.seconds * 1000, false), EPOLLIN, TAG_END, EPOLL_CTL_ADD);
	say(&said_connecting, opt.serve ? "listening" : "connecting");
	while (look_round()) {
		int n = epoll_wait(epoll_fd, evs, 256, -1);

		for (int i = 0; i < n; i++)
			if (!dispatch(&evs[i], signal_fd, tick_fd))
				return;
	}
}

static void read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "usewlxb:i:n:p:t:")) != -1) {
		switch (c) {
		case 'u': opt.udp = true; break;
		case 's': opt.stream = true; break;
		case 'e': opt.echo = true; break;
		case 'w': opt.half_close = true; break;
		case 'l': opt.hear = true; break;
		case 'x': opt.once = true; break;
		case 'b': opt.chunk = strtoul(optarg, NULL, 0); break;
		case 'i': opt.every_ms = strtoul(optarg, NULL, 0); break;
		case 'n': opt.n = strtoul(optarg, NULL, 0); break;
		case 'p': opt.from_port = strtoul(optarg, NULL, 0); break;
		case 't': opt.seconds = strtoul(optarg, NULL, 0); break;
		default: fputs(usage, stderr); exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { 2 * MAX_CONNS, 2 * MAX_CONNS };
	int signal_fd, ports;

	if (argc == 2 && !strcmp(argv[1], "clock")) {
		print_clock();
		return 0;
	}
	opt.serve = argc > 1 && !strcmp(argv[1], "serve");
	if (argc < 4) {
		fputs(usage, stderr);
		return 2;
	}
	optind = 2;
	read_options(argc, argv);
	if (!strcmp(argv[1], "unreach") && argc - optind == 4)
		return unreach(opt.udp, argv + optind);
	ports = argc - optind - 1;
	if ((!opt.serve && strcmp(argv[1], "connect")) || ports < 1 || opt.chunk > MAX_CHUNK || opt.n > MAX_CONNS || ports > MAX_LISTENERS) {
		fputs(usage, stderr);
		return 2;
	}
	memset(chunk, 'x', sizeof(chunk));
	setrlimit(RLIMIT_NOFILE, &files);
	signal_fd = signals();
	epoll_fd = epoll_create1(0);
	for (int i = 0; opt.serve && i < ports; i++)
		listen_on(argv[optind], strtoul(argv[optind + 1 + i], NULL, 0));
	for (unsigned int i = 0; !opt.serve && i < opt.n; i++)
		open_one(argv[optind], strtoul(argv[optind + 1 + i % ports], NULL, 0));
	run(signal_fd);
	report();
	return 0;
}
