// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "link.h"

#ifndef PROGRAM_VERSION
#define PROGRAM_VERSION "unreleased"
#endif

/* Exit codes; see cvnoded(8). */
enum { EXIT_GOOD, EXIT_FAILED, EXIT_USAGE };

static const char help[] =
	"cvnoded - a node's agent: proves to the verifier what the node runs\n\n"
	"usage: cvnoded [--config FILE] [--identity]\n\n"
	"options:\n"
	"  --config FILE   instead of /etc/cloudverifier/cvnoded.conf; see cvnoded.conf(5)\n"
	"  --identity      print the identity of this node's TPM, for cvadm node approve, and end\n"
	"  --version       print the version\n"
	"  --help          this text\n\n"
	"exit status: 0 ended by a signal; 1 something failed; 2 usage\n\n"
	"example:\n  cvnoded --config cvnoded.conf --identity\n";

static void stop(evutil_socket_t signal, short what, void *base)
{
	(void)signal;
	(void)what;
	event_base_loopexit(base, NULL);
}

static bool run(const struct config *config, struct tpm *tpm, struct cv_error *err)
{
	struct event_base *base = event_base_new();
	struct event *term = evsignal_new(base, SIGTERM, stop, base), *interrupt = evsignal_new(base, SIGINT, stop, base);
	struct link *link = link_open(base, config, tpm, err);
	bool good = false;

	if (link && term && interrupt) {
		event_add(term, NULL);
		event_add(interrupt, NULL);
		good = event_base_dispatch(base) >= 0;
	}
	if (link)
		link_close(link);
	event_free(term);
	event_free(interrupt);
	event_base_free(base);
	return good;
}

static bool print_identity(const struct tpm *tpm, struct cv_error *err)
{
	struct cv_ek ek;
	bool good = cv_ek_read(&ek, tpm_ek_public(tpm), err);

	for (int i = 0; good && i < CV_EK_ID; i++)
		printf("%02x", ek.id[i]);
	if (good)
		putchar('\n');
	cv_ek_clear(&ek);
	return good;
}

static int parse(int argc, char **argv, const char **path, bool *identity)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "identity", no_argument, NULL, 'i' },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }, {}
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'c': *path = optarg; break;
		case 'i': *identity = true; break;
		case 'v': puts("cvnoded " PROGRAM_VERSION); return EXIT_GOOD;
		case 'h': fputs(help, stdout); return EXIT_GOOD;
		default: fputs("see cvnoded --help\n", stderr); return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "cvnoded: got \"%s\", expected options only; see cvnoded --help\n", argv[optind]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *path = "/etc/cloudverifier/cvnoded.conf";
	struct config config = {};
	struct cv_error err = {};
	bool identity = false, good;
	struct tpm *tpm = NULL;
	int rc = parse(argc, argv, &path, &identity);

	if (rc >= 0)
		return rc;
	signal(SIGPIPE, SIG_IGN);
	setenv("TSS2_LOG", "all+none", 0);	/* what is asked of a TPM may be absent; what matters is told by its name */
	good = config_read(&config, path, &err) && (tpm = tpm_open(config.tcti, &err)) &&
	       (identity ? print_identity(tpm, &err) : run(&config, tpm, &err));
	if (tpm)
		tpm_close(tpm);
	if (!good)
		say(LOG_CRIT, "%s", err.text);
	free(config.text);
	return good ? EXIT_GOOD : EXIT_FAILED;
}
