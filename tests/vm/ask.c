// SPDX-License-Identifier: GPL-2.0
/*
 * ask: requests to the module that cvadm refuses to make, and many in a row. See usage().
 * Ids are printed; a refusal is printed as "ERRNO TEXT" and is exit status 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include <linux/cloudverifier.h>

static struct nl_sock *sk;
static int family;

/* Of the last request. */
static bool done;
static int error;
static char reason[256];
static struct nlattr *answer[CV_A_MAX + 1];
static char answered[16384];

static void die(const char *what)
{
	fprintf(stderr, "ask: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void usage(void)
{
	fputs("usage: ask attach FD\n"
	      "       ask watch VM ADDR LEN\n"
	      "       ask watches VM PHYS N			watches N words of a page, each live in the end\n"
	      "       ask rounds PID VMFD ADDR N [hit]	attach, watch, detach; [each with a hit at least]\n"
	      "       ask race SOCK VM WATCH N		is a port ever open on a broken criterion?\n", stderr);
	exit(2);
}

/* --- requests --------------------------------------------------------------------------------------------------- */

static void open_socket(void)
{
	int one = 1;

	sk = nl_socket_alloc();
	if (!sk || genl_connect(sk))
		die("netlink socket");
	setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	family = genl_ctrl_resolve(sk, CV_GENL_NAME);
	if (family < 0)
		die("the module is not loaded");
}

static struct nl_msg *request(int cmd)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, cmd, CV_GENL_VERSION))
		die("nlmsg_alloc");
	return msg;
}

static void note_reason(struct nlmsghdr *hdr, struct nlmsgerr *err)
{
	size_t echoed = hdr->nlmsg_flags & NLM_F_CAPPED ? 0 : err->msg.nlmsg_len - sizeof(err->msg);
	char *at = (char *)(err + 1) + NLMSG_ALIGN(echoed), *end = (char *)hdr + hdr->nlmsg_len;
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];

	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS && at < end &&
	    !nla_parse(tb, NLMSGERR_ATTR_MAX, (struct nlattr *)at, end - at, NULL) && tb[NLMSGERR_ATTR_MSG])
		snprintf(reason, sizeof(reason), "%s", nla_get_string(tb[NLMSGERR_ATTR_MSG]));
}

static int on_message(struct nl_msg *msg, void *arg)
{
	(void)arg;
	memcpy(answered, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
	genlmsg_parse((struct nlmsghdr *)answered, 0, answer, CV_A_MAX, NULL);
	return NL_OK;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	(void)from, (void)arg;
	done = true;
	error = -err->error;
	note_reason((struct nlmsghdr *)((char *)err - NLMSG_HDRLEN), err);
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	(void)msg, (void)arg;
	done = true;
	return NL_STOP;
}

/* True if the request was granted. */
static bool send_request(struct nl_msg *msg)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	done = false;
	error = 0;
	*reason = 0;
	memset(answer, 0, sizeof(answer));
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, NULL);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, NULL);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, NULL);
	if (nl_send_auto(sk, msg) < 0)
		die("netlink");
	while (!done)
		if (nl_recvmsgs(sk, cb) < 0 && !done)
			die("netlink");
	nlmsg_free(msg);
	nl_cb_put(cb);
	return !error;
}

static void must(bool granted, const char *what)
{
	if (granted)
		return;
	printf("%s: %d %s\n", what, error, reason);
	exit(1);
}

static bool attach(int fd)
{
	struct nl_msg *msg = request(CV_CMD_VM_ATTACH);

	nla_put_u32(msg, CV_A_VM_FD, fd);
	return send_request(msg);
}

static bool add_watch(uint32_t vm, uint64_t addr, uint8_t len)
{
	struct nl_msg *msg = request(CV_CMD_WATCH_ADD);

	nla_put_u32(msg, CV_A_VM, vm);
	nla_put_u64(msg, CV_A_WATCH_ADDR, addr);
	nla_put_u8(msg, CV_A_WATCH_LEN, len);
	return send_request(msg);
}

/* Words of one page, over and over; prints the last id. */
static int add_watches(uint32_t vm, uint64_t phys, unsigned int n)
{
	struct nl_msg *msg;
	uint32_t id = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		msg = request(CV_CMD_WATCH_ADD);
		nla_put_u32(msg, CV_A_VM, vm);
		nla_put_u64(msg, CV_A_WATCH_ADDR, phys + 8 * (i % 256));
		nla_put_u8(msg, CV_A_WATCH_LEN, 8);
		nla_put_u32(msg, CV_A_WATCH_FLAGS, CV_WATCH_F_PHYSICAL);
		must(send_request(msg), "watch add");
		id = nla_get_u32(answer[CV_A_WATCH]);
	}
	do {
		msg = request(CV_CMD_WATCH_GET);
		nla_put_u32(msg, CV_A_WATCH, id);
		must(send_request(msg), "watch");
	} while (nla_get_u8(answer[CV_A_WATCH_STATE]) != CV_WATCH_LIVE);
	printf("%u\n", id);
	return 0;
}

static uint32_t add_session(void)
{
	struct nl_msg *msg = request(CV_CMD_SESSION_ADD);

	nla_put_string(msg, CV_A_SESSION_OWNER, "ask");
	nla_put_u32(msg, CV_A_SESSION_LEASE, CV_LEASE_MAX_MS);
	must(send_request(msg), "session add");
	return nla_get_u32(answer[CV_A_SESSION]);
}

/* Holds while the watch is 0. */
static uint32_t add_set(uint32_t session, uint32_t vm, uint32_t watch)
{
	struct nl_msg *msg = request(CV_CMD_SET_ADD);
	static const uint8_t digest[CV_DIGEST_LEN];
	struct nlattr *criteria, *criterion;

	nla_put_u32(msg, CV_A_SESSION, session);
	nla_put_u32(msg, CV_A_VM, vm);
	nla_put(msg, CV_A_SET_DIGEST, sizeof(digest), digest);
	criteria = nla_nest_start(msg, CV_A_CRITERIA | NLA_F_NESTED);
	criterion = nla_nest_start(msg, CV_A_CRITERION | NLA_F_NESTED);
	nla_put_u32(msg, CV_A_WATCH, watch);
	nla_put_u8(msg, CV_A_PRED_TYPE, CV_PRED_EQ);
	nla_put_u64(msg, CV_A_PRED_A, 0);
	nla_nest_end(msg, criterion);
	nla_nest_end(msg, criteria);
	must(send_request(msg), "set add");
	return nla_get_u32(answer[CV_A_SET]);
}

static uint32_t add_port(uint32_t set)
{
	struct nl_msg *msg = request(CV_CMD_PORT_ADD);

	nla_put_u32(msg, CV_A_SET, set);
	nla_put_u32(msg, CV_A_PORT_ADDR4, inet_addr("192.0.2.7"));
	nla_put_u8(msg, CV_A_PORT_PROTO, IPPROTO_TCP);
	nla_put_u16(msg, CV_A_PORT_SERVICE, 80);
	must(send_request(msg), "port add");
	return nla_get_u32(answer[CV_A_PORT]);
}

/* A request that takes nothing but an object. */
static void tell(int cmd, int attr, uint32_t id, const char *what)
{
	struct nl_msg *msg = request(cmd);

	nla_put_u32(msg, attr, id);
	must(send_request(msg), what);
}

static uint8_t state_of(uint32_t set)
{
	tell(CV_CMD_SET_GET, CV_A_SET, set, "set show");
	return nla_get_u8(answer[CV_A_SET_STATE]);
}

static uint8_t state_of_port(uint32_t port)
{
	tell(CV_CMD_PORT_GET, CV_A_PORT, port, "port show");
	return nla_get_u8(answer[CV_A_PORT_STATE]);
}

/* --- attach and detach ------------------------------------------------------------------------------------------ */

static int fd_of(pid_t pid, int theirs)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);

	if (fd < 0)
		die("descriptor of the VMM");
	return fd;
}

static void await_hit(uint32_t vm)
{
	do
		tell(CV_CMD_VM_GET, CV_A_VM, vm, "vm");
	while (!nla_get_u64(answer[CV_A_VM_HITS]));
}

static int rounds(int fd, uint64_t addr, unsigned int n, bool hit)
{
	uint32_t vm;

	while (n--) {
		must(attach(fd), "attach");
		vm = nla_get_u32(answer[CV_A_VM]);
		must(add_watch(vm, addr, 8), "watch add");
		if (hit)
			await_hit(vm);
		tell(CV_CMD_VM_DETACH, CV_A_VM, vm, "detach");
	}
	return 0;
}

/* --- the race --------------------------------------------------------------------------------------------------- */

static FILE *dial(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die(path);
	return fdopen(fd, "r+");
}

static void vmm_send(FILE *vmm, const char *command)
{
	fprintf(vmm, "%s\n", command);
	fflush(vmm);
}

static const char *vmm_answer(FILE *vmm)
{
	static char line[1100];

	if (!fgets(line, sizeof(line), vmm) || strncmp(line, "ok", 2)) {
		printf("the VMM answers %s", line);
		exit(1);
	}
	return line[2] ? line + 3 : "";
}

static const char *vmm_ask(FILE *vmm, const char *command)
{
	vmm_send(vmm, command);
	return vmm_answer(vmm);
}

/* What races against a store of a bad value. */
enum opening { BY_SET_ADD, BY_REATTEST, BY_REATTEST_TWICE, OPENINGS };

struct race {
	FILE *vmm;
	uint32_t vm, watch, session;
	unsigned int delay[OPENINGS];		/* of the opening, so that either may win */
	unsigned int opened, broken_first;
};

static uint32_t open_set(const struct race *r, enum opening how, uint32_t set)
{
	if (how == BY_SET_ADD)
		return add_set(r->session, r->vm, r->watch);
	tell(CV_CMD_SET_REATTEST, CV_A_SET, set, "reattest");
	if (how == BY_REATTEST_TWICE)
		tell(CV_CMD_SET_REATTEST, CV_A_SET, set, "reattest");
	return set;
}

static void spin(unsigned int turns)
{
	volatile unsigned int left = turns;

	while (left)
		left--;
}

/* Who wins is held back next time: the races are close. */
static void judge_race(struct race *r, enum opening how)
{
	unsigned int *delay = &r->delay[how], step = *delay / 8 + 500;

	if (answer[CV_A_SET_STATE] && nla_get_u8(answer[CV_A_SET_STATE]) == CV_SATISFIED) {
		r->opened++;
		*delay += step;
	} else {
		r->broken_first++;
		*delay -= *delay < step ? *delay : step;
	}
}

/* One store against one opening; whichever came first, a broken criterion is seen in the end. */
static int one_store(struct race *r, unsigned int round)
{
	enum opening how = round % OPENINGS;
	uint32_t set = 0, port;

	vmm_ask(r->vmm, "store words 8 1");
	if (how != BY_SET_ADD)
		set = add_set(r->session, r->vm, r->watch);
	vmm_ask(r->vmm, "store words 8 0");
	vmm_send(r->vmm, "@1 start store words 8 1");
	spin(r->delay[how]);
	set = open_set(r, how, set);
	judge_race(r, how);
	port = add_port(set);
	vmm_answer(r->vmm);
	vmm_ask(r->vmm, "wait 1");
	if (state_of(set) != CV_VIOLATED || state_of_port(port) != CV_PORT_CLOSED) {
		printf("round %u: set %u is %u, port is %u although the criterion is broken\n",
		       round, set, state_of(set), state_of_port(port));
		return 1;
	}
	tell(CV_CMD_SET_DEL, CV_A_SET, set, "set del");
	return 0;
}

/* Openings against a storm of good and bad; what it ends with decides. */
static int storm(struct race *r, unsigned int round)
{
	uint32_t set, port;

	vmm_ask(r->vmm, "@1 start storm words 8 1 0");
	set = add_set(r->session, r->vm, r->watch);
	port = add_port(set);
	tell(CV_CMD_SET_REATTEST, CV_A_SET, set, "reattest");
	spin(round * 7919 % 20000);
	tell(CV_CMD_SET_REATTEST, CV_A_SET, set, "reattest");
	vmm_ask(r->vmm, "stop 1");
	if (strtoull(vmm_ask(r->vmm, "peek words"), NULL, 0) &&
	    (state_of(set) != CV_VIOLATED || state_of_port(port) != CV_PORT_CLOSED)) {
		printf("round %u: set %u is %u, port is %u after a storm that ended with a bad value\n",
		       round, set, state_of(set), state_of_port(port));
		return 1;
	}
	tell(CV_CMD_SET_DEL, CV_A_SET, set, "set del");
	return 0;
}

static int race(struct race *r, unsigned int n)
{
	unsigned int round, failures = 0;

	for (round = 0; round < OPENINGS; round++)
		r->delay[round] = 20000;
	r->session = add_session();
	for (round = 0; round < n; round++)
		failures += round % 4 ? one_store(r, round) : storm(r, round);
	tell(CV_CMD_SESSION_DEL, CV_A_SESSION, r->session, "session del");
	printf("opened=%u broken-first=%u\n", r->opened, r->broken_first);
	return failures != 0;
}

/* --- what is asked ---------------------------------------------------------------------------------------------- */

static int show(bool granted, int attr)
{
	if (!granted) {
		printf("%s %s\n", strerrorname_np(error), reason);
		return 1;
	}
	printf("%u\n", nla_get_u32(answer[attr]));
	return 0;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	open_socket();
	if (!strcmp(what, "attach") && argc == 3)
		return show(attach(number(argv[2])), CV_A_VM);
	if (!strcmp(what, "watch") && argc == 5)
		return show(add_watch(number(argv[2]), number(argv[3]), number(argv[4])), CV_A_WATCH);
	if (!strcmp(what, "watches") && argc == 5)
		return add_watches(number(argv[2]), number(argv[3]), number(argv[4]));
	if (!strcmp(what, "rounds") && argc >= 6)
		return rounds(fd_of(number(argv[2]), number(argv[3])), number(argv[4]), number(argv[5]), argc > 6);
	if (!strcmp(what, "race") && argc == 6)
		return race(&(struct race){ .vmm = dial(argv[2]), .vm = number(argv[3]), .watch = number(argv[4]) },
			    number(argv[5]));
	usage();
}
