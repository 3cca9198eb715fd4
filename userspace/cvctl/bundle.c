// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "bundle.h"

static const struct { const char *name, *file; } parts[] = {
	[PART_KEY] = { "key", "ak.tpm2b_public" }, [PART_EK] = { "ek", "ek.tpm2b_public" }, [PART_QUOTE] = { "quote", "quote.attest" },
	[PART_SIGNATURE] = { "signature", "quote.sig" }, [PART_NONCE] = { "nonce", "nonce.hex" },
	[PART_FIRMWARE] = { "firmware", "binary_bios_measurements" },
	[PART_IMA] = { "ima", "binary_runtime_measurements" }, [PART_CMDLINE] = { "cmdline", "cmdline" },
	[PART_ROTI] = { "roti", "roti.proof" },
};

const char *bundle_part_name(enum part part)
{
	return parts[part].name;
}

/* NULL: the part is not given, which is no error. */
static const char *path_of(struct bundle *b, enum part part)
{
	if (b->path[part] || !b->dir)
		return b->path[part];
	if (asprintf(&b->made[part], "%s/%s", b->dir, parts[part].file) < 0)
		b->made[part] = NULL;
	return b->made[part] && !access(b->made[part], F_OK) ? b->made[part] : NULL;
}

bool bundle_open(struct bundle *b, struct cv_error *err)
{
	if (b->dir && access(b->dir, X_OK))
		return cv_refuse(err, CV_E_FILE, "%s: no such directory", b->dir);
	for (enum part part = 0; part < N_PARTS; part++) {
		const char *path = path_of(b, part);

		if (!path)
			continue;
		if (!cv_file_open(&b->file[part], path, err))
			return false;
		b->there[part] = true;
	}
	return true;
}

void bundle_close(struct bundle *b)
{
	for (enum part part = 0; part < N_PARTS; part++) {
		if (b->there[part])
			cv_file_close(&b->file[part]);
		free(b->made[part]);
	}
}
