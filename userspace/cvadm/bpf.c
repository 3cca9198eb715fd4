// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf.h"

/* "NAME=V1,V2": the length of NAME, 0 if text is not of this form. */
static size_t map_name_len(const char *text)
{
	const char *equals = strchr(text, '=');

	return equals && equals[1] ? equals - text : 0;
}

static struct bpf_map *map_find(struct bpf_object *object, const char *text)
{
	size_t len = map_name_len(text);
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		if (strlen(bpf_map__name(map)) == len && !memcmp(bpf_map__name(map), text, len))
			return map;
	return NULL;
}

/* A key is a number, or text as an execution captures it. */
union map_key {
	uint64_t number;
	char text[CV_CAPTURE_MAX];
};

static int key_read(struct call *call, struct bpf_map *map, const char *text, const char *value,
		    union map_key *key)
{
	memset(key, 0, sizeof(*key));
	if (bpf_map__key_size(map) == sizeof(key->text)) {
		if (!*value || strlen(value) >= sizeof(key->text))
			return fail(call, CVX_USAGE, "--map %s: got \"%s\", expected text of 1 to "
				    "%zu bytes", text, value, sizeof(key->text) - 1);
		memcpy(key->text, value, strlen(value));
	} else if (!number_parse(value, &key->number)) {
		return fail(call, CVX_USAGE, "--map %s: got the value \"%s\", expected numbers "
			    "separated by commas", text, value);
	}
	return CVX_OK;
}

static int map_add(struct call *call, struct bpf_map *map, const char *text, const char *value)
{
	union map_key key;
	uint8_t one = 1;
	int rc = key_read(call, map, text, value, &key);

	if (rc)
		return rc;
	if (bpf_map__update_elem(map, &key, bpf_map__key_size(map), &one, sizeof(one), BPF_ANY))
		return fail(call, CVX_REFUSED, "--map %s: the kernel did not take %s: %s; the "
			    "map holds %u", text, value, strerror(errno),
			    bpf_map__max_entries(map));
	return CVX_OK;
}

static int map_fill(struct call *call, struct bpf_map *map, const char *text)
{
	char *values, *rest, *value;
	unsigned int key_size = bpf_map__key_size(map);
	int rc = CVX_OK;

	if ((key_size != 8 && key_size != CV_CAPTURE_MAX) || bpf_map__value_size(map) != 1)
		return fail(call, CVX_USAGE, "--map %s: the map has keys of %u and values of %u "
			    "bytes, expected 8 (numbers) or %u (text), and 1", text, key_size,
			    bpf_map__value_size(map), CV_CAPTURE_MAX);
	values = rest = strdup(text + map_name_len(text) + 1);
	while (!rc && (value = strsep(&rest, ",")))
		rc = map_add(call, map, text, value);
	free(values);
	return rc;
}

/* Filled maps are frozen: what was allowed at SET_ADD stays what is allowed. */
static int maps_fill(struct call *call, struct bpf_object *object)
{
	struct bpf_map *map;
	const char *text;
	int rc = CVX_OK;

	for (int i = 0; !rc && (text = args_get_nth(call, "map", i)); i++) {
		map = map_find(object, text);
		if (map)
			rc = map_fill(call, map, text);
	}
	for (int i = 0; !rc && (text = args_get_nth(call, "map", i)); i++) {
		map = map_find(object, text);
		if (map && bpf_map_freeze(bpf_map__fd(map)) && errno != EBUSY)
			rc = fail(call, CVX_REFUSED, "--map %s: the kernel did not freeze it: %s",
				  text, strerror(errno));
	}
	return rc;
}

int bpf_maps_check(struct call *call, const struct bpf_judge *judges, int n)
{
	const char *text;

	for (int i = 0; (text = args_get_nth(call, "map", i)); i++) {
		bool found = false;

		if (!map_name_len(text))
			return fail(call, CVX_USAGE, "--map: got \"%s\", expected NAME=V1,V2,...",
				    text);
		for (int k = 0; k < n; k++)
			found |= judges[k].object && map_find(judges[k].object, text);
		if (!found)
			return fail(call, CVX_USAGE, "--map %s: no BPF object of these criteria "
				    "has a map of this name", text);
	}
	return CVX_OK;
}

static void programs_list(const struct bpf_object *object)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, object)
		fprintf(stderr, "  %s\n", bpf_program__name(prog));
}

/* The program asked for, or the only one. */
static struct bpf_program *program_pick(struct call *call, const struct criterion *c,
					struct bpf_object *object)
{
	struct bpf_program *prog, *first = bpf_object__next_program(object, NULL);

	if (*c->program) {
		prog = bpf_object__find_program_by_name(object, c->program);
		if (prog)
			return prog;
		fail(call, CVX_USAGE, "%s: got the program \"%s\", expected one of:", c->path,
		     c->program);
	} else if (first && !bpf_object__next_program(object, first)) {
		return first;
	} else {
		fail(call, CVX_USAGE, "%s: say which program, %s:PROGRAM, one of:", c->path,
		     c->path);
	}
	programs_list(object);
	return NULL;
}

static int object_load(struct call *call, const struct criterion *c, struct bpf_judge *judge)
{
	struct bpf_program *prog, *chosen = program_pick(call, c, judge->object);

	if (!chosen)
		return CVX_USAGE;
	if (bpf_program__type(chosen) != BPF_PROG_TYPE_SOCKET_FILTER)
		return fail(call, CVX_USAGE, "%s: program %s is in section \"%s\", expected a "
			    "socket filter: SEC(\"socket\")", c->path, bpf_program__name(chosen),
			    bpf_program__section_name(chosen));
	bpf_object__for_each_program(prog, judge->object)
		bpf_program__set_autoload(prog, prog == chosen);
	if (bpf_object__load(judge->object))
		return fail(call, CVX_REFUSED, "%s: the kernel did not load program %s: %s; its "
			    "reasons are above", c->path, bpf_program__name(chosen),
			    strerror(errno));
	judge->fd = bpf_program__fd(chosen);
	return maps_fill(call, judge->object);
}

static int pinned_open(struct call *call, const struct criterion *c, struct bpf_judge *judge)
{
	judge->fd = bpf_obj_get(c->path);
	if (judge->fd < 0)
		return fail(call, CVX_USAGE, "%s: no pinned program to be had: %s; bpftool prog "
			    "pin makes one", c->path, strerror(errno));
	return CVX_OK;
}

int bpf_judge_open(struct call *call, const struct criterion *c, struct bpf_judge *judge)
{
	judge->object = NULL;
	judge->fd = -1;
	if (c->pinned)
		return pinned_open(call, c, judge);
	judge->object = bpf_object__open_file(c->path, NULL);
	if (!judge->object)
		return fail(call, CVX_USAGE, "%s: not a readable BPF object: %s; build one with "
			    "clang -target bpf -O2 -g -I/usr/include/$(uname -m)-linux-gnu -c", c->path, strerror(errno));
	return object_load(call, c, judge);
}

void bpf_judge_close(struct bpf_judge *judge)
{
	if (judge->object)
		bpf_object__close(judge->object);
	else if (judge->fd >= 0)
		close(judge->fd);
	judge->object = NULL;
	judge->fd = -1;
}
