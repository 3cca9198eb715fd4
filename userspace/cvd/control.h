/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operator's socket: cvadm sends a JSON object on a line and gets one back.
 * Who may connect, the socket's file says; root and cvd's group.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "cvd.h"

struct control;

struct control *control_open(struct cvd *cvd, struct cv_error *err);
void control_close(struct control *control);

#endif
