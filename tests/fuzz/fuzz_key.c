// SPDX-License-Identifier: GPL-2.0
/* Whatever the bytes: they are a key or none, and are no signature of the key that an attacker does not have. */
#include <stdio.h>
#include <stdlib.h>
#include <cv/key.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static struct cv_key real_key(void)
{
	static uint8_t data[1024];
	FILE *f = fopen("tests/evidence/uki/ak.tpm2b_public", "r");
	struct cv_key key;

	require(f);
	require(cv_key_read(&key, (struct cv_bytes) { data, fread(data, 1, sizeof(data), f) }, NULL));
	fclose(f);
	return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cv_key real;
	struct cv_bytes bytes = { data, size };
	struct cv_error err = {};
	struct cv_key key;

	if (!real.pkey)
		real = real_key();
	if (!cv_key_read(&key, bytes, &err))
		require(err.name != CV_E_NONE && *err.text);
	cv_key_clear(&key);
	require(!cv_key_verify(&real, (struct cv_bytes) { (const uint8_t *)"x", 1 }, bytes, &err));
	return 0;
}
