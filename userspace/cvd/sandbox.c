// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sandbox.h"

static bool is_empty(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry = NULL;

	while (d && (entry = readdir(d)) && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")))
		;
	if (d)
		closedir(d);
	else if (copy >= 0)
		close(copy);
	return d && !entry;
}

static bool give(int dir, const char *path, const struct passwd *pw, struct cv_error *err)
{
	struct stat st;

	if (!fstat(dir, &st) && st.st_uid == pw->pw_uid)
		return true;
	if (!is_empty(dir))
		return cv_refuse(err, CV_E_FILE, "%.100s is not %.60s's, and not empty: chown it, or name another", path, pw->pw_name);
	return !fchown(dir, pw->pw_uid, pw->pw_gid) || cv_refuse(err, CV_E_FILE, "%.100s: %s", path, strerror(errno));
}

bool sandbox_give(const char *path, const char *user, struct cv_error *err)
{
	const struct passwd *pw = getpwnam(user);
	bool good;
	int dir;

	if (!pw)
		return cv_refuse(err, CV_E_FILE, "there is no user \"%.60s\"", user);
	mkdir(path, 0755);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return cv_refuse(err, CV_E_FILE, "%.100s: %s", path, strerror(errno));
	good = give(dir, path, pw, err);
	close(dir);
	return good;
}

bool sandbox_become(const char *user, struct cv_error *err)
{
	const struct passwd *pw = getpwnam(user);

	if (!pw)
		return cv_refuse(err, CV_E_FILE, "there is no user \"%.60s\"", user);
	if (setgroups(0, NULL) || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid))
		return cv_refuse(err, CV_E_FILE, "cannot become \"%.60s\": %s", user, strerror(errno));
	return true;
}

/* What libevent, OpenSSL, SQLite and the roster use; everything else kills. */
static const int allowed[] = {
	/* memory, time, signals, the end */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
	SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getrandom), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(restart_syscall), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(geteuid), SCMP_SYS(getuid),
	SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(wait4), SCMP_SYS(tgkill), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
	/* events and sockets */
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_ctl), SCMP_SYS(poll),
	SCMP_SYS(timerfd_settime), SCMP_SYS(accept4), SCMP_SYS(accept), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
	SCMP_SYS(sendmsg), SCMP_SYS(shutdown), SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt), SCMP_SYS(ioctl),
	/* files */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(lseek),
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(fcntl), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(symlinkat), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(getcwd), SCMP_SYS(umask), SCMP_SYS(fchmod),
};

/* Libraries ask for these in passing, as for the name of a network device, and can do without. */
static const int refused[] = { SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(prctl), SCMP_SYS(sched_getaffinity),
			       SCMP_SYS(prlimit64), SCMP_SYS(fchown) };

static const int authoritys[] = {
	SCMP_SYS(recvfrom), SCMP_SYS(sendto), SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
	SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(time), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(getpid), SCMP_SYS(sched_yield),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(close), SCMP_SYS(sysinfo),	/* qsort(3) asks how much memory there is */
};

#define N(list)	(sizeof(list) / sizeof((list)[0]))

static bool limit(const int *calls, size_t n, struct cv_error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < n; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; !rc && i < N(refused); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
	if (!rc)
		rc = seccomp_load(filter);	/* sets no_new_privs as well */
	seccomp_release(filter);
	return !rc || cv_refuse(err, CV_E_FILE, "cannot limit system calls: %s", strerror(-rc));
}

bool sandbox_close(struct cv_error *err)
{
	prctl(PR_SET_DUMPABLE, 0);
	return limit(allowed, N(allowed), err);
}

bool sandbox_authority(struct cv_error *err)
{
	return limit(authoritys, N(authoritys), err);
}
