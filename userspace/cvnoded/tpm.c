// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>
#include "tpm.h"

#define NV_EK_RSA	0x01c00002	/* certificates of the keys by L-1 and L-2 */
#define NV_EK_ECC	0x01c0000a
#define NV_CHUNK	512
#define RETRIES		50
#define RETRY_US	20000

struct tpm {
	const char *conf;
	TSS2_TCTI_CONTEXT *tcti;	/* these two only during a call: others may need the TPM */
	ESYS_CONTEXT *esys;
	bool rsa;			/* the endorsement key is */
	uint8_t ek_public[TPM_PUBLIC_MAX], ak_public[TPM_PUBLIC_MAX], certificate[CV_EK_CERT_MAX];
	size_t ek_len, ak_len, certificate_len;
};

/* A TPM may be busy with itself. */
static bool is_busy(TSS2_RC rc)
{
	rc &= ~TSS2_RC_LAYER_MASK;
	return rc == TPM2_RC_RETRY || rc == TPM2_RC_YIELDED || rc == TPM2_RC_TESTING;
}

static bool fail(struct cv_error *err, const char *what, TSS2_RC rc)
{
	if ((rc & ~TSS2_RC_LAYER_MASK) == TPM2_RC_LOCKOUT)
		return cv_refuse(err, CV_E_TPM, "%s: the TPM is locked out after wrong passwords", what);
	return cv_refuse(err, CV_E_TPM, "%s: %s (0x%08x)", what, Tss2_RC_Decode(rc), rc);
}

/* Runs @call again while the TPM is busy. */
#define TPM_CALL(rc, call)						\
	for (int tries_ = 0; is_busy((rc) = (call)) && tries_ < RETRIES; tries_++)	\
		usleep(RETRY_US)

/* --- templates ----------------------------------------------------------------------------------- */

#define EK_ATTRIBUTES	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
			 TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
#define AK_ATTRIBUTES	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
			 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_NODA)

/* PolicyA of the profile: TPM2_PolicySecret(TPM_RH_ENDORSEMENT), SHA-256. */
static const uint8_t policy_a[] = {
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
	0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};

static void ek_template(bool rsa, TPM2B_PUBLIC *template)
{
	TPMT_PUBLIC *p = &template->publicArea;
	TPMT_SYM_DEF_OBJECT *sym = &p->parameters.asymDetail.symmetric;

	*template = (TPM2B_PUBLIC) {};
	p->type = rsa ? TPM2_ALG_RSA : TPM2_ALG_ECC;
	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = EK_ATTRIBUTES;
	p->authPolicy.size = sizeof(policy_a);
	memcpy(p->authPolicy.buffer, policy_a, sizeof(policy_a));
	sym->algorithm = TPM2_ALG_AES;
	sym->keyBits.aes = 128;
	sym->mode.aes = TPM2_ALG_CFB;
	p->parameters.asymDetail.scheme.scheme = TPM2_ALG_NULL;
	if (rsa) {
		p->parameters.rsaDetail.keyBits = 2048;
		p->unique.rsa.size = 256;
		return;
	}
	p->parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
	p->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	p->unique.ecc.x.size = p->unique.ecc.y.size = 32;
}

static void ak_template(TPM2B_PUBLIC *template)
{
	TPMT_PUBLIC *p = &template->publicArea;

	*template = (TPM2B_PUBLIC) {};
	p->type = TPM2_ALG_ECC;
	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = AK_ATTRIBUTES;
	p->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
	p->parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
	p->parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
	p->parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
	p->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
}

/* --- keys ------------------------------------------------------------------------------------------- */

static bool create(struct tpm *t, const TPM2B_PUBLIC *template, ESYS_TR *handle, uint8_t *public, size_t *len,
		   struct cv_error *err)
{
	TPM2B_SENSITIVE_CREATE sensitive = {};
	TPML_PCR_SELECTION pcrs = {};
	TPM2B_PUBLIC *made = NULL;
	TPM2B_DATA outside = {};
	TSS2_RC rc;

	*handle = ESYS_TR_NONE;
	TPM_CALL(rc, Esys_CreatePrimary(t->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
					&sensitive, template, &outside, &pcrs, handle, &made, NULL, NULL, NULL));
	if (rc)
		return fail(err, "TPM2_CreatePrimary", rc);
	*len = 0;
	rc = Tss2_MU_TPM2B_PUBLIC_Marshal(made, public, TPM_PUBLIC_MAX, len);
	Esys_Free(made);
	return !rc || fail(err, "a key of the TPM's", rc);
}

static void flush(struct tpm *t, ESYS_TR handle)
{
	TSS2_RC rc;

	if (handle != ESYS_TR_NONE)
		TPM_CALL(rc, Esys_FlushContext(t->esys, handle));
}

static bool make_ek(struct tpm *t, ESYS_TR *handle, struct cv_error *err)
{
	TPM2B_PUBLIC template;

	ek_template(t->rsa, &template);
	return create(t, &template, handle, t->ek_public, &t->ek_len, err);
}

static bool make_ak(struct tpm *t, ESYS_TR *handle, struct cv_error *err)
{
	TPM2B_PUBLIC template;

	ak_template(&template);
	return create(t, &template, handle, t->ak_public, &t->ak_len, err);
}

/* --- the vendor's certificate --------------------------------------------------------------------------- */

static bool read_nv(struct tpm *t, TPM2_HANDLE index)
{
	ESYS_TR nv = ESYS_TR_NONE;
	TPM2B_NV_PUBLIC *public = NULL;
	TPM2B_MAX_NV_BUFFER *part;
	size_t size;

	t->certificate_len = 0;
	if (Esys_TR_FromTPMPublic(t->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &nv))
		return false;
	if (!Esys_NV_ReadPublic(t->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL)) {
		size = public->nvPublic.dataSize;
		Esys_Free(public);
		while (size <= sizeof(t->certificate) && t->certificate_len < size &&
		       !Esys_NV_Read(t->esys, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				     size - t->certificate_len < NV_CHUNK ? size - t->certificate_len : NV_CHUNK,
				     t->certificate_len, &part)) {
			memcpy(t->certificate + t->certificate_len, part->buffer, part->size);
			t->certificate_len += part->size;
			Esys_Free(part);
		}
		if (t->certificate_len != size)
			t->certificate_len = 0;
	}
	Esys_TR_Close(t->esys, &nv);
	return t->certificate_len;
}

/* --- opening ------------------------------------------------------------------------------------------------ */

static void disconnect(struct tpm *t)
{
	if (t->esys)
		Esys_Finalize(&t->esys);
	if (t->tcti)
		Tss2_TctiLdr_Finalize(&t->tcti);
}

static bool connect_to(struct tpm *t, struct cv_error *err)
{
	TSS2_RC rc = Tss2_TctiLdr_Initialize(t->conf, &t->tcti);

	if (!rc)
		rc = Esys_Initialize(&t->esys, t->tcti, NULL);
	if (!rc)
		return true;
	disconnect(t);
	return cv_refuse(err, CV_E_TPM, "no TPM at %.100s: %s", t->conf, Tss2_RC_Decode(rc));
}

static bool read_keys(struct tpm *t, struct cv_error *err)
{
	ESYS_TR ek = ESYS_TR_NONE, ak = ESYS_TR_NONE;
	bool good;

	t->rsa = !read_nv(t, NV_EK_ECC) && read_nv(t, NV_EK_RSA);
	good = make_ek(t, &ek, err) && make_ak(t, &ak, err);
	flush(t, ek);
	flush(t, ak);
	return good;
}

struct tpm *tpm_open(const char *tcti, struct cv_error *err)
{
	struct tpm *t = calloc(1, sizeof(*t));
	bool good;

	if (!t) {
		cv_refuse(err, CV_E_MEMORY, "no memory for the TPM");
		return NULL;
	}
	t->conf = tcti;
	good = connect_to(t, err) && read_keys(t, err);
	disconnect(t);
	if (good)
		return t;
	tpm_close(t);
	return NULL;
}

void tpm_close(struct tpm *t)
{
	free(t);
}

struct cv_bytes tpm_ek_public(const struct tpm *t)
{
	return (struct cv_bytes) { t->ek_public, t->ek_len };
}

struct cv_bytes tpm_ak_public(const struct tpm *t)
{
	return (struct cv_bytes) { t->ak_public, t->ak_len };
}

struct cv_bytes tpm_ek_certificate(const struct tpm *t)
{
	return (struct cv_bytes) { t->certificate, t->certificate_len };
}

/* --- what it is asked for --------------------------------------------------------------------------------------- */

static bool endorsement_session(struct tpm *t, ESYS_TR *session, struct cv_error *err)
{
	TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	TSS2_RC rc;

	*session = ESYS_TR_NONE;
	TPM_CALL(rc, Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					   NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, session));
	if (rc)
		return fail(err, "TPM2_StartAuthSession", rc);
	TPM_CALL(rc, Esys_PolicySecret(t->esys, ESYS_TR_RH_ENDORSEMENT, *session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				       ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL));
	return !rc || fail(err, "TPM2_PolicySecret", rc);
}

static bool activate(struct tpm *t, ESYS_TR ak, ESYS_TR ek, ESYS_TR session, struct cv_bytes id_object,
		     struct cv_bytes secret, uint8_t credential[CV_CREDENTIAL_MAX], size_t *len, struct cv_error *err)
{
	TPM2B_ENCRYPTED_SECRET encrypted = {};
	TPM2B_ID_OBJECT id = {};
	TPM2B_DIGEST *answer = NULL;
	size_t at = 0, at_secret = 0;
	bool good;
	TSS2_RC rc;

	if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(id_object.data, id_object.len, &at, &id) || at != id_object.len ||
	    Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret.data, secret.len, &at_secret, &encrypted) ||
	    at_secret != secret.len)
		return cv_refuse(err, CV_E_CHALLENGE, "the verifier's challenge is none");
	TPM_CALL(rc, Esys_ActivateCredential(t->esys, ak, ek, ESYS_TR_PASSWORD, session, ESYS_TR_NONE, &id, &encrypted,
					     &answer));
	if (rc)
		return fail(err, "TPM2_ActivateCredential", rc);
	good = answer->size <= CV_CREDENTIAL_MAX;
	if (good)
		memcpy(credential, answer->buffer, *len = answer->size);
	Esys_Free(answer);
	return good || cv_refuse(err, CV_E_CHALLENGE, "the verifier's secret is too long");
}

bool tpm_activate(struct tpm *t, struct cv_bytes id_object, struct cv_bytes secret,
		  uint8_t credential[CV_CREDENTIAL_MAX], size_t *len, struct cv_error *err)
{
	ESYS_TR ek = ESYS_TR_NONE, ak = ESYS_TR_NONE, session = ESYS_TR_NONE;
	bool good = connect_to(t, err) && make_ek(t, &ek, err) && make_ak(t, &ak, err) && endorsement_session(t, &session, err) &&
		    activate(t, ak, ek, session, id_object, secret, credential, len, err);

	flush(t, session);
	flush(t, ak);
	flush(t, ek);
	disconnect(t);
	return good;
}

static void select_pcrs(const struct cv_selection *wanted, unsigned int n_wanted, TPML_PCR_SELECTION *pcrs)
{
	*pcrs = (TPML_PCR_SELECTION) { .count = n_wanted };
	for (unsigned int i = 0; i < n_wanted; i++)
		pcrs->pcrSelections[i] = (TPMS_PCR_SELECTION) {
			.hash = wanted[i].alg, .sizeofSelect = 3,
			.pcrSelect = { wanted[i].pcrs, wanted[i].pcrs >> 8, wanted[i].pcrs >> 16 },
		};
}

static bool marshal(const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *signature, struct tpm_quote *q)
{
	if (attest->size > sizeof(q->attest))
		return false;
	memcpy(q->attest, attest->attestationData, q->attest_len = attest->size);
	q->signature_len = 0;
	return !Tss2_MU_TPMT_SIGNATURE_Marshal(signature, q->signature, sizeof(q->signature), &q->signature_len);
}

static bool quote(struct tpm *t, const TPM2B_DATA *data, const TPML_PCR_SELECTION *pcrs, struct tpm_quote *q,
		  struct cv_error *err)
{
	TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };	/* the key's own */
	TPMT_SIGNATURE *signature = NULL;
	TPM2B_ATTEST *attest = NULL;
	ESYS_TR ak;
	TSS2_RC rc;
	bool good;

	if (!make_ak(t, &ak, err))
		return false;
	TPM_CALL(rc, Esys_Quote(t->esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, data, &scheme, pcrs, &attest,
				&signature));
	flush(t, ak);
	if (rc)
		return fail(err, "TPM2_Quote", rc);
	good = marshal(attest, signature, q);
	Esys_Free(attest);
	Esys_Free(signature);
	return good || cv_refuse(err, CV_E_QUOTE_FORMAT, "the TPM's quote is too long");
}

bool tpm_quote(struct tpm *t, struct cv_bytes qualifying, const struct cv_selection *wanted, unsigned int n_wanted,
	       struct tpm_quote *q, struct cv_error *err)
{
	TPM2B_DATA data = { .size = qualifying.len };
	TPML_PCR_SELECTION pcrs;
	bool good;

	if (n_wanted > TPM2_NUM_PCR_BANKS || qualifying.len > sizeof(data.buffer))
		return cv_refuse(err, CV_E_QUOTE_FORMAT, "the verifier asks for more than a TPM can quote");
	memcpy(data.buffer, qualifying.data, qualifying.len);
	select_pcrs(wanted, n_wanted, &pcrs);
	good = connect_to(t, err) && quote(t, &data, &pcrs, q, err);
	disconnect(t);
	return good;
}
