// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdlib.h>
#include <jansson.h>
#include <cv/json.h>
#include "criteria.h"

int criteria_open(struct opened_criteria *it, const char *path)
{
	struct cv_criteria_env env = { &node_catalog, cv_lists_open, &it->lists };
	struct cv_error err = {};
	struct cv_spot spot;
	char text[1024];
	struct cv_file file;

	*it = (struct opened_criteria) { .lists.beside = path };
	if (!cv_file_open(&file, path, &err)) {
		fprintf(stderr, "cvctl: %s\n", err.text);
		return EXIT_USAGE;
	}
	it->criteria = cv_criteria_parse(file.bytes, &env, &spot, &err);
	if (!it->criteria) {
		cv_criteria_explain(path, file.bytes, &spot, &err, text, sizeof(text));
		fputs(text, stderr);
		cv_lists_close(&it->lists);
	}
	cv_file_close(&file);
	return it->criteria ? EXIT_GOOD : EXIT_REFUSED;
}

void criteria_close(struct opened_criteria *it)
{
	cv_criteria_free(it->criteria);
	cv_lists_close(&it->lists);
}

static const struct option options[] = {
	{ "disclosed", no_argument, NULL, 'd' }, { "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' }, {}
};

struct asked {
	bool disclosed, json;
};

/* The file's criteria. -1: go on. */
static int parse(const struct command *self, int argc, char **argv, struct asked *asked, struct opened_criteria *it)
{
	int c;

	*asked = (struct asked) {};
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'd': asked->disclosed = true; break;
		case 'j': asked->json = true; break;
		case 'h': return print_help(self);
		default: return usage_hint(self);
		}
	}
	if (argc - optind != 1)
		return usage_error(self, "got %d operands, expected the file of the criteria", argc - optind);
	c = criteria_open(it, argv[optind]);
	return c == EXIT_GOOD ? -1 : c;
}

static int check(const struct command *self, int argc, char **argv)
{
	char id[CV_CRITERIA_ID_TEXT];
	struct opened_criteria it;
	struct asked asked;
	int rc = parse(self, argc, argv, &asked, &it);

	if (rc >= 0)
		return rc;
	cv_criteria_print_id(it.criteria, id);
	if (asked.json) {
		json_t *o = json_pack("{s:o, s:s}", "name", cv_json_text(cv_criteria_name(it.criteria)), "id", id);

		json_dumpf(o, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(o);
	} else {
		printf("%s: good: \"%s\"\n", argv[optind], cv_criteria_name(it.criteria));
	}
	criteria_close(&it);
	return EXIT_GOOD;
}

static int format(const struct command *self, int argc, char **argv)
{
	struct opened_criteria it;
	struct asked asked;
	int rc = parse(self, argc, argv, &asked, &it);
	char *text;

	if (rc >= 0)
		return rc;
	text = cv_criteria_format(it.criteria, asked.disclosed);
	rc = text ? EXIT_GOOD : usage_error(self, "no memory");
	if (text)
		fputs(text, stdout);
	free(text);
	criteria_close(&it);
	return rc;
}

static int digest(const struct command *self, int argc, char **argv)
{
	char id[CV_CRITERIA_ID_TEXT];
	struct opened_criteria it;
	struct asked asked;
	int rc = parse(self, argc, argv, &asked, &it);

	if (rc >= 0)
		return rc;
	cv_criteria_print_id(it.criteria, id);
	puts(id);
	criteria_close(&it);
	return EXIT_GOOD;
}

const struct command criteria_check = {
	"criteria", "check", "Say whether criteria are good, and if not, where and why.",
	"usage: cvctl criteria check [--json] FILE\n\nexample:\n  cvctl criteria check node.cv\n", check,
};

const struct command criteria_format = {
	"criteria", "format", "Print criteria in canonical form.",
	"usage: cvctl criteria format [--disclosed] FILE\n\n"
	"options:\n  --disclosed   commitments in place of hidden rules; the digest stays the same\n\n"
	"example:\n  cvctl criteria format --disclosed node.cv\n", format,
};

const struct command criteria_digest = {
	"criteria", "digest", "Print the digest of criteria, which comments, order and file names do not change.",
	"usage: cvctl criteria digest FILE\n\nexample:\n  cvctl criteria digest node.cv\n", digest,
};
