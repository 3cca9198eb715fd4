// SPDX-License-Identifier: GPL-2.0
/*
 * On a service host: rules of nftables that let members reach the ports of tunnels and lead everybody else to the
 * verifier. Who is a member, and how long the verifier's word counts, cvnoded puts into the sets.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <nftables/libnftables.h>

#include "args.h"
#include "output.h"

#define TABLE		"inet cloudverifier_gate"
#define JOIN_PORT	"7511"
#define KEEP_PORTS	"22"

/* Sets stay as they are if they are there: members are not cut off by installing anew. */
static const char sets[] =
	"add table " TABLE "\n"
	"add set " TABLE " members { type ipv4_addr; }\n"
	"add set " TABLE " members6 { type ipv6_addr; }\n"
	"add set " TABLE " lease { type inet_proto; flags timeout; }\n"
	"add set " TABLE " filled { type inet_proto; }\n"
	"add set " TABLE " tunnels { type inet_service; }\n"
	"add set " TABLE " kept { type inet_service; }\n"
	"add chain " TABLE " join { type nat hook prerouting priority dstnat; }\n"
	"add chain " TABLE " guard { type filter hook input priority filter; policy drop; }\n"
	"flush chain " TABLE " join\n"
	"flush chain " TABLE " guard\n"
	"flush set " TABLE " tunnels\n"
	"flush set " TABLE " kept\n";

/* Connections that this host makes see no prerouting but for their answers, which the first packet decided. */
static const char join_rules[] =
	"add rule " TABLE " join iif lo accept\n"
	"add rule " TABLE " join tcp dport @kept accept\n"
	"add rule " TABLE " join ip saddr @members meta l4proto @lease tcp dport @tunnels accept\n"
	"add rule " TABLE " join ip6 saddr @members6 meta l4proto @lease tcp dport @tunnels accept\n"
	"add rule " TABLE " join fib daddr type local meta l4proto tcp redirect to :%s\n";

/* Each packet is looked at, of connections that are established as well: who is out is out at once. */
static const char guard_rules[] =
	"add rule " TABLE " guard iif lo accept\n"
	"add rule " TABLE " guard tcp dport @kept accept\n"
	"add rule " TABLE " guard ip saddr @members meta l4proto @lease tcp dport @tunnels accept\n"
	"add rule " TABLE " guard ip6 saddr @members6 meta l4proto @lease tcp dport @tunnels accept\n"
	"add rule " TABLE " guard tcp dport @tunnels drop\n"
	"add rule " TABLE " guard ct direction reply accept\n"
	"add rule " TABLE " guard tcp dport %s accept\n"
	"add rule " TABLE " guard meta l4proto { icmp, ipv6-icmp } accept\n";

/* Is a port in both lists? */
static bool share(const char *a, const char *b)
{
	char *end;

	for (; *a; a = *end ? end + 1 : end) {
		unsigned long port = strtoul(a, &end, 10);

		for (const char *at = b; *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : "")
			if (strtoul(at, NULL, 10) == port)
				return true;
	}
	return false;
}

/* "22,80"; NULL: it is no list of ports. Each is printed as a number, whatever was written. */
static bool print_ports(FILE *f, const char *set, const char *text)
{
	char *end;

	for (const char *at = text; ; at = end + 1) {
		unsigned long port;

		errno = 0;
		port = strtoul(at, &end, 10);
		if (end == at || *at == '-' || *at == '+' || errno || port < 1 || port > 65535 || (*end && *end != ','))
			return false;
		fprintf(f, "add element " TABLE " %s { %lu }\n", set, port);
		if (!*end)
			return true;
	}
}

static int write_rules(struct call *call, FILE *f)
{
	const char *ports = args_get(call, "ports"), *keep = args_get(call, "keep") ?: KEEP_PORTS;
	char join[8] = JOIN_PORT;
	uint16_t port = 0;
	int rc = args_u16(call, "join", &port);

	if (rc)
		return rc;
	if (port)
		snprintf(join, sizeof(join), "%u", port);
	fputs(sets, f);
	if (!print_ports(f, "tunnels", ports))
		return fail(call, CVX_USAGE, "--ports: got \"%s\", expected ports, as 5671,5433", ports);
	if (strcmp(keep, "none") && !print_ports(f, "kept", keep))
		return fail(call, CVX_USAGE, "--keep: got \"%s\", expected ports, as 22,9100, or none", keep);
	if (share(ports, keep))
		return fail(call, CVX_USAGE, "--keep: got \"%s\", expected none of the ports of tunnels, \"%s\": they would be open to "
			    "everybody", keep, ports);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	fprintf(f, join_rules, join);
	fprintf(f, guard_rules, join);
#pragma GCC diagnostic pop
	return CVX_OK;
}

/* What nftables answers, for the caller to free if it is wanted. */
static int run(struct call *call, const char *commands, unsigned int flags, char **answer)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	int rc = CVX_OK;

	if (!ctx)
		return fail(call, CVX_REFUSED, "no memory for nftables");
	nft_ctx_output_set_flags(ctx, flags);
	nft_ctx_buffer_error(ctx);
	nft_ctx_buffer_output(ctx);
	if (nft_run_cmd_from_buffer(ctx, commands)) {
		const char *why = nft_ctx_get_error_buffer(ctx);

		rc = strstr(why, "No such file") ? fail(call, CVX_REFUSED, "no gate is installed on this host") :
						   fail(call, CVX_REFUSED, "nftables: %.*s", (int)strcspn(why, "\n"), why);
	} else if (answer) {
		*answer = strdup(nft_ctx_get_output_buffer(ctx) ?: "");
	}
	nft_ctx_free(ctx);
	return rc;
}

static int install(struct call *call)
{
	char *rules = NULL;
	size_t len;
	FILE *f = open_memstream(&rules, &len);
	int rc = f ? write_rules(call, f) : fail(call, CVX_REFUSED, "no memory");

	if (f && fclose(f) && !rc)
		rc = fail(call, CVX_REFUSED, "no memory");
	if (!rc && args_get(call, "print"))
		fputs(rules, stdout);
	else if (!rc && !(rc = run(call, rules, 0, NULL)) && call->json)
		output_print(json_pack("{s:b}", "installed", 1), 0);
	else if (!rc)
		puts("gate: installed; nobody is let in before cvnoded knows who is a member");
	free(rules);
	return rc;
}

static int removal(struct call *call)
{
	int rc = run(call, "delete table " TABLE "\n", 0, NULL);

	if (!rc && call->json)
		output_print(json_pack("{s:b}", "installed", 0), 0);
	else if (!rc)
		puts("gate: removed; nobody is kept out any more");
	return rc;
}

/* The elements of the set @name among what nftables listed. */
static json_t *elements(json_t *listing, const char *name)
{
	json_t *item, *set, *elem;
	size_t i;

	json_array_foreach(json_object_get(listing, "nftables"), i, item) {
		set = json_object_get(item, "set");
		if (!set || strcmp(json_string_value(json_object_get(set, "name")) ?: "", name))
			continue;
		elem = json_object_get(set, "elem");
		return elem ? json_incref(elem) : json_array();
	}
	return json_array();
}

static void print_list(const char *what, json_t *list)
{
	size_t i;
	json_t *e;

	printf("%-9s", what);
	json_array_foreach(list, i, e)
		if (json_is_string(e))
			printf(" %s", json_string_value(e));
		else
			printf(" %lld", (long long)json_integer_value(e));
	putchar('\n');
}

static void print_gate(const json_t *o)
{
	printf("lease     %s\n", json_is_true(json_object_get(o, "lease")) ? "the verifier's word counts" :
	       "over: nobody is let in");
	print_list("tunnels", json_object_get(o, "tunnels"));
	print_list("kept", json_object_get(o, "kept"));
	print_list("members", json_object_get(o, "members"));
}

static int show(struct call *call)
{
	json_t *listing, *members, *more, *lease, *o;
	char *text = NULL;
	int rc = run(call, "list table " TABLE "\n", NFT_CTX_OUTPUT_JSON, &text);

	if (rc)
		return rc;
	listing = json_loads(text ?: "", 0, NULL);
	free(text);
	if (!listing)
		return fail(call, CVX_REFUSED, "nftables answers what is no JSON");
	members = elements(listing, "members");
	more = elements(listing, "members6");
	lease = elements(listing, "lease");
	json_array_extend(members, more);
	o = json_pack("{s:b, s:o, s:o, s:o}", "lease", json_array_size(lease) > 0, "tunnels", elements(listing, "tunnels"),
		      "kept", elements(listing, "kept"), "members", members);
	json_decref(more);
	json_decref(lease);
	json_decref(listing);
	if (call->json) {
		output_print(o, 0);
		return CVX_OK;
	}
	print_gate(o);
	json_decref(o);
	return CVX_OK;
}

static const struct option_desc install_options[] = {
	{ "ports", "PORTS", "where tunnels of members end, as 5671,5433", OPT_REQUIRED },
	{ "join", "PORT", "where cvnoded leads others to the verifier, instead of " JOIN_PORT, 0 },
	{ "keep", "PORTS", "that stay open to everybody, instead of " KEEP_PORTS "; or none", 0 },
	{ "print", NULL, "print the rules, for nft -f, and do nothing", 0 },
	{}
};

const struct command_desc gate_commands[] = {
	{
		.noun = "gate", .verb = "install", .options = install_options, .run = install,
		.summary = "Let nobody but members reach this service host.",
		.detail = "Rules of nftables, in a table of their own. Members reach the ports of tunnels, and no\n"
			  "other; TCP connections of everybody else end at the verifier, whatever port they are\n"
			  "to. Ports that are kept, and answers to what this host asks, are left alone. Who is a\n"
			  "member is cvnoded's to say (gate_members in cvnoded.conf).",
		.example = "cvadm gate install --ports 5671",
	}, {
		.noun = "gate", .verb = "show", .run = show,
		.summary = "Show the gate of this host, and the addresses of members.",
		.example = "cvadm gate show",
	}, {
		.noun = "gate", .verb = "remove", .run = removal,
		.summary = "Remove the rules: nobody is kept out any more.",
		.example = "cvadm gate remove",
	},
	{}
};
