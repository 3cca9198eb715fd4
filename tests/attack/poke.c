// SPDX-License-Identifier: GPL-2.0
/* poke PID ADDRESS VALUE: process_vm_writev() of 8 bytes into another process; prints CLOCK_MONOTONIC just before, ns. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec before;
	uint64_t value;
	struct iovec from = { .iov_base = &value, .iov_len = sizeof(value) };
	struct iovec to = { .iov_len = sizeof(value) };

	if (argc != 4)
		return 2;
	value = strtoull(argv[3], NULL, 0);
	to.iov_base = (void *)(uintptr_t)strtoull(argv[2], NULL, 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	if (process_vm_writev(atoi(argv[1]), &from, 1, &to, 1, 0) != sizeof(value)) {
		perror("process_vm_writev");
		return 1;
	}
	printf("%lld\n", before.tv_sec * 1000000000ll + before.tv_nsec);
	return 0;
}
