// SPDX-License-Identifier: GPL-2.0
#include "nl.h"
#include "vm.h"

const struct nla_policy cv_nl_vm_attach[CV_A_MAX + 1] = {
	CV_P_U32(CV_A_VM_FD),
	CV_P_NAME(CV_A_VM_NAME),
	CV_P_FLAGS(CV_A_VM_FLAGS, CV_VM_F_ALL),
};

const struct nla_policy cv_nl_vm[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_VM),
};

static int fill_id(struct sk_buff *skb, const void *object)
{
	const struct cv_vm *vm = object;

	return nla_put_u32(skb, CV_A_VM, vm->id);
}

CV_HANDLER(cv_nl_vm_attach_doit)
{
	struct nlattr *fd = cv_nl_required(info, CV_A_VM_FD, "attribute missing: KVM VM fd");
	struct nlattr *name = info->attrs[CV_A_VM_NAME];
	struct nlattr *flags = info->attrs[CV_A_VM_FLAGS];
	struct cv_vm *vm;

	if (!fd)
		return -EINVAL;
	vm = cv_vm_attach(nla_get_u32(fd), flags ? nla_get_u32(flags) : 0,
			  name ? nla_data(name) : "", info->extack);
	if (IS_ERR(vm)) {
		NL_SET_BAD_ATTR(info->extack, fd);
		return PTR_ERR(vm);
	}
	return cv_nl_reply(info, fill_id, vm);
}

CV_HANDLER(cv_nl_vm_detach_doit)
{
	cv_vm_detach(cv_nl_object(info));
	return 0;
}

static int fill(struct sk_buff *skb, const void *object)
{
	struct cv_vm *vm = (struct cv_vm *)object;
	struct cv_vm_counts c;

	cv_vm_count(vm, &c);
	if (nla_put_u32(skb, CV_A_VM, vm->id) ||
	    nla_put_string(skb, CV_A_VM_NAME, vm->name) ||
	    nla_put_u32(skb, CV_A_VM_FLAGS, vm->flags) ||
	    nla_put_u32(skb, CV_A_VM_PID, pid_vnr(vm->pid)) ||
	    nla_put_u32(skb, CV_A_VM_BLOCKERS, READ_ONCE(vm->blockers)) ||
	    nla_put_u32(skb, CV_A_VM_VCPUS, c.vcpus) ||
	    nla_put_u32(skb, CV_A_VM_ARMED, c.armed) ||
	    cv_nl_put_u64(skb, CV_A_VM_EXITS, c.exits) ||
	    cv_nl_put_u64(skb, CV_A_VM_HITS, c.hits) ||
	    cv_nl_put_u64(skb, CV_A_VM_FOREIGN, c.foreign) ||
	    cv_nl_put_u64(skb, CV_A_VM_REARMED, c.rearmed) ||
	    cv_nl_put_u64(skb, CV_A_VM_FLOODS, READ_ONCE(vm->floods)) ||
	    cv_nl_put_u64(skb, CV_A_VM_UNSERVED, c.unserved))
		return -EMSGSIZE;
	return 0;
}

CV_HANDLER(cv_nl_vm_get_doit)
{
	return cv_nl_reply(info, fill, cv_nl_object(info));
}

static bool wanted(const void *object, struct netlink_callback *cb)
{
	const struct cv_vm *vm = object;

	return cv_nl_admits(cb, CV_A_VM, vm->id);
}

static void *next(unsigned long *id)
{
	return cv_vm_next(id);
}

CV_DUMPER(cv_nl_vm_dump)
{
	return cv_nl_dump(skb, cb, CV_CMD_VM_GET, next, wanted, fill);
}
