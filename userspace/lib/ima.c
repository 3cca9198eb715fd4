// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <cv/ima.h>

bool cv_ima_is_aggregate(const struct cv_imafile *file)
{
	static const struct cv_bytes name = { (const uint8_t *)"boot_aggregate", 14 };

	return cv_bytes_equal(file->path, name);
}

/* Since Linux 5.8 registers 8 and 9 are in it, but for SHA-1. */
unsigned int cv_ima_boot_aggregate(const struct cv_imafile *file, const struct cv_pcr_bank *bank)
{
	struct cv_bytes parts[10];
	uint8_t digest[CV_HASH_MAX];

	if (file->digest.len != bank->hash->size)
		return 0;
	for (unsigned int i = 0; i < 10; i++)
		parts[i] = (struct cv_bytes) { bank->value[i], bank->hash->size };
	for (unsigned int n = 8; n <= 10; n += 2)
		if (cv_hash_of(bank->hash, parts, n, digest) &&
		    !memcmp(digest, file->digest.data, file->digest.len))
			return n;
	return 0;
}

/* --- the list ---------------------------------------------------------------------------- */

struct walk {
	struct cv_imalog log;
	struct cv_imalog_entry entry;
	struct cv_imafile file;
	bool is_told;
};
_Static_assert(sizeof(struct walk) <= sizeof(((struct cv_item *)0)->state), "a position fits");

#define IMA		((const struct cv_ima *)ask->evidence)
#define WALK(item)	((struct walk *)(item)->state)
#define AT		((const struct walk *)ask->item->state)

static bool begin(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from)
{
	if (!IMA->is_proven)
		snprintf(from->text, sizeof(from->text), "PCR 10 is not quoted, or was quoted before the kernel measured anything");
	cv_imalog_begin(&WALK(item)->log, IMA->log);
	return IMA->is_proven;
}

/* Keys, policies and command lines are measured, too. */
static enum cv_list_next next_of(const struct cv_ask *ask, struct cv_item *item, bool files)
{
	struct walk *w = WALK(item);
	enum cv_imalog_next next;

	while ((next = cv_imalog_next(&w->log, &w->entry, NULL)) == CV_IMALOG_ENTRY) {
		item->index = IMA->first + w->entry.index;
		/* Of a violation nothing was measured but that it is one. */
		w->is_told = !w->entry.violation && cv_imalog_file(&w->log, &w->entry, &w->file, NULL);
		if (!item->index && w->is_told && cv_ima_is_aggregate(&w->file))
			continue;
		/* What cannot be told apart may be either, and a violation is a file's: their facts are unknown. */
		if (w->is_told ? files == !w->file.is_buffer : files || !w->entry.violation)
			return CV_LIST_ITEM;
	}
	return next == CV_IMALOG_END ? CV_LIST_END : CV_LIST_BAD;
}

static enum cv_list_next next_file(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from)
{
	(void)from;
	return next_of(ask, item, true);
}

static enum cv_list_next next_buffer(const struct cv_ask *ask, struct cv_item *item, struct cv_from *from)
{
	(void)from;
	return next_of(ask, item, false);
}

static void say(const struct cv_ask *ask, struct cv_from *from, const char *what)
{
	snprintf(from->text, sizeof(from->text), "entry %llu of the list of measured files%s",
		 (unsigned long long)ask->item->index, what);
}

static bool get_path(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	say(ask, from, AT->entry.violation ? ": it was open for writing" : "");
	value->string = AT->file.path;
	return AT->is_told;
}

static bool get_digest(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	const struct cv_imafile *file = &AT->file;

	say(ask, from, AT->entry.violation ? ": it was open for writing" : "");
	if (!AT->is_told)
		return false;
	value->digest.hash = cv_hash_by_name((const char *)file->alg.data, file->alg.len);
	value->digest.bytes = file->digest.data;
	return value->digest.hash && file->digest.len == value->digest.hash->size;
}

static bool get_signed(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	say(ask, from, "");
	value->boolean = AT->file.signature.len;
	return AT->is_told && AT->file.has_signature;
}

static bool get_violation(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	say(ask, from, "");
	value->boolean = AT->entry.violation;
	return true;
}

static bool get_verity(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	say(ask, from, "");
	value->boolean = AT->file.verity;
	return AT->is_told;
}

static const struct cv_fact file_fields[] = {
	{ .name = "path", .type = CV_STRING, .get = get_path, .meaning = "as the kernel saw it; not known of a file that was open for writing" },
	{ .name = "digest", .type = CV_DIGEST, .get = get_digest,
	  .meaning = "of its content; not known of a file that was open for writing" },
	{ .name = "signed", .type = CV_BOOLEAN, .get = get_signed,
	  .meaning = "has a signature in security.ima, if the template tells; whose, is not told" },
	{ .name = "violation", .type = CV_BOOLEAN, .get = get_violation,
	  .meaning = "was open for writing when it was measured" },
	{ .name = "verity", .type = CV_BOOLEAN, .get = get_verity,
	  .meaning = "the digest is fs-verity's" },
	{}
};

static const struct cv_fact buffer_fields[] = {
	{ .name = "name", .type = CV_STRING, .get = get_path, .meaning = "kexec-cmdline, a keyring, a policy" },
	{ .name = "digest", .type = CV_DIGEST, .get = get_digest, .meaning = "of what was measured" },
	{}
};

static const struct cv_fact ima_facts[] = {
	{ .name = "ima.file", .type = CV_RECORDS, .fields = file_fields, .begin = begin, .next = next_file,
	  .meaning = "files that the node's kernel measured, by its IMA policy: programs, libraries, modules; all but boot_aggregate" },
	{ .name = "ima.buffer", .type = CV_RECORDS, .fields = buffer_fields, .begin = begin, .next = next_buffer,
	  .meaning = "what was measured that is no file" },
	{}
};

const struct cv_module cv_ima_module = { "ima", ima_facts };
