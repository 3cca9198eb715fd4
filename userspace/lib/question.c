// SPDX-License-Identifier: GPL-2.0
#include <cv/question.h>

bool cv_question(const uint8_t nonce[CV_QUESTION_NONCE], const uint8_t channel[CV_QUESTION_CHANNEL],
		 struct cv_bytes tls_public, uint8_t question[CV_QUESTION])
{
	static const char context[] = "cloudverifier node quote 1";
	const struct cv_hash *sha256 = cv_hash_by_alg(CV_ALG_SHA256);
	uint8_t key[CV_HASH_MAX], digest[CV_HASH_MAX];
	const struct cv_bytes parts[] = {
		{ (const uint8_t *)context, sizeof(context) }, { nonce, CV_QUESTION_NONCE },
		{ channel, CV_QUESTION_CHANNEL }, { key, CV_QUESTION },
	};

	if (!cv_hash_of(sha256, &tls_public, 1, key) || !cv_hash_of(sha256, parts, 4, digest))
		return false;
	memcpy(question, digest, CV_QUESTION);
	return true;
}
