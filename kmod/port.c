// SPDX-License-Identifier: GPL-2.0
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack.h>
#include "event.h"
#include "flow.h"
#include "ids.h"
#include "main.h"
#include "net.h"
#include "port.h"
#include "queue.h"
#include "trace.h"

DEFINE_MUTEX(cv_ports_lock);	/* the table of ports; see Documentation/locking.md */

static struct cv_ids port_ids = CV_IDS(port_ids);

static const struct rhashtable_params port_params = {
	.head_offset = offsetof(struct cv_port, node),
	.key_offset = offsetof(struct cv_port, key),
	.key_len = sizeof(struct cv_port_key),
	.automatic_shrinking = true,
};

struct cv_port *cv_port_find(u32 id)
{
	return cv_ids_find(&port_ids, id);
}

struct cv_port *cv_port_next(unsigned long *id)
{
	return cv_ids_next(&port_ids, id);
}

struct cv_port *cv_port_lookup(struct cv_net *cn, const struct cv_port_key *key)
{
	return rhashtable_lookup(&cn->ports, key, port_params);
}

struct net *cv_port_net(const struct cv_port *port)
{
	return port->cn->net;
}

enum cv_port_state cv_port_state(const struct cv_port *port)
{
	if (READ_ONCE(port->bypassed))
		return CV_PORT_BLOCKED;
	return cv_gate_is_open(port->gate) ? CV_PORT_OPEN : CV_PORT_CLOSED;
}

void cv_port_sum(const struct cv_port *port, struct cv_port_stats *sum)
{
	int cpu;

	*sum = (struct cv_port_stats){};
	for_each_possible_cpu(cpu) {
		const struct cv_port_stats *s = per_cpu_ptr(port->stats, cpu);

		sum->passed += READ_ONCE(s->passed);
		sum->dropped += READ_ONCE(s->dropped);
	}
}

static void free_rcu_port(struct rcu_head *head)
{
	struct cv_port *port = container_of(head, struct cv_port, rcu);

	free_percpu(port->stats);
	kfree(port);
}

static void release_port(struct kref *ref)
{
	call_rcu(&container_of(ref, struct cv_port, ref)->rcu, free_rcu_port);
}

void cv_port_put(struct cv_port *port)
{
	kref_put(&port->ref, release_port);
}

static bool is_number_asked(const struct cv_port *port, const struct cv_port_ask *ask)
{
	u16 number = ntohs(port->key.number);

	if (ask->ranged)
		return ask->min <= number && number <= ask->max;
	return !ask->key.number || ask->key.number == port->key.number;
}

static struct cv_port *find_equal(struct cv_net *cn, struct cv_gatekeeper *gate,
				  const struct cv_port_ask *ask)
{
	struct cv_port *port;

	list_for_each_entry(port, &gate->ports, on_gate)
		if (port->cn == cn && port->service == ask->service &&
		    port->flags == ask->flags && port->key.family == ask->key.family &&
		    port->key.proto == ask->key.proto &&
		    !memcmp(&port->key.addr, &ask->key.addr, sizeof(ask->key.addr)) &&
		    is_number_asked(port, ask))
			return port;
	return NULL;
}

/* The service port itself is never a criteria port: it has users of its own. */
static bool is_taken(struct cv_net *cn, const struct cv_port_ask *ask, __be16 number)
{
	struct cv_port_key key = ask->key;
	bool taken;

	key.number = number;
	rcu_read_lock();
	taken = number == ask->service || cv_port_lookup(cn, &key);
	rcu_read_unlock();
	return taken;
}

/* From a random start, so that a nearly full range is searched once. */
static __be16 free_number(struct cv_net *cn, const struct cv_port_ask *ask)
{
	unsigned int n = ask->max - ask->min + 1, i, at = get_random_u32() % n;
	__be16 number;

	for (i = 0; i < n; i++) {
		number = htons(ask->min + (at + i) % n);
		if (!is_taken(cn, ask, number))
			return number;
	}
	return 0;
}

static struct cv_port *new_port(struct cv_net *cn, struct cv_gatekeeper *gate,
				const struct cv_port_ask *ask, __be16 number)
{
	struct cv_port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	if (!port)
		return NULL;
	port->stats = alloc_percpu(struct cv_port_stats);
	if (!port->stats) {
		kfree(port);
		return NULL;
	}
	port->key = ask->key;
	port->key.number = number;
	port->service = ask->service;
	port->flags = ask->flags;
	port->bypassed = ask->flags & CV_PORT_F_BRIDGED;	/* until seen otherwise */
	port->users = 1;
	port->gate = gate;
	port->cn = cn;
	spin_lock_init(&port->flows_lock);
	INIT_LIST_HEAD(&port->flows);
	INIT_LIST_HEAD(&port->tombs);
	kref_init(&port->ref);
	return port;
}

static bool is_at_port(const struct cv_port_key *key, const union nf_inet_addr *addr,
		       __be16 number)
{
	return number == key->number && !memcmp(addr, &key->addr, sizeof(key->addr));
}

/* Begun to it, translated to it, or begun by the guest from it. */
static int touches_port(struct nf_conn *ct, void *arg)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const struct nf_conntrack_tuple *reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	const struct cv_port_key *key = arg;

	return t->src.l3num == key->family && t->dst.protonum == key->proto &&
	       (is_at_port(key, &t->dst.u3, t->dst.u.all) ||
		is_at_port(key, &reply->src.u3, reply->src.u.all) ||
		is_at_port(key, &t->src.u3, t->src.u.all));
}

/*
 * Connections with the number from before it was a criteria port must not go
 * on, those included whose first packet is past the gate but not out yet.
 */
static void end_older_connections(struct cv_port *port)
{
	struct nf_ct_iter_data iter = { .net = port->cn->net, .data = &port->key };

	synchronize_rcu_expedited();

	nf_ct_iterate_cleanup_net(touches_port, &iter);
}

static int insert(struct cv_port *port)
{
	struct cv_net *cn = port->cn;
	int err = 0;

	if (!cn->n_ports)
		err = cv_gate_enable(cn);
	if (err)
		return err;
	cn->n_ports++;
	err = cv_ids_add(&port_ids, port, &port->id);
	if (err)
		goto err_gate;
	err = rhashtable_insert_fast(&cn->ports, &port->node, port_params);
	if (err)
		goto err_id;
	list_add_tail(&port->on_gate, &port->gate->ports);
	end_older_connections(port);
	return 0;

err_id:
	cv_ids_del(&port_ids, port->id);
err_gate:
	if (!--cn->n_ports)
		cv_gate_disable(cn);
	return err;
}

static struct cv_port *add(struct cv_net *cn, struct cv_gatekeeper *gate,
			   const struct cv_port_ask *ask, struct netlink_ext_ack *extack)
{
	__be16 number = ask->key.number;
	struct cv_port *port;
	int err;

	if (!number)
		number = free_number(cn, ask);
	else if (is_taken(cn, ask, number))
		number = 0;
	if (!number) {
		NL_SET_ERR_MSG_MOD(extack, "no free port number: it is the service port or taken, or all of the range are");
		return ERR_PTR(-EBUSY);
	}
	port = new_port(cn, gate, ask, number);
	if (!port)
		return ERR_PTR(-ENOMEM);
	err = insert(port);
	if (err) {
		free_percpu(port->stats);
		kfree(port);
		return ERR_PTR(err);
	}
	return port;
}

struct cv_port *cv_port_add(struct net *net, struct cv_gatekeeper *gate,
			    const struct cv_port_ask *ask, struct netlink_ext_ack *extack)
{
	struct cv_net *cn = cv_net_of(net);
	struct cv_port *port;

	lockdep_assert_held(&cv_config);
	mutex_lock(&cv_ports_lock);
	port = find_equal(cn, gate, ask);
	if (port)
		port->users++;
	else
		port = add(cn, gate, ask, extack);
	mutex_unlock(&cv_ports_lock);
	return port;
}

/*
 * Two phases: first no packet finds the port and no flow is born, then what had
 * found it is waited for and the flows go.
 */
static void remove(struct cv_port *port)
{
	struct cv_net *cn = port->cn;

	lockdep_assert_held(&cv_ports_lock);
	cv_ids_del(&port_ids, port->id);
	rhashtable_remove_fast(&cn->ports, &port->node, port_params);
	list_del(&port->on_gate);
	spin_lock_bh(&port->flows_lock);
	port->dead = true;
	spin_unlock_bh(&port->flows_lock);
	cv_flows_remove(port);
	if (!--cn->n_ports)
		cv_gate_disable(cn);
	synchronize_net();	/* gate and set live on after this */
	cv_port_put(port);
}

void cv_port_remove(struct cv_port *port)
{
	lockdep_assert_held(&cv_config);
	mutex_lock(&cv_ports_lock);
	remove(port);
	mutex_unlock(&cv_ports_lock);
}

void cv_port_del(struct cv_port *port)
{
	if (!--port->users)
		cv_port_remove(port);
}

void cv_ports_drop(struct cv_gatekeeper *gate)
{
	struct cv_port *port, *next;

	mutex_lock(&cv_ports_lock);
	list_for_each_entry_safe(port, next, &gate->ports, on_gate)
		remove(port);
	mutex_unlock(&cv_ports_lock);
}

/*
 * Two rounds: a connection whose first packet was on its way out when the
 * verdict fell is confirmed, or dead, once the network stack is quiet. After
 * that round no packet that passed before the verdict is in the stack either.
 */
static void cut(struct cv_port *port)
{
	struct cv_cut cut = {};

	cv_flows_cut(port, &cut);
	synchronize_net();
	cv_flows_cut(port, &cut);
	atomic64_add(cut.resets, &port->resets);
	atomic64_add(cut.conns, &port->cut);
	trace_cv_cut(port->id, cut.conns, cut.resets, cut.last_tsc);
	cv_event_cut(port->gate->set, port->id, cut.conns, cut.resets, ktime_get_mono_fast_ns());
}

void cv_ports_cut(struct cv_gatekeeper *gate)
{
	struct cv_port *port;

	mutex_lock(&cv_ports_lock);
	list_for_each_entry(port, &gate->ports, on_gate)
		cv_queue_purge(port);
	list_for_each_entry(port, &gate->ports, on_gate)
		cut(port);
	mutex_unlock(&cv_ports_lock);
}

int cv_ports_net_init(struct cv_net *cn)
{
	return rhashtable_init(&cn->ports, &port_params);
}

void cv_ports_net_exit(struct cv_net *cn)
{
	unsigned long id = 0;
	struct cv_port *port;

	lockdep_assert_held(&cv_config);
	for (; (port = cv_port_next(&id)); id++)
		if (port->cn == cn)
			cv_port_remove(port);
	rhashtable_destroy(&cn->ports);
}

void cv_ports_uninit(void)
{
	rcu_barrier();		/* free_rcu_port() */
	WARN_ON(!xa_empty(&port_ids.xa));
}
