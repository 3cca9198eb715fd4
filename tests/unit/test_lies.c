// SPDX-License-Identifier: GPL-2.0
/*
 * Logs that lie: registers are as they are, and nobody measured what a log calls
 * an event or an entry (Documentation/evidence.md, "What a log cannot lie about").
 */
#include "proof.h"

/* --- forging ------------------------------------------------------------------------------------------- */

static uint8_t forged[65536];
static size_t forged_len;

static void put(const void *data, size_t len)
{
	ck_assert_uint_le(forged_len + len, sizeof(forged));
	memcpy(forged + forged_len, data, len);
	forged_len += len;
}

static void put_le(uint32_t n, unsigned int size)
{
	uint8_t bytes[4] = { n, n >> 8, n >> 16, n >> 24 };

	put(bytes, size);
}

static void use_forged(void)
{
	memcpy(fwlog.data, forged, forged_len);
	fwlog.len = forged_len;
}

/* The event at @index of the log is told to be of @type, with @body. */
static void relabel(unsigned int index, uint32_t type, const void *body, size_t len)
{
	struct cv_fwlog_event event;
	struct cv_fwlog log;
	size_t after;

	ck_assert(cv_fwlog_begin(&log, of(&fwlog), &err));
	do
		ck_assert_int_eq(cv_fwlog_next(&log, &event, &err), CV_FWLOG_EVENT);
	while (event.index != index);
	forged_len = 0;
	put(fwlog.data, event.offset + 4);
	put_le(type, 4);
	put(fwlog.data + event.offset + 8, event.body.data - 4 - (fwlog.data + event.offset + 8));
	put_le(len, 4);
	put(body, len);
	after = log.reader.at - fwlog.data;
	put(fwlog.data + after, fwlog.len - after);
	use_forged();
}

/* Root extends a register once more, and tells of it. */
static void append(uint32_t pcr, uint32_t type, const void *measured, size_t measured_len, const void *body, size_t len)
{
	struct cv_bytes part = { measured, measured_len };
	struct cv_fwlog log;
	uint8_t digest[CV_HASH_MAX];

	ck_assert(cv_fwlog_begin(&log, of(&fwlog), &err));
	forged_len = 0;
	put(fwlog.data, fwlog.len);
	put_le(pcr, 4);
	put_le(type, 4);
	put_le(log.n_banks, 4);
	for (unsigned int i = 0; i < log.n_banks; i++) {
		ck_assert(cv_hash_of(cv_hash_by_alg(log.bank[i].alg), &part, 1, digest));
		put_le(log.bank[i].alg, 2);
		put(digest, log.bank[i].size);
	}
	put_le(len, 4);
	put(body, len);
	use_forged();
}

static void admitted(const char *boot)
{
	cv_attester_forget(&node);
	load(boot, "quote");
	ck_assert(accepted());
}

#define IPL		0x0000000d
#define EVENT_TAG	0x00000006
#define VARIABLE	0x80000001
#define IMAGE		0x80000003

/* Of verity's log: the images, the initrd (measured twice), and what else is in the registers of code. */
#define UNIFIED	"sha256:93e23174e91b8f84fa761d766d4fbbd449a243541b0dc1a8796962d41dcad59a"	/* event 27 */
#define KERNEL	"sha256:6b1bf35c3bee9918250f593a6fff889c75c1e239cd2fe9e5bb0cd3de9dcb8e51"	/* event 36 */
#define INITRD	"sha256:94654c4e799c664892a690bd318660049305049f1935e073cfa1bfb81b70bc7b"	/* events 35 and 38 */
#define OPTIONS_AT	37
#define INITRD_AT	38

START_TEST(what_was_measured_is_not_hidden_by_another_name)
{
	static const uint32_t types[] = { 1, 4, 5, 0x80000007, IPL, EVENT_TAG, VARIABLE, 0x80000006, 0x12345678 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		admitted("verity");
		ck_assert_int_eq(judged("every boot.image: digest in { " UNIFIED ", " KERNEL " }"), CV_SATISFIED);
		relabel(27, types[i], "Calling INT 19h", 15);
		ck_assert_msg(judged("no boot.image: digest == " UNIFIED) == CV_VIOLATED, "type 0x%x", types[i]);
		relabel(35, types[i], ".\0x\0\0\0", 6);
		ck_assert_msg(judged("no boot.file where pcr == 11: digest == " INITRD) == CV_VIOLATED, "type 0x%x", types[i]);
	}
	/* The command line's event is no file, if it is known which one it is. */
	admitted("verity");
	ck_assert_int_eq(judged("every boot.file where pcr == 9: digest == " INITRD), CV_SATISFIED);
	cmdline.len = 0;
	ck_assert_int_eq(judged("every boot.file where pcr == 9: digest == " INITRD), CV_VIOLATED);
	/* A text that was not measured cannot be added. */
	admitted("verity");
	ck_assert_int_eq(judged("no boot.command: text has \"x\""), CV_SATISFIED);
	append(8, VARIABLE, "quiet", 5, "quiet", 5);
	ck_assert_int_eq(judged("no boot.command: text has \"x\""), CV_UNKNOWN);
}
END_TEST

static const char secure_boot[] = "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
				  "\x0a\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\1";

/* Event 4 is SecureBoot, 9 the separator. */
START_TEST(a_variable_cannot_be_measured_later)
{
	struct cv_bytes line = { (uint8_t *)secure_boot, sizeof(secure_boot) - 1 };

	admitted("verity");
	append(7, VARIABLE, line.data, line.len, line.data, line.len);
	ck_assert_int_eq(judged("boot.secure_boot == false"), CV_SATISFIED);
	relabel(4, 1, "", 0);
	ck_assert_int_eq(judged("boot.secure_boot == true"), CV_UNKNOWN);
	append(7, 4, "\0\0\0", 4, "\0\0\0", 4);
	relabel(9, 1, "", 0);		/* the first separator is known by its digest */
	ck_assert_int_eq(judged("boot.secure_boot == true"), CV_UNKNOWN);
	/* A log that is cut before the separator tells nothing. */
	admitted("verity");
	fwlog.len = 0;
	{
		struct cv_fwlog_event event;
		struct cv_fwlog log;

		load("verity", "quote");
		ck_assert(cv_fwlog_begin(&log, of(&fwlog), &err));
		do
			ck_assert_int_eq(cv_fwlog_next(&log, &event, &err), CV_FWLOG_EVENT);
		while (event.index != 9);
		fwlog.len = event.offset;
	}
	ck_assert_int_eq(judged("boot.secure_boot == false"), CV_UNKNOWN);
}
END_TEST

/* Measures @text as the EFI stub would, and tells so. */
static void append_options(const char *text)
{
	uint8_t wide[512] = {};

	for (size_t i = 0; text[i]; i++)
		wide[2 * i] = text[i];
	append(9, EVENT_TAG, wide, 2 * strlen(text) + 2, "\xed\x22\x3b\x8f\0\0\0\0", 8);
}

static void told(const char *text)
{
	strcpy((char *)cmdline.data, text);
	cmdline.len = strlen(text);
}

START_TEST(a_command_line_cannot_be_measured_later)
{
	static const uint32_t types[] = { 1, IPL, EVENT_TAG };

	for (size_t i = 0; i < 3; i++) {
		/* By the stub; the true one is called something else. */
		admitted("verity");
		append_options("quiet");
		relabel(OPTIONS_AT, types[i], "", 0);
		told("quiet");
		ck_assert_msg(judged("boot.cmdline has \"quiet\"") == CV_UNKNOWN, "type 0x%x", types[i]);
	}
	/* By GRUB, which did not run. */
	admitted("verity");
	append(8, IPL, "/linux quiet", 12, "kernel_cmdline: /linux quiet", 28);
	told("BOOT_IMAGE=/linux quiet");
	ck_assert_int_eq(judged("boot.cmdline has \"quiet\""), CV_UNKNOWN);
	/* By systemd-stub, which does not tell what the kernel took. */
	admitted("verity");
	append(12, IPL, "q\0u\0i\0e\0t\0\0", 12, "q\0u\0i\0e\0t\0\0", 12);
	told("quiet");
	ck_assert_int_eq(judged("boot.cmdline has \"quiet\""), CV_UNKNOWN);
	ck_assert_int_eq(judged("no boot.command: text has \"debug\""), CV_UNKNOWN);
	/* Even what is true is not believed if somebody measured later. */
	admitted("verity");
	ck_assert_int_eq(judged("boot.cmdline has \"ima_policy=tcb\""), CV_SATISFIED);
	append_options("quiet");
	ck_assert_int_eq(judged("boot.cmdline has \"ima_policy=tcb\""), CV_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(why, "boot_aggregate"));
}
END_TEST

/* What was measured and what the kernel takes are not the same of each line. */
START_TEST(a_command_line_that_the_kernel_does_not_take_whole)
{
	static const char *const lines[] = {
		"a\nlockdown=integrity", "a\x7f b", "a \xc3\xa4", "quiet bootconfig a", "bootconfig=1", "initcall_blacklist=init_ima",
	};
	char longest[2049];

	for (size_t i = 0; i < 6; i++) {
		admitted("verity");
		told(lines[i]);
		ck_assert_int_eq(judged("boot.cmdline == \"x\""), CV_UNKNOWN);
		ck_assert_msg(!strstr(why, "another"), "%s", why);
	}
	memset(longest, 'a', 2048);
	longest[2048] = 0;
	told(longest);
	ck_assert_int_eq(judged("boot.cmdline == \"x\""), CV_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(why, "too long"));
}
END_TEST

START_TEST(an_initrd_cannot_be_measured_later)
{
	admitted("verity");
	ck_assert_int_eq(judged("boot.initrd == " INITRD), CV_SATISFIED);
	relabel(INITRD_AT, 1, "", 0);
	append(9, EVENT_TAG, "initrd", 6, "\xec\x22\x3b\x8f\0\0\0\0", 8);
	ck_assert_int_eq(judged("boot.initrd != " INITRD), CV_UNKNOWN);
	/* The line's event is called the initrd. */
	admitted("verity");
	cmdline.len = 0;
	relabel(OPTIONS_AT, EVENT_TAG, "\xec\x22\x3b\x8f\0\0\0\0", 8);
	relabel(INITRD_AT, 1, "", 0);
	ck_assert_int_eq(judged("boot.initrd != " INITRD), CV_UNKNOWN);
}
END_TEST

/* The registers are what a quote proved; a log of another boot is none of this one. */
START_TEST(facts_are_of_the_log_that_was_proven)
{
	struct cv_boot boot;

	admitted("verity");
	ck_assert(cv_boot_read(&boot, of(&fwlog), &node, 0, QUOTED, of(&cmdline), &err));
	load("uki", "quote");
	ck_assert(!cv_boot_read(&boot, of(&fwlog), &node, 0, QUOTED, of(&cmdline), &err));
	ck_assert_int_eq(err.name, CV_E_LOG_MISMATCH);
}
END_TEST

/* --- lists that lie -------------------------------------------------------------------------------------- */

static void rename_template(const char *from, const char *to)
{
	struct cv_imalog_entry entry;
	struct cv_imalog log;
	size_t at = 0;

	cv_imalog_begin(&log, of(&imalog));
	forged_len = 0;
	while (cv_imalog_next(&log, &entry, &err) == CV_IMALOG_ENTRY) {
		const char *name = (char *)entry.template.data;
		bool it = entry.template.len == strlen(from) && !memcmp(name, from, strlen(from)) && entry.index;

		put(imalog.data + at, 24);
		put_le(it ? strlen(to) : entry.template.len, 4);
		put(it ? to : name, it ? strlen(to) : entry.template.len);
		put_le(entry.data.len, 4);
		put(entry.data.data, entry.data.len);
		at = entry.end;
	}
	memcpy(imalog.data, forged, forged_len);
	imalog.len = forged_len;
}

START_TEST(a_file_is_not_hidden_by_its_templates_name)
{
	static const char *const names[] = {
		"ima-buf", "ima-sig", "ima-ngv2", "d-ng|buf", "d-ng|xattrnames", "n-ng|d-ng", "buf|n-ng", "sig|n-ng", "evm-sig", "iuid|igid", "d|n",
		"buf|buf", "other",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cv_attester_forget(&node);
		load("verity", "quote");
		rename_template("ima-ng", names[i]);
		ck_assert_msg(accepted(), "%s", err.text);	/* it was not measured */
		ck_assert_msg(judged("no ima.file: path == \"/usr/bin/bash\"") == CV_UNKNOWN, "%s", names[i]);
		ck_assert_msg(judged("every ima.file: path == \"boot_aggregate\"") == CV_UNKNOWN, "%s", names[i]);
	}
}
END_TEST

static void use_list(void)
{
	memcpy(imalog.data, forged, forged_len);
	imalog.len = forged_len;
}

/* Entries can be in the firmware's log, or for another register: then they are in no list. */
START_TEST(an_entry_is_not_moved_away)
{
	struct cv_imalog_entry entry;
	struct cv_imalog log;

	cv_attester_forget(&node);
	load("verity", "quote");
	imalog.data[0] = 9;		/* the first entry's register */
	ck_assert(!accepted());
	ck_assert_int_eq(err.name, CV_E_LOG_PCR);
	load("verity", "quote");
	cv_imalog_begin(&log, of(&imalog));
	ck_assert_int_eq(cv_imalog_next(&log, &entry, &err), CV_IMALOG_ENTRY);
	append(10, 1, entry.data.data, entry.data.len, "", 0);
	forged_len = 0;
	put(imalog.data + entry.end, imalog.len - entry.end);
	use_list();
	ck_assert(!accepted());
	ck_assert_int_eq(err.name, CV_E_LOG_PCR);
}
END_TEST

/* SHA-1 banks are extended by the digest in the list, which is to be that of the data. */
START_TEST(data_that_no_register_binds_is_refused)
{
	struct cv_imalog_entry entry;
	struct cv_imalog log;

	cv_attester_forget(&node);
	load("uki", "quote-sha1");
	cv_imalog_begin(&log, of(&imalog));
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(cv_imalog_next(&log, &entry, &err), CV_IMALOG_ENTRY);
	imalog.data[entry.end - 2] ^= 1;
	ck_assert(!accepted());
	ck_assert_int_eq(err.name, CV_E_LOG_ENTRY);
}
END_TEST

/* A violation's data is bound by nothing: it may be of any file. */
START_TEST(a_violation_is_of_some_file)
{
	cv_attester_forget(&node);
	load("imacustom", "quote");
	ck_assert(accepted());
	ck_assert_int_eq(judged("no ima.file: path == \"/nowhere/x\""), CV_UNKNOWN);
	ck_assert_int_eq(judged("every ima.file where path under \"/nowhere\": signed == true"), CV_UNKNOWN);
	ck_assert_int_eq(judged("no ima.file: violation == true"), CV_VIOLATED);
	ck_assert_int_eq(judged("no ima.file: violation == false and path == \"/nowhere/x\""), CV_SATISFIED);
	ck_assert_int_eq(judged("no ima.buffer: name == \"x\""), CV_SATISFIED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lies");
	TCase *tests = tcase_create("logs");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_was_measured_is_not_hidden_by_another_name);
	tcase_add_test(tests, a_variable_cannot_be_measured_later);
	tcase_add_test(tests, a_command_line_cannot_be_measured_later);
	tcase_add_test(tests, a_command_line_that_the_kernel_does_not_take_whole);
	tcase_add_test(tests, an_initrd_cannot_be_measured_later);
	tcase_add_test(tests, facts_are_of_the_log_that_was_proven);
	tcase_add_test(tests, a_file_is_not_hidden_by_its_templates_name);
	tcase_add_test(tests, an_entry_is_not_moved_away);
	tcase_add_test(tests, data_that_no_register_binds_is_refused);
	tcase_add_test(tests, a_violation_is_of_some_file);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
