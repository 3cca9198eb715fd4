// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <cv/imalog.h>
#include "cmdline.h"

#define CMDLINE_MAX	65536

/* What firmware, GRUB and systemd-stub extend by which events (PFP 2.3.4; theirs). */
#define IMAGE_PCRS	(1u << 2 | 1u << 4)
#define FILE_PCRS	(1u << 9 | 1u << 11)
#define COMMAND_PCRS	(1u << 8 | 1u << 12)

/* EFI_GLOBAL_VARIABLE and EFI_IMAGE_SECURITY_DATABASE_GUID, as they lie in memory. */
static const uint8_t global_guid[16] = {
	0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c,
};
static const uint8_t database_guid[16] = {
	0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f,
};

/* --- finding them ------------------------------------------------------------------------ */

static void found(struct cv_boot_event *to, const struct cv_fwlog_event *event, unsigned int bank,
		  struct cv_bytes data)
{
	to->index = event->index;
	to->digest = event->digest[bank];
	to->data = data;
	to->times++;
}

static const struct {
	const char *name;
	const uint8_t *guid;
	size_t offset;
} variables[] = {
	{ "SecureBoot", global_guid, offsetof(struct cv_boot, secure_boot) },
	{ "PK", global_guid, offsetof(struct cv_boot, pk) },
	{ "KEK", global_guid, offsetof(struct cv_boot, kek) },
	{ "db", database_guid, offsetof(struct cv_boot, db) },
	{ "dbx", database_guid, offsetof(struct cv_boot, dbx) },
};

static void look_at_variable(struct cv_boot *boot, const struct cv_fwlog_event *event,
			     const struct cv_fwevent *what)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (!memcmp(what->guid.data, variables[i].guid, 16) &&
		    cv_fwevent_is(what->name, what->utf16, variables[i].name))
			found((struct cv_boot_event *)((char *)boot + variables[i].offset), event, boot->bank,
			      what->data);
}

/* Who runs later can measure variables, too: they count until the firmware has ended its part. */
static void look_at_config(struct cv_boot *boot, const struct cv_fwlog_event *event, const struct cv_fwevent *what,
			   bool *separated)
{
	*separated |= what->kind == CV_FWEVENT_SEPARATOR;
	if (!*separated && what->kind == CV_FWEVENT_VARIABLE && what->bound)
		look_at_variable(boot, event, what);
}

static struct cv_bytes without_newline(struct cv_bytes line)
{
	while (line.len && (line.data[line.len - 1] == '\n' || !line.data[line.len - 1]))
		line.len--;
	return line;
}

static bool find_bank(struct cv_boot *boot, const struct cv_fwlog *log)
{
	for (boot->bank = 0; boot->bank < log->n_banks; boot->bank++)
		if (log->bank[boot->bank].alg == boot->hash->alg)
			return true;
	return false;
}

static bool is_the_proven(struct cv_bytes log, const struct cv_pcr_bank *proven, uint32_t quoted, struct cv_error *err)
{
	struct cv_pcr_bank bank;

	if (!cv_fwlog_replay(log, proven->hash, &bank, err))
		return false;
	for (unsigned int pcr = 0; pcr < CV_PCRS; pcr++)
		if (pcr != CV_IMA_PCR && quoted >> pcr & 1 &&
		    memcmp(bank.value[pcr], proven->value[pcr], proven->hash->size))
			return cv_refuse(err, CV_E_LOG_MISMATCH, "the log does not replay to PCR %u, which was proven", pcr);
	return true;
}

static void look(struct cv_boot *boot, struct cv_fwlog *log, struct cmdline *line)
{
	struct cv_fwlog_event event;
	struct cv_fwevent what;
	bool separated = false;

	while (cv_fwlog_next(log, &event, NULL) == CV_FWLOG_EVENT) {
		if (event.type == CV_EV_NO_ACTION || !(boot->quoted >> event.pcr & 1))
			continue;
		cv_fwevent_read(&what, &event, boot->bank, boot->hash);
		if (event.pcr == 7)
			look_at_config(boot, &event, &what, &separated);
		else
			cmdline_look(line, &event, &what);
	}
	if (!separated)
		boot->secure_boot = boot->pk = boot->kek = boot->db = boot->dbx = (struct cv_boot_event) {};
}

bool cv_boot_read(struct cv_boot *boot, struct cv_bytes bytes, const struct cv_attester *node, unsigned int bank,
		  uint32_t quoted, struct cv_bytes cmdline, struct cv_error *err)
{
	const struct cv_pcr_bank *proven = &node->bank[bank];
	struct cmdline line;
	struct cv_fwlog log;

	*boot = (struct cv_boot) {
		.log = bytes, .hash = proven->hash, .quoted = quoted, .cmdline = without_newline(cmdline),
		.at_start = node->at_start >> bank & 1,
	};
	if (boot->cmdline.len > CMDLINE_MAX)
		return cv_refuse(err, CV_E_LOG_CMDLINE, "a command line of %zu bytes, expected at most %u",
				 cmdline.len, CMDLINE_MAX);
	if (!is_the_proven(bytes, proven, quoted, err) || !cv_fwlog_begin(&log, bytes, err))
		return false;
	if (!find_bank(boot, &log) || !cmdline_begin(&line, boot))
		return cv_refuse(err, CV_E_MEMORY, "no memory for a command line of %zu bytes", cmdline.len);
	look(boot, &log, &line);
	cmdline_end(&line);
	return true;
}

/* --- facts ----------------------------------------------------------------------------------- */

#define BOOT	((const struct cv_boot *)ask->evidence)

static bool known(const struct cv_boot_event *event, struct cv_from *from)
{
	if (event->times == 1)
		snprintf(from->text, sizeof(from->text), "event %u of the firmware's log", event->index);
	else if (event->times)
		snprintf(from->text, sizeof(from->text), "measured %u times, last by event %u of the firmware's log",
			 event->times, event->index);
	else
		snprintf(from->text, sizeof(from->text), "no event of the firmware's log tells");
	return event->times == 1;
}

static bool get_secure_boot(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	const struct cv_boot_event *event = &BOOT->secure_boot;

	if (!known(event, from) || event->data.len != 1 || event->data.data[0] > 1)
		return false;
	value->boolean = event->data.data[0];
	return true;
}

static bool digest_of(const struct cv_ask *ask, const struct cv_boot_event *event, struct cv_value *value,
		      struct cv_from *from)
{
	value->digest.hash = BOOT->hash;
	value->digest.bytes = event->digest;
	return known(event, from);
}

static bool get_pk(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	return digest_of(ask, &BOOT->pk, value, from);
}

static bool get_kek(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	return digest_of(ask, &BOOT->kek, value, from);
}

static bool get_db(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	return digest_of(ask, &BOOT->db, value, from);
}

static bool get_dbx(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	return digest_of(ask, &BOOT->dbx, value, from);
}

static bool are_quoted(const struct cv_boot *boot, uint32_t registers, struct cv_from *from)
{
	for (unsigned int pcr = 0; pcr < CV_PCRS; pcr++) {
		if ((registers & ~boot->quoted) >> pcr & 1) {
			snprintf(from->text, sizeof(from->text), "PCR %u is not quoted", pcr);
			return false;
		}
	}
	return true;
}

/* @doubt: why it is not known, or NULL. */
static bool is_without_doubt(const char *doubt, const struct cv_boot_event *event, struct cv_from *from)
{
	if (doubt)
		snprintf(from->text, sizeof(from->text), "%s", doubt);
	else
		snprintf(from->text, sizeof(from->text), "event %u of the firmware's log", event->index);
	return !doubt;
}

static bool get_initrd(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	value->digest.hash = BOOT->hash;
	value->digest.bytes = BOOT->initrd.digest;
	return is_without_doubt(BOOT->initrd_doubt, &BOOT->initrd, from);
}

static bool get_cmdline(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	value->string = BOOT->cmdline;
	return is_without_doubt(BOOT->cmdline_doubt, &BOOT->options, from);
}

static bool get_option(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	return get_cmdline(ask, value, from) &&
	       cmdline_option(BOOT->cmdline, ask->args[0].string, &value->string, from);
}

/* Of dm-verity with SHA-256, which is what systemd and veritysetup do if not told otherwise. */
static bool get_roothash(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	static const uint8_t name[] = "roothash";
	struct cv_value args[CV_FACT_ARGS] = { { .type = CV_STRING, .string = { name, sizeof(name) - 1 } } };
	struct cv_ask option = { .evidence = ask->evidence, .args = args };
	char text[8 + 2 * CV_HASH_MAX] = "sha256:";
	struct cv_value hex;

	if (!get_option(&option, &hex, from) || hex.string.len != 64)
		return false;
	memcpy(text + 7, hex.string.data, hex.string.len);
	return cv_value_read(value, CV_DIGEST, (struct cv_bytes) { (uint8_t *)text, 7 + hex.string.len }, ask->room);
}

/* --- lists: images and files --------------------------------------------------------------------- */

struct walk {
	struct cv_fwlog log;
	struct cv_fwlog_event event;
	struct cv_fwevent what;
	uint32_t registers;
};
_Static_assert(sizeof(struct walk) <= sizeof(((struct cv_item *)0)->state), "a position fits");

#define WALK(item)	((struct walk *)(item)->state)
#define AT		((const struct walk *)ask->item->state)

/* A list is known if every register is proven that its events are for; else some may be missing, or made up. */
static bool begin_walk(const struct cv_ask *ask, struct cv_item *item, uint32_t registers, struct cv_from *from)
{
	WALK(item)->registers = registers;
	return are_quoted(BOOT, registers, from) && cv_fwlog_begin(&WALK(item)->log, BOOT->log, NULL);
}

static bool begin_images(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from)
{
	return begin_walk(ask, item, IMAGE_PCRS, from);
}

static bool begin_files(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from)
{
	return begin_walk(ask, item, FILE_PCRS, from);
}

static bool begin_commands(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from)
{
	return begin_walk(ask, item, COMMAND_PCRS, from);
}

/* Of which it was measured that they are no code, no file and no command, whatever the log calls them. */
static bool is_nothing(const struct cv_fwevent *what)
{
	return what->kind == CV_FWEVENT_NO_ACTION || what->kind == CV_FWEVENT_SEPARATOR || what->routine ||
	       (what->kind == CV_FWEVENT_SECTION && what->bound);
}

/* The one event of PCR 9 that is no file, if it is known which one: the command line's. */
static bool is_options(const struct cv_boot *boot, const struct cv_fwlog_event *event)
{
	return !boot->cmdline_doubt && event->index == boot->options.index;
}

/* All others of the registers: one that was left out for what the log calls it could hide. */
static enum cv_list_next next_event(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from)
{
	struct walk *w = WALK(item);
	enum cv_fwlog_next next;

	(void)from;
	while ((next = cv_fwlog_next(&w->log, &w->event, NULL)) == CV_FWLOG_EVENT) {
		if (w->event.pcr >= CV_PCRS || !(w->registers >> w->event.pcr & 1))
			continue;
		cv_fwevent_read(&w->what, &w->event, BOOT->bank, BOOT->hash);
		item->index = w->event.index;
		if (!is_nothing(&w->what) && !is_options(BOOT, &w->event))
			return CV_LIST_ITEM;
	}
	return next == CV_FWLOG_END ? CV_LIST_END : CV_LIST_BAD;
}

static bool get_digest(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	snprintf(from->text, sizeof(from->text), "event %u of the firmware's log", AT->event.index);
	value->digest.hash = BOOT->hash;
	value->digest.bytes = AT->event.digest[BOOT->bank];
	return value->digest.bytes;
}

static bool get_pcr(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	(void)from;
	value->integer = AT->event.pcr;
	return true;
}

/* Text that is what was measured. That of UTF-16 is not looked into: words in it would not be found. */
static bool get_text(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	bool known = AT->what.bound && cv_fwevent_is_command(&AT->what) && !AT->what.utf16;

	snprintf(from->text, sizeof(from->text), "event %u of the firmware's log%s", AT->event.index,
		 known ? "" : AT->what.utf16 ? ": UTF-16" : ": its text is not what was measured");
	value->string = AT->what.name;
	return known;
}

static const struct cv_fact measured_fields[] = {
	{ .name = "digest", .type = CV_DIGEST, .get = get_digest,
	  .meaning = "what was measured: of an image its Authenticode digest, of a file that of its content" },
	{ .name = "pcr", .type = CV_INTEGER, .get = get_pcr, .meaning = "the register that was extended" },
	{}
};

static const struct cv_fact command_fields[] = {
	{ .name = "text", .type = CV_STRING, .get = get_text, .meaning = "as it was measured" },
	{}
};

static const struct cv_fact boot_facts[] = {
	{ .name = "boot.secure_boot", .type = CV_BOOLEAN, .get = get_secure_boot,
	  .meaning = "UEFI Secure Boot is on" },
	{ .name = "boot.pk", .type = CV_DIGEST, .get = get_pk,
	  .meaning = "the event that measured the platform key" },
	{ .name = "boot.kek", .type = CV_DIGEST, .get = get_kek,
	  .meaning = "the event that measured the key exchange keys" },
	{ .name = "boot.db", .type = CV_DIGEST, .get = get_db,
	  .meaning = "the event that measured the allowed signers" },
	{ .name = "boot.dbx", .type = CV_DIGEST, .get = get_dbx,
	  .meaning = "the event that measured the forbidden images" },
	{ .name = "boot.cmdline", .type = CV_STRING, .get = get_cmdline,
	  .meaning = "the kernel's command line, if its EFI stub measured it (Linux 6.2)" },
	{ .name = "boot.option", .type = CV_STRING, .get = get_option,
	  .meaning = "the value of NAME=… on that command line",
	  .param = { { .name = "the option's name in quotes", .type = CV_STRING } } },
	{ .name = "boot.roothash", .type = CV_DIGEST, .get = get_roothash,
	  .meaning = "dm-verity's root hash on that command line (roothash=…)" },
	{ .name = "boot.initrd", .type = CV_DIGEST, .get = get_initrd,
	  .meaning = "the initrd that the EFI stub was given" },
	{ .name = "boot.image", .type = CV_RECORDS, .fields = measured_fields, .begin = begin_images,
	  .next = next_event, .meaning = "boot loaders, drivers and kernels that the firmware started" },
	{ .name = "boot.file", .type = CV_RECORDS, .fields = measured_fields, .begin = begin_files,
	  .next = next_event, .meaning = "files that GRUB read, sections of a unified kernel image, the initrd" },
	{ .name = "boot.command", .type = CV_RECORDS, .fields = command_fields, .begin = begin_commands,
	  .next = next_event, .meaning = "commands that GRUB ran, and command lines it passed" },
	{}
};

const struct cv_module cv_boot_module = { "boot", boot_facts };
