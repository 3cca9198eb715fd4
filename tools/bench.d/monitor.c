// SPDX-License-Identifier: GPL-2.0
/*
 * The userspace way, to compare with: a monitor process that the VMM tells of a
 * hit through a FIFO. It deletes the nftables rule that translates the criteria
 * port and the port's conntrack entries, through the libraries, with everything
 * opened beforehand, and prints the cycle counter when it is done.
 *
 *	monitor FIFO REHEARSAL HANDLE PORT	rules of chain ip bench prerouting
 *
 * It does the same to rule REHEARSAL first, so that code and caches are warm.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <nftables/libnftables.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#define MAX_ENTRIES 16384

static struct nf_conntrack *found[MAX_ENTRIES];
static unsigned int n_found;
static uint16_t port;

static void die(const char *what)
{
	fprintf(stderr, "monitor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int collect(enum nf_conntrack_msg_type type, struct nf_conntrack *ct, void *data)
{
	(void)type;
	(void)data;
	if (n_found == MAX_ENTRIES || nfct_get_attr_u16(ct, ATTR_ORIG_PORT_DST) != htons(port))
		return NFCT_CB_CONTINUE;
	found[n_found++] = ct;
	return NFCT_CB_STOLEN;
}

static void delete_entries(struct nfct_handle *h)
{
	uint8_t family = AF_INET;
	unsigned int i;

	if (nfct_query(h, NFCT_Q_DUMP, &family))
		die("dump of conntrack");
	for (i = 0; i < n_found; i++)
		nfct_query(h, NFCT_Q_DESTROY, found[i]);
}

static void close_port(struct nft_ctx *nft, struct nfct_handle *h, const char *handle)
{
	char command[128];

	snprintf(command, sizeof(command), "delete rule ip bench prerouting handle %s", handle);
	if (nft_run_cmd_from_buffer(nft, command))
		die(command);
	delete_entries(h);
}

int main(int argc, char **argv)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	struct nfct_handle *h = nfct_open(CONNTRACK, 0);
	char byte;
	int fifo;

	if (argc != 5 || !nft || !h)
		die("usage: monitor FIFO REHEARSAL HANDLE PORT; or libraries");
	port = strtoul(argv[4], NULL, 0);
	nfct_callback_register(h, NFCT_T_ALL, collect, NULL);
	fifo = open(argv[1], O_RDONLY);
	if (fifo < 0)
		die(argv[1]);
	close_port(nft, h, argv[2]);
	puts("ready");
	fflush(stdout);

	if (read(fifo, &byte, 1) != 1)
		die("FIFO");
	close_port(nft, h, argv[3]);
	printf("%llu %u\n", (unsigned long long)__rdtsc(), n_found);
	return 0;
}
