// SPDX-License-Identifier: GPL-2.0
/*
 * Cloud Verifier: watches the memory of KVM guests and closes their criteria
 * ports the moment a criterion breaks. Each line of cv_init() is a room of this
 * folder; Documentation/overview.md is the map.
 */
#include <linux/module.h>
#include "event.h"
#include "flow.h"
#include "kvmhook.h"
#include "main.h"
#include "net.h"
#include "netlink.h"
#include "port.h"
#include "session.h"
#include "set.h"
#include "vm.h"
#define CREATE_TRACE_POINTS
#include "trace.h"

DEFINE_MUTEX(cv_config);	/* all changes of configuration; see Documentation/locking.md */
struct workqueue_struct *cv_wq;

static int __init cv_init(void)
{
	int err = -ENOMEM;

	cv_wq = alloc_workqueue("cloudverifier", WQ_HIGHPRI | WQ_UNBOUND, 0);
	if (!cv_wq)
		return err;
	err = cv_kvmhook_init();
	if (err)
		goto err_wq;
	err = cv_flow_init();
	if (err)
		goto err_hook;
	err = cv_net_init();
	if (err)
		goto err_flow;
	err = cv_netlink_init();
	if (err)
		goto err_net;
	pr_info("loaded\n");
	return 0;

err_net:
	cv_net_uninit();
err_flow:
	cv_flow_uninit();
err_hook:
	cv_kvmhook_uninit();
err_wq:
	destroy_workqueue(cv_wq);
	return err;
}

/* Nobody can ask any more; then every guest is let go, which closes what is left. */
static void __exit cv_exit(void)
{
	cv_netlink_uninit();
	mutex_lock(&cv_config);
	cv_vms_drop();
	cv_sessions_drop();
	mutex_unlock(&cv_config);
	cv_net_uninit();
	cv_flow_uninit();
	cv_set_uninit();
	cv_ports_uninit();
	cv_event_uninit();
	destroy_workqueue(cv_wq);
	cv_kvmhook_uninit();
	pr_info("unloaded\n");
}

module_init(cv_init);
module_exit(cv_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Integrity criteria for KVM guests, enforced on their ports");
MODULE_VERSION("0.1");
