/* SPDX-License-Identifier: GPL-2.0 */
/* Counters for Prometheus, by plain HTTP on an address of their own: GET /metrics. */
#ifndef METRICS_H
#define METRICS_H

#include "cvd.h"

/* On config.metrics; nothing if that is NULL. False and @err. */
bool metrics_open(struct cvd *cvd, struct cv_error *err);
void metrics_close(void);

#endif
