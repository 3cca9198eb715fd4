// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <cv/conf.h>
#include <cv/file.h>

static char *trim(char *at, char *end)
{
	while (end > at && cv_is_blank(end[-1]))
		end--;
	*end = 0;
	while (cv_is_blank(*at))
		at++;
	return at;
}

static bool read_number(const char *text, uint64_t *n, const char **rest)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	*rest = end;
	return end != text && *text != '-' && *text != '+' && !errno;
}

static bool read_ms(const char *text, uint64_t *n)
{
	static const struct { const char *unit; uint64_t ms; } units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "min", 60000 }, { "h", 3600000 },
	};
	const char *unit;

	if (!read_number(text, n, &unit) || *n > UINT32_MAX)
		return false;
	while (cv_is_blank(*unit))
		unit++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].unit)) {
			*n *= units[i].ms;
			return true;
		}
	return false;
}

static bool set_number(const struct cv_conf_entry *e, uint64_t n, unsigned int line, struct cv_error *err)
{
	const char *unit = e->type == CV_CONF_MS ? " ms" : "";

	if (n < e->min || n > e->max)
		return cv_refuse(err, CV_E_FILE, "line %u: %s is %llu%s, expected %u%s to %u%s", line, e->name,
				 (unsigned long long)n, unit, e->min, unit, e->max, unit);
	*(uint32_t *)e->value = n;
	return true;
}

static bool set(const struct cv_conf_entry *e, const char *text, unsigned int line, struct cv_error *err)
{
	const char *rest;
	uint64_t n;

	switch (e->type) {
	case CV_CONF_TEXT:
		if (!*text)
			return cv_refuse(err, CV_E_FILE, "line %u: %s is empty", line, e->name);
		*(const char **)e->value = text;
		return true;
	case CV_CONF_MS:
		if (!read_ms(text, &n))
			return cv_refuse(err, CV_E_FILE, "line %u: %s: got \"%.60s\", expected a time, as 30 s", line, e->name, text);
		return set_number(e, n, line, err);
	case CV_CONF_NUMBER:
		if (!read_number(text, &n, &rest) || *rest)
			return cv_refuse(err, CV_E_FILE, "line %u: %s: got \"%.60s\", expected a number", line, e->name, text);
		return set_number(e, n, line, err);
	case CV_CONF_YES:
		if (strcmp(text, "yes") && strcmp(text, "no"))
			return cv_refuse(err, CV_E_FILE, "line %u: %s: got \"%.60s\", expected yes or no", line, e->name, text);
		*(bool *)e->value = *text == 'y';
		return true;
	}
	return false;
}

static int find(const struct cv_conf_entry *entries, const char *name)
{
	for (int i = 0; entries[i].name; i++)
		if (!strcmp(entries[i].name, name))
			return i;
	return -1;
}

static bool read_line(char *at, char *end, unsigned int line, const struct cv_conf_entry *entries, uint32_t *seen,
		      struct cv_error *err)
{
	char *equals, *name;
	int i;

	if (*at == '#' || !*(at = trim(at, end)) || *at == '#')
		return true;
	equals = strchr(at, '=');
	if (!equals)
		return cv_refuse(err, CV_E_FILE, "line %u: got \"%.60s\", expected name = value", line, at);
	name = trim(at, equals);
	i = find(entries, name);
	if (i < 0)
		return cv_refuse(err, CV_E_FILE, "line %u: nothing is called \"%.60s\"", line, name);
	if (*seen >> i & 1)
		return cv_refuse(err, CV_E_FILE, "line %u: %s was told before", line, name);
	*seen |= 1u << i;
	return set(&entries[i], trim(equals + 1, strchr(equals + 1, 0)), line, err);
}

bool cv_conf_read(char *text, size_t len, const struct cv_conf_entry *entries, struct cv_error *err)
{
	unsigned int line = 1;
	uint32_t seen = 0;
	char *end;

	if (memchr(text, 0, len))
		return cv_refuse(err, CV_E_FILE, "a zero byte in it, expected text");
	for (char *at = text, *last = text + len; at < last; at = end + 1, line++) {
		end = memchr(at, '\n', last - at) ?: last;
		*end = 0;
		if (!read_line(at, end, line, entries, &seen, err))
			return false;
	}
	for (int i = 0; entries[i].name; i++)
		if (entries[i].required && !(seen >> i & 1))
			return cv_refuse(err, CV_E_FILE, "%s is not told", entries[i].name);
	return true;
}

bool cv_conf_open(const char *path, char **text, const struct cv_conf_entry *entries, struct cv_error *err)
{
	struct cv_error why = {};
	struct cv_file file;
	bool good;

	*text = NULL;
	if (!cv_file_open(&file, path, err))
		return false;
	*text = file.bytes.len <= CV_CONF_MAX ? malloc(file.bytes.len + 1) : NULL;
	if (*text && file.bytes.len)
		memcpy(*text, file.bytes.data, file.bytes.len);
	good = (*text || cv_refuse(&why, CV_E_FILE, "more than %u bytes", CV_CONF_MAX)) &&
	       cv_conf_read(*text, file.bytes.len, entries, &why);
	cv_file_close(&file);
	return good || cv_refuse(err, why.name, "%.100s: %s", path, why.text);
}
