/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a node's quote answers: the verifier's nonce, on this TLS connection, from
 * the holder of this TLS key. So a quote that was asked for elsewhere, or is
 * passed on by somebody in between, answers nothing here.
 */
#ifndef CV_QUESTION_H
#define CV_QUESTION_H

#include "hash.h"

#define CV_QUESTION		32	/* bytes: some TPMs take no longer qualifying data */
#define CV_QUESTION_NONCE	32
#define CV_QUESTION_CHANNEL	32	/* of the connection's exporter, RFC 9266 */
#define CV_QUESTION_LABEL	"EXPORTER-Channel-Binding"

/* @tls_public: SubjectPublicKeyInfo, DER. False if OpenSSL refuses. */
bool cv_question(const uint8_t nonce[CV_QUESTION_NONCE], const uint8_t channel[CV_QUESTION_CHANNEL],
		 struct cv_bytes tls_public, uint8_t question[CV_QUESTION]);

#endif
