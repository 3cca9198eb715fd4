// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <cv/boot.h>
#include <cv/ima.h>
#include <cv/roti.h>
#include <cv/tpm.h>
#include "policy.h"

static const struct cv_module *const modules[] = { &cv_boot_module, &cv_ima_module, &cv_tpm_module, &cv_roti_module };
static const struct cv_catalog catalog = { modules, sizeof(modules) / sizeof(modules[0]) };

/* Of these a later quote tells anew; the others stand for as long as a boot lasts. */
static const struct cv_module *const renewed[] = { &cv_ima_module, &cv_tpm_module };

static const char *const type_names[] = {
	[NODE_COMPUTE] = "compute", [NODE_NETWORK] = "network", [NODE_API] = "api", [NODE_SERVICE] = "service",
	[NODE_VERIFIER] = "verifier",
};

const char *node_type_name(enum node_type type)
{
	return type_names[type];
}

bool node_type_find(const char *name, enum node_type *type)
{
	for (*type = 0; *type < N_NODE_TYPES; ++*type)
		if (!strcmp(type_names[*type], name))
			return true;
	return false;
}

/* --- vendors -------------------------------------------------------------------------------- */

static bool add_vendor(struct cv_vendors *vendors, const char *path, bool root, struct cv_error *err)
{
	struct cv_error why = {};
	struct cv_file file;
	bool good;

	if (!cv_file_open(&file, path, err))
		return false;
	good = cv_vendors_add(vendors, file.bytes, root, &why) || cv_refuse(err, why.name, "%.100s: %s", path, why.text);
	cv_file_close(&file);
	return good;
}

static bool add_vendors(struct policy *p, const char *dir, bool root, struct cv_error *err)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	char path[512];
	bool good = true;

	if (!d)
		return (!root && errno == ENOENT) || cv_refuse(err, CV_E_FILE, "%.100s: %s", dir, strerror(errno));
	while (good && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_DIR)
			continue;
		good = (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path) ||
			cv_refuse(err, CV_E_FILE, "%.100s: the name is too long", dir)) &&
		       add_vendor(&p->vendors, path, root, err);
	}
	closedir(d);
	return good;
}

/* --- criteria ----------------------------------------------------------------------------------- */

static struct cv_criteria *parse(const char *path, struct cv_lists *lists, enum node_type type, char *why, size_t size)
{
	struct cv_criteria_env env = { &catalog, cv_lists_open, lists };
	struct cv_criteria *criteria;
	struct cv_error err = {};
	struct cv_spot spot = { 1, 1, 0 };
	struct cv_file file;

	if (!cv_file_open(&file, path, &err)) {
		snprintf(why, size, "%s\n", err.text);
		return NULL;
	}
	criteria = cv_criteria_parse(file.bytes, &env, &spot, &err);
	if (criteria && !cv_criteria_is_for(criteria, type_names[type])) {
		cv_refuse(&err, CV_E_CRITERIA_TYPE, "these criteria are not for nodes of type %s", type_names[type]);
		goto bad;
	}
	if (criteria && cv_criteria_can_be_renewed(criteria, renewed, sizeof(renewed) / sizeof(renewed[0]), &spot, &err))
		goto out;
bad:
	cv_criteria_explain(path, file.bytes, &spot, &err, why, size);
	cv_criteria_free(criteria);
	criteria = NULL;
out:
	cv_file_close(&file);
	return criteria;
}

bool policy_test(const struct policy *p, enum node_type type, char *why, size_t size)
{
	struct cv_lists lists = { .beside = p->of[type].path };
	struct cv_criteria *criteria = parse(p->of[type].path, &lists, type, why, size);
	bool good = criteria;

	cv_criteria_free(criteria);
	cv_lists_close(&lists);
	return good;
}

bool policy_load(struct policy *p, enum node_type type, char *why, size_t size)
{
	struct cv_lists lists = { .beside = p->of[type].path };
	struct cv_criteria *criteria = parse(p->of[type].path, &lists, type, why, size);

	if (!criteria) {
		cv_lists_close(&lists);
		return false;
	}
	cv_criteria_free(p->of[type].criteria);
	cv_lists_close(&p->of[type].lists);
	p->of[type].criteria = criteria;
	p->of[type].lists = lists;
	p->of[type].generation++;
	return true;
}

/* --- the whole -------------------------------------------------------------------------------------- */

static bool load_types(struct policy *p, struct cv_error *err)
{
	char why[1024];

	for (enum node_type type = 0; type < N_NODE_TYPES; type++) {
		if (snprintf(p->of[type].path, sizeof(p->of[type].path), "%s/%s.cv", p->dir, type_names[type]) >=
		    (int)sizeof(p->of[type].path))
			return cv_refuse(err, CV_E_FILE, "%.100s: the name is too long", p->dir);
		if (!access(p->of[type].path, F_OK) && !policy_load(p, type, why, sizeof(why))) {
			fputs(why, stderr);	/* with a caret, which takes lines of its own */
			return cv_refuse(err, CV_E_CRITERIA_SYNTAX, "%.100s: not good", p->of[type].path);
		}
	}
	return true;
}

bool policy_open(struct policy *p, const char *dir, const char *vendors, struct cv_error *err)
{
	char path[512];

	*p = (struct policy) { .dir = dir, .wanted = { CV_ALG_SHA256, 0x7ff } };
	if (!load_types(p, err) || !cv_vendors_begin(&p->vendors, err))
		return false;
	if (!vendors)
		return true;
	return (snprintf(path, sizeof(path), "%s/intermediates", vendors) < (int)sizeof(path) ||
		cv_refuse(err, CV_E_FILE, "%.100s: the name is too long", vendors)) &&
	       add_vendors(p, vendors, true, err) && add_vendors(p, path, false, err);
}

void policy_close(struct policy *p)
{
	cv_vendors_clear(&p->vendors);
	for (enum node_type type = 0; type < N_NODE_TYPES; type++) {
		cv_criteria_free(p->of[type].criteria);
		cv_lists_close(&p->of[type].lists);
	}
}
