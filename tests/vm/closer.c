// SPDX-License-Identifier: GPL-2.0
/*
 * closer: a VMM that has a VM with a page of memory, and lives on without it. Prints its process id and "ready"; closes all
 * of the VM when a line comes and prints "closed"; ends at the end of its input.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region slot = { .memory_size = 4096, .userspace_addr = (__u64)page };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm = ioctl(kvm, KVM_CREATE_VM, 0);
	int vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	char line[16];

	if (vcpu < 0 || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot)) {
		perror("closer");
		return 1;
	}
	printf("%d ready\n", getpid());
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 0;
	close(vcpu);
	close(vm);
	puts("closed");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	return 0;
}
