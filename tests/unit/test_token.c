// SPDX-License-Identifier: GPL-2.0
/* Verdicts as signed tokens: what they say comes back, and nobody else can have said it. */
#include <check.h>
#include <jansson.h>
#include <cv/token.h>
#include "../fuzz/sign.h"

#define NOW	1796000000

static EVP_PKEY *key;
static struct cv_error err;
static char token[CV_TOKEN_MAX];

static const struct cv_token good = {
	.subject = "node-1", .verdict = CV_VIOLATED, .criteria = { 1, 2, 3 }, .issued = NOW, .expires = NOW + 300,
	.nonce = "0123456789abcdef", .nonce_len = 16,
};

static void setup(void)
{
	key = EVP_EC_gen("P-256");
}

static void teardown(void)
{
	EVP_PKEY_free(key);
}

static struct cv_bytes text_of(const char *text)
{
	return (struct cv_bytes) { (const uint8_t *)text, strlen(text) };
}

static bool verified(struct cv_token *says, const char *text, time_t now)
{
	err = (struct cv_error) {};
	return cv_token_verify(says, text_of(text), key, (struct cv_bytes) { good.nonce, good.nonce_len }, now, &err);
}

static void refused(const char *text, time_t now, enum cv_error_name name)
{
	struct cv_token says;

	ck_assert_msg(!verified(&says, text, now), "taken: %s", text);
	ck_assert_msg(err.name == name, "%s: %s", cv_error_name(err.name), err.text);
}

START_TEST(what_it_says_comes_back)
{
	struct cv_token says, made = good;

	made.verdict = _i;
	ck_assert_msg(cv_token_make(&made, key, token, &err), "%s", err.text);
	ck_assert_msg(verified(&says, token, NOW), "%s", err.text);
	ck_assert_str_eq(says.subject, "node-1");
	ck_assert_int_eq(says.verdict, _i);
	ck_assert_mem_eq(says.criteria, made.criteria, CV_CRITERIA_ID);
	ck_assert_int_eq(says.issued, NOW);
	ck_assert_int_eq(says.expires, NOW + 300);
}
END_TEST

START_TEST(every_bit_counts)
{
	struct cv_token says;
	size_t len;

	ck_assert(cv_token_make(&good, key, token, &err));
	len = strlen(token);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		token[bit / 8] ^= 1 << bit % 8;
		ck_assert_msg(!cv_token_verify(&says, (struct cv_bytes) { (uint8_t *)token, len }, key,
					       (struct cv_bytes) { good.nonce, good.nonce_len }, NOW, &err), "bit %zu", bit);
		token[bit / 8] ^= 1 << bit % 8;
	}
	for (size_t cut = 0; cut < len; cut++)
		ck_assert(!cv_token_verify(&says, (struct cv_bytes) { (uint8_t *)token, cut }, key,
					   (struct cv_bytes) { good.nonce, good.nonce_len }, NOW, &err));
}
END_TEST

START_TEST(other_keys_times_and_questions_are_refused)
{
	struct cv_token says;
	EVP_PKEY *other = EVP_EC_gen("P-256"), *wide = EVP_EC_gen("P-384");

	ck_assert(cv_token_make(&good, key, token, &err));
	refused(token, NOW - 1, CV_E_TOKEN_TIME);
	refused(token, NOW + 300, CV_E_TOKEN_TIME);
	ck_assert(!cv_token_verify(&says, text_of(token), other, (struct cv_bytes) { good.nonce, good.nonce_len }, NOW, &err));
	ck_assert_int_eq(err.name, CV_E_SIGNATURE);
	ck_assert(!cv_token_verify(&says, text_of(token), wide, (struct cv_bytes) { good.nonce, good.nonce_len }, NOW, &err));
	ck_assert_int_eq(err.name, CV_E_KEY_TYPE);
	ck_assert(!cv_token_make(&good, wide, token, &err));
	ck_assert(cv_token_make(&good, key, token, &err));
	ck_assert(!cv_token_verify(&says, text_of(token), key, (struct cv_bytes) { good.nonce, 15 }, NOW, &err));
	ck_assert_int_eq(err.name, CV_E_TOKEN_NONCE);
	ck_assert(!cv_token_verify(&says, text_of(token), key, (struct cv_bytes) { NULL, 0 }, NOW, &err));
	EVP_PKEY_free(other);
	EVP_PKEY_free(wide);
}
END_TEST

#define HEADER	"{\"alg\":\"ES256\",\"typ\":\"JWT\"}"
#define NONCE	"\"eat_nonce\":\"MDEyMzQ1Njc4OWFiY2RlZg\""
#define PROFILE	"\"eat_profile\":\"tag:github.com,2023:veraison/ear\""
#define TIMES	"\"iat\":1796000000,\"exp\":1796000300"
#define POLICY	"\"ear.appraisal-policy-id\":\"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
#define RESULT	"{\"ear.status\":\"affirming\"," POLICY "}"
#define REST	NONCE "," PROFILE "," TIMES ","
#define GOOD	"{" REST "\"submods\":{\"n\":" RESULT "}}"

/* By the right key, and yet no token. */
static const struct { const char *header, *claims; enum cv_error_name name; } signed_ones[] = {
	{ HEADER, GOOD, CV_E_NONE },
	{ "{\"alg\":\"none\",\"typ\":\"JWT\"}", GOOD, CV_E_TOKEN_FORMAT },
	{ "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", GOOD, CV_E_TOKEN_FORMAT },
	{ "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"crit\":[\"x\"]}", GOOD, CV_E_TOKEN_FORMAT },
	{ "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"typ\":\"JWT\"}", GOOD, CV_E_TOKEN_FORMAT },
	{ "[]", GOOD, CV_E_TOKEN_FORMAT },
	{ HEADER, "", CV_E_TOKEN_CLAIM },
	{ HEADER, "[]", CV_E_TOKEN_CLAIM },
	{ HEADER, GOOD "x", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" NONCE "," REST "\"submods\":{\"n\":" RESULT "}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" PROFILE "," TIMES ",\"submods\":{\"n\":" RESULT "}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" NONCE "," TIMES ",\"submods\":{\"n\":" RESULT "}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" NONCE "," PROFILE ",\"submods\":{\"n\":" RESULT "}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" NONCE "," PROFILE ",\"iat\":\"1796000000\",\"exp\":1796000300,\"submods\":{\"n\":" RESULT "}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" REST "\"submods\":{}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" REST "\"submods\":{\"n\":" RESULT ",\"m\":" RESULT "}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" REST "\"submods\":{\"\":" RESULT "}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" REST "\"submods\":{\"a b\":" RESULT "}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" REST "\"submods\":{\"n\":{\"ear.status\":\"fine\"," POLICY "}}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" REST "\"submods\":{\"n\":{\"ear.status\":\"affirming\"}}}", CV_E_TOKEN_CLAIM },
	{ HEADER, "{" REST "\"submods\":{\"n\":[]}}", CV_E_TOKEN_CLAIM },
};

START_TEST(a_signature_alone_makes_no_token)
{
	char *text = sign_jwt(key, text_of(signed_ones[_i].header), text_of(signed_ones[_i].claims));
	struct cv_token says;

	if (signed_ones[_i].name == CV_E_NONE)
		ck_assert_msg(verified(&says, text, NOW), "%s", err.text);
	else
		refused(text, NOW, signed_ones[_i].name);
	free(text);
}
END_TEST

START_TEST(subjects_and_nonces_that_cannot_be_said)
{
	struct cv_token bad = good;

	bad.subject[0] = ' ';
	ck_assert(!cv_token_make(&bad, key, token, &err));
	bad.subject[0] = 0;
	ck_assert(!cv_token_make(&bad, key, token, &err));
	bad = good;
	bad.nonce_len = 7;
	ck_assert(!cv_token_make(&bad, key, token, &err));
	ck_assert_int_eq(err.name, CV_E_TOKEN_CLAIM);
	memset(bad.subject, 'x', CV_TOKEN_SUBJECT_MAX);
	bad.nonce_len = CV_TOKEN_NONCE_MAX;
	ck_assert(cv_token_make(&bad, key, token, &err));
	ck_assert_uint_lt(strlen(token), 1024);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token");
	TCase *tests = tcase_create("tokens");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, what_it_says_comes_back, CV_VIOLATED, CV_SATISFIED + 1);
	tcase_add_test(tests, every_bit_counts);
	tcase_add_test(tests, other_keys_times_and_questions_are_refused);
	tcase_add_loop_test(tests, a_signature_alone_makes_no_token, 0, (int)(sizeof(signed_ones) / sizeof(signed_ones[0])));
	tcase_add_test(tests, subjects_and_nonces_that_cannot_be_said);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
