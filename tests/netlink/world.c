// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "world.h"

#define VMM	"/tmp/nl-vmm"
#define SOCK	"/tmp/nl-vmm.sock"

static unsigned int faults;
static uint64_t words;

void fault(const char *format, ...)
{
	va_list args;

	if (++faults > 40)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void result(const char *test)
{
	if (faults)
		printf("not ok - %s: %u faults\n", test, faults);
	else
		printf("ok - %s\n", test);
	fflush(stdout);
	faults = 0;
}

static void die(const char *what, const struct answer *a)
{
	printf("%s: %s%s%s\n", what, strerror(a ? a->error : errno), a ? ": " : "", a ? a->text : "");
	exit(1);
}

/* --- guests ------------------------------------------------------------- */

int world_bare_kvm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;

	vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0 || ioctl(vm, KVM_CREATE_VCPU, 0) < 0)
		die("/dev/kvm", NULL);
	close(kvm);
	return vm;
}

int world_vmm_start(void)
{
	int pid, fd, pidfd, ours;
	unsigned long long watch;
	FILE *ready;

	/* Not from the shared root: the bed may read a page of it late. */
	if (system("cp build/tests/vmm/vmm " VMM))
		die("build/tests/vmm/vmm", NULL);
	ready = popen(VMM " run --daemon --idle-hlt --sock " SOCK, "r");
	if (!ready || fscanf(ready, "ready pid=%d watch=%llx phys=%*s vcpus=%*s mode=%*s backing=%*s vmfd=%d",
			     &pid, &watch, &fd) != 3)
		die("vmm", NULL);
	pclose(ready);
	words = watch;
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	ours = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (ours < 0)
		die("pidfd_getfd", NULL);
	close(pidfd);
	return ours;
}

int world_vmm_ctl(const char *command)
{
	char line[256];

	snprintf(line, sizeof(line), VMM " ctl " SOCK " %s > /dev/null", command);
	return system(line);
}

void world_vmm_stop(void)
{
	world_vmm_ctl("quit");
}

uint64_t world_vmm_words(void)
{
	return words;
}

/* --- objects ------------------------------------------------------------ */

static uint32_t make(int sock, struct msg *m, uint16_t attr, const char *what)
{
	static _Thread_local struct answer a;

	if (wire_ask(sock, m, &a))
		die(what, &a);
	return wire_uint(a.attr[attr]);
}

uint32_t world_vm(int sock, int fd, const char *name)
{
	static _Thread_local struct msg m;

	msg_begin(&m, CV_CMD_VM_ATTACH, 0);
	msg_u32(&m, CV_A_VM_FD, fd);
	msg_string(&m, CV_A_VM_NAME, name);
	return make(sock, &m, CV_A_VM, "vm attach");
}

uint32_t world_watch(int sock, uint32_t vm, uint64_t addr, uint8_t len)
{
	static _Thread_local struct msg m;

	msg_begin(&m, CV_CMD_WATCH_ADD, 0);
	msg_u32(&m, CV_A_VM, vm);
	msg_u64(&m, CV_A_WATCH_ADDR, addr);
	msg_u8(&m, CV_A_WATCH_LEN, len);
	return make(sock, &m, CV_A_WATCH, "watch add");
}

uint32_t world_session(int sock, const char *owner, uint32_t lease_ms)
{
	static _Thread_local struct msg m;

	msg_begin(&m, CV_CMD_SESSION_ADD, 0);
	msg_string(&m, CV_A_SESSION_OWNER, owner);
	msg_u32(&m, CV_A_SESSION_LEASE, lease_ms);
	return make(sock, &m, CV_A_SESSION, "session add");
}

void world_set_request(struct msg *m, uint32_t session, uint32_t vm, uint32_t watch, uint64_t equals)
{
	static const char digest[CV_DIGEST_LEN] = "digest";
	struct nlattr *criteria, *criterion;

	msg_begin(m, CV_CMD_SET_ADD, 0);
	msg_u32(m, CV_A_SESSION, session);
	msg_u32(m, CV_A_VM, vm);
	msg_put(m, CV_A_SET_DIGEST, digest, sizeof(digest));
	criteria = msg_nest(m, CV_A_CRITERIA);
	criterion = msg_nest(m, CV_A_CRITERION);
	msg_u32(m, CV_A_WATCH, watch);
	msg_u8(m, CV_A_PRED_TYPE, CV_PRED_EQ);
	msg_u64(m, CV_A_PRED_A, equals);
	msg_nest_end(m, criterion);
	msg_nest_end(m, criteria);
}

uint32_t world_set(int sock, uint32_t session, uint32_t vm, uint32_t watch, uint64_t equals)
{
	static _Thread_local struct msg m;

	world_set_request(&m, session, vm, watch, equals);
	return make(sock, &m, CV_A_SET, "set add");
}

void world_port_request(struct msg *m, uint32_t set, uint16_t number)
{
	uint32_t address = htonl(0x0a4d0002);

	msg_begin(m, CV_CMD_PORT_ADD, 0);
	msg_u32(m, CV_A_SET, set);
	msg_put(m, CV_A_PORT_ADDR4, &address, sizeof(address));
	msg_u8(m, CV_A_PORT_PROTO, IPPROTO_TCP);
	msg_u16(m, CV_A_PORT_SERVICE, 80);
	if (number)
		msg_u16(m, CV_A_PORT_NUMBER, number);
}

uint32_t world_port(int sock, uint32_t set, uint16_t number)
{
	static _Thread_local struct msg m;

	world_port_request(&m, set, number);
	return make(sock, &m, CV_A_PORT, "port add");
}

int world_del(int sock, uint8_t cmd, uint16_t attr, uint32_t id)
{
	static _Thread_local struct answer a;
	static _Thread_local struct msg m;

	msg_begin(&m, cmd, 0);
	msg_u32(&m, attr, id);
	return wire_ask(sock, &m, &a);
}

uint64_t world_status(int sock, uint16_t attr)
{
	static _Thread_local struct answer a;
	static _Thread_local struct msg m;

	msg_begin(&m, CV_CMD_STATUS, 0);
	if (wire_ask(sock, &m, &a))
		die("status", &a);
	return wire_uint(a.attr[attr]);
}

uint64_t world_get(int sock, uint8_t cmd, uint16_t id_attr, uint32_t id, uint16_t attr)
{
	static _Thread_local struct answer a;
	static _Thread_local struct msg m;

	msg_begin(&m, cmd, 0);
	msg_u32(&m, id_attr, id);
	if (wire_ask(sock, &m, &a))
		die("get", &a);
	return wire_uint(a.attr[attr]);
}
