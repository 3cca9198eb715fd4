// SPDX-License-Identifier: GPL-2.0
/* The logs of a node as a table, and what they replay to. */
#include <getopt.h>
#include <stdlib.h>
#include <jansson.h>
#include <cv/fwevent.h>
#include <cv/json.h>
#include "bundle.h"
#include "cvctl.h"

#define TEXT_SHOWN	72	/* bytes of an event's text in the table */
#define DIGEST_SHOWN	8	/* bytes */
#define PATH_SHOWN	4097	/* bytes; Linux has none that is longer */

struct show {
	const struct cv_hash *hash;
	json_t *json;		/* or NULL: text */
};

static void hex(char *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
}

/* What an event is about, and whether that is what was measured. */
static const char *kind_name(const struct cv_fwevent *what)
{
	static const char *const names[] = {
		[CV_FWEVENT_OTHER] = "", [CV_FWEVENT_NO_ACTION] = "", [CV_FWEVENT_SEPARATOR] = "",
		[CV_FWEVENT_ACTION] = "", [CV_FWEVENT_VARIABLE] = "variable",
		[CV_FWEVENT_BOOT_ENTRY] = "boot option", [CV_FWEVENT_IMAGE] = "image",
		[CV_FWEVENT_COMMAND] = "command", [CV_FWEVENT_CMDLINE] = "command line",
		[CV_FWEVENT_SECTION] = "name of section", [CV_FWEVENT_FILE] = "content of",
		[CV_FWEVENT_OPTIONS] = "command line", [CV_FWEVENT_INITRD] = "initrd",
	};

	return names[what->kind];
}

static void type_text(uint32_t type, char out[48])
{
	const char *name = cv_fwevent_type_name(type);

	if (name)
		snprintf(out, 48, "%s", name);
	else
		snprintf(out, 48, "0x%08x", type);
}

static void show_event(const struct show *s, const struct cv_fwlog_event *e, const struct cv_fwevent *what,
		       unsigned int bank)
{
	char text[TEXT_SHOWN + 4], type[48], digest[2 * CV_HASH_MAX + 1] = "-";
	bool shortened = cv_fwevent_print(what->name, what->utf16, text, TEXT_SHOWN) >= TEXT_SHOWN;

	type_text(e->type, type);
	if (e->digest[bank])
		hex(digest, e->digest[bank], s->json ? s->hash->size : DIGEST_SHOWN);
	if (s->json) {
		json_array_append_new(s->json, json_pack("{s:i, s:I, s:s, s:s, s:s, s:s, s:b, s:i}", "event", e->index,
					"pcr", (json_int_t)e->pcr, "type", type, "digest", digest, "kind", kind_name(what),
					"text", text, "bound", what->bound, "bytes", (int)e->body.len));
		return;
	}
	printf("%4u  ", e->index);
	if (e->pcr < CV_PCRS)
		printf("%3u", e->pcr);
	else
		printf("  -");
	printf("  %-16s  %-32s  %s%s%s%s%s\n", digest, type, kind_name(what), *kind_name(what) && *text ? " " : "", text,
	       shortened ? "..." : "", *text && !what->bound && what->kind != CV_FWEVENT_NO_ACTION ? " (as told)" : "");
}

static int find_bank(const struct cv_fwlog *log, uint16_t alg)
{
	for (unsigned int i = 0; i < log->n_banks; i++)
		if (log->bank[i].alg == alg)
			return i;
	return -1;
}

static bool show_firmware(const struct show *s, struct cv_bytes bytes, struct cv_error *err)
{
	struct cv_fwlog_event event;
	enum cv_fwlog_next next;
	struct cv_fwevent what;
	struct cv_fwlog log;
	int bank;

	if (!cv_fwlog_begin(&log, bytes, err))
		return false;
	bank = find_bank(&log, s->hash->alg);
	if (bank < 0)
		return cv_refuse(err, CV_E_LOG_DIGEST, "the log has no bank %s", s->hash->name);
	while ((next = cv_fwlog_next(&log, &event, err)) == CV_FWLOG_EVENT) {
		cv_fwevent_read(&what, &event, bank, s->hash);
		show_event(s, &event, &what, bank);
	}
	return next == CV_FWLOG_END;
}

static void show_entry(const struct show *s, const struct cv_imalog_entry *e, const struct cv_imafile *file, bool told)
{
	char path[PATH_SHOWN] = "", digest[2 * CV_HASH_MAX + 1] = "", alg[16] = "", template[64];

	cv_fwevent_print(e->template, false, template, sizeof(template));
	if (told) {
		cv_fwevent_print(file->path, false, path, sizeof(path));
		cv_fwevent_print(file->alg, false, alg, sizeof(alg));
		if (file->digest.len <= CV_HASH_MAX)
			hex(digest, file->digest.data, s->json || file->digest.len < DIGEST_SHOWN ? file->digest.len : DIGEST_SHOWN);
	}
	if (s->json)
		json_array_append_new(s->json, json_pack("{s:i, s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:i}", "entry", e->index,
					"pcr", (json_int_t)e->pcr, "template", template, "algorithm", alg, "digest", digest,
					"path", path, "signed", told && file->signature.len > 0, "violation", e->violation,
					"buffer", told ? (int)file->buffer.len : 0));
	else
		printf("%4u  %3u  %-16s  %-32s  %s%s%s\n", e->index, e->pcr, digest, template, path,
		       e->violation ? " (as told; violation: open for writing)" : "", told ? "" : " (fields unknown)");
}

static bool show_ima(const struct show *s, struct cv_bytes bytes, struct cv_error *err)
{
	struct cv_imalog_entry entry;
	enum cv_imalog_next next;
	struct cv_imafile file;
	struct cv_imalog log;

	cv_imalog_begin(&log, bytes);
	while ((next = cv_imalog_next(&log, &entry, err)) == CV_IMALOG_ENTRY)
		show_entry(s, &entry, &file, cv_imalog_file(&log, &entry, &file, NULL));
	return next == CV_IMALOG_END;
}

/* --- registers -------------------------------------------------------------------------------- */

static bool replay(struct cv_pcr_bank *bank, const struct bundle *b, const struct cv_hash *hash, struct cv_error *err)
{
	struct cv_imalog_entry entry;
	struct cv_imalog log;

	cv_pcr_restart(bank, hash);
	if (b->there[PART_FIRMWARE] && !cv_fwlog_replay(b->file[PART_FIRMWARE].bytes, hash, bank, err))
		return false;
	cv_imalog_begin(&log, b->file[PART_IMA].bytes);
	while (b->there[PART_IMA] && cv_imalog_next(&log, &entry, NULL) == CV_IMALOG_ENTRY)
		if (!cv_imalog_extend(&entry, CV_IMALOG_OWN, bank))
			return cv_refuse(err, CV_E_HASH_UNKNOWN, "OpenSSL has no %s", hash->name);
	return true;
}

static json_t *registers_json(const struct cv_pcr_bank *bank)
{
	char digest[2 * CV_HASH_MAX + 1], number[8];
	json_t *o = json_object();

	for (unsigned int pcr = 0; pcr < CV_PCRS; pcr++) {
		if (!(bank->extended >> pcr & 1))
			continue;
		hex(digest, bank->value[pcr], bank->hash->size);
		snprintf(number, sizeof(number), "%u", pcr);
		json_object_set_new(o, number, json_string(digest));
	}
	return o;
}

static void show_registers(const struct cv_pcr_bank *bank)
{
	char digest[2 * CV_HASH_MAX + 1];

	for (unsigned int pcr = 0; pcr < CV_PCRS; pcr++) {
		if (!(bank->extended >> pcr & 1))
			continue;
		hex(digest, bank->value[pcr], bank->hash->size);
		printf("%3u  %s\n", pcr, digest);
	}
}

/* --- the command --------------------------------------------------------------------------------- */

static bool show_json(struct show *s, const struct bundle *b, struct cv_error *err)
{
	json_t *all = json_object();
	struct cv_pcr_bank bank;
	bool good = true;

	if (b->there[PART_FIRMWARE]) {
		s->json = json_array();
		good = show_firmware(s, b->file[PART_FIRMWARE].bytes, err);
		json_object_set_new(all, "firmware", s->json);
	}
	if (good && b->there[PART_IMA]) {
		s->json = json_array();
		good = show_ima(s, b->file[PART_IMA].bytes, err);
		json_object_set_new(all, "ima", s->json);
	}
	good = good && replay(&bank, b, s->hash, err);
	if (good)
		json_object_set_new(all, "registers", json_pack("{s:o}", s->hash->name, registers_json(&bank)));
	else
		json_object_set_new(all, "error", json_pack("{s:s, s:o}", "name", cv_error_name(err->name), "text", cv_json_text(err->text)));
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return good;
}

static bool show_text(const struct show *s, const struct bundle *b, struct cv_error *err)
{
	struct cv_pcr_bank bank;

	if (b->there[PART_FIRMWARE]) {
		printf("The firmware's log; digests of %s, their first bytes.\n"
		       "\"As told\" is what the log says beside a digest, and was not measured with it.\n\n"
		       "   #  PCR  digest            type\n", s->hash->name);
		if (!show_firmware(s, b->file[PART_FIRMWARE].bytes, err))
			return false;
	}
	if (b->there[PART_IMA]) {
		printf("%sThe kernel's list of measured files.\n\n   #  PCR  digest            template\n",
		       b->there[PART_FIRMWARE] ? "\n" : "");
		if (!show_ima(s, b->file[PART_IMA].bytes, err))
			return false;
	}
	if (!replay(&bank, b, s->hash, err))
		return false;
	printf("\nRegisters of the bank %s after that.\n\n", s->hash->name);
	show_registers(&bank);
	return true;
}

static int run(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		BUNDLE_OPTIONS, { "bank", required_argument, NULL, 'b' }, { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' }, {}
	};
	struct show s = { .hash = cv_hash_by_alg(CV_ALG_SHA256) };
	struct bundle b = {};
	struct cv_error err = {};
	bool json = false, good;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c >= 0 && c < N_PARTS)
			b.path[c] = optarg;
		else if (c == 'b')
			s.hash = cv_hash_by_name(optarg, strlen(optarg));
		else if (c == 'j')
			json = true;
		else
			return c == 'h' ? print_help(self) : usage_hint(self);
		if (!s.hash)
			return usage_error(self, "--bank: got \"%s\", expected sha1, sha256, sha384 or sha512", optarg);
	}
	if (argc - optind > 1)
		return usage_error(self, "got %d operands, expected one directory at most", argc - optind);
	b.dir = argv[optind];
	if (!bundle_open(&b, &err) || !(b.there[PART_FIRMWARE] || b.there[PART_IMA])) {
		bundle_close(&b);
		return usage_error(self, "%s", *err.text ? err.text : "no log is named: a directory, --firmware or --ima");
	}
	good = json ? show_json(&s, &b, &err) : show_text(&s, &b, &err);
	bundle_close(&b);
	if (good)
		return EXIT_GOOD;
	fprintf(stderr, "cvctl: %s: %s\n", cv_error_name(err.name), err.text);
	return EXIT_REFUSED;
}

const struct command evidence_show = {
	"evidence", "show", "Print a node's logs as a table, and the registers they replay to.",
	"usage: cvctl evidence show [--bank sha256] [--json] [OPTIONS] [DIR]\n\n" BUNDLE_HELP
	"  --bank NAME        which digests: sha1, sha256, sha384, sha512 (sha256)\n"
	"  --json             all of it, digests in full\n\n"
	"example:\n  cvctl evidence show --firmware /sys/kernel/security/tpm0/binary_bios_measurements\n", run,
};
