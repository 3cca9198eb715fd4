// SPDX-License-Identifier: GPL-2.0
#include <linux/rhashtable.h>
#include <net/netns/generic.h>
#include "flow.h"
#include "main.h"
#include "net.h"
#include "port.h"

static unsigned int net_id __read_mostly;

struct cv_net *cv_net_of(const struct net *net)
{
	return net_generic(net, net_id);
}

static int __net_init net_init(struct net *net)
{
	struct cv_net *cn = cv_net_of(net);
	int err;

	cn->net = net;
	err = cv_ports_net_init(cn);
	if (err)
		return err;
	err = cv_flows_net_init(cn);
	if (err)
		cv_ports_net_exit(cn);
	return err;
}

static void __net_exit net_exit(struct net *net)
{
	struct cv_net *cn = cv_net_of(net);

	mutex_lock(&cv_config);
	cv_ports_net_exit(cn);
	mutex_unlock(&cv_config);
	cv_flows_net_exit(cn);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit = net_exit,
	.id = &net_id,
	.size = sizeof(struct cv_net),
};

int cv_net_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void cv_net_uninit(void)
{
	unregister_pernet_subsys(&net_ops);
}
