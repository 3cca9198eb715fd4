// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <nftables/libnftables.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nftset.h"

#define TABLE	"inet cloudverifier_gate"

struct nftset {
	struct nft_ctx *ctx;
	FILE *commands;
	char *text;
	size_t len;
};

struct nftset *nftset_open(struct cv_error *err)
{
	struct nftset *nft = calloc(1, sizeof(*nft));

	if (nft)
		nft->ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (nft && nft->ctx) {
		nft_ctx_buffer_error(nft->ctx);
		nft_ctx_buffer_output(nft->ctx);
		return nft;
	}
	free(nft);
	cv_refuse(err, CV_E_MEMORY, "no memory for nftables");
	return NULL;
}

static void drop_commands(struct nftset *nft)
{
	if (nft->commands)
		fclose(nft->commands);
	free(nft->text);
	nft->commands = NULL;
	nft->text = NULL;
}

void nftset_close(struct nftset *nft)
{
	drop_commands(nft);
	nft_ctx_free(nft->ctx);
	free(nft);
}

void nftset_begin(struct nftset *nft)
{
	drop_commands(nft);
	nft->commands = open_memstream(&nft->text, &nft->len);
}

static void put(struct nftset *nft, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct nftset *nft, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (nft->commands)
		vfprintf(nft->commands, format, args);
	va_end(args);
}

void nftset_flush(struct nftset *nft)
{
	put(nft, "flush set " TABLE " members\nflush set " TABLE " members6\nadd element " TABLE " filled { tcp }\n");
}

/*
 * An element that is there keeps its time: it goes first. Sets that somebody else emptied are not filled any more: to remove
 * what is not there fails, and the caller fills them anew.
 */
void nftset_lease(struct nftset *nft, uint32_t ms)
{
	put(nft, "flush set " TABLE " lease\ndelete element " TABLE " filled { tcp }\nadd element " TABLE " filled { tcp }\n");
	if (ms)
		put(nft, "add element " TABLE " lease { tcp timeout %us%ums }\n", ms / 1000, ms % 1000);
}

static void put_element(struct nftset *nft, const char *verb, const char *address)
{
	const char *set = strchr(address, ':') ? "members6" : "members";

	put(nft, "%s element " TABLE " %s { ", verb, set);
	if (nft->commands)
		fputs(address, nft->commands);
	put(nft, " }\n");
}

void nftset_add(struct nftset *nft, const char *address)
{
	put_element(nft, "add", address);
}

/* To remove what is not there would be an error of the whole. */
void nftset_remove(struct nftset *nft, const char *address)
{
	put_element(nft, "add", address);
	put_element(nft, "delete", address);
}

bool nftset_end(struct nftset *nft, struct cv_error *err)
{
	bool good = nft->commands && !fflush(nft->commands) && !ferror(nft->commands);
	const char *why;

	if (!good)
		return cv_refuse(err, CV_E_MEMORY, "no memory for nftables");
	good = !nft->len || !nft_run_cmd_from_buffer(nft->ctx, nft->text);
	why = nft_ctx_get_error_buffer(nft->ctx) ?: "no reason given";
	if (!good)
		cv_refuse(err, CV_E_FILE, "the table " TABLE " of nftables cannot be changed (cvadm gate install makes it): %.*s",
			  (int)strcspn(why, "\n"), why);
	drop_commands(nft);
	return good;
}

bool nftset_is_address(const char *address)
{
	uint8_t binary[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	return inet_pton(family, address, binary) == 1 && inet_ntop(family, binary, text, sizeof(text)) && !strcmp(text, address);
}
