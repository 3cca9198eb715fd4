/* SPDX-License-Identifier: GPL-2.0 */
/* Page tracking: 6.6 made the interface one of pages instead of slots. */
#ifndef _CV_COMPAT_TRACK_H
#define _CV_COMPAT_TRACK_H

#include <linux/kvm_host.h>
#include <linux/version.h>
#include <asm/kvm_page_track.h>

#ifndef CONFIG_KVM_EXTERNAL_WRITE_TRACKING
#error "a kernel with CONFIG_KVM_EXTERNAL_WRITE_TRACKING is needed"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)

#define CV_TRACK_WRITTEN(name, node, gpa, bytes)				\
static void name(struct kvm_vcpu *vcpu, gpa_t gpa, const u8 *new, int bytes,	\
		 struct kvm_page_track_notifier_node *node)

#define CV_TRACK_REMOVED(name, node, gfn, pages)				\
static void name##_region(gfn_t gfn, unsigned long pages,			\
			  struct kvm_page_track_notifier_node *node);		\
static void name(struct kvm *kvm, struct kvm_memory_slot *slot,			\
		 struct kvm_page_track_notifier_node *node)			\
{										\
	name##_region(slot->base_gfn, slot->npages, node);			\
}										\
static void name##_region(gfn_t gfn, unsigned long pages,			\
			  struct kvm_page_track_notifier_node *node)

#define cv_track_node(node, written, removed)					\
	(*(node) = (struct kvm_page_track_notifier_node){			\
		.track_write = (written), .track_flush_slot = (removed) })

static inline int cv_kvm_track_register(struct kvm *kvm,
					struct kvm_page_track_notifier_node *node)
{
	kvm_page_track_register_notifier(kvm, node);
	return 0;
}

static inline void cv_kvm_track_slot(struct kvm *kvm, gfn_t gfn, bool add)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(kvm, gfn);

	if (!slot)
		return;
	write_lock(&kvm->mmu_lock);
	if (add)
		kvm_slot_page_track_add_page(kvm, slot, gfn, KVM_PAGE_TRACK_WRITE);
	else
		kvm_slot_page_track_remove_page(kvm, slot, gfn, KVM_PAGE_TRACK_WRITE);
	write_unlock(&kvm->mmu_lock);
}

/* kvm->slots_lock held. */
static inline int cv_kvm_track_add(struct kvm *kvm, gfn_t gfn)
{
	int idx = srcu_read_lock(&kvm->srcu);
	bool any = gfn_to_memslot(kvm, gfn);

	cv_kvm_track_slot(kvm, gfn, true);
	srcu_read_unlock(&kvm->srcu, idx);
	return any ? 0 : -EINVAL;
}

static inline void cv_kvm_track_remove(struct kvm *kvm, gfn_t gfn)
{
	int idx = srcu_read_lock(&kvm->srcu);

	cv_kvm_track_slot(kvm, gfn, false);
	srcu_read_unlock(&kvm->srcu, idx);
}

#else

#define CV_TRACK_WRITTEN(name, node, gpa, bytes)				\
static void name(gpa_t gpa, const u8 *new, int bytes,				\
		 struct kvm_page_track_notifier_node *node)

#define CV_TRACK_REMOVED(name, node, gfn, pages)				\
static void name(gfn_t gfn, unsigned long pages,				\
		 struct kvm_page_track_notifier_node *node)

#define cv_track_node(node, written, removed)					\
	(*(node) = (struct kvm_page_track_notifier_node){			\
		.track_write = (written), .track_remove_region = (removed) })

#define cv_kvm_track_register	kvm_page_track_register_notifier
#define cv_kvm_track_add	kvm_write_track_add_gfn
#define cv_kvm_track_remove	kvm_write_track_remove_gfn

#endif

/* From 6.6 on a registered node holds a reference to its kvm. */
#define CV_TRACK_KVM_REFS (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0))

/*
 * Where KVM gives up emulating an instruction: the symbol, what the function
 * takes and what it returns to have the instruction tried again.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define CV_EMULATION_FAILS	"reexecute_instruction"
#define CV_EMULATION_RETURNS	bool
#define CV_EMULATION_TAKES	struct kvm_vcpu *vcpu, gpa_t gpa, int type
#define CV_EMULATION_PASSES	vcpu, gpa, type
#else
#define CV_EMULATION_FAILS	"handle_emulation_failure"
#define CV_EMULATION_RETURNS	int
#define CV_EMULATION_TAKES	struct kvm_vcpu *vcpu, int type
#define CV_EMULATION_PASSES	vcpu, type
#endif

#endif /* _CV_COMPAT_TRACK_H */
