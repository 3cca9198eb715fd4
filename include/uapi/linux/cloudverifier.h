/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Cloud Verifier: the kernel's interface to cvadm and cvnoded.
 *
 * Generic netlink family "cloudverifier", version 1. Every command needs
 * CAP_NET_ADMIN in the initial user namespace; ports live in the network
 * namespace of the socket that asks, events go to the initial one. A refusal carries extack text and, where
 * one attribute is to blame, its offset.
 *
 * Objects are named by 32-bit ids that are never reused while the module is
 * loaded:
 *
 *	vm       an attached KVM guest
 *	watch    bytes of a vm's memory and how stores to them are observed
 *	session  a customer's standing on this host: an owner and a lease
 *	set      a conjunction of criteria over one vm, owned by one session
 *	port     address, protocol, criteria port -> service port; obeys one set
 *
 * Commands, with the attributes each takes and what it answers. [x] is
 * optional. An attribute that a command does not list is refused.
 *
 *	STATUS		-> status attributes
 *
 *	VM_ATTACH	VM_FD [VM_NAME] [VM_FLAGS]	-> VM
 *	VM_DETACH	VM
 *	VM_GET		VM -> vm attributes;  dump: every vm
 *
 *	WATCH_ADD	VM WATCH_ADDR WATCH_LEN [WATCH_NAME] [WATCH_TRIGGER]
 *			[WATCH_FLAGS] [CAPTURE_REG CAPTURE_PATH CAPTURE_LEN]
 *			-> WATCH
 *	WATCH_DEL	WATCH
 *	WATCH_GET	WATCH -> watch attributes;  dump: [VM]
 *
 *	SESSION_ADD	SESSION_OWNER SESSION_LEASE	-> SESSION
 *	SESSION_RENEW	SESSION [SESSION_LEASE]
 *	SESSION_DEL	SESSION
 *	SESSION_GET	SESSION -> session attributes;  dump: every session
 *
 *	SET_ADD		SESSION VM SET_DIGEST CRITERIA	-> SET SET_STATE
 *	SET_DEL		SET
 *	SET_REATTEST	SET	-> SET_STATE
 *	SET_GET		SET -> set attributes;  dump: [SESSION] [VM]
 *
 *	PORT_ADD	SET PORT_ADDR4|PORT_ADDR6 PORT_PROTO PORT_SERVICE
 *			[PORT_NUMBER | PORT_MIN PORT_MAX] [PORT_FLAGS]
 *			-> PORT PORT_NUMBER PORT_STATE
 *	PORT_DEL	PORT
 *	PORT_GET	PORT -> port attributes;  dump: [SET]
 *
 * Deleting an object deletes what it owns: a session its sets, a vm its
 * watches and sets, a set its ports. A watch that a set still names is
 * refused with -EBUSY. A guest that dies takes its vm with it.
 *
 * A dump takes the filters in its brackets and the id of the object itself.
 * WATCH_ADD does not wait for the translation: the watch is UNRESOLVED, and
 * sets on it UNKNOWN, until a vCPU has given it, mostly within milliseconds.
 *
 * Errors that mean the same everywhere:
 *	-ENOENT		no object with that id
 *	-EINVAL		attribute missing, malformed or not this command's
 *	-ERANGE		a number or a length is outside its limits
 *	-EBADF		not an open file descriptor of the caller
 *	-EBUSY		in use: guest attached, slots taken, port number taken
 *	-EOPNOTSUPP	this kernel or guest cannot do it; see extack
 *	-ENOSPC		a documented limit is reached
 *	-ESHUTDOWN	the object is being taken down
 *	-ETIMEDOUT	a vCPU did not leave the guest in time
 *
 * Times are CLOCK_MONOTONIC nanoseconds of the host; ports are in host byte
 * order; addresses in network byte order.
 */
#ifndef _UAPI_LINUX_CLOUDVERIFIER_H
#define _UAPI_LINUX_CLOUDVERIFIER_H

#include <linux/types.h>

#define CV_GENL_NAME		"cloudverifier"
#define CV_GENL_VERSION		1
#define CV_MCGRP_EVENTS		"events"

/* Limits. Beyond one: -EINVAL, -ERANGE or -ENOSPC, with extack text. */
#define CV_NAME_MAX		63	/* bytes of a name or an owner, no NUL */
#define CV_DIGEST_LEN		32	/* SHA-256 of the canonical criteria */
#define CV_VM_WATCHES		4096	/* watches of a guest */
#define CV_VM_SLOTS		4	/* of these by debug register */
#define CV_SET_CRITERIA		64
#define CV_PRED_VALUES		16	/* elements of a small set */
#define CV_CAPTURE_STEPS	4	/* offsets of a chain of pointers */
#define CV_CAPTURE_MAX		256	/* bytes that an execution captures */
#define CV_LEASE_MIN_MS		10
#define CV_LEASE_MAX_MS		3600000
#define CV_PORT_MIN_DEFAULT	49152
#define CV_PORT_MAX_DEFAULT	65535

enum cv_cmd {
	CV_CMD_UNSPEC,
	CV_CMD_STATUS,
	CV_CMD_VM_ATTACH,
	CV_CMD_VM_DETACH,
	CV_CMD_VM_GET,
	CV_CMD_WATCH_ADD,
	CV_CMD_WATCH_DEL,
	CV_CMD_WATCH_GET,
	CV_CMD_SESSION_ADD,
	CV_CMD_SESSION_RENEW,
	CV_CMD_SESSION_DEL,
	CV_CMD_SESSION_GET,
	CV_CMD_SET_ADD,
	CV_CMD_SET_DEL,
	CV_CMD_SET_REATTEST,
	CV_CMD_SET_GET,
	CV_CMD_PORT_ADD,
	CV_CMD_PORT_DEL,
	CV_CMD_PORT_GET,
	CV_CMD_EVENT,			/* multicast only */
	__CV_CMD_MAX
};
#define CV_CMD_MAX (__CV_CMD_MAX - 1)

enum cv_attr {
	CV_A_UNSPEC,
	CV_A_PAD,

	CV_A_VM,			/* u32, id */
	CV_A_WATCH,			/* u32, id */
	CV_A_SESSION,			/* u32, id */
	CV_A_SET,			/* u32, id */
	CV_A_PORT,			/* u32, id */

	CV_A_VM_FD,			/* u32, KVM VM fd in the caller's table */
	CV_A_VM_NAME,			/* string, at most CV_NAME_MAX */
	CV_A_VM_FLAGS,			/* u32, CV_VM_F_* */
	CV_A_VM_PID,			/* u32, VMM's thread group in the reader's pid namespace, 0 = not visible */
	CV_A_VM_BLOCKERS,		/* u32, CV_BLOCK_*: why its sets are UNKNOWN */
	CV_A_VM_VCPUS,			/* u32, vCPUs the guest has */
	CV_A_VM_ARMED,			/* u32, of these armed; the others arm before their next instruction */
	CV_A_VM_EXITS,			/* u64, exits seen while attached */
	CV_A_VM_HITS,			/* u64, #DB exits of ours, hidden from guest and VMM */
	CV_A_VM_FOREIGN,		/* u64, #DB causes given on to their owner */
	CV_A_VM_REARMED,		/* u64, times the VMM's debugger had overwritten ours */
	CV_A_VM_FLOODS,			/* u64, times it had more hits than its budget */
	CV_A_VM_UNSERVED,		/* u64, guest or debugger breakpoints that found no free slot */

	CV_A_WATCH_ADDR,		/* u64, guest linear address, or physical (CV_WATCH_F_PHYSICAL); naturally aligned */
	CV_A_WATCH_LEN,			/* u8, 1, 2, 4 or 8 bytes */
	CV_A_WATCH_NAME,		/* string, at most CV_NAME_MAX */
	CV_A_WATCH_GPA,			/* u64, guest-physical address; absent until resolved */
	CV_A_WATCH_STATE,		/* u8, enum cv_watch_state */
	CV_A_WATCH_VALUE,		/* u64, value last judged; absent until resolved */
	CV_A_WATCH_HITS,		/* u64, stores that its trigger told of */
	CV_A_WATCH_CHANGES,		/* u64, changed values seen, whoever wrote them */
	CV_A_WATCH_LOST,		/* u64, times the page moved and was resolved again */
	CV_A_WATCH_SLOT,		/* u8, debug register; absent without one */
	CV_A_WATCH_TRIGGER,		/* u8, enum cv_trigger; the one in force */
	CV_A_WATCH_FLAGS,		/* u32, CV_WATCH_F_* */
	CV_A_CAPTURE_REG,		/* u8, enum cv_reg; this and the next two with CV_TRIGGER_EXEC: see struct cv_execution */
	CV_A_CAPTURE_PATH,		/* array of s32, 1 to CV_CAPTURE_STEPS */
	CV_A_CAPTURE_LEN,		/* u16, bytes, 1 to CV_CAPTURE_MAX */

	CV_A_SESSION_OWNER,		/* string, at most CV_NAME_MAX */
	CV_A_SESSION_LEASE,		/* u32, ms, CV_LEASE_MIN_MS to CV_LEASE_MAX_MS */
	CV_A_SESSION_LEFT,		/* u32, ms until the lease ends, 0 = it has ended */

	CV_A_SET_DIGEST,		/* binary, CV_DIGEST_LEN */
	CV_A_SET_STATE,			/* u8, enum cv_verdict */
	CV_A_SET_BLOCKERS,		/* u32, CV_BLOCK_*: why it is UNKNOWN */
	CV_A_SET_VIOLATIONS,		/* u64 */
	CV_A_SET_SINCE,			/* u64, ns, when it took this state */

	CV_A_CRITERIA,			/* nest of CV_A_CRITERION */
	CV_A_CRITERION,			/* nest: CV_A_WATCH, CV_A_PRED_TYPE and its operands */
	CV_A_PRED_TYPE,			/* u8, enum cv_pred */
	CV_A_PRED_MASK,			/* u64, default: all ones */
	CV_A_PRED_A,			/* u64, operand; lower bound of a range */
	CV_A_PRED_B,			/* u64, upper bound of a range, inclusive */
	CV_A_PRED_VALUES,		/* array of u64, 1 to CV_PRED_VALUES */
	CV_A_PRED_FD,			/* u32, socket-filter program in the caller's table */
	CV_A_CRITERION_HOLDS,		/* u8, last judgement */

	CV_A_PORT_ADDR4,		/* be32, the guest's address */
	CV_A_PORT_ADDR6,		/* struct in6_addr */
	CV_A_PORT_PROTO,		/* u8, IPPROTO_TCP or IPPROTO_UDP */
	CV_A_PORT_SERVICE,		/* u16 */
	CV_A_PORT_NUMBER,		/* u16, the criteria port */
	CV_A_PORT_MIN,			/* u16, range for a random number, */
	CV_A_PORT_MAX,			/*      both ends inclusive */
	CV_A_PORT_FLAGS,		/* u32, CV_PORT_F_* */
	CV_A_PORT_STATE,		/* u8, enum cv_port_state */
	CV_A_PORT_USERS,		/* u32, equal registrations sharing it */
	CV_A_PORT_CONNS,		/* u32, connections now */
	CV_A_PORT_PASSED,		/* u64, packets passed */
	CV_A_PORT_DROPPED,		/* u64, packets dropped */
	CV_A_PORT_RESETS,		/* u64, resets sent, both directions */
	CV_A_PORT_CUT,			/* u64, connections cut */

	CV_A_EV_TYPE,			/* u8, enum cv_event_type */
	CV_A_EV_SEQ,			/* u64, counts every event since the module was loaded */
	CV_A_EV_LOST,			/* u64, events the kernel could not queue, ever */
	CV_A_EV_TIME,			/* u64, ns */
	CV_A_EV_SOURCE,			/* u8, enum cv_source: who looked at the bytes */
	CV_A_EV_EXIT,			/* u64, ns, when it looked: with CV_SOURCE_EXIT, the guest's exit */
	CV_A_EV_VCPU,			/* u32, the vCPU that exited or wrote; absent if none did */
	CV_A_EV_OLD,			/* u64, value before */
	CV_A_EV_NEW,			/* u64, value judged */
	CV_A_EV_FROM,			/* u8, enum cv_verdict */
	CV_A_EV_DONE,			/* u64, ns, last reset sent and gate sealed */

	CV_A_ST_KERNEL_HOOKS,		/* u8, 1 while hooks are installed in KVM */
	CV_A_ST_VMS,			/* u32 */
	CV_A_ST_WATCHES,		/* u32 */
	CV_A_ST_SESSIONS,		/* u32 */
	CV_A_ST_SETS,			/* u32 */
	CV_A_ST_PORTS,			/* u32, in this network namespace */
	CV_A_ST_CONNS,			/* u32, in this network namespace */
	CV_A_ST_VERSION,		/* string */
	__CV_A_MAX
};
#define CV_A_MAX (__CV_A_MAX - 1)

/* A set's verdict, by what it permits. Only SATISFIED lets a packet pass. */
enum cv_verdict {
	CV_PENDING,	/* never judged; nothing passes */
	CV_SATISFIED,	/* every criterion held when last judged; traffic passes */
	CV_UNKNOWN,	/* the truth cannot be observed now; nothing passes, a fresh judgement may reopen */
	CV_VIOLATED,	/* latched; nothing passes until SET_REATTEST */
	__CV_VERDICTS
};

/* Why a set is UNKNOWN; bits, several may hold at once. */
#define CV_BLOCK_LEASE		(1U << 0)	/* the session's lease has ended */
#define CV_BLOCK_UNRESOLVED	(1U << 1)	/* a watched address does not translate yet */
#define CV_BLOCK_PAGE		(1U << 2)	/* a watched page moved; being resolved again */
#define CV_BLOCK_GUEST		(1U << 3)	/* the guest is gone or being detached */
#define CV_BLOCK_NESTED		(1U << 4)	/* a vCPU offers nested virtualization, not allowed at attach */
#define CV_BLOCK_RESTART	(1U << 5)	/* the boot CPU turned paging off: reset or reboot; until SET_REATTEST */
#define CV_BLOCK_ENCRYPTED	(1U << 6)	/* a vCPU's state is encrypted: the host cannot see what it runs */
#define CV_BLOCK_FLOOD		(1U << 7)	/* more hits than the guest's budget: its debug registers rest */
#define CV_BLOCK_EXEC		(1U << 8)	/* an execution is not judged yet: the host fetches what it is about */

/*
 * What makes the module look at a watch's bytes at once. Whatever the trigger,
 * they are read again for every packet of a port that depends on them and, for
 * want of packets, every 10 ms (module parameter reread_ms).
 */
enum cv_trigger {
	CV_TRIGGER_AUTO,	/* a debug register if one is free, else the page */
	CV_TRIGGER_DEBUG,	/* a debug register: stores by the guest's own instructions; and every exit and entry */
	CV_TRIGGER_PAGE,	/* write tracking: stores by the guest to the page, by any alias, are emulated */
	CV_TRIGGER_NONE,	/* packets and timer only; also in force while a page cannot be tracked */
	CV_TRIGGER_EXEC,	/* a debug register: the instruction at the linear address, before it is executed; its bytes are watched too */
	__CV_TRIGGERS
};

#define CV_WATCH_F_PHYSICAL	(1U << 0)	/* the address is guest-physical; no debug register */
#define CV_WATCH_F_ALL		CV_WATCH_F_PHYSICAL

/* Who saw the bytes that broke a criterion. */
enum cv_source {
	CV_SOURCE_EXIT,		/* an exit or entry of a vCPU */
	CV_SOURCE_STORE,	/* a store to a write-tracked page */
	CV_SOURCE_KVM,		/* KVM, which wrote to the page itself */
	CV_SOURCE_PACKET,	/* a packet about to leave */
	CV_SOURCE_TIMER,
	CV_SOURCE_OPENING,	/* a judgement that had just opened the set */
	CV_SOURCE_EXEC,		/* no change: an instruction was about to be executed */
	__CV_SOURCES
};

enum cv_watch_state {
	CV_WATCH_UNRESOLVED,	/* no translation yet; its sets are UNKNOWN */
	CV_WATCH_LIVE,		/* resolved and pinned */
	CV_WATCH_LOST,		/* the page went; its sets are UNKNOWN until resolved again */
};

/*
 * A built-in predicate looks at v = the watched bytes, zero-extended, and
 * holds when:
 */
enum cv_pred {
	CV_PRED_UNSPEC,
	CV_PRED_EQ,	/* (v & MASK) == A */
	CV_PRED_NE,	/* (v & MASK) != A */
	CV_PRED_LT,	/* (v & MASK) <  A, unsigned, as all below */
	CV_PRED_LE,	/* (v & MASK) <= A */
	CV_PRED_GT,	/* (v & MASK) >  A */
	CV_PRED_GE,	/* (v & MASK) >= A */
	CV_PRED_RANGE,	/* A <= (v & MASK) <= B */
	CV_PRED_IN,	/* (v & MASK) is one of VALUES */
	CV_PRED_BPF,	/* the program returns non-zero for a struct cv_record */
	__CV_PRED_MAX
};
#define CV_PRED_MAX (__CV_PRED_MAX - 1)

/*
 * What a CV_PRED_BPF program judges: a socket filter reads it with
 * bpf_skb_load_bytes(ctx, offset, …). Host byte order. The program runs with
 * interrupts off; it may use maps and nothing that sleeps.
 */
struct cv_record {
	__u32 size;		/* sizeof(struct cv_record): grows, never shrinks */
	__u32 vm;
	__u32 watch;
	__u32 len;		/* 1, 2, 4 or 8 */
	__u64 addr;		/* guest linear address */
	__u64 value;		/* zero-extended */
	__u64 old;		/* value at the judgement before, = value at the first */
	__u32 execution;	/* offset of the struct cv_execution to be judged; 0 = the bytes are */
	__u32 reserved;
};

/* Registers of a guest, by the number that instructions give them. */
enum cv_reg {
	CV_REG_RAX,
	CV_REG_RCX,
	CV_REG_RDX,
	CV_REG_RBX,
	CV_REG_RSP,
	CV_REG_RBP,
	CV_REG_RSI,
	CV_REG_RDI,
	CV_REG_R8,
	CV_REG_R9,
	CV_REG_R10,
	CV_REG_R11,
	CV_REG_R12,
	CV_REG_R13,
	CV_REG_R14,
	CV_REG_R15,
	CV_REG_RIP,
	CV_REG_RFLAGS,
	__CV_REGS
};

/*
 * A vCPU is about to execute the instruction of a CV_TRIGGER_EXEC watch. Only
 * programs judge that; other criteria on the watch are about its bytes.
 *
 * What is captured lies at the end of a chain of pointers: p = CAPTURE_REG;
 * then for each offset of CAPTURE_PATH but the last p = *(u64 *)(p + offset);
 * CAPTURE_LEN bytes from p + the last offset on. Reading ends at a page that is
 * not there; if not even the first byte can be read, every criterion that has a
 * program is violated, unasked. Other vCPUs may change all of it meanwhile.
 */
struct cv_execution {
	__u32 vcpu;
	__u32 captured;		/* bytes */
	__u64 regs[__CV_REGS];
	__u8 capture[CV_CAPTURE_MAX];	/* 0 beyond what was captured */
};

#define CV_VM_F_ALLOW_NESTED	(1U << 0)	/* accept guests that offer nested virtualization */
#define CV_VM_F_ALL		CV_VM_F_ALLOW_NESTED

/*
 * CV_PORT_F_BRIDGED: the guest's frames cross a bridge of this namespace.
 * Needs br_netfilter with bridge-nf-call-iptables (IPv4) or
 * bridge-nf-call-ip6tables (IPv6) set for the namespace or for the bridge, and
 * a route to the guest and its clients for the resets; the port is
 * CV_PORT_BLOCKED until frames are seen to take that way.
 */
#define CV_PORT_F_BRIDGED	(1U << 0)
#define CV_PORT_F_ALL		CV_PORT_F_BRIDGED

enum cv_port_state {
	CV_PORT_CLOSED,		/* the set's verdict forbids */
	CV_PORT_OPEN,		/* the set's verdict permits */
	CV_PORT_BLOCKED,	/* bridged, and the bridge does not hand frames to the gate */
};

/* Events, with the attributes each carries besides EV_TYPE, SEQ, LOST, TIME. */
enum cv_event_type {
	CV_EV_UNSPEC,
	CV_EV_VERDICT,		/* SET EV_FROM SET_STATE SET_BLOCKERS; if a watch has told of it: VM WATCH EV_SOURCE EV_EXIT [EV_VCPU] EV_OLD EV_NEW */
	CV_EV_CUT,		/* SET PORT PORT_CUT PORT_RESETS (both of this cut) EV_DONE */
	CV_EV_VM_GONE,		/* VM: the guest died */
	CV_EV_LEASE_END,	/* SESSION */
	CV_EV_DEBUGGER,		/* VM EV_VCPU: the VMM set guest debug, ours was put back */
	CV_EV_UNSERVED,		/* VM EV_VCPU: a breakpoint of the guest or its debugger found no free slot */
	CV_EV_WATCH,		/* WATCH WATCH_STATE */
	CV_EV_VM_RESTART,	/* VM: its sets are UNKNOWN until re-attested, its watches translated anew */
	__CV_EV_MAX
};
#define CV_EV_MAX (__CV_EV_MAX - 1)

#endif /* _UAPI_LINUX_CLOUDVERIFIER_H */
