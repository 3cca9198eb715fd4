/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to the family and its events. Everything here prints what went
 * wrong and returns an enum cvx.
 */
#ifndef NL_H
#define NL_H

#include <linux/cloudverifier.h>
#include <netlink/netlink.h>
#include <netlink/genl/genl.h>

#include "args.h"

#define CVNL_TB	(CV_A_MAX + 1)

/* tb holds CVNL_TB entries. */
typedef void cvnl_reply_fn(struct nlattr **tb, void *arg);

/* Opens the family if need be; *msg is then the caller's to fill. */
int cvnl_request(struct call *call, enum cv_cmd cmd, struct nl_msg **msg);
/* Sends msg, gives each reply to fn (may be NULL), frees msg. */
int cvnl_ask(struct call *call, struct nl_msg *msg, cvnl_reply_fn *fn, void *arg);
int cvnl_dump(struct call *call, struct nl_msg *msg, cvnl_reply_fn *fn, void *arg);
void cvnl_close(struct call *call);

/* These end the program if the message is full. */
void cvnl_u8(struct nl_msg *msg, int type, uint8_t v);
void cvnl_u16(struct nl_msg *msg, int type, uint16_t v);
void cvnl_u32(struct nl_msg *msg, int type, uint32_t v);
void cvnl_u64(struct nl_msg *msg, int type, uint64_t v);
void cvnl_string(struct nl_msg *msg, int type, const char *v);
void cvnl_bytes(struct nl_msg *msg, int type, const void *v, size_t len);
struct nlattr *cvnl_nest(struct nl_msg *msg, int type);

/* Join the events; *fd is non-blocking and is read with cvnl_event_read(). */
int cvnl_events(struct call *call, int *fd);
/*
 * Reads one datagram and gives its events to fn. Returns 0, or a negative
 * errno: -ENOBUFS when the socket overflowed, -EAGAIN when there is nothing.
 */
int cvnl_event_read(struct call *call, cvnl_reply_fn *fn, void *arg);

#endif /* NL_H */
