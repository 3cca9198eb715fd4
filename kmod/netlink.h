/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CV_NETLINK_H
#define _CV_NETLINK_H

int cv_netlink_init(void);
void cv_netlink_uninit(void);

#endif /* _CV_NETLINK_H */
