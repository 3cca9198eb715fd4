// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>
#include "cvctl.h"
#include <cv/file.h>

static const struct option options[] = { { "addresses", no_argument, NULL, 'a' }, { "help", no_argument, NULL, 'h' }, {} };

/* The operands, and the type of what is listed. -1: go on. */
static int parse(const struct command *self, int argc, char **argv, int operands, enum cv_type *type)
{
	int c;

	*type = CV_DIGEST;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(self);
		if (c != 'a')
			return usage_hint(self);
		*type = CV_PREFIX;
	}
	if (argc - optind != operands)
		return usage_error(self, "got %d operands, expected %d", argc - optind, operands);
	return -1;
}

static int open_list(const struct command *self, const char *path, enum cv_type type, struct cv_file *file,
		     struct cv_list *list)
{
	struct cv_error err = {};

	if (!cv_file_open(file, path, &err))
		return usage_error(self, "%s", err.text);
	if (cv_list_is_compiled(file->bytes) ? cv_list_view(list, file->bytes, &err) :
					       cv_list_read(list, type, file->bytes, &err))
		return EXIT_GOOD;
	cv_list_clear(list);
	cv_file_close(file);
	fprintf(stderr, "%s: %s\n", path, err.text);
	return EXIT_REFUSED;
}

/* Beside its place first: a list is never there by half. */
static int write_list(const struct command *self, const struct cv_list *list, const char *path)
{
	uint8_t header[CV_LIST_HEADER];
	size_t size = list->hash ? list->n * list->hash->size : 0;
	char *beside;
	bool done;
	FILE *f;

	if (asprintf(&beside, "%s.new", path) < 0)
		return usage_error(self, "no memory");
	cv_list_header(list, header);
	f = fopen(beside, "we");
	done = f && fwrite(header, 1, sizeof(header), f) == sizeof(header) &&
	       fwrite(list->digests, 1, size, f) == size && !fflush(f) && !fsync(fileno(f));
	done = f && !fclose(f) && done && !rename(beside, path);
	if (!done) {
		usage_error(self, "%s: cannot write it: %s", path, strerror(errno));
		unlink(beside);
	}
	free(beside);
	return done ? EXIT_GOOD : EXIT_USAGE;
}

static int compile(const struct command *self, int argc, char **argv)
{
	enum cv_type type;
	int rc = parse(self, argc, argv, 2, &type);
	struct cv_list list;
	struct cv_file file;

	if (rc >= 0)
		return rc;
	if (type != CV_DIGEST)
		return usage_error(self, "addresses are not compiled; name the text itself");
	rc = open_list(self, argv[optind], type, &file, &list);
	if (rc)
		return rc;
	rc = list.hash ? write_list(self, &list, argv[optind + 1]) :
			 usage_error(self, "%s: no digest in it", argv[optind]);
	if (rc == EXIT_GOOD)
		printf("%zu digests by %s\n", list.n, list.hash->name);
	cv_list_clear(&list);
	cv_file_close(&file);
	return rc;
}

static int id(const struct command *self, int argc, char **argv)
{
	enum cv_type type;
	int rc = parse(self, argc, argv, 1, &type);
	struct cv_list list;
	struct cv_file file;

	if (rc >= 0)
		return rc;
	rc = open_list(self, argv[optind], type, &file, &list);
	if (rc)
		return rc;
	printf("sha256:");
	for (unsigned int i = 0; i < CV_LIST_ID; i++)
		printf("%02x", list.id[i]);
	putchar('\n');
	cv_list_clear(&list);
	cv_file_close(&file);
	return EXIT_GOOD;
}

const struct command list_compile = {
	"list", "compile", "Make a text of digests into a file that is used without being read first.",
	"usage: cvctl list compile TEXT FILE\n\n"
	"TEXT has a digest on each line, as sha256:0123… or as sha256sum prints; \"#\" begins a comment.\n\n"
	"example:\n  find /usr -type f -exec sha256sum {} + > usr.txt && cvctl list compile usr.txt usr.list\n", compile,
};

const struct command list_id = {
	"list", "id", "Print the identity of a list, which its form and order do not change.",
	"usage: cvctl list id [--addresses] FILE\n\n"
	"options:\n  --addresses   the text lists addresses and prefixes\n\nexample:\n  cvctl list id usr.list\n", id,
};
