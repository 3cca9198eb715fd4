// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <sys/utsname.h>
#include <cv/conf.h>
#include <cv/file.h>
#include "cvnoded.h"

bool config_read(struct config *c, const char *path, struct cv_error *err)
{
	static struct utsname host;
	const struct cv_conf_entry entries[] = {
		{ "verifier", CV_CONF_TEXT, true, &c->verifier, 0, 0 }, { "authority", CV_CONF_TEXT, false, &c->authority, 0, 0 },
		{ "name", CV_CONF_TEXT, false, &c->name, 0, 0 }, { "type", CV_CONF_TEXT, false, &c->type, 0, 0 },
		{ "tcti", CV_CONF_TEXT, false, &c->tcti, 0, 0 }, { "state", CV_CONF_TEXT, false, &c->state, 0, 0 },
		{ "firmware_log", CV_CONF_TEXT, false, &c->firmware_log, 0, 0 },
		{ "ima_list", CV_CONF_TEXT, false, &c->ima_list, 0, 0 }, { "cmdline", CV_CONF_TEXT, false, &c->cmdline, 0, 0 },
		{ "roti", CV_CONF_TEXT, false, &c->roti, 0, 0 }, {}
	};
	struct cv_error why = {};
	struct cv_file file;
	char *text;
	bool good;

	uname(&host);
	*c = (struct config) {
		.authority = "/etc/cloudverifier/ca.pem", .name = host.nodename, .type = "compute", .tcti = "device:/dev/tpmrm0",
		.state = "/var/lib/cvnoded", .firmware_log = "/sys/kernel/security/tpm0/binary_bios_measurements",
		.ima_list = "/sys/kernel/security/ima/binary_runtime_measurements", .cmdline = "/proc/cmdline",
	};
	if (!cv_file_open(&file, path, err))
		return false;
	text = file.bytes.len <= CV_CONF_MAX ? malloc(file.bytes.len + 1) : NULL;
	c->text = text;
	if (text)
		memcpy(text, file.bytes.data, file.bytes.len);
	good = (text || cv_refuse(&why, CV_E_FILE, "more than %u bytes", CV_CONF_MAX)) &&
	       cv_conf_read(text, file.bytes.len, entries, &why);
	cv_file_close(&file);
	return good || cv_refuse(err, why.name, "%.100s: %s", path, why.text);
}
