// SPDX-License-Identifier: GPL-2.0
/*
 * Who may ask: CAP_NET_ADMIN in the initial user namespace, of the process that
 * sends and of the one that opened the socket.
 *
 * test: a user without capabilities gets EPERM for every command
 * test: a user without capabilities gets EPERM for every dump
 * test: a user without capabilities cannot join the events
 * test: CAP_NET_ADMIN alone is enough
 * test: a socket opened by root does not lend its rights
 * test: a socket opened without rights does not gain them
 * test: root of a user namespace gets EPERM for every command and cannot join
 * test: root of a user and network namespace gets EPERM and hears no event
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

#define NOBODY_UID	65534

static struct msg m;
static struct answer a;

static const uint8_t dumps[] = {
	CV_CMD_VM_GET, CV_CMD_WATCH_GET, CV_CMD_SESSION_GET, CV_CMD_SET_GET, CV_CMD_PORT_GET,
};

/* A request that could be served, but for an id nobody has. */
static void request(uint8_t cmd)
{
	msg_begin(&m, cmd, 0);
	if (cmd == CV_CMD_SESSION_ADD) {
		msg_string(&m, CV_A_SESSION_OWNER, "intruder");
		msg_u32(&m, CV_A_SESSION_LEASE, 1000);
	}
}

static void refuse_commands(int sock)
{
	uint8_t cmd;

	for (cmd = CV_CMD_STATUS; cmd < CV_CMD_EVENT; cmd++) {
		request(cmd);
		if (wire_ask(sock, &m, &a) != EPERM)
			fault("command %u: expected EPERM, got %s", cmd, strerror(a.error));
	}
}

static void seen(const struct nlattr *const attr[WIRE_ATTRS], void *arg)
{
	(void)attr;
	(void)arg;
	fault("an object is shown");
}

static void refuse_dumps(int sock)
{
	size_t i;

	for (i = 0; i < sizeof(dumps); i++) {
		request(dumps[i]);
		if (wire_dump(sock, &m, &a, seen, NULL) != EPERM)
			fault("dump %u: expected EPERM, got %s", dumps[i], strerror(a.error));
	}
}

static int join(int sock)
{
	return setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &wire_events, sizeof(wire_events)) ?
	       errno : 0;
}

static void refuse_join(int sock)
{
	int error = join(sock);

	if (error != EPERM)
		fault("joining the events: expected EPERM, got %s", strerror(error));
}

/* Runs part in a process of its own: rights do not come back. */
static void in_child(void (*part)(int sock), int sock)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		part(sock);
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		fault("the process ended with status %#x", status);
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY_UID, NOBODY_UID, NOBODY_UID) ||
	    setresuid(NOBODY_UID, NOBODY_UID, NOBODY_UID)) {
		fault("cannot drop rights: %s", strerror(errno));
		_exit(1);
	}
}

static void set_capabilities(uint64_t caps)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = caps, .permitted = caps },
		{ .effective = caps >> 32, .permitted = caps >> 32 },
	};

	if (syscall(SYS_capset, &head, data))
		fault("capset: %s", strerror(errno));
}

static void as_nobody(int unused)
{
	int sock;

	(void)unused;
	become_nobody();
	sock = wire_open();
	refuse_commands(sock);
	result("a user without capabilities gets EPERM for every command");
	refuse_dumps(sock);
	result("a user without capabilities gets EPERM for every dump");
	refuse_join(sock);
	result("a user without capabilities cannot join the events");
}

static void as_admin(int unused)
{
	int sock;

	(void)unused;
	prctl(PR_SET_KEEPCAPS, 1);
	become_nobody();
	set_capabilities(1ull << CAP_NET_ADMIN);
	sock = wire_open();
	request(CV_CMD_STATUS);
	if (wire_ask(sock, &m, &a))
		fault("status: %s", strerror(a.error));
	if (join(sock))
		fault("joining the events: %s", strerror(errno));
	result("CAP_NET_ADMIN alone is enough");
}

static void with_roots_socket(int sock)
{
	become_nobody();
	refuse_commands(sock);
	refuse_dumps(sock);
	refuse_join(sock);
	result("a socket opened by root does not lend its rights");
}

/* Opened while the effective capabilities are empty, used with all of them. */
static void with_weak_socket(int unused)
{
	uint64_t all = (1ull << (CAP_LAST_CAP + 1)) - 1;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { .permitted = all }, { .permitted = all >> 32 } };
	int sock;

	(void)unused;
	if (syscall(SYS_capset, &head, none))
		fault("capset: %s", strerror(errno));
	sock = wire_open();
	set_capabilities(all);
	refuse_commands(sock);
	refuse_dumps(sock);
	result("a socket opened without rights does not gain them");
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fault("%s: %s", path, strerror(errno));
	close(fd);
}

/* Also from uid 0: a namespace's root is not the host's, whoever made it. */
static void become_root_of(int namespaces)
{
	if (unshare(namespaces)) {
		fault("unshare: %s", strerror(errno));
		return;
	}
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", "0 0 1");
	write_file("/proc/self/gid_map", "0 0 1");
	if (getuid())
		fault("not root of the namespace");
}

static void as_namespace_root(int unused)
{
	int sock;

	(void)unused;
	become_root_of(CLONE_NEWUSER);
	sock = wire_open();
	refuse_commands(sock);
	refuse_dumps(sock);
	refuse_join(sock);
	result("root of a user namespace gets EPERM for every command and cannot join");
}

/* Its own network namespace has its own group: it may join what is silent. */
static void as_network_root(int pipe_end)
{
	struct pollfd pfd = { .events = POLLIN };
	char c = 0;
	int sock;

	become_root_of(CLONE_NEWUSER | CLONE_NEWNET);
	sock = pfd.fd = wire_open();
	refuse_commands(sock);
	refuse_dumps(sock);
	join(sock);
	/* The parent now causes an event. */
	if (write(pipe_end, &c, 1) != 1 || poll(&pfd, 1, 1500))
		fault("an event of the host is heard");
	result("root of a user and network namespace gets EPERM and hears no event");
}

static void test_network_root(int sock)
{
	int ends[2], status;
	char c;

	if (pipe(ends))
		return;
	fflush(stdout);
	if (!fork()) {
		as_network_root(ends[1]);
		fflush(stdout);
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &c, 1) == 1)
		world_session(sock, "short", CV_LEASE_MIN_MS);
	wait(&status);
}

int main(void)
{
	int sock = wire_open();
	uint32_t session;

	session = world_session(sock, "target", 3600000);
	in_child(as_nobody, -1);
	in_child(as_admin, -1);
	in_child(with_roots_socket, sock);
	in_child(with_weak_socket, -1);
	in_child(as_namespace_root, -1);
	test_network_root(sock);
	world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, session);
	/* The short one of the last test. */
	world_del(sock, CV_CMD_SESSION_DEL, CV_A_SESSION, session + 1);
	return 0;
}
