// SPDX-License-Identifier: GPL-2.0
/* Whatever the log: what its events tell lies inside them, can be shown on a terminal, and judged. */
#include <stdlib.h>
#include <cv/boot.h>
#include <cv/criteria.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
	"criteria \"x\" { boot.secure_boot == true\n boot.cmdline has \"quiet\"\n boot.option(\"a\") == \"b\"\n"
	"boot.db == boot.dbx\n boot.pk != boot.kek\n every boot.image: digest == boot.initrd and pcr == 4\n"
	"no boot.file: digest == boot.pk\n some boot.command: text has \"linux\" }";

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void inside(struct cv_bytes part, struct cv_bytes all)
{
	require(!part.len || (part.data >= all.data && part.data + part.len <= all.data + all.len));
}

static void show(struct cv_bytes log_bytes)
{
	struct cv_fwlog_event event;
	struct cv_fwevent what;
	struct cv_fwlog log;
	char shown[64];

	if (!cv_fwlog_begin(&log, log_bytes, NULL))
		return;
	while (cv_fwlog_next(&log, &event, NULL) == CV_FWLOG_EVENT) {
		const struct cv_hash *hash = cv_hash_by_alg(log.bank[0].alg);

		if (!hash)
			continue;
		cv_fwevent_read(&what, &event, 0, hash);
		inside(what.name, event.body);
		inside(what.data, event.body);
		inside(what.guid, event.body);
		cv_fwevent_print(what.name, what.utf16, shown, sizeof(shown));
		for (char *c = shown; *c; c++)
			require((uint8_t)*c >= 0x20 && *c != 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cv_module *const modules[] = { &cv_boot_module };
	static const struct cv_catalog catalog = { modules, 1 };
	static struct cv_criteria *criteria;
	struct cv_criteria_env env = { &catalog, NULL, NULL };
	struct cv_bytes log = { data, size };
	struct cv_evidence evidence = { &cv_boot_module, NULL };
	struct cv_error err;
	struct cv_spot spot;
	struct cv_attester node = { .n_banks = 1, .at_start = 1 };
	struct cv_boot boot;

	if (!criteria)
		criteria = cv_criteria_parse((struct cv_bytes) { (const uint8_t *)text, strlen(text) }, &env, &spot, &err);
	require(criteria);
	show(log);
	if (cv_fwlog_replay(log, cv_hash_by_alg(CV_ALG_SHA256), &node.bank[0], &err) &&
	    cv_boot_read(&boot, log, &node, 0, ~0u, (struct cv_bytes) { (const uint8_t *)"quiet a=b", 9 }, &err)) {
		evidence.data = &boot;
		cv_criteria_judge(criteria, &evidence, 1, NULL, NULL);
	}
	return 0;
}
