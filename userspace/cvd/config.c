// SPDX-License-Identifier: GPL-2.0
#include <cv/conf.h>
#include "config.h"

#define DAY	(24u * 3600 * 1000)

static bool fits(const struct config *c, struct cv_error *err)
{
	if (strcmp(c->enrol, "approval") && strcmp(c->enrol, "vendor"))
		return cv_refuse(err, CV_E_FILE, "enrol: got \"%.60s\", expected approval or vendor", c->enrol);
	if (!strcmp(c->enrol, "vendor") && !c->vendors)
		return cv_refuse(err, CV_E_FILE, "enrol = vendor, but no vendors are told: vendors = DIRECTORY");
	if (c->timeout <= c->interval)
		return cv_refuse(err, CV_E_FILE, "timeout is %u ms, expected more than interval, %u ms", c->timeout, c->interval);
	return c->certificate_life >= 4 * c->timeout ||
	       cv_refuse(err, CV_E_FILE, "certificate_life is %u ms, expected at least four times timeout, %u ms",
			 c->certificate_life, c->timeout);
}

bool config_read(struct config *c, const char *path, struct cv_error *err)
{
	const struct cv_conf_entry entries[] = {
		{ "listen", CV_CONF_TEXT, false, &c->listen, 0, 0 }, { "state", CV_CONF_TEXT, false, &c->state, 0, 0 },
		{ "control", CV_CONF_TEXT, false, &c->control, 0, 0 }, { "criteria", CV_CONF_TEXT, false, &c->criteria, 0, 0 },
		{ "vendors", CV_CONF_TEXT, false, &c->vendors, 0, 0 }, { "enrol", CV_CONF_TEXT, false, &c->enrol, 0, 0 },
		{ "members", CV_CONF_TEXT, false, &c->members, 0, 0 }, { "metrics", CV_CONF_TEXT, false, &c->metrics, 0, 0 },
		{ "user", CV_CONF_TEXT, false, &c->user, 0, 0 }, { "remedy", CV_CONF_TEXT, false, &c->remedy, 0, 0 },
		{ "remedy_for", CV_CONF_TEXT, false, &c->remedy_for, 0, 0 },
		{ "remedy_timeout", CV_CONF_MS, false, &c->remedy_timeout, 100, DAY },
		{ "interval", CV_CONF_MS, false, &c->interval, 100, DAY }, { "timeout", CV_CONF_MS, false, &c->timeout, 200, DAY },
		{ "certificate_life", CV_CONF_MS, false, &c->certificate_life, 1000, 30 * DAY },
		{ "joining", CV_CONF_NUMBER, false, &c->joining, 1, 100000 }, {}
	};
	struct cv_error why = {};

	*c = (struct config) {
		.listen = "0.0.0.0:7510", .state = "/var/lib/cvd", .control = "/run/cvd/control",
		.criteria = "/etc/cloudverifier/criteria", .enrol = "approval", .members = "/var/lib/cvd/members",
		.interval = 10000, .timeout = 30000, .certificate_life = 3600000, .joining = 256, .remedy_for = "violated",
		.remedy_timeout = 600000,
	};
	return cv_conf_open(path, &c->text, entries, err) &&
	       (fits(c, &why) || cv_refuse(err, why.name, "%.100s: %s", path, why.text));
}
