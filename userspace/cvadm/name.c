// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <string.h>

#include "attr.h"
#include "name.h"
#include "nl.h"

struct search {
	int id_attr, name_attr;
	const char *name;
	uint32_t id;
	unsigned int found;
};

static void compare(struct nlattr **tb, void *arg)
{
	struct search *s = arg;
	const struct nlattr *name = tb[s->name_attr];
	size_t len = strlen(s->name);

	if (!name || !tb[s->id_attr] || strnlen(nla_data(name), nla_len(name)) != len ||
	    memcmp(nla_data(name), s->name, len))
		return;
	s->id = attr_uint(tb[s->id_attr]);
	s->found++;
}

static int search_run(struct call *call, struct nl_msg *msg, struct search *s, const char *what)
{
	int rc = cvnl_dump(call, msg, compare, s);

	if (rc)
		return rc;
	if (!s->found)
		return fail(call, CVX_USAGE, "%s: got \"%s\", expected an id or a name; none has "
			    "this name, see cvadm %s list", what, s->name, what);
	if (s->found > 1)
		return fail(call, CVX_USAGE, "%s: got \"%s\", which %u have; say its id, see "
			    "cvadm %s list", what, s->name, s->found, what);
	return CVX_OK;
}

static bool is_id(const char *text)
{
	return isdigit((unsigned char)*text);
}

int name_vm(struct call *call, const char *text, uint32_t *id)
{
	struct search s = { .id_attr = CV_A_VM, .name_attr = CV_A_VM_NAME, .name = text };
	struct nl_msg *msg;
	uint64_t number;
	int rc;

	if (!*text || number_parse(text, &number))
		return args_id(call, "vm", text, id);
	rc = cvnl_request(call, CV_CMD_VM_GET, &msg);
	if (!rc)
		rc = search_run(call, msg, &s, "vm");
	*id = s.id;
	return rc;
}

int name_watch_in(struct call *call, uint32_t vm, const char *name, uint32_t *id)
{
	struct search s = { .id_attr = CV_A_WATCH, .name_attr = CV_A_WATCH_NAME, .name = name };
	struct nl_msg *msg;
	int rc;

	rc = cvnl_request(call, CV_CMD_WATCH_GET, &msg);
	if (rc)
		return rc;
	cvnl_u32(msg, CV_A_VM, vm);
	rc = search_run(call, msg, &s, "watch");
	*id = s.id;
	return rc;
}

int name_watch(struct call *call, const char *text, uint32_t *id)
{
	const char *slash = strrchr(text, '/');
	char vm_name[CV_NAME_MAX + 1];
	uint32_t vm;
	int rc;

	if (!slash && is_id(text))
		return args_id(call, "watch", text, id);
	if (!slash || slash - text > CV_NAME_MAX || !slash[1])
		return fail(call, CVX_USAGE, "watch: got \"%s\", expected its id or VM/NAME; see "
			    "cvadm watch list", text);
	memcpy(vm_name, text, slash - text);
	vm_name[slash - text] = '\0';
	rc = name_vm(call, vm_name, &vm);
	return rc ?: name_watch_in(call, vm, slash + 1, id);
}
