// SPDX-License-Identifier: GPL-2.0
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jansson.h>
#include <cv/token.h>

#define PROFILE		"tag:github.com,2023:veraison/ear"
#define HEADER		"{\"alg\":\"ES256\",\"typ\":\"JWT\"}"
#define RAW		64	/* bytes of an ES256 signature: r, s */
#define DER_MAX		80

static const char *const status[] = {
	[CV_VIOLATED] = "contraindicated", [CV_UNKNOWN] = "none", [CV_SATISFIED] = "affirming",
};

/* --- base64url, without padding (RFC 7515, 2) ---------------------------------------------- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t encode(struct cv_bytes in, char *out)
{
	uint32_t bits = 0;
	unsigned int n = 0;
	size_t len = 0;

	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 8 | in.data[i];
		for (n += 8; n >= 6; n -= 6)
			out[len++] = digits[bits >> (n - 6) & 63];
	}
	if (n)
		out[len++] = digits[bits << (6 - n) & 63];
	return len;
}

/* One text for each value: bits that are left over are zero, and there is no padding. */
static bool decode(struct cv_bytes in, uint8_t *out, size_t size, size_t *len)
{
	uint32_t bits = 0;
	unsigned int n = 0;

	*len = 0;
	for (size_t i = 0; i < in.len; i++) {
		const char *digit = in.data[i] ? strchr(digits, in.data[i]) : NULL;

		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		n += 6;
		if (n < 8)
			continue;
		if (*len == size)
			return false;
		n -= 8;
		out[(*len)++] = bits >> n;
	}
	return n < 6 && !(bits & ((1u << n) - 1));
}

/* --- signatures ------------------------------------------------------------------------------- */

static bool sign(EVP_PKEY *key, struct cv_bytes message, uint8_t raw[RAW])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[DER_MAX];
	const uint8_t *at = der;
	size_t len = sizeof(der);
	ECDSA_SIG *sig = NULL;
	bool done;

	if (ctx && EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
	    EVP_DigestSign(ctx, der, &len, message.data, message.len) > 0)
		sig = d2i_ECDSA_SIG(NULL, &at, len);
	done = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, RAW / 2) > 0 &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + RAW / 2, RAW / 2) > 0;
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	return done;
}

static int to_der(const uint8_t raw[RAW], uint8_t der[DER_MAX])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, RAW / 2, NULL), *s = BN_bin2bn(raw + RAW / 2, RAW / 2, NULL);
	uint8_t *at = der;
	int len = -1;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		r = s = NULL;
		len = i2d_ECDSA_SIG(sig, &at);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len;
}

static bool is_signed(EVP_PKEY *key, struct cv_bytes message, const uint8_t raw[RAW])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[DER_MAX];
	int len = to_der(raw, der);
	bool good;

	good = len > 0 && ctx && EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
	       EVP_DigestVerify(ctx, der, len, message.data, message.len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static bool key_fits(EVP_PKEY *key, struct cv_error *err)
{
	char group[32];
	size_t len;

	return (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof(group), &len) &&
		!strcmp(group, "prime256v1")) ||
	       cv_refuse(err, CV_E_KEY_TYPE, "a token is signed by a key on P-256");
}

/* --- claims --------------------------------------------------------------------------------------- */

static bool subject_is_good(const char *subject)
{
	for (const char *c = subject; *c; c++)
		if (*c <= 0x20 || *c > 0x7e)
			return false;
	return *subject;
}

static json_t *claims_of(const struct cv_token *says)
{
	char nonce[2 * CV_TOKEN_NONCE_MAX], policy[7 + 2 * CV_CRITERIA_ID + 1] = "sha256:";
	size_t nonce_len = encode((struct cv_bytes) { says->nonce, says->nonce_len }, nonce);

	for (int i = 0; i < CV_CRITERIA_ID; i++)
		sprintf(policy + 7 + 2 * i, "%02x", says->criteria[i]);
	return json_pack("{s:s, s:I, s:I, s:s%, s:{s:s, s:s}, s:{s:{s:s, s:s}}}", "eat_profile", PROFILE,
			 "iat", (json_int_t)says->issued, "exp", (json_int_t)says->expires,
			 "eat_nonce", nonce, nonce_len,
			 "ear.verifier-id", "developer", "Cloud Verifier", "build", "libcv",
			 "submods", says->subject, "ear.status", status[says->verdict], "ear.appraisal-policy-id", policy);
}

bool cv_token_make(const struct cv_token *says, struct evp_pkey_st *signer, char *token, struct cv_error *err)
{
	struct cv_bytes header = { (const uint8_t *)HEADER, sizeof(HEADER) - 1 };
	uint8_t raw[RAW];
	json_t *claims;
	size_t len;
	char *text;

	if (!key_fits(signer, err))
		return false;
	if (!subject_is_good(says->subject) || says->nonce_len < 8 || says->nonce_len > CV_TOKEN_NONCE_MAX)
		return cv_refuse(err, CV_E_TOKEN_CLAIM, "a subject of printable characters and a nonce of 8 to %u bytes are needed",
				 CV_TOKEN_NONCE_MAX);
	claims = claims_of(says);
	text = claims ? json_dumps(claims, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(claims);
	if (!text)
		return cv_refuse(err, CV_E_MEMORY, "no memory for a token");
	len = encode(header, token);
	token[len++] = '.';
	len += encode((struct cv_bytes) { (uint8_t *)text, strlen(text) }, token + len);
	free(text);
	if (!sign(signer, (struct cv_bytes) { (uint8_t *)token, len }, raw))
		return cv_refuse(err, CV_E_MEMORY, "OpenSSL cannot sign a token");
	token[len++] = '.';
	len += encode((struct cv_bytes) { raw, RAW }, token + len);
	token[len] = 0;
	return true;
}

/* --- reading ----------------------------------------------------------------------------------------- */

static json_t *object_of(struct cv_bytes encoded)
{
	uint8_t *text = malloc(encoded.len + 1);
	json_t *object = NULL;
	size_t len;

	if (text && decode(encoded, text, encoded.len, &len))
		object = json_loadb((char *)text, len, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

/* Nothing but what we write: no other algorithm, no critical extension, no key that comes along. */
static bool header_is_good(struct cv_bytes encoded)
{
	json_t *header = object_of(encoded);
	const char *alg = json_string_value(json_object_get(header, "alg"));
	const char *typ = json_string_value(json_object_get(header, "typ"));
	bool good = alg && !strcmp(alg, "ES256") && typ && !strcmp(typ, "JWT") && json_object_size(header) == 2;

	json_decref(header);
	return good;
}

static bool read_policy(struct cv_token *says, const char *policy)
{
	uint8_t room[CV_HASH_MAX];
	struct cv_value value;

	if (!policy || !cv_value_read(&value, CV_DIGEST, (struct cv_bytes) { (const uint8_t *)policy, strlen(policy) }, room) ||
	    value.digest.hash->alg != CV_ALG_SHA256)
		return false;
	memcpy(says->criteria, room, CV_CRITERIA_ID);
	return true;
}

static bool read_status(struct cv_token *says, const char *text)
{
	for (int v = CV_VIOLATED; text && v <= CV_SATISFIED; v++) {
		says->verdict = v;
		if (!strcmp(text, status[v]))
			return true;
	}
	says->verdict = CV_UNKNOWN;
	return false;
}

/* One subject. */
static bool read_submods(struct cv_token *says, const json_t *submods)
{
	void *only = json_object_iter((json_t *)submods);
	const char *subject = only ? json_object_iter_key(only) : "";
	const json_t *result = only ? json_object_iter_value(only) : NULL;

	if (json_object_size(submods) != 1 || strlen(subject) > CV_TOKEN_SUBJECT_MAX || !subject_is_good(subject))
		return false;
	strcpy(says->subject, subject);
	return read_status(says, json_string_value(json_object_get(result, "ear.status"))) &&
	       read_policy(says, json_string_value(json_object_get(result, "ear.appraisal-policy-id")));
}

static bool read_claims(struct cv_token *says, const json_t *claims)
{
	const char *profile = json_string_value(json_object_get(claims, "eat_profile"));
	const char *nonce = json_string_value(json_object_get(claims, "eat_nonce"));
	const json_t *issued = json_object_get(claims, "iat"), *expires = json_object_get(claims, "exp");

	if (!profile || strcmp(profile, PROFILE) || !nonce || !json_is_integer(issued) || !json_is_integer(expires) ||
	    !decode((struct cv_bytes) { (const uint8_t *)nonce, strlen(nonce) }, says->nonce, sizeof(says->nonce), &says->nonce_len))
		return false;
	says->issued = json_integer_value(issued);
	says->expires = json_integer_value(expires);
	return read_submods(says, json_object_get(claims, "submods"));
}

struct parts {
	struct cv_bytes signed_part, header, claims;
	uint8_t signature[RAW];
};

static bool take_apart(struct parts *parts, struct cv_bytes token)
{
	const uint8_t *dot = token.len ? memchr(token.data, '.', token.len) : NULL, *second;
	const uint8_t *end = token.data + token.len;
	size_t len;

	second = dot ? memchr(dot + 1, '.', end - dot - 1) : NULL;
	if (!second || token.len > CV_TOKEN_MAX)
		return false;
	parts->header = (struct cv_bytes) { token.data, dot - token.data };
	parts->claims = (struct cv_bytes) { dot + 1, second - dot - 1 };
	parts->signed_part = (struct cv_bytes) { token.data, second - token.data };
	return decode((struct cv_bytes) { second + 1, end - second - 1 }, parts->signature, RAW, &len) && len == RAW;
}

static bool holds(const struct cv_token *says, struct cv_bytes nonce, time_t now, struct cv_error *err)
{
	if (says->nonce_len != nonce.len || !nonce.len || CRYPTO_memcmp(says->nonce, nonce.data, nonce.len))
		return cv_refuse(err, CV_E_TOKEN_NONCE, "the token answers another question");
	return (now >= says->issued && now < says->expires) ||
	       cv_refuse(err, CV_E_TOKEN_TIME, "the token holds from %lld to %lld, and it is %lld", (long long)says->issued,
			 (long long)says->expires, (long long)now);
}

bool cv_token_verify(struct cv_token *says, struct cv_bytes token, struct evp_pkey_st *signer, struct cv_bytes nonce,
		     time_t now, struct cv_error *err)
{
	struct parts parts;
	json_t *claims;
	bool good;

	*says = (struct cv_token) { .verdict = CV_UNKNOWN };
	if (!key_fits(signer, err))
		return false;
	if (!take_apart(&parts, token) || !header_is_good(parts.header))
		return cv_refuse(err, CV_E_TOKEN_FORMAT, "%zu bytes are no token that is signed ES256", token.len);
	if (!is_signed(signer, parts.signed_part, parts.signature))
		return cv_refuse(err, CV_E_SIGNATURE, "the token's signature is not this key's");
	claims = object_of(parts.claims);
	good = read_claims(says, claims);
	json_decref(claims);
	if (!good)
		return cv_refuse(err, CV_E_TOKEN_CLAIM, "the token has not the claims of an attestation result of one subject");
	return holds(says, nonce, now, err);
}
