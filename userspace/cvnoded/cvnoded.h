/* SPDX-License-Identifier: GPL-2.0 */
/* cvnoded: a node's agent. It proves to the verifier what the node runs, again and again. */
#ifndef CVNODED_H
#define CVNODED_H

#include <event2/event.h>
#include <peer/say.h>
#include "tpm.h"

struct config {
	char *text;			/* the file, of which the others are parts; the owner's to free */
	const char *verifier;		/* address:port */
	const char *authority;		/* file: who the verifier's certificate is from */
	const char *name, *type;
	const char *tcti;
	const char *state;		/* directory */
	const char *firmware_log, *ima_list, *cmdline;	/* files */
	const char *roti;		/* file, or NULL */
	/* Services that this node uses, NAME@ADDRESS:PORT, and where it finds them: address:port; NULL: it does not. */
	const char *queue, *queue_listen;
	const char *database, *database_listen;
	/* Of a service host; NULL and 0: it is none. */
	const char *gate_members;	/* directory */
	const char *gate_ports;		/* "5671 5433" */
	const char *gate_reload;	/* file with a process id, or NULL */
	uint32_t gate_join;		/* port */
};

/* cvnoded.conf(5). False and @err. */
bool config_read(struct config *config, const char *path, struct cv_error *err);

#endif
