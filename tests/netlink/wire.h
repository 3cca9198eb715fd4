/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to the family, byte by byte: no library stands between a test and
 * what it sends, so that it can send what no library would.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/cloudverifier.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#define WIRE_MAX	16384
#define WIRE_ATTRS	(CV_A_MAX + 1)

extern uint16_t wire_family;	/* known after wire_open() */
extern uint32_t wire_events;	/* the multicast group */

struct msg {
	union {
		struct nlmsghdr h;
		char bytes[WIRE_MAX];
	};
};

/* What came back. attr[] points into bytes: the attributes of the last reply. */
struct answer {
	int error;			/* positive errno, 0 = acknowledged */
	char text[256];			/* extack */
	int offset;			/* of the attribute to blame, -1 = none */
	unsigned int parts;		/* datagrams it came in */
	const struct nlattr *attr[WIRE_ATTRS];
	char bytes[WIRE_MAX];
};

/* A socket with extended acknowledgements; ends the program if there is no family. */
int wire_open(void);
int wire_try_open(void);	/* -1 and errno instead */

void msg_begin(struct msg *m, uint8_t cmd, uint16_t flags);
struct nlattr *msg_put(struct msg *m, uint16_t type, const void *data, size_t len);
struct nlattr *msg_u8(struct msg *m, uint16_t type, uint8_t v);
struct nlattr *msg_u16(struct msg *m, uint16_t type, uint16_t v);
struct nlattr *msg_u32(struct msg *m, uint16_t type, uint32_t v);
struct nlattr *msg_u64(struct msg *m, uint16_t type, uint64_t v);
struct nlattr *msg_string(struct msg *m, uint16_t type, const char *v);
struct nlattr *msg_nest(struct msg *m, uint16_t type);
void msg_nest_end(struct msg *m, struct nlattr *nest);
int msg_offset(const struct msg *m, const void *at);

/* Sends and waits for the end of the answer. Returns answer->error. */
int wire_ask(int sock, struct msg *m, struct answer *a);

/* The kernel fills as much at a time as the reader has room for: little, so that dumps come in parts. */
#define WIRE_PART	4096

/* As wire_ask() for a dump; each() sees every object's attributes. */
typedef void wire_each(const struct nlattr *const attr[WIRE_ATTRS], void *arg);
int wire_dump(int sock, struct msg *m, struct answer *a, wire_each *each, void *arg);

/* Attributes of the generic netlink message h; attr[] is cleared first. */
void wire_parse(const struct nlmsghdr *h, const struct nlattr *attr[WIRE_ATTRS]);
uint64_t wire_uint(const struct nlattr *nla);	/* 0 if there is none */

#endif
