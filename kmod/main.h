/* SPDX-License-Identifier: GPL-2.0 */
/* What the whole module shares. Locks: Documentation/locking.md. */
#ifndef _CV_MAIN_H
#define _CV_MAIN_H

#include <linux/mutex.h>
#include <linux/workqueue.h>

/* Serialises every change of configuration; held from pre_doit to post_doit. */
extern struct mutex cv_config;

/* High priority, unbound; its items never wait for cv_config but vm->gone. */
extern struct workqueue_struct *cv_wq;

#endif /* _CV_MAIN_H */
