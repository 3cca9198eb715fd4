// SPDX-License-Identifier: GPL-2.0
/* The VM and its memory. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm.h"

#define HUGE (2UL << 20)

extern const uint8_t guest64[], guest64_end[], guest32[], guest32_end[];

static void *map_aligned(size_t size)
{
	uint8_t *at = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		die("mmap %zu: %s", size, strerror(errno));
	return (uint8_t *)(((uintptr_t)at + HUGE - 1) & ~(HUGE - 1));
}

static void map_memory(size_t size, bool hugepages)
{
	vm.mem_size = (size + HUGE - 1) & ~(HUGE - 1);
	vm.page = 4096;
	vm.backing = "pages";
	if (hugepages) {
		vm.mem = mmap(NULL, vm.mem_size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (vm.mem != MAP_FAILED) {
			vm.backing = "hugetlb";
			vm.page = HUGE;
			return;
		}
	}
	vm.mem = map_aligned(vm.mem_size);
	if (hugepages && !madvise(vm.mem, vm.mem_size, MADV_HUGEPAGE))
		vm.backing = "thp";
	else
		madvise(vm.mem, vm.mem_size, MADV_NOHUGEPAGE);
}

void vm_slot(uint32_t slot, uint64_t gpa, uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)vm.mem + gpa,
	};

	if (ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, &region))
		die("memory slot %u: %s", slot, strerror(errno));
}

static void load_image(void)
{
	const uint8_t *from = vm.long_mode ? guest64 : guest32;
	const uint8_t *end = vm.long_mode ? guest64_end : guest32_end;

	memcpy(vm.mem + IMAGE, from, end - from);
	memcpy(&vm.image, from, sizeof(vm.image));
	if (vm.image.magic != IMAGE_MAGIC)
		die("guest image: expected magic %llx, got %llx", (unsigned long long)IMAGE_MAGIC,
		    (unsigned long long)vm.image.magic);
	memcpy(vm.mem + TRAMPOLINE, vm.mem + vm.image.trampoline, vm.image.trampoline_len);
}

static void create_fds(void)
{
	uint64_t identity = 0xfffbc000;

	vm.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm.kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	vm.fd = ioctl(vm.kvm, KVM_CREATE_VM, 0);
	if (vm.fd < 0)
		die("KVM_CREATE_VM: %s", strerror(errno));
	vm.run_size = ioctl(vm.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	ioctl(vm.fd, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	ioctl(vm.fd, KVM_SET_TSS_ADDR, 0xfffbd000);
	if (!vm.no_irqchip && ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0))
		die("KVM_CREATE_IRQCHIP: %s", strerror(errno));
}

/* The watched block has slot 1 to itself, so that it can go and come back. */
void vm_create(size_t mem_size, bool hugepages)
{
	create_fds();
	map_memory(mem_size, hugepages);
	vm_slot(0, 0, WATCHED);
	vm_slot(1, WATCHED, WATCHED_SIZE);
	if (vm.mem_size > MEM_MIN)
		vm_slot(2, MEM_MIN, vm.mem_size - MEM_MIN);
	load_image();
	tables_build();
}
