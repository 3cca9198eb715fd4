/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONFIG_H
#define CONFIG_H

#include "cvd.h"

/* cvd.conf(5). False and @err. */
bool config_read(struct config *config, const char *path, struct cv_error *err);

#endif
