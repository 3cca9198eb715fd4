// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <cv/lists.h>

static char *path_beside(const char *beside, const char *name)
{
	const char *slash = beside ? strrchr(beside, '/') : NULL;
	char *path;

	if (*name == '/' || !slash)
		return strdup(name);
	return asprintf(&path, "%.*s/%s", (int)(slash - beside), beside, name) < 0 ? NULL : path;
}

static bool read_list(struct cv_opened_list *it, enum cv_type type, struct cv_error *err)
{
	struct cv_error why = {};

	if (!cv_file_open(&it->file, it->path, err))
		return false;
	if (cv_list_is_compiled(it->file.bytes) ? cv_list_view(&it->list, it->file.bytes, &why) :
						  cv_list_read(&it->list, type, it->file.bytes, &why))
		return true;
	return cv_refuse(err, why.name, "%.100s: %s", it->path, why.text);
}

static void close_list(struct cv_opened_list *it)
{
	cv_list_clear(&it->list);
	cv_file_close(&it->file);
	free(it->path);
	free(it);
}

static bool type_fits(const struct cv_list *list, enum cv_type type)
{
	return list->type == (type == CV_ADDRESS ? CV_PREFIX : type);
}

const struct cv_list *cv_lists_open(void *context, const char *name, enum cv_type type, struct cv_error *err)
{
	struct cv_lists *lists = context;
	struct cv_opened_list *it = calloc(1, sizeof(*it));

	if (it)
		it->path = path_beside(lists->beside, name);
	if (!it || !it->path) {
		free(it);
		cv_refuse(err, CV_E_MEMORY, "no memory for a list");
		return NULL;
	}
	for (struct cv_opened_list *known = lists->first; known; known = known->next)
		if (!strcmp(known->path, it->path) && type_fits(&known->list, type)) {
			close_list(it);
			return &known->list;
		}
	if (!read_list(it, type, err)) {
		close_list(it);
		return NULL;
	}
	if (!type_fits(&it->list, type)) {
		cv_refuse(err, CV_E_LIST_FORMAT, "%.100s lists values of type %s, expected %s", it->path,
			  cv_type_name(it->list.type), cv_type_name(type));
		close_list(it);
		return NULL;
	}
	it->next = lists->first;
	lists->first = it;
	return &it->list;
}

void cv_lists_close(struct cv_lists *lists)
{
	while (lists->first) {
		struct cv_opened_list *it = lists->first;

		lists->first = it->next;
		close_list(it);
	}
}
