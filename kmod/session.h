/* SPDX-License-Identifier: GPL-2.0 */
/* A customer's standing on this host: an owner and a lease. */
#ifndef _CV_SESSION_H
#define _CV_SESSION_H

#include <linux/hrtimer.h>
#include "../include/uapi/linux/cloudverifier.h"

struct cv_session {
	u32 id;
	u32 lease_ms;
	ktime_t ends;			/* monotonic */
	bool expired;
	struct hrtimer lease;		/* as exact for an hour as for a second */
	struct list_head sets;		/* RCU; changed under cv_config */
	char owner[CV_NAME_MAX + 1];
	struct rcu_head rcu;
};

/* cv_config held; may sleep. */
struct cv_session *cv_session_add(const char *owner, u32 lease_ms);
void cv_session_renew(struct cv_session *session, u32 lease_ms);
void cv_session_del(struct cv_session *session);
struct cv_session *cv_session_find(u32 id);
struct cv_session *cv_session_next(unsigned long *id);
u32 cv_session_left_ms(const struct cv_session *session);
void cv_sessions_drop(void);

static inline bool cv_session_expired(const struct cv_session *session)
{
	return READ_ONCE(session->expired);
}

#endif /* _CV_SESSION_H */
