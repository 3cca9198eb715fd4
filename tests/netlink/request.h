/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands as Documentation/netlink.md has them, as a table that requests
 * are made of, and what an answer must be.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "world.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NOBODY		0xfffffff0u	/* an id no object has */

enum kind { U8, U16, U32, U64, ID, NAME, BYTES, CRITERIA };

struct field {
	uint16_t type;
	enum kind kind;
	bool optional;		/* or not in the request that is accepted */
	uint64_t value;
	const uint32_t *id;	/* ID, and U32 that is known late */
	const char *text;	/* NAME */
	size_t len;		/* BYTES */
};

#define OBJECT(what, variable)	{ CV_A_##what, ID, false, 0, &variable, NULL, 0 }
#define FILTER(what, variable)	{ CV_A_##what, ID, true, 0, &variable, NULL, 0 }
#define NUMBER(kind, what, n)	{ CV_A_##what, kind, false, n, NULL, NULL, 0 }
#define OPTION(kind, what, n)	{ CV_A_##what, kind, true, n, NULL, NULL, 0 }
#define MAX_FIELDS 10

struct command {
	uint8_t cmd;
	const char *name;
	bool dump;
	struct field fields[MAX_FIELDS];	/* ends with type 0 */
	struct field filters[MAX_FIELDS];	/* of the dump */
};

extern const struct command commands[];
extern const size_t n_commands;

/* The conversation, and the objects that requests name. */
extern int sock;
extern struct msg m;
extern struct answer a;
extern uint32_t vm, watch, session, set, port, bare, bare_watch;
extern uint32_t vm_fd, bare_fd, other_fd;

void make_world(void);
void clear_world(void);

/* Objects of each kind; a refused request leaves them as they are. */
void count_objects(uint64_t n[5]);
void same_objects(const uint64_t was[5]);

const struct command *command_of(uint8_t cmd);
const struct field *field_of(const struct field *f, uint16_t type);

/* The accepted request but for one attribute, which the caller may put itself. */
void request(const struct command *c, uint16_t without);
struct nlattr *put(const struct field *f);

/*
 * Sends m and compares: the error, the attribute to blame (NULL: none), a part
 * of the extack text (NULL: any).
 */
void ask(const char *what, int error, const void *at, const char *text);
void ask_dump(const char *what, int error, const void *at, const char *text);
const char *name_of(int error);

#endif
