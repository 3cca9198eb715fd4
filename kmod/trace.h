/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cloudverifier

#if !defined(_CV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _CV_TRACE_H

#include <linux/tracepoint.h>
#include <asm/msr.h>
#include "../include/uapi/linux/cloudverifier.h"

#define cv_show_verdict(v) __print_symbolic(v,		\
	{ CV_PENDING, "pending" },			\
	{ CV_SATISFIED, "satisfied" },			\
	{ CV_UNKNOWN, "unknown" },			\
	{ CV_VIOLATED, "violated" })

/* A changed value was judged. */
TRACE_EVENT(cv_change,
	TP_PROTO(u32 watch, u32 vcpu, u64 old, u64 value),
	TP_ARGS(watch, vcpu, old, value),
	TP_STRUCT__entry(
		__field(u32, watch)
		__field(u32, vcpu)
		__field(u64, old)
		__field(u64, value)
	),
	TP_fast_assign(
		__entry->watch = watch;
		__entry->vcpu = vcpu;
		__entry->old = old;
		__entry->value = value;
	),
	TP_printk("watch=%u vcpu=%u old=%#llx value=%#llx",
		  __entry->watch, __entry->vcpu, __entry->old, __entry->value)
);

/* A set took another verdict at tsc, which the gate has obeyed since. */
TRACE_EVENT(cv_verdict,
	TP_PROTO(u32 set, u8 from, u8 to, u64 exit_tsc, u64 tsc),
	TP_ARGS(set, from, to, exit_tsc, tsc),
	TP_STRUCT__entry(
		__field(u32, set)
		__field(u8, from)
		__field(u8, to)
		__field(u64, exit_tsc)
		__field(u64, tsc)
	),
	TP_fast_assign(
		__entry->set = set;
		__entry->from = from;
		__entry->to = to;
		__entry->exit_tsc = exit_tsc;
		__entry->tsc = tsc;
	),
	TP_printk("set=%u from=%s to=%s exit_tsc=%llu tsc=%llu", __entry->set,
		  cv_show_verdict(__entry->from), cv_show_verdict(__entry->to),
		  __entry->exit_tsc, __entry->tsc)
);

/* The gate dropped a packet. */
TRACE_EVENT(cv_gate_drop,
	TP_PROTO(u32 port, unsigned int len, unsigned long word),
	TP_ARGS(port, len, word),
	TP_STRUCT__entry(
		__field(u32, port)
		__field(u32, len)
		__field(u32, word)
	),
	TP_fast_assign(
		__entry->port = port;
		__entry->len = len;
		__entry->word = word;
	),
	TP_printk("port=%u len=%u word=%#x", __entry->port, __entry->len, __entry->word)
);

/* A port's connections were cut; the last was reset at @last_tsc, 0 if none was. */
TRACE_EVENT(cv_cut,
	TP_PROTO(u32 port, u32 conns, u32 resets, u64 last_tsc),
	TP_ARGS(port, conns, resets, last_tsc),
	TP_STRUCT__entry(
		__field(u32, port)
		__field(u32, conns)
		__field(u32, resets)
		__field(u64, last_tsc)
	),
	TP_fast_assign(
		__entry->port = port;
		__entry->conns = conns;
		__entry->resets = resets;
		__entry->last_tsc = last_tsc;
	),
	TP_printk("port=%u conns=%u resets=%u last_tsc=%llu", __entry->port,
		  __entry->conns, __entry->resets, __entry->last_tsc)
);

#endif /* _CV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
