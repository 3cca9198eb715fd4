// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdlib.h>
#include <jansson.h>
#include "cvctl.h"

static const char *unit_name(const struct cv_fact *fact)
{
	return fact->unit == CV_UNIT_BYTES ? "bytes" : fact->unit == CV_UNIT_TIME ? "time" : NULL;
}

static void print_params(const struct cv_fact *fact, char *out, size_t size)
{
	size_t len = 0;

	out[0] = 0;
	for (unsigned int i = 0; i < CV_FACT_ARGS && fact->param[i].name; i++)
		len += snprintf(out + len, size - len, "%s%s", i ? ", " : "", fact->param[i].name);
}

static void print_fact(const char *list, const struct cv_fact *fact)
{
	char params[256], name[128];

	print_params(fact, params, sizeof(params));
	snprintf(name, sizeof(name), "%s%s", list ? "    " : "", fact->name);
	printf("%-22s %-16s %s%s%s%s\n", name, unit_name(fact) ?: cv_type_name(fact->type), fact->meaning,
	       *params ? "; of " : "", params, fact->in_kernel ? "; judged in the host's kernel" : "");
	for (const struct cv_fact *f = fact->fields; f && f->name; f++)
		print_fact(fact->name, f);
}

static json_t *fact_json(const struct cv_module *module, const struct cv_fact *fact)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s?, s:b, s:s}", "name", fact->name, "module", module->name,
			      "type", cv_type_name(fact->type), "unit", unit_name(fact), "in_kernel", fact->in_kernel,
			      "meaning", fact->meaning);
	json_t *fields = fact->fields ? json_array() : NULL, *params = json_array();

	for (unsigned int i = 0; i < CV_FACT_ARGS && fact->param[i].name; i++)
		json_array_append_new(params, json_pack("{s:s, s:s}", "name", fact->param[i].name, "type",
							cv_type_name(fact->param[i].type)));
	json_object_set_new(o, "arguments", params);
	for (const struct cv_fact *f = fact->fields; f && f->name; f++)
		json_array_append_new(fields, fact_json(module, f));
	if (fields)
		json_object_set_new(o, "fields", fields);
	return o;
}

static void print_json(void)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < node_catalog.n_modules; i++)
		for (const struct cv_fact *f = node_catalog.modules[i]->facts; f->name; f++)
			json_array_append_new(all, fact_json(node_catalog.modules[i], f));
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static int run(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' }, {} };
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(self);
		if (c != 'j')
			return usage_hint(self);
		json = true;
	}
	if (optind != argc)
		return usage_error(self, "got \"%s\", expected no operand", argv[optind]);
	if (json) {
		print_json();
		return EXIT_GOOD;
	}
	for (unsigned int i = 0; i < node_catalog.n_modules; i++)
		for (const struct cv_fact *f = node_catalog.modules[i]->facts; f->name; f++)
			print_fact(NULL, f);
	return EXIT_GOOD;
}

const struct command facts = {
	"facts", NULL, "List what criteria can speak of.",
	"usage: cvctl facts [--json]\n\nexample:\n  cvctl facts\n", run,
};
