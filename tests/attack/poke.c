// SPDX-License-Identifier: GPL-2.0
/* poke PID ADDRESS VALUE: process_vm_writev() of 8 bytes into another process. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

int main(int argc, char **argv)
{
	uint64_t value;
	struct iovec from = { .iov_base = &value, .iov_len = sizeof(value) };
	struct iovec to = { .iov_len = sizeof(value) };

	if (argc != 4)
		return 2;
	value = strtoull(argv[3], NULL, 0);
	to.iov_base = (void *)(uintptr_t)strtoull(argv[2], NULL, 0);
	if (process_vm_writev(atoi(argv[1]), &from, 1, &to, 1, 0) != sizeof(value)) {
		perror("process_vm_writev");
		return 1;
	}
	return 0;
}
