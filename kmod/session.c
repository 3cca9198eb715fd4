// SPDX-License-Identifier: GPL-2.0
#include <linux/hrtimer.h>
#include <linux/slab.h>
#include "event.h"
#include "ids.h"
#include "main.h"
#include "session.h"
#include "set.h"

static struct cv_ids session_ids = CV_IDS(session_ids);

struct cv_session *cv_session_find(u32 id)
{
	return cv_ids_find(&session_ids, id);
}

struct cv_session *cv_session_next(unsigned long *id)
{
	return cv_ids_next(&session_ids, id);
}

/* Softirq: the lease is over now, not when somebody looks. */
static enum hrtimer_restart lease_end(struct hrtimer *timer)
{
	struct cv_session *session = container_of(timer, struct cv_session, lease);
	struct cv_set *set;

	WRITE_ONCE(session->expired, true);
	smp_mb();	/* expired before the list: cv_set_add() looks in the other order */
	rcu_read_lock();
	list_for_each_entry_rcu(set, &session->sets, in_session)
		cv_set_block(set, CV_BLOCK_LEASE);
	rcu_read_unlock();
	cv_event_session(CV_EV_LEASE_END, session->id);
	return HRTIMER_NORESTART;
}

static void begin_lease(struct cv_session *session, u32 lease_ms)
{
	session->lease_ms = lease_ms;
	session->ends = ktime_add_ms(ktime_get(), lease_ms);
	WRITE_ONCE(session->expired, false);
}

struct cv_session *cv_session_add(const char *owner, u32 lease_ms)
{
	struct cv_session *session = kzalloc(sizeof(*session), GFP_KERNEL);
	int err;

	lockdep_assert_held(&cv_config);
	if (!session)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&session->sets);
	hrtimer_init(&session->lease, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
	session->lease.function = lease_end;
	strscpy(session->owner, owner, sizeof(session->owner));
	err = cv_ids_add(&session_ids, session, &session->id);
	if (err) {
		kfree(session);
		return ERR_PTR(err);
	}
	begin_lease(session, lease_ms);
	hrtimer_start(&session->lease, session->ends, HRTIMER_MODE_ABS_SOFT);
	return session;
}

/*
 * The old timer is gone before the new lease starts, so that its end cannot be
 * taken for the end of the new one.
 */
void cv_session_renew(struct cv_session *session, u32 lease_ms)
{
	struct cv_set *set;
	bool expired;

	lockdep_assert_held(&cv_config);
	hrtimer_cancel(&session->lease);
	expired = session->expired;
	begin_lease(session, lease_ms);
	if (expired)
		list_for_each_entry(set, &session->sets, in_session)
			cv_set_unblock(set, CV_BLOCK_LEASE);
	/* Last: were the new lease to end meanwhile, its end would be undone above. */
	hrtimer_start(&session->lease, session->ends, HRTIMER_MODE_ABS_SOFT);
}

void cv_session_del(struct cv_session *session)
{
	struct cv_set *set, *next;

	lockdep_assert_held(&cv_config);
	list_for_each_entry_safe(set, next, &session->sets, in_session)
		cv_set_del(set);
	hrtimer_cancel(&session->lease);
	cv_ids_del(&session_ids, session->id);
	kfree_rcu(session, rcu);
}

u32 cv_session_left_ms(const struct cv_session *session)
{
	s64 left = ktime_ms_delta(session->ends, ktime_get());

	return cv_session_expired(session) || left < 0 ? 0 : left;
}

void cv_sessions_drop(void)
{
	struct cv_session *session;
	unsigned long id = 0;

	while ((session = cv_session_next(&id)))
		cv_session_del(session);
}
