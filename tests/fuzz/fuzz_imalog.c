// SPDX-License-Identifier: GPL-2.0
/* Whatever the bytes: reading ends, entries follow each other without a gap, and what they tell lies inside them. */
#include <stdlib.h>
#include <cv/criteria.h>
#include <cv/ima.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void inside(const struct cv_imalog_entry *entry, struct cv_bytes b)
{
	require(!b.len || (b.data >= entry->data.data && b.data + b.len <= entry->data.data + entry->data.len));
}

/* Criteria read each fact of each entry. */
static void judge(struct cv_bytes entries)
{
	static const char text[] =
		"criteria \"x\" { every ima.file: path under \"/usr\" or digest == sha1:0000000000000000000000000000000000000000 or signed == true\n"
		"no ima.file: violation == true or verity == true\n no ima.buffer: name == \"x\" }";
	static const struct cv_module *const modules[] = { &cv_ima_module };
	static const struct cv_catalog catalog = { modules, 1 };
	static struct cv_criteria *criteria;
	struct cv_criteria_env env = { &catalog, NULL, NULL };
	struct cv_ima ima = { entries, 0, true };
	struct cv_evidence evidence = { &cv_ima_module, &ima };
	struct cv_error err;
	struct cv_spot spot;

	if (!criteria)
		criteria = cv_criteria_parse((struct cv_bytes) { (const uint8_t *)text, strlen(text) }, &env, &spot, &err);
	require(criteria);
	cv_criteria_judge(criteria, &evidence, 1, NULL, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_imalog_entry entry;
	struct cv_pcr_bank bank;
	struct cv_imafile file;
	struct cv_imalog log;
	struct cv_error err;
	size_t at = 0;

	cv_pcr_restart(&bank, cv_hash_by_alg(CV_ALG_SHA256));
	cv_imalog_begin(&log, (struct cv_bytes) { data, size });
	while (cv_imalog_next(&log, &entry, &err) == CV_IMALOG_ENTRY) {
		require(entry.offset == at && entry.end > at && entry.end <= size);
		at = entry.end;
		if (cv_imalog_file(&log, &entry, &file, &err)) {
			inside(&entry, file.path);
			inside(&entry, file.digest);
			inside(&entry, file.signature);
			inside(&entry, file.buffer);
		}
		cv_imalog_consistent(&entry);
		cv_imalog_extend(&entry, CV_IMALOG_OWN, &bank);
	}
	judge((struct cv_bytes) { data, size });
	return 0;
}
