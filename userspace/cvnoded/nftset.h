/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sets of the table that "cvadm gate install" makes: addresses of members, and the lease, without which
 * the kernel lets nobody in, whoever is in the set. Each call is one transaction.
 */
#ifndef NFTSET_H
#define NFTSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cv/error.h>

struct nftset;

struct nftset *nftset_open(struct cv_error *err);
void nftset_close(struct nftset *nft);

/* What is to be done; nothing is, before nftset_end(). */
void nftset_begin(struct nftset *nft);
void nftset_flush(struct nftset *nft);			/* nobody is in */
/* Fails after the sets were emptied by somebody else, until nftset_flush(). */
void nftset_lease(struct nftset *nft, uint32_t ms);		/* from now on; 0: there is none */
/* "192.0.2.1" or "2001:db8::1"; one that is there already may be added, one that is not be removed. */
void nftset_add(struct nftset *nft, const char *address);
void nftset_remove(struct nftset *nft, const char *address);
bool nftset_end(struct nftset *nft, struct cv_error *err);

/* Is it an address, and as the kernel prints it? */
bool nftset_is_address(const char *address);

#endif
