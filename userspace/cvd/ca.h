/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The certificate authority is a process of its own, which alone holds the key and
 * makes nothing but certificates of nodes, the verifier's own, and lists of what
 * is revoked. Who takes over the network side can have nodes certified, not an
 * authority, and loses that with the process.
 */
#ifndef CA_H
#define CA_H

#include <sys/types.h>
#include <time.h>
#include <cv/bytes.h>
#include <cv/error.h>

#define CA_SERIAL	16	/* bytes */
#define CA_DER_MAX	4096	/* bytes of a certificate */
#define CA_PUBLIC_MAX	512	/* bytes of a SubjectPublicKeyInfo */
#define CA_ID		65	/* a node's, in hexadecimal */
#define CA_NAME		64
#define CA_CRL_MAX	(16u << 20)	/* bytes of serials */

struct ca {
	pid_t pid;
	int socket;
	struct x509_st *certificate;
};

/* What a node's certificate says. */
struct ca_subject {
	char id[CA_ID];			/* of its endorsement key */
	char name[CA_NAME], type[16];
	char ak[2 * 66 + 1];		/* name of its attestation key, in hexadecimal */
	uint32_t reset_count, restart_count;
};

/*
 * Starts it, with key and certificate in @dir, which are made if they are not there; who the network side
 * is to be should not be able to write there. Call it before anything else is opened: the process
 * keeps what there is. False and @err.
 */
bool ca_start(struct ca *ca, const char *dir, struct cv_error *err);
void ca_stop(struct ca *ca);

/*
 * A certificate for @public (SubjectPublicKeyInfo) that holds for @life seconds from
 * now. @serial is new. Blocks for as long as a signature takes.
 */
bool ca_certify_node(struct ca *ca, const struct ca_subject *subject, struct cv_bytes public, uint32_t life,
		     uint8_t serial[CA_SERIAL], uint8_t der[CA_DER_MAX], size_t *der_len, struct cv_error *err);
bool ca_certify_verifier(struct ca *ca, struct cv_bytes public, uint32_t life, uint8_t der[CA_DER_MAX],
			 size_t *der_len, struct cv_error *err);

/* @serials: @n of CA_SERIAL bytes. The caller frees *@der. */
bool ca_revoke(struct ca *ca, const uint8_t *serials, size_t n, uint32_t life, uint8_t **der, size_t *der_len,
	       struct cv_error *err);

#endif
