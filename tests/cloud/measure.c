// SPDX-License-Identifier: GPL-2.0
/*
 * A machine as far as its TPM and its logs go:
 *
 *	measure TCTI DIR boot [NAME=TEXT…]	the firmware measures and logs, the kernel begins its list; TEXT
 *						replaces what is measured of loader, firmware or secureboot
 *	measure TCTI DIR execute PATH [CONTENT]	the kernel measures a file that is executed
 *
 * in DIR/firmware_log and DIR/ima_list, as the files of securityfs. The TPM has just been started for "boot".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>
#include <cv/fwlog.h>

#define SEPARATOR	4
#define ACTION_NONE	3

static ESYS_CONTEXT *esys;
static const char *dir;
static const uint16_t banks[] = { CV_ALG_SHA1, CV_ALG_SHA256 };

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct cv_bytes text(const char *s)
{
	return (struct cv_bytes) { (const uint8_t *)s, strlen(s) };
}

static void digest_of(uint16_t alg, struct cv_bytes data, uint8_t digest[CV_HASH_MAX])
{
	need(cv_hash_of(cv_hash_by_alg(alg), &data, 1, digest), "a hash");
}

/* Every bank of the TPM by its own algorithm, as firmware and kernel do. */
static void extend(unsigned int pcr, struct cv_bytes data)
{
	static const uint16_t all[] = { CV_ALG_SHA1, CV_ALG_SHA256, CV_ALG_SHA384, CV_ALG_SHA512 };
	TPML_DIGEST_VALUES values = { .count = 4 };

	for (int i = 0; i < 4; i++) {
		values.digests[i].hashAlg = all[i];
		digest_of(all[i], data, (uint8_t *)&values.digests[i].digest);
	}
	need(!Esys_PCR_Extend(esys, pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &values), "TPM2_PCR_Extend");
}

static FILE *log_file(const char *name, const char *mode)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, mode);
	need(f, path);
	return f;
}

static void put_le(FILE *f, uint32_t n, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		fputc(n >> 8 * i & 0xff, f);
}

static void put_digest(FILE *f, uint16_t alg, struct cv_bytes data)
{
	uint8_t digest[CV_HASH_MAX];

	digest_of(alg, data, digest);
	fwrite(digest, cv_hash_by_alg(alg)->size, 1, f);
}

/* --- firmware ------------------------------------------------------------------------------ */

static void put_header(FILE *f)
{
	static const uint8_t zeros[20];

	put_le(f, 0, 4);
	put_le(f, ACTION_NONE, 4);
	fwrite(zeros, 20, 1, f);
	put_le(f, 16 + 8 + 4 + 2 * 4 + 1, 4);
	fwrite("Spec ID Event03", 16, 1, f);
	fwrite(zeros, 8, 1, f);
	put_le(f, 2, 4);
	for (int i = 0; i < 2; i++)
		put_le(f, banks[i] | cv_hash_by_alg(banks[i])->size << 16, 4);
	put_le(f, 0, 1);
}

static void measure(FILE *f, unsigned int pcr, uint32_t type, struct cv_bytes data)
{
	extend(pcr, data);
	put_le(f, pcr, 4);
	put_le(f, type, 4);
	put_le(f, 2, 4);
	for (int i = 0; i < 2; i++) {
		put_le(f, banks[i], 2);
		put_digest(f, banks[i], data);
	}
	put_le(f, data.len, 4);
	fwrite(data.data, data.len, 1, f);
}

/* --- kernel --------------------------------------------------------------------------------- */

static void put_entry(const uint8_t digest[32], const char *path)
{
	uint8_t data[512], *at = data;
	uint32_t digest_len = 8 + 32, path_len = strlen(path) + 1;
	FILE *f = log_file("ima_list", "a");
	struct cv_bytes fields = { data, 4 + digest_len + 4 + path_len };

	need(path_len < 256, path);
	memcpy(at, &digest_len, 4);
	memcpy(at + 4, "sha256:", 8);
	memcpy(at + 12, digest, 32);
	memcpy(at + 44, &path_len, 4);
	memcpy(at + 48, path, path_len);
	put_le(f, 10, 4);
	put_digest(f, CV_ALG_SHA1, fields);
	put_le(f, 6, 4);
	fputs("ima-ng", f);
	put_le(f, fields.len, 4);
	fwrite(data, fields.len, 1, f);
	fclose(f);
	/* The list is never behind the register. */
	extend(10, fields);
}

static void begin_list(void)
{
	struct cv_pcr_bank bank;
	struct cv_bytes registers[10], log;
	uint8_t digest[CV_HASH_MAX], *bytes = malloc(1 << 16);
	FILE *f = log_file("firmware_log", "r");
	struct cv_error err;

	log = (struct cv_bytes) { bytes, fread(bytes, 1, 1 << 16, f) };
	fclose(f);
	need(cv_fwlog_replay(log, cv_hash_by_alg(CV_ALG_SHA256), &bank, &err), "the firmware's log");
	free(bytes);
	for (int i = 0; i < 10; i++)
		registers[i] = (struct cv_bytes) { bank.value[i], 32 };
	need(cv_hash_of(bank.hash, registers, 10, digest), "a hash");
	put_entry(digest, "boot_aggregate");
}

/* "loader=grub" among the arguments, or @usual. */
static const char *choice(int argc, char **argv, const char *name, const char *usual)
{
	size_t len = strlen(name);

	for (int i = 4; i < argc; i++)
		if (!strncmp(argv[i], name, len) && argv[i][len] == '=')
			return argv[i] + len + 1;
	return usual;
}

static void boot(int argc, char **argv)
{
	FILE *f = log_file("firmware_log", "w");

	put_header(f);
	measure(f, 0, 8, text(choice(argc, argv, "firmware", "firmware 1.0")));
	measure(f, 7, 0x80000001, text(choice(argc, argv, "secureboot", "secure boot is on")));
	for (unsigned int pcr = 0; pcr < 8; pcr++)
		measure(f, pcr, SEPARATOR, (struct cv_bytes) { (const uint8_t *)"\0\0\0\0", 4 });
	measure(f, 4, 0x0d, text(choice(argc, argv, "loader", "loader 1.0")));
	fclose(f);
	fclose(log_file("ima_list", "w"));
	begin_list();
}

static void execute(const char *path, const char *content)
{
	uint8_t digest[CV_HASH_MAX];

	digest_of(CV_ALG_SHA256, text(content), digest);
	put_entry(digest, path);
}

int main(int argc, char **argv)
{
	TSS2_TCTI_CONTEXT *tcti = NULL;

	if (argc < 4) {
		fputs("usage: measure TCTI DIR boot [NAME=TEXT…] | execute PATH [CONTENT]\n", stderr);
		return 2;
	}
	dir = argv[2];
	need(!Tss2_TctiLdr_Initialize(argv[1], &tcti) && !Esys_Initialize(&esys, tcti, NULL), argv[1]);
	if (!strcmp(argv[3], "boot"))
		boot(argc, argv);
	else if (!strcmp(argv[3], "execute") && argc > 4)
		execute(argv[4], argc > 5 ? argv[5] : argv[4]);
	else
		return 2;
	Esys_Finalize(&esys);
	Tss2_TctiLdr_Finalize(&tcti);
	return 0;
}
