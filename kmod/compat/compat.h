/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels this module is built for. Nothing outside
 * this folder looks at LINUX_VERSION_CODE.
 */
#ifndef _CV_COMPAT_H
#define _CV_COMPAT_H

#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/version.h>
#include <net/genetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "Linux 6.1 or later is needed"
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#error "from 6.18 on KVM's symbols are exported to KVM's own modules only"
#endif

/* Exported, but declared in a header of KVM's own folder. */
struct kvm_cpuid_entry2 *kvm_find_cpuid_entry(struct kvm_vcpu *vcpu, u32 function);

/* Larger than struct x86_exception, which only KVM's own folder declares. */
struct cv_exception {
	u64 space[16];
};

/* 6.2 split doit and dumpit descriptions; pre_doit sees the split form. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define cv_genl_pre_ops	struct genl_ops
#else
#define cv_genl_pre_ops	struct genl_split_ops
#endif

/* 6.5 dropped the vmas argument. mmap_lock is taken for reading by the caller. */
static inline long cv_pin_remote_page(struct mm_struct *mm, unsigned long addr,
				      unsigned int flags, struct page **page)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	return pin_user_pages_remote(mm, addr, 1, flags, page, NULL, NULL);
#else
	return pin_user_pages_remote(mm, addr, 1, flags, page, NULL);
#endif
}

/* From 6.9 on the macros take literals only; @msg must outlive the answer. */
static inline void cv_extack_say(struct netlink_ext_ack *extack, const char *msg)
{
	if (extack)
		extack->_msg = msg;
}

/* 6.6 put struct genl_info into the dump's state. */
static inline struct nlattr **cv_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_dumpit_info(cb)->info.attrs;
#endif
}

#endif /* _CV_COMPAT_H */
