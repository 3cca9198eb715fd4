// SPDX-License-Identifier: GPL-2.0
/*
 * blkread DEVICE: a page of zeros, and its physical address on standard output;
 * at SIGUSR1 the first sector of the device is read into it, past the cache, so
 * that the device itself writes to the page. Goes on living, with the page.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *page(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		exit(1);
	memset(at, 0, 4096);
	return at;
}

static uint64_t physical(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)at / 4096 * 8) != sizeof(entry))
		exit(2);
	close(fd);
	return (entry & ((1ull << 55) - 1)) * 4096;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECT) : -1, sig;
	void *at = page();
	sigset_t set;

	if (fd < 0)
		return 3;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("%#llx\n", (unsigned long long)physical(at));
	fflush(stdout);
	sigwait(&set, &sig);
	if (pread(fd, at, 512, 0) != 512)
		return 4;
	puts("read");
	fflush(stdout);
	for (;;)
		pause();
}
