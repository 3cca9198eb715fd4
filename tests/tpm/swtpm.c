// SPDX-License-Identifier: GPL-2.0
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>
#include <cv/hash.h>
#include "swtpm.h"

static void good(TSS2_RC rc, const char *what)
{
	ck_assert_msg(rc == TSS2_RC_SUCCESS, "%s: 0x%08x", what, rc);
}

/* --- power -------------------------------------------------------------------------------- */

static void run(const struct swtpm *tpm, enum swtpm_start start)
{
	char state[96], server[96], ctrl[96];

	/* It tells of each client that leaves. */
	if (!freopen("/dev/null", "w", stderr))
		_exit(127);
	snprintf(state, sizeof(state), "dir=%s", tpm->dir);
	snprintf(server, sizeof(server), "type=unixio,path=%s/sock", tpm->dir);
	snprintf(ctrl, sizeof(ctrl), "type=unixio,path=%s/sock.ctrl", tpm->dir);
	execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", ctrl,
	       "--flags", start == SWTPM_CLEAR ? "not-need-init,startup-clear" : "not-need-init,startup-state", NULL);
	_exit(127);
}

void swtpm_power_on(struct swtpm *tpm, enum swtpm_start start)
{
	char path[96], conf[128];
	TSS2_RC rc = 1;

	snprintf(path, sizeof(path), "%s/sock", tpm->dir);
	unlink(path);
	tpm->pid = fork();
	ck_assert_int_ge(tpm->pid, 0);
	if (!tpm->pid)
		run(tpm, start);
	snprintf(conf, sizeof(conf), "swtpm:path=%s", path);
	/* Its sockets are there a moment after the process is. */
	for (int i = 0; i < 500 && rc; i++) {
		ck_assert_msg(!waitpid(tpm->pid, NULL, WNOHANG), "swtpm ended; is it installed?");
		usleep(10000);
		if (!access(path, F_OK))
			rc = Tss2_TctiLdr_Initialize(conf, &tpm->tcti);
	}
	good(rc, "connecting to swtpm");
	good(Esys_Initialize(&tpm->esys, tpm->tcti, NULL), "Esys_Initialize");
}

void swtpm_power_cut(struct swtpm *tpm)
{
	kill(tpm->pid, SIGKILL);
	waitpid(tpm->pid, NULL, 0);
	Esys_Finalize(&tpm->esys);
	Tss2_TctiLdr_Finalize(&tpm->tcti);
}

void swtpm_shutdown(struct swtpm *tpm, TPM2_SU type)
{
	good(Esys_Shutdown(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, type), "TPM2_Shutdown");
	swtpm_power_cut(tpm);
}

void swtpm_create(struct swtpm *tpm)
{
	strcpy(tpm->dir, "/tmp/cv-swtpm-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(tpm->dir));
	setenv("TSS2_LOG", "all+none", 1);
	swtpm_power_on(tpm, SWTPM_CLEAR);
}

void swtpm_destroy(struct swtpm *tpm)
{
	static const char *const files[] = { "sock", "sock.ctrl", "tpm2-00.permall", "tpm2-00.volatilestate", ".lock" };
	char path[96];

	swtpm_power_cut(tpm);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", tpm->dir, files[i]);
		unlink(path);
	}
	rmdir(tpm->dir);
}

void swtpm_allocate(struct swtpm *tpm, const uint16_t *algs)
{
	static const uint16_t all[] = { CV_ALG_SHA1, CV_ALG_SHA256, CV_ALG_SHA384, CV_ALG_SHA512 };
	TPML_PCR_SELECTION banks = { .count = 4 };
	UINT32 max, needed, available;
	TPMI_YES_NO done;

	for (int i = 0; i < 4; i++) {
		banks.pcrSelections[i] = (TPMS_PCR_SELECTION) { .hash = all[i], .sizeofSelect = 3 };
		for (const uint16_t *alg = algs; *alg; alg++)
			if (*alg == all[i])
				memset(banks.pcrSelections[i].pcrSelect, 0xff, 3);
	}
	good(Esys_PCR_Allocate(tpm->esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &banks,
			       &done, &max, &needed, &available), "TPM2_PCR_Allocate");
	ck_assert_int_eq(done, TPM2_YES);
}

/* --- keys ------------------------------------------------------------------------------------ */

/* The policy that asks for the endorsement hierarchy's authorization: what TPM2_PolicySecret makes of zeros. */
static void endorsement_policy(uint16_t alg, TPM2B_DIGEST *policy)
{
	static const uint8_t command[] = { 0, 0, 1, 0x51, 0x40, 0, 0, 0x0b };
	const struct cv_hash *hash = cv_hash_by_alg(alg);
	uint8_t digest[CV_HASH_MAX] = {};
	struct cv_bytes parts[] = { { digest, hash->size }, { command, sizeof(command) } };

	ck_assert(cv_hash_of(hash, parts, 2, digest));
	ck_assert(cv_hash_of(hash, parts, 1, digest));	/* no policyRef */
	policy->size = hash->size;
	memcpy(policy->buffer, digest, hash->size);
}

static void set_type(TPMT_PUBLIC *p, const struct key_kind *kind)
{
	p->type = kind->type;
	p->nameAlg = kind->hash;
	if (kind->type == TPM2_ALG_RSA)
		p->parameters.rsaDetail.keyBits = kind->bits;
	else
		p->parameters.eccDetail.curveID = kind->bits == 256 ? TPM2_ECC_NIST_P256 : TPM2_ECC_NIST_P384;
	if (kind->type == TPM2_ALG_ECC)
		p->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
}

static void create(struct swtpm *tpm, ESYS_TR hierarchy, const TPM2B_PUBLIC *template, struct tpm_key *key)
{
	TPM2B_SENSITIVE_CREATE sensitive = {};
	TPM2B_DATA outside = {};
	TPML_PCR_SELECTION pcrs = {};
	TPM2B_PUBLIC *public;

	good(Esys_CreatePrimary(tpm->esys, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, template,
				&outside, &pcrs, &key->handle, &public, NULL, NULL, NULL), "TPM2_CreatePrimary");
	key->len = 0;
	good(Tss2_MU_TPM2B_PUBLIC_Marshal(public, key->public, sizeof(key->public), &key->len), "marshalling a key");
	Esys_Free(public);
}

void swtpm_ek(struct swtpm *tpm, const struct key_kind *kind, struct tpm_key *key)
{
	TPM2B_PUBLIC template = {};
	TPMT_PUBLIC *p = &template.publicArea;
	TPMT_SYM_DEF_OBJECT *sym = &p->parameters.asymDetail.symmetric;

	set_type(p, kind);
	p->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
			      TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
	endorsement_policy(kind->hash, &p->authPolicy);
	sym->algorithm = TPM2_ALG_AES;
	sym->keyBits.aes = kind->hash == CV_ALG_SHA256 ? 128 : 256;
	sym->mode.aes = TPM2_ALG_CFB;
	p->parameters.asymDetail.scheme.scheme = TPM2_ALG_NULL;
	create(tpm, ESYS_TR_RH_ENDORSEMENT, &template, key);
}

void swtpm_ak(struct swtpm *tpm, const struct key_kind *kind, ESYS_TR hierarchy, TPMA_OBJECT without,
	      struct tpm_key *key)
{
	TPM2B_PUBLIC template = {};
	TPMT_PUBLIC *p = &template.publicArea;

	set_type(p, kind);
	p->objectAttributes = (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
			       TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_NODA) &
			      ~without;
	p->parameters.asymDetail.symmetric.algorithm = TPM2_ALG_NULL;
	p->parameters.asymDetail.scheme.scheme = kind->scheme;
	p->parameters.asymDetail.scheme.details.anySig.hashAlg = kind->hash;
	create(tpm, hierarchy, &template, key);
}

void swtpm_flush(struct swtpm *tpm, struct tpm_key *key)
{
	good(Esys_FlushContext(tpm->esys, key->handle), "TPM2_FlushContext");
}

static ESYS_TR endorsement_session(struct swtpm *tpm, uint16_t hash)
{
	TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	ESYS_TR session;

	good(Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
				   TPM2_SE_POLICY, &none, hash, &session), "TPM2_StartAuthSession");
	good(Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, session, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
			       NULL, NULL, NULL, 0, NULL, NULL), "TPM2_PolicySecret");
	return session;
}

bool swtpm_activate(struct swtpm *tpm, const struct tpm_key *ak, const struct tpm_key *ek, uint16_t ek_hash,
		    struct cv_bytes id_object, struct cv_bytes secret, uint8_t answer[64], size_t *len)
{
	ESYS_TR session = endorsement_session(tpm, ek_hash);
	TPM2B_ID_OBJECT id = {};
	TPM2B_ENCRYPTED_SECRET encrypted = {};
	TPM2B_DIGEST *credential = NULL;
	size_t at = 0;
	TSS2_RC rc;

	good(Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(id_object.data, id_object.len, &at, &id), "a TPM2B_ID_OBJECT");
	ck_assert_uint_eq(at, id_object.len);
	at = 0;
	good(Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret.data, secret.len, &at, &encrypted), "a TPM2B_ENCRYPTED_SECRET");
	ck_assert_uint_eq(at, secret.len);
	rc = Esys_ActivateCredential(tpm->esys, ak->handle, ek->handle, ESYS_TR_PASSWORD, session, ESYS_TR_NONE, &id,
				     &encrypted, &credential);
	if (rc) {
		Esys_FlushContext(tpm->esys, session);
		return false;
	}
	memcpy(answer, credential->buffer, credential->size);
	*len = credential->size;
	Esys_Free(credential);
	return true;
}

/* --- quotes --------------------------------------------------------------------------------------- */

void swtpm_quote(struct swtpm *tpm, const struct tpm_key *ak, struct cv_bytes nonce, uint16_t bank, uint32_t pcrs,
		 struct tpm_quote *quote)
{
	TPML_PCR_SELECTION selection = { .count = 1, .pcrSelections = { { .hash = bank, .sizeofSelect = 3 } } };
	TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
	TPM2B_DATA data = { .size = nonce.len };
	TPM2B_ATTEST *attest;
	TPMT_SIGNATURE *sig;

	for (int i = 0; i < 3; i++)
		selection.pcrSelections[0].pcrSelect[i] = pcrs >> 8 * i;
	memcpy(data.buffer, nonce.data, nonce.len);
	good(Esys_Quote(tpm->esys, ak->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &scheme, &selection,
			&attest, &sig), "TPM2_Quote");
	quote->attest_len = attest->size;
	memcpy(quote->attest, attest->attestationData, attest->size);
	quote->signature_len = 0;
	good(Tss2_MU_TPMT_SIGNATURE_Marshal(sig, quote->signature, sizeof(quote->signature), &quote->signature_len),
	     "marshalling a signature");
	Esys_Free(attest);
	Esys_Free(sig);
}

void swtpm_extend(struct swtpm *tpm, unsigned int pcr, struct cv_bytes content, bool padded)
{
	static const uint16_t all[] = { CV_ALG_SHA1, CV_ALG_SHA256, CV_ALG_SHA384, CV_ALG_SHA512 };
	TPML_DIGEST_VALUES digests = { .count = 4 };
	uint8_t digest[CV_HASH_MAX];

	for (int i = 0; i < 4; i++) {
		const struct cv_hash *by = cv_hash_by_alg(padded ? CV_ALG_SHA1 : all[i]);

		ck_assert(cv_hash_of(by, &content, 1, digest));
		digests.digests[i].hashAlg = all[i];
		memcpy(&digests.digests[i].digest, digest, by->size);
	}
	good(Esys_PCR_Extend(tpm->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &digests),
	     "TPM2_PCR_Extend");
}
