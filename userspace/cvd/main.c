// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <event2/listener.h>
#include <getopt.h>
#include <libgen.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <peer/tls.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "control.h"
#include "members.h"
#include "metrics.h"
#include "node.h"
#include "remedy.h"
#include "roster.h"
#include "sandbox.h"

#ifndef PROGRAM_VERSION
#define PROGRAM_VERSION "unreleased"
#endif

/* Exit codes; see cvd(8). */
enum { EXIT_GOOD, EXIT_FAILED, EXIT_USAGE };

#define YEAR	(365u * 24 * 3600)

static const char help[] =
	"cvd - the verifier: lets nodes into the cloud that prove what they run, and puts them out\n\n"
	"usage: cvd [--config FILE] [--check]\n\n"
	"options:\n"
	"  --config FILE   instead of /etc/cloudverifier/cvd.conf; see cvd.conf(5)\n"
	"  --check         read configuration and criteria, say whether they are good, and end\n"
	"  --version       print the version\n"
	"  --help          this text\n\n"
	"exit status: 0 ended by a signal, or --check found nothing; 1 something failed; 2 usage\n\n"
	"example:\n  cvd --config cvd.conf --check && cvd --config cvd.conf\n";

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

#define AT_A_TIME	32	/* connections are taken before the loop does other things: memory of those that went is free only then */

static struct {
	struct evconnlistener *listener;
	struct event *again;
	unsigned int taken;
} door;

static void open_door(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	door.taken = 0;
	evconnlistener_enable(door.listener);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *cvd)
{
	(void)from;
	(void)len;
	node_accept(cvd, fd);
	if (++door.taken < AT_A_TIME)
		return;
	evconnlistener_disable(listener);
	event_add(door.again, &(struct timeval) {});
}

/* Descriptors ran out: those who wait are looked at again in a second. */
static void accept_failed(struct evconnlistener *listener, void *cvd)
{
	(void)cvd;
	say(LOG_ERR, "cannot accept a connection: %s", strerror(errno));
	evconnlistener_disable(listener);
	event_add(door.again, &(struct timeval) { 1, 0 });
}

static struct evconnlistener *listen_on(struct cvd *cvd, struct cv_error *err)
{
	struct sockaddr_storage address = {};
	int len = sizeof(address);
	struct evconnlistener *listener = NULL;

	if (evutil_parse_sockaddr_port(cvd->config.listen, (struct sockaddr *)&address, &len)) {
		cv_refuse(err, CV_E_FILE, "listen: got \"%.60s\", expected address:port", cvd->config.listen);
		return NULL;
	}
	listener = evconnlistener_new_bind(cvd->base, accepted, cvd, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
					   LEV_OPT_REUSEABLE, 1024, (struct sockaddr *)&address, len);
	door.listener = listener;
	door.again = event_new(cvd->base, -1, 0, open_door, NULL);
	if (listener && door.again)
		evconnlistener_set_error_cb(listener, accept_failed);
	else
		cv_refuse(err, CV_E_FILE, "cannot listen on %.60s: %s", cvd->config.listen, strerror(errno));
	return listener;
}

/* A key of this process, and a certificate for it. */
static bool make_tls(struct cvd *cvd, struct cv_error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	uint8_t public[CA_PUBLIC_MAX], der[CA_DER_MAX];
	const uint8_t *at = der;
	size_t len, public_len = key ? tls_public(key, public, sizeof(public)) : 0;
	X509 *x = NULL;

	if (!public_len)
		cv_refuse(err, CV_E_MEMORY, "cannot make a key for TLS");
	else if (ca_certify_verifier(&cvd->ca, (struct cv_bytes) { public, public_len }, YEAR, der, &len, err))
		x = d2i_X509(NULL, &at, len);
	if (x)
		cvd->tls = tls_server(&(struct tls_identity) { key, x, cvd->ca.certificate }, err);
	X509_free(x);
	EVP_PKEY_free(key);
	return cvd->tls;
}

#define DESCRIPTORS	(1u << 20)	/* a member needs one */

static void more_descriptors(void)
{
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	more = (struct rlimit) { DESCRIPTORS, DESCRIPTORS };
	if (limit.rlim_max >= DESCRIPTORS || setrlimit(RLIMIT_NOFILE, &more))	/* only root may have more than it may have */
		setrlimit(RLIMIT_NOFILE, &limit);
}

static void stop(evutil_socket_t signal, short what, void *base)
{
	(void)signal;
	(void)what;
	event_base_loopexit(base, NULL);
}

static int run(struct cvd *cvd, struct cv_error *err)
{
	struct event *term = evsignal_new(cvd->base, SIGTERM, stop, cvd->base);
	struct event *interrupt = evsignal_new(cvd->base, SIGINT, stop, cvd->base);
	struct evconnlistener *listener = listen_on(cvd, err);
	struct control *control = listener ? control_open(cvd, err) : NULL;
	int rc = EXIT_FAILED;

	if (control && term && interrupt && metrics_open(cvd, err) && sandbox_close(err)) {
		event_add(term, NULL);
		event_add(interrupt, NULL);
		say(LOG_NOTICE, "%s: %zu members; nodes join at %s", PROGRAM_VERSION, members_count(cvd), cvd->config.listen);
		rc = event_base_dispatch(cvd->base) < 0 ? EXIT_FAILED : EXIT_GOOD;
	}
	metrics_close();
	if (control)
		control_close(control);
	if (listener)
		evconnlistener_free(listener);
	if (door.again)
		event_free(door.again);
	event_free(term);
	event_free(interrupt);
	return rc;
}

static bool give_directories(const struct config *c, struct cv_error *err)
{
	char path[512];

	if (snprintf(path, sizeof(path), "%s", c->control) >= (int)sizeof(path))
		return cv_refuse(err, CV_E_FILE, "control: the name is too long");
	return sandbox_give(c->state, c->user, err) && sandbox_give(c->members, c->user, err) &&
	       sandbox_give(dirname(path), c->user, err);
}

/* ca.pem, for nodes; the authority's own copy is beside its key. One that is right needs no room on the disk. */
static bool publish_authority(const struct cvd *cvd, struct cv_error *err)
{
	char path[512];
	X509 *there;
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), "%s/ca.pem", cvd->config.state);
	there = tls_certificate_file(path, NULL);
	good = there && !X509_cmp(there, cvd->ca.certificate);
	X509_free(there);
	if (good)
		return true;
	f = fopen(path, "we");
	good = f && PEM_write_X509(f, cvd->ca.certificate) == 1;
	if (f)
		good = !fclose(f) && good;
	return good || cv_refuse(err, CV_E_FILE, "%.100s: %s", path, strerror(errno));
}

static bool begin(struct cvd *cvd, struct cv_error *err)
{
	char path[512];

	if (!geteuid() && !cvd->config.user)
		return cv_refuse(err, CV_E_FILE, "root started it: whom is it to run as? user = NAME");
	if (!geteuid() && !give_directories(&cvd->config, err))
		return false;
	/* Not below the directory that the network side owns: it could put another in its place. */
	snprintf(path, sizeof(path), "%s-ca", cvd->config.state);
	if (mkdir(path, 0700) && errno != EEXIST)
		return cv_refuse(err, CV_E_FILE, "%.100s: %s", path, strerror(errno));
	if (!ca_start(&cvd->ca, path, err))
		return false;
	cvd->remedy = remedy_start(&cvd->config, err);
	if (cvd->config.remedy && !cvd->remedy)
		return false;
	more_descriptors();
	if (cvd->config.user && !sandbox_become(cvd->config.user, err))
		return false;
	if (!publish_authority(cvd, err))
		return false;
	snprintf(path, sizeof(path), "%s/cvd.db", cvd->config.state);
	cvd->base = event_base_new();
	if (!cvd->base)
		return cv_refuse(err, CV_E_MEMORY, "no event loop");
	cvd->store = store_open(path, err);
	return cvd->store && (!cvd->remedy || remedy_open(cvd->remedy, cvd, err)) && members_open(cvd, err) && (cvd->roster = roster_open(cvd, err)) && make_tls(cvd, err);
}

static void end(struct cvd *cvd)
{
	node_end_all();
	if (cvd->roster)
		roster_close(cvd->roster);
	if (cvd->members)
		members_close(cvd->members);
	if (cvd->remedy)
		remedy_stop(cvd->remedy);
	if (cvd->store)
		store_close(cvd->store);
	SSL_CTX_free(cvd->tls);
	if (cvd->base)
		event_base_free(cvd->base);
	ca_stop(&cvd->ca);
	policy_close(&cvd->policy);
	free(cvd->config.text);
}

static int parse(int argc, char **argv, const char **path, bool *check)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }, {}
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'c': *path = optarg; break;
		case 'k': *check = true; break;
		case 'v': puts("cvd " PROGRAM_VERSION); return EXIT_GOOD;
		case 'h': fputs(help, stdout); return EXIT_GOOD;
		default: fputs("see cvd --help\n", stderr); return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "cvd: got \"%s\", expected options only; see cvd --help\n", argv[optind]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *path = "/etc/cloudverifier/cvd.conf";
	struct cvd cvd = { .ca = { .socket = -1 } };
	struct cv_error err = {};
	bool check = false;
	int rc = parse(argc, argv, &path, &check);

	if (rc >= 0)
		return rc;
	signal(SIGPIPE, SIG_IGN);
	rc = EXIT_FAILED;
	if (config_read(&cvd.config, path, &err) &&
	    policy_open(&cvd.policy, cvd.config.criteria, cvd.config.vendors, &err)) {
		if (check)
			rc = EXIT_GOOD;
		else if (begin(&cvd, &err))
			rc = run(&cvd, &err);
	}
	if (rc != EXIT_GOOD)
		say(LOG_CRIT, "%s", err.text);
	else if (check)
		printf("%s: good\n", path);
	end(&cvd);
	return rc;
}
