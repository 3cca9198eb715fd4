/* SPDX-License-Identifier: GPL-2.0 */
/* The three places where this module stands inside KVM. */
#ifndef _CV_KVMHOOK_H
#define _CV_KVMHOOK_H

struct netlink_ext_ack;

/*
 * Hooks are installed with the first attached guest and removed with the
 * last, so that a host without one runs KVM unchanged. Both may sleep; the
 * caller holds cv_config.
 */
int cv_kvmhook_get(struct netlink_ext_ack *extack);
void cv_kvmhook_put(void);
bool cv_kvmhook_installed(void);

int cv_kvmhook_init(void);
void cv_kvmhook_uninit(void);

#endif /* _CV_KVMHOOK_H */
