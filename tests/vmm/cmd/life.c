// SPDX-License-Identifier: GPL-2.0
/*
 * fork: a child that holds the VM's descriptors and a copy of the memory, and does
 * nothing; it outlives a VMM that is killed. quit: the orderly end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "host/vmm.h"

static void __attribute__((noreturn)) idle_child(void)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	for (;;)
		pause();
}

static bool fork_run(int argc, char **argv, struct answer *out)
{
	pid_t child = fork();

	(void)argc, (void)argv;
	if (!child)
		idle_child();
	if (child < 0) {
		answer_add(out, "fork: %s", strerror(errno));
		return false;
	}
	vm.child = child;
	answer_add(out, "%d", child);
	return true;
}

static bool quit_run(int argc, char **argv, struct answer *out)
{
	(void)argc, (void)argv, (void)out;
	if (vm.child)
		kill(vm.child, SIGKILL);
	unlink(vm.sock);
	vm.quitting = true;
	return true;
}

COMMAND(fork) = { "fork", "", "a child with the VM's descriptors; prints its pid", fork_run };
COMMAND(quit) = { "quit", "", "the VMM exits", quit_run };
