// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include "flow.h"
#include "main.h"
#include "net.h"
#include "port.h"
#include "queue.h"
#include "reset.h"
#include "trace.h"

/* Longer than a peer retransmits into silence (tcp_retries2: about 15 min). */
#define TOMB_LIFE	(60 * 60 * HZ)
#define TOMBS_MAX	16384	/* of a port; the oldest goes */
#define SWEEP_EVERY	(30 * HZ)
/*
 * Connections are cut so many at once, then the receivers' queues get time to
 * drain: a backlog (net.core.netdev_max_backlog) or a tap holds 1,000 packets,
 * and a reset that is dropped there is not sent again.
 */
#define CUT_AT_ONCE	128

static struct kmem_cache *flow_cache;
static atomic_t flows;		/* all that exist; must be none at unload */

static const struct rhashtable_params flow_params = {
	.head_offset = offsetof(struct cv_flow, node),
	.key_offset = offsetof(struct cv_flow, key),
	.key_len = sizeof(struct cv_flow_key),
	.automatic_shrinking = true,
};

static void free_flow(struct rcu_head *head)
{
	struct cv_flow *flow = container_of(head, struct cv_flow, rcu);

	if (flow->ct)
		nf_ct_put(flow->ct);
	cv_port_put(flow->port);
	kmem_cache_free(flow_cache, flow);
	atomic_dec(&flows);
}

/* Entry's view of the flow ends here; what read it is done after RCU. */
static void unmark(struct nf_conn *ct)
{
	struct cv_helper_data *data;

	rcu_read_lock();
	data = cv_flow_data(ct);
	if (data)
		WRITE_ONCE(data->flow, NULL);
	rcu_read_unlock();
}

static void unlink(struct cv_flow *flow)
{
	struct cv_port *port = flow->port;

	lockdep_assert_held(&port->flows_lock);
	list_del_init(&flow->on_port);
	if (flow->ct) {
		port->n_flows--;
		unmark(flow->ct);
	} else {
		port->n_tombs--;
	}
	rhashtable_remove_fast(&port->cn->flows, &flow->node, flow_params);
	call_rcu(&flow->rcu, free_flow);
}

struct cv_flow *cv_flow_lookup(struct cv_net *cn, const struct cv_flow_key *key)
{
	return rhashtable_lookup(&cn->flows, key, flow_params);
}

static void key_of(const struct nf_conn *ct, struct cv_flow_key *key)
{
	const struct nf_conntrack_tuple *reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;

	*key = (struct cv_flow_key){
		.guest = reply->src.u3,
		.client = reply->dst.u3,
		.guest_port = reply->src.u.all,
		.client_port = reply->dst.u.all,
		.family = reply->src.l3num,
		.proto = reply->dst.protonum,
	};
}

/* The client came back after its entry was flushed: the tomb has served. */
static void replace_tomb(struct cv_port *port, const struct cv_flow_key *key)
{
	struct cv_flow *old = cv_flow_lookup(port->cn, key);

	if (!old)
		return;
	spin_lock_bh(&old->port->flows_lock);
	if (!old->ct && !list_empty(&old->on_port))
		unlink(old);
	spin_unlock_bh(&old->port->flows_lock);
}

static struct cv_flow *new_flow(struct cv_port *port, struct nf_conn *ct)
{
	struct cv_flow *flow = kmem_cache_zalloc(flow_cache, GFP_ATOMIC);

	if (!flow)
		return NULL;
	atomic_inc(&flows);
	key_of(ct, &flow->key);
	flow->port = port;
	flow->gate = port->gate;
	kref_get(&port->ref);
	nf_conntrack_get(&ct->ct_general);
	flow->ct = ct;
	return flow;
}

/*
 * The first packet of a connection is about to leave and its entry to be
 * confirmed. The flow is listed before the verdict is read once more: either
 * a cut finds it, or this packet finds the gate closed.
 */
static noinline unsigned int be_born(struct nf_conn *ct, struct cv_helper_data *data,
				     const struct sk_buff *skb)
{
	struct cv_port *port = cv_port_find(data->port);
	struct cv_flow *flow;
	bool open = false;

	if (!port)
		return NF_DROP;
	flow = new_flow(port, ct);
	if (!flow)
		return NF_DROP;
	replace_tomb(port, &flow->key);
	cv_queue_note(port, skb);
	spin_lock_bh(&port->flows_lock);
	if (port->dead || rhashtable_insert_fast(&port->cn->flows, &flow->node, flow_params)) {
		spin_unlock_bh(&port->flows_lock);
		call_rcu(&flow->rcu, free_flow);
		return NF_DROP;
	}
	list_add_tail(&flow->on_port, &port->flows);
	port->n_flows++;
	WRITE_ONCE(data->flow, flow);
	smp_mb();	/* listed before the word; a verdict sets the word, then cuts what is listed */
	open = cv_gate_passes(port->gate);
	if (!open)
		unlink(flow);
	spin_unlock_bh(&port->flows_lock);
	return open ? NF_ACCEPT : NF_DROP;
}

static noinline unsigned int stop(const struct cv_flow *flow, const struct sk_buff *skb)
{
	this_cpu_inc(flow->port->stats->dropped);
	trace_cv_gate_drop(flow->port->id, skb->len, flow->gate->word);
	return NF_DROP;
}

/* Before the first packet is out there is no flow; once it is gone, no passage. */
static noinline unsigned int without_flow(struct nf_conn *ct, const struct sk_buff *skb)
{
	struct cv_helper_data *data = cv_flow_data(ct);

	return data && !nf_ct_is_confirmed(ct) ? be_born(ct, data, skb) : NF_DROP;
}

/*
 * Called by conntrack, which has found the helper to be ours, for every packet
 * that leaves: the late gate. Here, last, the guest's words are read again.
 */
static int help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
		enum ip_conntrack_info ctinfo)
{
	struct cv_helper_data *data = (struct cv_helper_data *)nfct_help(ct)->data;
	struct cv_flow *flow = READ_ONCE(data->flow);

	if (unlikely(!flow))
		return without_flow(ct, skb);
	return likely(cv_gate_passes(flow->gate)) ? NF_ACCEPT : stop(flow, skb);
}

/* Did somebody end the entry, by a flush say, in the middle of a connection? */
static bool cut_short(const struct nf_conn *ct)
{
	if (nf_ct_is_expired(ct))
		return false;
	if (nf_ct_protonum(ct) != IPPROTO_TCP)
		return true;
	return ct->proto.tcp.state >= TCP_CONNTRACK_ESTABLISHED &&
	       ct->proto.tcp.state <= TCP_CONNTRACK_LAST_ACK;
}

/* A bound to what flushes, or floods that make conntrack drop entries, can hoard. */
static void bound_tombs(struct cv_port *port)
{
	lockdep_assert_held(&port->flows_lock);
	if (++port->n_tombs > TOMBS_MAX)
		unlink(list_first_entry(&port->tombs, struct cv_flow, on_port));
}

static void bury(struct cv_flow *flow, bool tomb)
{
	struct nf_conn *ct = flow->ct;

	lockdep_assert_held(&flow->port->flows_lock);
	if (!tomb) {
		unlink(flow);
		return;
	}
	unmark(ct);
	flow->port->n_flows--;
	flow->ct = NULL;
	flow->expires = jiffies + TOMB_LIFE;
	list_move_tail(&flow->on_port, &flow->port->tombs);
	bound_tombs(flow->port);
	nf_ct_put(ct);		/* conntrack holds its own until destroy returns */
}

/* Called by conntrack when an entry of ours dies, whatever the cause. RCU. */
static void destroy(struct nf_conn *ct)
{
	struct cv_helper_data *data = cv_flow_data(ct);
	struct cv_flow *flow = data ? READ_ONCE(data->flow) : NULL;
	struct cv_port *port;

	if (!flow)
		return;
	port = flow->port;
	spin_lock_bh(&port->flows_lock);
	if (flow->ct == ct && !list_empty(&flow->on_port))
		bury(flow, !port->dead && (flow->cut || cut_short(ct)));
	spin_unlock_bh(&port->flows_lock);
}

static const struct nf_conntrack_expect_policy no_expectations = {
	.max_expected = 0,
	.timeout = 1,
	.name = "cloudverifier",
};

/*
 * Protocol 0 of no family: nobody can ask for it by name, and it is found by
 * no tuple. It gets onto an entry through cv_flow_mark() only.
 */
struct nf_conntrack_helper cv_helper = {
	.name = "cloudverifier",
	.me = THIS_MODULE,
	.tuple.src.l3num = NFPROTO_UNSPEC,
	.expect_policy = &no_expectations,
	.help = help,
	.destroy = destroy,
};

bool cv_flow_mark(struct nf_conn *ct, const struct cv_port *port)
{
	struct nf_conn_help *help = nfct_help(ct) ?: nf_ct_helper_ext_add(ct, GFP_ATOMIC);
	struct cv_helper_data *data;

	NF_CT_HELPER_BUILD_BUG_ON(sizeof(struct cv_helper_data));
	if (!help)
		return false;
	data = (struct cv_helper_data *)help->data;
	*data = (struct cv_helper_data){ .port = port->id };
	rcu_assign_pointer(help->helper, &cv_helper);
	__set_bit(IPS_HELPER_BIT, &ct->status);
	return true;
}

/*
 * The next flow to cut, with a reference to its entry. It goes to the end of
 * the list, where one that is not confirmed yet waits for the next round.
 */
static struct nf_conn *next_to_cut(struct cv_port *port)
{
	struct nf_conn *ct = NULL;
	struct cv_flow *flow;

	spin_lock_bh(&port->flows_lock);
	flow = list_first_entry_or_null(&port->flows, struct cv_flow, on_port);
	if (flow) {
		list_move_tail(&flow->on_port, &port->flows);
		if (nf_ct_is_confirmed(flow->ct)) {
			ct = flow->ct;
			nf_conntrack_get(&ct->ct_general);
			flow->cut = true;
		}
	}
	spin_unlock_bh(&port->flows_lock);
	return ct;
}

/*
 * Resets both ends of every connection, then deletes its entry, which buries
 * the flow. The gate is closed already: what arrives meanwhile is dropped.
 */
void cv_flows_cut(struct cv_port *port, struct cv_cut *cut)
{
	unsigned int left = READ_ONCE(port->n_flows);
	struct nf_conn *ct;

	lockdep_assert_held(&cv_ports_lock);
	for (; left; left--) {
		ct = next_to_cut(port);
		if (!ct)
			continue;
		cut->resets += cv_reset_both(cv_port_net(port), ct);
		cut->last_tsc = rdtsc();
		nf_ct_delete(ct, 0, 0);
		nf_ct_put(ct);
		if (++cut->conns % CUT_AT_ONCE == 0)
			usleep_range(500, 1000);
		cond_resched();
	}
}

/* The port is dead: no flow is born any more. */
void cv_flows_remove(struct cv_port *port)
{
	struct cv_flow *flow;
	struct nf_conn *ct;

	spin_lock_bh(&port->flows_lock);
	list_splice_tail_init(&port->tombs, &port->flows);
	while ((flow = list_first_entry_or_null(&port->flows, struct cv_flow, on_port))) {
		ct = flow->ct;
		if (ct)
			nf_conntrack_get(&ct->ct_general);
		unlink(flow);
		spin_unlock_bh(&port->flows_lock);
		if (ct && nf_ct_is_confirmed(ct))
			nf_ct_delete(ct, 0, 0);
		if (ct)
			nf_ct_put(ct);
		cond_resched();
		spin_lock_bh(&port->flows_lock);
	}
	spin_unlock_bh(&port->flows_lock);
}

/*
 * Tombs whose time is over, and entries that were dropped before conntrack
 * confirmed them, to which ours is the last reference.
 */
static void sweep_port(struct cv_port *port)
{
	struct cv_flow *flow, *next;

	spin_lock_bh(&port->flows_lock);
	list_for_each_entry_safe(flow, next, &port->flows, on_port)
		if (refcount_read(&flow->ct->ct_general.use) == 1)
			unlink(flow);
	list_for_each_entry_safe(flow, next, &port->tombs, on_port)
		if (time_after(jiffies, flow->expires))
			unlink(flow);
	spin_unlock_bh(&port->flows_lock);
}

static void sweep(struct work_struct *work)
{
	struct cv_net *cn = container_of(to_delayed_work(work), struct cv_net, sweep);
	unsigned long id = 0;
	struct cv_port *port;

	rcu_read_lock();
	for (; (port = cv_port_next(&id)); id++)
		if (port->cn == cn)
			sweep_port(port);
	rcu_read_unlock();
	queue_delayed_work(cv_wq, &cn->sweep, SWEEP_EVERY);
}

int cv_flows_net_init(struct cv_net *cn)
{
	int err = rhashtable_init(&cn->flows, &flow_params);

	if (err)
		return err;
	INIT_DELAYED_WORK(&cn->sweep, sweep);
	queue_delayed_work(cv_wq, &cn->sweep, SWEEP_EVERY);
	return 0;
}

void cv_flows_net_exit(struct cv_net *cn)
{
	cancel_delayed_work_sync(&cn->sweep);
	rhashtable_destroy(&cn->flows);
}

int cv_flow_init(void)
{
	int err;

	flow_cache = kmem_cache_create("cv_flow", sizeof(struct cv_flow), 0,
				       SLAB_HWCACHE_ALIGN, NULL);
	if (!flow_cache)
		return -ENOMEM;
	err = nf_conntrack_helper_register(&cv_helper);
	if (err)
		kmem_cache_destroy(flow_cache);
	return err;
}

void cv_flow_uninit(void)
{
	nf_conntrack_helper_unregister(&cv_helper);
	rcu_barrier();		/* free_flow() */
	WARN_ON(atomic_read(&flows));
	kmem_cache_destroy(flow_cache);
}
