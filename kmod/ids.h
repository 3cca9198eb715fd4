/* SPDX-License-Identifier: GPL-2.0 */
/* Objects by id. Changed under cv_config; found under it or RCU. */
#ifndef _CV_IDS_H
#define _CV_IDS_H

#include <linux/xarray.h>

struct cv_ids {
	struct xarray xa;
	u32 next;	/* cyclic: an id comes back after 2^32 others at the earliest */
};

#define CV_IDS(name) { .xa = XARRAY_INIT(name.xa, XA_FLAGS_ALLOC1) }

static inline int cv_ids_add(struct cv_ids *ids, void *object, u32 *id)
{
	int err = xa_alloc_cyclic(&ids->xa, id, object, xa_limit_32b, &ids->next, GFP_KERNEL);

	return err < 0 ? err : 0;
}

static inline void *cv_ids_find(struct cv_ids *ids, u32 id)
{
	return xa_load(&ids->xa, id);
}

/* The first object with an id of at least *id, which becomes its id. */
static inline void *cv_ids_next(struct cv_ids *ids, unsigned long *id)
{
	return xa_find(&ids->xa, id, U32_MAX, XA_PRESENT);
}

static inline void cv_ids_del(struct cv_ids *ids, u32 id)
{
	xa_erase(&ids->xa, id);
}

#endif /* _CV_IDS_H */
