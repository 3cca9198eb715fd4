// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attr.h"
#include "name.h"
#include "nl.h"
#include "output.h"

#define KVM_VM_LINK	"anon_inode:kvm-vm"

/* Is this descriptor of this process ("self" or a pid) a VM? */
static bool is_vm(const char *process, const char *fd)
{
	char path[64], target[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%.16s/fd/%.16s", process, fd);
	len = readlink(path, target, sizeof(target));
	return len == sizeof(KVM_VM_LINK) - 1 && !memcmp(target, KVM_VM_LINK, len);
}

struct vm_scan {
	unsigned int count;
	uint64_t fd;
	char list[128];		/* " 12 17", for the error */
};

static int scan_fds(struct call *call, const char *pid, struct vm_scan *scan)
{
	struct dirent *entry;
	char path[48];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return fail(call, errno == ENOENT ? CVX_USAGE : CVX_REFUSED,
			    "cannot read %s: %s%s", path, strerror(errno),
			    errno == EACCES ? "; run as root" : "");
	while ((entry = readdir(dir))) {
		if (!is_vm(pid, entry->d_name))
			continue;
		scan->fd = strtoull(entry->d_name, NULL, 10);
		scan->count++;
		if (n < sizeof(scan->list))
			n += snprintf(scan->list + n, sizeof(scan->list) - n, " %.16s",
				      entry->d_name);
	}
	closedir(dir);
	return CVX_OK;
}

/* --fd, or the only VM the process has. */
static int choose_fd(struct call *call, const char *pid, uint64_t *fd)
{
	struct vm_scan scan = {};
	int rc;

	if (args_get(call, "fd"))
		return args_u64(call, "fd", 0, INT32_MAX, fd);
	rc = scan_fds(call, pid, &scan);
	if (rc)
		return rc;
	if (!scan.count)
		return fail(call, CVX_USAGE, "process %s has no KVM guest: got no descriptor that "
			    "is " KVM_VM_LINK "; is this the VMM's pid?", pid);
	if (scan.count > 1)
		return fail(call, CVX_USAGE, "process %s has %u KVM guests, expected one; say "
			    "which with --fd, one of:%s", pid, scan.count, scan.list);
	*fd = scan.fd;
	return CVX_OK;
}

/* Our own duplicate of descriptor theirs of the process. */
static int take_fd(struct call *call, int pidfd, const char *pid, uint64_t theirs, int *ours)
{
	char fd[16];

	*ours = syscall(SYS_pidfd_getfd, pidfd, (int)theirs, 0);
	if (*ours < 0 && errno == EBADF)
		return fail(call, CVX_USAGE, "process %s has no descriptor %llu, expected one that "
			    "is " KVM_VM_LINK, pid, (unsigned long long)theirs);
	if (*ours < 0)
		return fail(call, CVX_REFUSED, "cannot take descriptor %llu of process %s: %s; "
			    "needs the right to trace it: run as root",
			    (unsigned long long)theirs, pid, strerror(errno));
	snprintf(fd, sizeof(fd), "%d", *ours);
	if (!is_vm("self", fd))
		return fail(call, CVX_USAGE, "descriptor %llu of process %s is not a KVM guest, "
			    "expected " KVM_VM_LINK, (unsigned long long)theirs, pid);
	return CVX_OK;
}

/* The pidfd comes first, so that the pid cannot change hands in between. */
static int vm_fd(struct call *call, int *ours)
{
	uint64_t pid = 0, theirs = 0;
	char pid_text[16];
	int pidfd, rc;

	rc = args_u64(call, "pid", 1, INT32_MAX, &pid);
	if (rc)
		return rc;
	pidfd = syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (pidfd < 0)
		return fail(call, CVX_USAGE, "--pid %llu: %s; expected the pid of a running VMM",
			    (unsigned long long)pid, strerror(errno));
	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	rc = choose_fd(call, pid_text, &theirs);
	if (!rc)
		rc = take_fd(call, pidfd, pid_text, theirs, ours);
	close(pidfd);
	return rc;
}

static void attached(struct nlattr **tb, void *arg)
{
	const struct call *call = arg;

	if (call->json)
		output_object(tb, true);
	else if (tb[CV_A_VM])
		printf("vm %llu: attached, pid %s\n", (unsigned long long)attr_uint(tb[CV_A_VM]),
		       args_get(call, "pid"));
}

static int attach(struct call *call)
{
	const char *name = args_get(call, "name");
	struct nl_msg *msg;
	int fd = -1, rc;

	rc = vm_fd(call, &fd);
	if (rc)
		return rc;
	rc = cvnl_request(call, CV_CMD_VM_ATTACH, &msg);
	if (rc)
		return rc;
	cvnl_u32(msg, CV_A_VM_FD, fd);
	if (name)
		cvnl_string(msg, CV_A_VM_NAME, name);
	if (args_get(call, "allow-nested"))
		cvnl_u32(msg, CV_A_VM_FLAGS, CV_VM_F_ALLOW_NESTED);
	return cvnl_ask(call, msg, attached, call);
}

static int detach(struct call *call)
{
	struct nl_msg *msg;
	uint32_t vm;
	int rc;

	rc = name_vm(call, call->operands[0], &vm);
	if (rc)
		return rc;
	rc = cvnl_request(call, CV_CMD_VM_DETACH, &msg);
	if (rc)
		return rc;
	cvnl_u32(msg, CV_A_VM, vm);
	rc = cvnl_ask(call, msg, NULL, NULL);
	return rc ?: output_done(call, "vm", vm, "detached");
}

static int list(struct call *call)
{
	static const int columns[] = {
		CV_A_VM, CV_A_VM_NAME, CV_A_VM_PID, CV_A_VM_VCPUS, CV_A_VM_ARMED, CV_A_VM_FLAGS,
		CV_A_VM_BLOCKERS, CV_A_VM_EXITS, CV_A_VM_HITS, CV_A_VM_FOREIGN, CV_A_VM_REARMED,
		CV_A_VM_FLOODS, CV_A_VM_UNSERVED, 0
	};
	struct nl_msg *msg;
	int rc = cvnl_request(call, CV_CMD_VM_GET, &msg);

	return rc ?: output_dump(call, msg, columns);
}

static const struct option_desc attach_options[] = {
	{ "pid", "PID", "the VMM's process", OPT_REQUIRED },
	{ "fd", "N", "its descriptor of the guest, if it has several", 0 },
	{ "name", "NAME", "a name for the guest, at most 63 bytes", 0 },
	{ "allow-nested", NULL, "accept a guest that offers nested virtualization", 0 },
	{}
};

const struct command_desc vm_commands[] = {
	{
		.noun = "vm", .verb = "attach", .options = attach_options, .run = attach,
		.summary = "Attach a running KVM guest.",
		.example = "cvadm vm attach --pid 4711 --name web",
	}, {
		.noun = "vm", .verb = "detach", .operands = "VM", .min = 1, .max = 1,
		.run = detach,
		.summary = "Detach a guest, by id or name; its watches, sets and ports go.",
		.example = "cvadm vm detach web",
	}, {
		.noun = "vm", .verb = "list", .run = list,
		.summary = "List the attached guests.",
		.example = "cvadm vm list",
	},
	{}
};
