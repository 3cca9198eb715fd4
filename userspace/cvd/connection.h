/* SPDX-License-Identifier: GPL-2.0 */
/* What node.c, the connection, and admission.c, what is said on it, share. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <sys/queue.h>
#include <node.pb-c.h>
#include <peer/peer.h>
#include "appraise.h"
#include "node.h"

enum stage {
	STAGE_HELLO,		/* nothing is known of it */
	STAGE_ANSWER,		/* was challenged to show that its keys are of one TPM */
	STAGE_EVIDENCE,		/* was asked for all it is */
	STAGE_MEMBER,
	N_STAGES
};

struct node {
	TAILQ_ENTRY(node) in_joining;
	LIST_ENTRY(node) in_all;
	struct cvd *cvd;
	struct peer *peer;
	enum stage stage;
	struct event *timer;		/* until it must be a member; then until the next question */
	struct member *member;
	uint32_t retry_ms;		/* when it may ask again if it is refused; 0: as usual */
	bool over;			/* was refused: what it still says is not heard */
	/* Who it says to be; proven from STAGE_EVIDENCE on. */
	struct store_node is;
	enum node_type type;
	char why[STORE_TEXT];		/* it is not approved */
	struct appraised who;
	uint8_t public[CA_PUBLIC_MAX];	/* of its TLS key */
	size_t public_len;
	struct cv_challenge challenge;
	/* The question that was asked; nonce_is_open: and not answered. */
	uint8_t nonce[CV_QUESTION_NONCE];
	uint64_t asked;			/* ms */
	bool nonce_is_open, asked_whole;
	unsigned int judged_by;		/* generation of the criteria that the last whole evidence satisfied */
	uint64_t certified;		/* ms, when its certificate was made */
};

void connection_send(struct node *node, Cv__Node__ToNode *message);

/* Refused, with a word in the store and the log. */
void connection_refuse(struct node *node, const char *reason, const char *text);
void connection_refuse_error(struct node *node, const struct cv_error *err);
void connection_remember_refusal(struct node *node, const struct verdict *verdict);

/* Not here: at @verifier, address:port. */
void connection_redirect(struct node *node, const char *verifier);

/* No other connection that has shown to be this node stays, but its member's. */
void connection_only(const struct node *node);

/* It is a member from now on. */
void connection_admitted(struct node *node);

/* Out of the cloud if it was in it; and told so. */
void connection_out(struct node *node, const struct verdict *verdict);

/* admission.c: what each message does at its stage. */
typedef void handler(struct node *node, const Cv__Node__ToVerifier *message);

handler admission_hello, admission_answer, admission_first_evidence, admission_evidence;

/* Asks for the next evidence: for the whole, if these criteria have not been satisfied by a whole one. */
void admission_ask(struct node *node);

#endif
