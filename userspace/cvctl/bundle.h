/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of one node in files: those of a directory by their names there, or each by an option. */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <cv/attester.h>
#include <cv/file.h>

enum part {
	PART_KEY,
	PART_EK,
	PART_QUOTE,
	PART_SIGNATURE,
	PART_NONCE,
	PART_FIRMWARE,
	PART_IMA,
	PART_CMDLINE,
	PART_ROTI,
	N_PARTS
};

/* Options of a command that takes evidence begin with these; their values are PART_… */
#define BUNDLE_OPTIONS \
	{ "key", required_argument, NULL, PART_KEY }, { "ek", required_argument, NULL, PART_EK }, \
	{ "quote", required_argument, NULL, PART_QUOTE }, \
	{ "signature", required_argument, NULL, PART_SIGNATURE }, { "nonce", required_argument, NULL, PART_NONCE }, \
	{ "firmware", required_argument, NULL, PART_FIRMWARE }, { "ima", required_argument, NULL, PART_IMA }, \
	{ "cmdline", required_argument, NULL, PART_CMDLINE }, { "roti", required_argument, NULL, PART_ROTI }

#define BUNDLE_HELP \
	"DIR holds any of these files; an option names another one:\n" \
	"  --key FILE         ak.tpm2b_public            attestation key, a marshalled TPM2B_PUBLIC\n" \
	"  --ek FILE          ek.tpm2b_public            endorsement key, in whose hierarchy that must be\n" \
	"  --quote FILE       quote.attest               what was signed, a marshalled TPMS_ATTEST\n" \
	"  --signature FILE   quote.sig                  a marshalled TPMT_SIGNATURE\n" \
	"  --nonce FILE       nonce.hex                  what was asked, in hexadecimal\n" \
	"  --firmware FILE    binary_bios_measurements   the firmware's event log\n" \
	"  --ima FILE         binary_runtime_measurements   the kernel's list of measured files\n" \
	"  --cmdline FILE     cmdline                    the kernel's command line, /proc/cmdline\n" \
	"  --roti FILE        roti.proof                 installation proof, by the same key and registers\n"

struct bundle {
	const char *dir;		/* or NULL */
	const char *path[N_PARTS];	/* of options, or NULL */
	char *made[N_PARTS];		/* paths in dir */
	struct cv_file file[N_PARTS];
	bool there[N_PARTS];
};

/* Opens what there is; a file that an option names must be there. */
bool bundle_open(struct bundle *bundle, struct cv_error *err);
void bundle_close(struct bundle *bundle);

const char *bundle_part_name(enum part part);

#endif
