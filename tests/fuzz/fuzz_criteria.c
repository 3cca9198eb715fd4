// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever the text: it is refused with a spot inside it, or its canonical form
 * is a text of the same identity, hidden or disclosed, and it can be judged.
 */
#include <stdlib.h>
#include "../unit/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static const struct cv_list *open_list(void *context, const char *name, enum cv_type type, struct cv_error *err)
{
	(void)name;
	if (type == CV_DIGEST)
		return context;
	cv_refuse(err, CV_E_LIST_FORMAT, "no such file");
	return NULL;
}

static void again(const struct cv_criteria *criteria, const struct cv_criteria_env *env, bool disclosed)
{
	char *text = cv_criteria_format(criteria, disclosed);
	struct cv_criteria *second;
	struct cv_error err;
	struct cv_spot spot;

	require(text);
	second = cv_criteria_parse(text_of(text), env, &spot, &err);
	/* The canonical text may be longer than a text can be; then, and only then, is it refused. */
	require(second || err.name == CV_E_CRITERIA_LIMIT);
	require(!second || !memcmp(cv_criteria_id(criteria), cv_criteria_id(second), CV_CRITERIA_ID));
	cv_criteria_free(second);
	free(text);
}

static void judge(const struct cv_criteria *criteria)
{
	static const struct program programs[] = { { "/usr/bin/a", NULL, true }, { "/b", NULL, false } };
	const struct machine machine = {
		.vcpus = 1, .memory = 1 << 20, .cmdline = "a b=c", .firmware = "1.2", .address = "10.0.0.1",
		.programs = programs, .n_programs = 2,
	};
	struct cv_evidence evidence = { &machine_module, &machine };

	cv_criteria_judge(criteria, &evidence, 1, NULL, NULL);
	cv_criteria_judge(criteria, NULL, 0, NULL, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cv_list list;
	struct cv_criteria_env env = { &machine_catalog, open_list, &list };
	struct cv_bytes text = { data, size };
	struct cv_criteria *criteria;
	struct cv_error err;
	struct cv_spot spot;
	char shown[512];

	if (!list.owned)
		require(cv_list_read(&list, CV_DIGEST, text_of("# none\n"), NULL));
	criteria = cv_criteria_parse(text, &env, &spot, &err);
	if (!criteria) {
		require(err.name != CV_E_NONE && *err.text && spot.line >= 1 && spot.column >= 1);
		cv_criteria_explain("text", text, &spot, &err, shown, sizeof(shown));
		return 0;
	}
	again(criteria, &env, false);
	again(criteria, &env, true);
	judge(criteria);
	cv_criteria_free(criteria);
	return 0;
}
