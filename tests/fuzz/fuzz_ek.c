// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever the bytes: they are an endorsement key or none, no certificate of the
 * key that a real boot left but its own, and no installation proof of its TPM.
 */
#include <stdio.h>
#include <stdlib.h>
#include <cv/roti.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static struct cv_bytes load(const char *path, uint8_t *room, size_t size)
{
	FILE *f = fopen(path, "r");
	struct cv_bytes bytes = { room, 0 };

	require(f);
	bytes.len = fread(room, 1, size, f);
	fclose(f);
	return bytes;
}

static uint8_t rooms[4][8192];
static struct cv_bytes cert;
static struct cv_ek ek;
static struct cv_key ak;
static struct cv_vendors vendors;

static void setup(void)
{
	cert = load("tests/evidence/verity/ek.crt", rooms[0], sizeof(rooms[0]));
	require(cv_ek_read(&ek, load("tests/evidence/verity/ek.tpm2b_public", rooms[1], sizeof(rooms[1])), NULL));
	require(cv_key_read(&ak, load("tests/evidence/verity/ak.tpm2b_public", rooms[3], sizeof(rooms[3])), NULL));
	require(cv_vendors_begin(&vendors, NULL));
	require(cv_vendors_add(&vendors, load("tests/evidence/verity/issuer.pem", rooms[2], sizeof(rooms[2])), true, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cv_selection wanted = { CV_ALG_SHA256, 0xff };
	struct cv_bytes bytes = { data, size }, der;
	struct cv_error err = {};
	struct cv_roti roti;
	struct cv_ek other;

	if (!cert.len)
		setup();
	if (!cv_ek_read(&other, bytes, &err))
		require(err.name != CV_E_NONE && *err.text);
	cv_ek_clear(&other);
	if (cv_ek_cert_find(bytes, &der, &err))
		require(der.data >= data && der.data + der.len <= data + size);
	if (cv_ek_cert_verify(&ek, bytes, &vendors, 1796000000, &err))
		require(cv_ek_cert_find(bytes, &der, &err) && cv_bytes_equal(der, cert));
	if (cv_roti_read(&roti, bytes, &err))
		require(!cv_roti_verify(&roti, &ak, &wanted, 1, &err) && *err.text);
	return 0;
}
