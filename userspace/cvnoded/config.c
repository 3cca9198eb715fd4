// SPDX-License-Identifier: GPL-2.0
#include <sys/utsname.h>
#include <cv/conf.h>
#include "cvnoded.h"

static bool fits(const struct config *c, struct cv_error *err)
{
	bool gate = c->gate_members || c->gate_ports || c->gate_reload;

	if (gate && (!c->gate_members || !c->gate_ports))
		return cv_refuse(err, CV_E_FILE, "a service host has gate_members and gate_ports");
	return !strcmp(c->type, "service") == gate ||
	       cv_refuse(err, CV_E_FILE, "type is %.20s, but %s: a service host is of type service and has gate_members", c->type,
			 gate ? "gate_members is told" : "gate_members is not");
}

bool config_read(struct config *c, const char *path, struct cv_error *err)
{
	static struct utsname host;
	const struct cv_conf_entry entries[] = {
		{ "verifier", CV_CONF_TEXT, true, &c->verifier, 0, 0 }, { "authority", CV_CONF_TEXT, false, &c->authority, 0, 0 },
		{ "name", CV_CONF_TEXT, false, &c->name, 0, 0 }, { "type", CV_CONF_TEXT, false, &c->type, 0, 0 },
		{ "tcti", CV_CONF_TEXT, false, &c->tcti, 0, 0 }, { "state", CV_CONF_TEXT, false, &c->state, 0, 0 },
		{ "firmware_log", CV_CONF_TEXT, false, &c->firmware_log, 0, 0 },
		{ "ima_list", CV_CONF_TEXT, false, &c->ima_list, 0, 0 }, { "cmdline", CV_CONF_TEXT, false, &c->cmdline, 0, 0 },
		{ "roti", CV_CONF_TEXT, false, &c->roti, 0, 0 },
		{ "queue", CV_CONF_TEXT, false, &c->queue, 0, 0 }, { "queue_listen", CV_CONF_TEXT, false, &c->queue_listen, 0, 0 },
		{ "database", CV_CONF_TEXT, false, &c->database, 0, 0 },
		{ "database_listen", CV_CONF_TEXT, false, &c->database_listen, 0, 0 },
		{ "gate_members", CV_CONF_TEXT, false, &c->gate_members, 0, 0 },
		{ "gate_ports", CV_CONF_TEXT, false, &c->gate_ports, 0, 0 },
		{ "gate_reload", CV_CONF_TEXT, false, &c->gate_reload, 0, 0 },
		{ "gate_join", CV_CONF_NUMBER, false, &c->gate_join, 1, 65535 }, {}
	};

	struct cv_error why = {};

	uname(&host);
	*c = (struct config) {
		.authority = "/etc/cloudverifier/ca.pem", .name = host.nodename, .type = "compute", .tcti = "device:/dev/tpmrm0",
		.state = "/var/lib/cvnoded", .firmware_log = "/sys/kernel/security/tpm0/binary_bios_measurements",
		.ima_list = "/sys/kernel/security/ima/binary_runtime_measurements", .cmdline = "/proc/cmdline",
		.queue_listen = "127.0.0.1:5672", .database_listen = "127.0.0.1:5432", .gate_join = 7511,
	};
	return cv_conf_open(path, &c->text, entries, err) &&
	       (fits(c, &why) || cv_refuse(err, why.name, "%.100s: %s", path, why.text));
}
