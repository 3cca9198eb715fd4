// SPDX-License-Identifier: GPL-2.0
/* Is this evidence of a TPM, in answer to the nonce, explained by its logs, and good by criteria? */
#include <getopt.h>
#include <stdlib.h>
#include <jansson.h>
#include <cv/boot.h>
#include <cv/json.h>
#include <cv/roti.h>
#include <cv/tpm.h>
#include "bundle.h"
#include "criteria.h"

#define NONCE_MAX	32	/* bytes; more than that some TPMs do not take */

struct verify {
	struct bundle bundle;
	struct cv_selection wanted[CV_QUOTE_BANKS];
	unsigned int n_wanted;
	const char *criteria;		/* file, or NULL */
	bool json;
	/* What came out. */
	struct cv_key key;
	struct cv_ek ek;
	struct cv_attester attester;
	struct cv_proven proven;
	struct cv_boot boot;
	struct cv_roti roti;
	json_t *rules;
};

/* --- arguments ------------------------------------------------------------------------------ */

/* "0-7,10" */
static bool parse_pcrs(const char *text, uint32_t *pcrs)
{
	unsigned long from, to;
	char *end;

	do {
		from = to = strtoul(text, &end, 10);
		if (end == text || from >= CV_PCRS)
			return false;
		if (*end == '-') {
			text = end + 1;
			to = strtoul(text, &end, 10);
			if (end == text || to >= CV_PCRS || to < from)
				return false;
		}
		for (unsigned long pcr = from; pcr <= to; pcr++)
			*pcrs |= 1u << pcr;
		text = end + 1;
	} while (*end == ',');
	return !*end;
}

/* "sha256:0-7,10", and more of them with "+" between */
static bool parse_selection(struct verify *v, const char *text)
{
	char *copy = strdup(text), *at = copy, *one;
	bool good = copy;

	while (good && (one = strsep(&at, "+"))) {
		char *colon = strchr(one, ':');
		const struct cv_hash *hash = colon ? cv_hash_by_name(one, colon - one) : NULL;

		good = hash && v->n_wanted < CV_QUOTE_BANKS;
		if (!good)
			break;
		v->wanted[v->n_wanted].alg = hash->alg;
		good = parse_pcrs(colon + 1, &v->wanted[v->n_wanted++].pcrs);
	}
	free(copy);
	return good;
}

static bool parse_nonce(struct cv_bytes text, uint8_t nonce[NONCE_MAX], size_t *len)
{
	unsigned int byte;

	while (text.len && strchr(" \n\r\t", text.data[text.len - 1]))
		text.len--;
	if (!text.len || text.len % 2 || text.len > 2 * NONCE_MAX)
		return false;
	for (size_t i = 0; i < text.len; i += 2) {
		char two[3] = { text.data[i], text.data[i + 1], 0 };
		int used = 0;

		if (sscanf(two, "%2x%n", &byte, &used) != 1 || used != 2)
			return false;
		nonce[i / 2] = byte;
	}
	*len = text.len / 2;
	return true;
}

/* --- verifying --------------------------------------------------------------------------------- */

static bool is_complete(const struct verify *v, struct cv_error *err)
{
	static const enum part needed[] = { PART_KEY, PART_QUOTE, PART_SIGNATURE, PART_NONCE, PART_FIRMWARE };

	for (unsigned int i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!v->bundle.there[needed[i]])
			return cv_refuse(err, CV_E_FILE, "no %s is given: --%s FILE, or a directory that has it",
					 bundle_part_name(needed[i]), bundle_part_name(needed[i]));
	return true;
}

/* What is not given is not known, which is for criteria to judge. */
static bool installed(struct verify *v, struct cv_error *err)
{
	return !v->bundle.there[PART_ROTI] ||
	       (cv_roti_read(&v->roti, v->bundle.file[PART_ROTI].bytes, err) &&
		cv_roti_verify(&v->roti, &v->key, v->wanted, v->n_wanted, err));
}

static bool verify(struct verify *v, struct cv_error *err)
{
	struct cv_file *file = v->bundle.file;
	uint8_t nonce[NONCE_MAX];
	size_t nonce_len;
	struct cv_proof proof = {
		.tpms_attest = file[PART_QUOTE].bytes, .tpmt_signature = file[PART_SIGNATURE].bytes,
		.firmware_log = file[PART_FIRMWARE].bytes, .ima_list = file[PART_IMA].bytes,
	};

	if (!parse_nonce(file[PART_NONCE].bytes, nonce, &nonce_len))
		return cv_refuse(err, CV_E_FILE, "the nonce is not 1 to %u bytes in hexadecimal", NONCE_MAX);
	return cv_key_read(&v->key, file[PART_KEY].bytes, err) &&
	       (!v->bundle.there[PART_EK] || cv_ek_read(&v->ek, file[PART_EK].bytes, err)) &&
	       cv_attester_accept(&v->attester, &proof, &v->key, v->bundle.there[PART_EK] ? &v->ek : NULL,
				  (struct cv_bytes) { nonce, nonce_len }, v->wanted, v->n_wanted, &v->proven, err) &&
	       cv_boot_read(&v->boot, file[PART_FIRMWARE].bytes, &v->attester, 0, v->wanted[0].pcrs,
			    file[PART_CMDLINE].bytes, err) &&
	       installed(v, err);
}

/* --- judging -------------------------------------------------------------------------------------- */

static json_t *remedies_json(unsigned int remedies)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < CV_N_REMEDIES; i++)
		if (remedies >> i & 1)
			json_array_append_new(list, json_string(cv_remedy_name(i)));
	return list;
}

static void report(void *context, const struct cv_rule_report *r)
{
	struct verify *v = context;

	if (v->json) {
		json_array_append_new(v->rules, json_pack("{s:s, s:i, s:o, s:o, s:b, s:o, s:o, s:s, s:o}", "verdict",
					cv_verdict_name(r->verdict), "line", r->line, "block", cv_json_text(r->block),
					"rule", cv_json_text(r->text), "hidden", r->hidden, "why", cv_json_text(r->why),
					"from", cv_json_text(r->from), "severity",
					cv_severity_name(r->severity), "remedies", remedies_json(r->remedies)));
		return;
	}
	printf("%-9s  line %u: %s\n", cv_verdict_name(r->verdict), r->line, r->text);
	if (r->verdict == CV_SATISFIED)
		return;
	printf("           %s%s%s%s\n           %s:", r->why, *r->from ? " (" : "", r->from, *r->from ? ")" : "",
	       cv_severity_name(r->severity));
	for (unsigned int i = 0, n = 0; i < CV_N_REMEDIES; i++)
		if (r->remedies >> i & 1)
			printf("%s %s", n++ ? "," : "", cv_remedy_name(i));
	putchar('\n');
}

static int judge(struct verify *v, const struct cv_criteria *criteria, enum cv_verdict *verdict)
{
	struct cv_tpm tpm = { &v->proven.quote, &v->attester };
	const struct cv_evidence evidence[] = {
		{ &cv_boot_module, &v->boot }, { &cv_ima_module, &v->proven.ima }, { &cv_tpm_module, &tpm },
		{ &cv_roti_module, &v->roti },
	};

	*verdict = cv_criteria_judge(criteria, evidence, v->bundle.there[PART_ROTI] ? 4 : 3, report, v);
	return *verdict == CV_SATISFIED ? EXIT_GOOD : *verdict == CV_VIOLATED ? EXIT_REFUSED : EXIT_UNKNOWN;
}

/* --- printing --------------------------------------------------------------------------------------- */

static void print_facts(const struct verify *v)
{
	const struct cv_quote *q = &v->proven.quote;

	printf("accepted   the quote is the key's, answers the nonce, and the logs replay to its registers\n"
	       "           reset count %u, restart count %u, clock %llu ms, firmware 0x%016llx\n"
	       "           %u entries of the list of measured files are proven, %u more are not yet%s\n",
	       q->reset_count, q->restart_count, (unsigned long long)q->clock, (unsigned long long)q->firmware,
	       v->attester.ima_entries, v->proven.ahead,
	       v->proven.violations ? "; some of files that were open for writing" : "");
}

static json_t *facts_json(const struct verify *v)
{
	const struct cv_quote *q = &v->proven.quote;

	return json_pack("{s:I, s:I, s:I, s:b, s:I, s:i, s:i, s:b}", "reset_count", (json_int_t)q->reset_count,
			 "restart_count", (json_int_t)q->restart_count, "clock_ms", (json_int_t)q->clock, "safe", q->safe,
			 "firmware", (json_int_t)q->firmware, "ima_proven", v->attester.ima_entries, "ima_ahead",
			 v->proven.ahead, "ima_violations", v->proven.violations);
}

static int print_refused(const struct verify *v, const struct cv_error *err)
{
	json_t *o;

	if (!v->json) {
		printf("refused    %s: %s\n", cv_error_name(err->name), err->text);
		return EXIT_REFUSED;
	}
	o = json_pack("{s:b, s:{s:s, s:o}}", "accepted", 0, "error", "name", cv_error_name(err->name), "text",
		      cv_json_text(err->text));
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
	return EXIT_REFUSED;
}

static void print_json(const struct verify *v, const struct cv_criteria *criteria, enum cv_verdict verdict)
{
	json_t *o = json_pack("{s:b, s:o}", "accepted", 1, "quote", facts_json(v));
	char id[CV_CRITERIA_ID_TEXT];

	if (criteria) {
		cv_criteria_print_id(criteria, id);
		json_object_set_new(o, "criteria", json_pack("{s:o, s:s, s:s, s:O}", "name",
							     cv_json_text(cv_criteria_name(criteria)), "id", id, "verdict", cv_verdict_name(verdict), "rules", v->rules));
	}
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
}

static int print_accepted(struct verify *v)
{
	struct opened_criteria it = {};
	enum cv_verdict verdict = CV_SATISFIED;
	int rc = EXIT_GOOD;

	if (v->criteria && criteria_open(&it, v->criteria))
		return EXIT_USAGE;
	v->rules = json_array();
	if (!v->json)
		print_facts(v);
	if (it.criteria)
		rc = judge(v, it.criteria, &verdict);
	if (v->json)
		print_json(v, it.criteria, verdict);
	else if (it.criteria)
		printf("%-9s  criteria \"%s\"\n", cv_verdict_name(verdict), cv_criteria_name(it.criteria));
	json_decref(v->rules);
	criteria_close(&it);
	return rc;
}

/* --- the command --------------------------------------------------------------------------------------- */

static int parse(const struct command *self, int argc, char **argv, struct verify *v)
{
	static const struct option options[] = {
		BUNDLE_OPTIONS, { "pcrs", required_argument, NULL, 'p' }, { "criteria", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' }, {}
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c >= 0 && c < N_PARTS)
			v->bundle.path[c] = optarg;
		else if (c == 'c')
			v->criteria = optarg;
		else if (c == 'j')
			v->json = true;
		else if (c == 'p' && !parse_selection(v, optarg))
			return usage_error(self, "--pcrs: got \"%s\", expected banks and registers, as sha256:0-7,10", optarg);
		else if (c != 'p')
			return c == 'h' ? print_help(self) : usage_hint(self);
	}
	if (argc - optind > 1)
		return usage_error(self, "got %d operands, expected one directory at most", argc - optind);
	if (!v->n_wanted)
		return usage_error(self, "no --pcrs: which registers were asked for? (--pcrs sha256:0-11)");
	v->bundle.dir = argv[optind];
	return -1;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct verify v = {};
	struct cv_error err = {};
	int rc = parse(self, argc, argv, &v);

	if (rc >= 0)
		return rc;
	if (!bundle_open(&v.bundle, &err) || !is_complete(&v, &err))
		rc = usage_error(self, "%s", err.text);
	else
		rc = verify(&v, &err) ? print_accepted(&v) : print_refused(&v, &err);
	cv_key_clear(&v.key);
	cv_ek_clear(&v.ek);
	bundle_close(&v.bundle);
	return rc;
}

const struct command evidence_verify = {
	"evidence", "verify", "Verify a quote and the logs that explain it, and judge them by criteria.",
	"usage: cvctl evidence verify --pcrs BANKS [--criteria FILE] [--json] [OPTIONS] [DIR]\n\n" BUNDLE_HELP
	"  --pcrs BANKS       the registers that were asked for: sha256:0-7,10; \"+\" between banks\n"
	"  --criteria FILE    judge what is proven by these criteria\n"
	"  --json             machine-readable output\n\n"
	"exit status: 0 accepted, and criteria satisfied; 1 refused or violated; 2 usage; 3 unknown\n\n"
	"example:\n  cvctl evidence verify --pcrs sha256:0-14 --criteria tests/evidence/node.cv tests/evidence/verity\n", run,
};
