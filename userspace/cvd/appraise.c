// SPDX-License-Identifier: GPL-2.0
#include <jansson.h>
#include <stdio.h>
#include <cv/boot.h>
#include <cv/json.h>
#include <cv/roti.h>
#include <cv/tpm.h>
#include "appraise.h"

#define RULES_SHOWN	20	/* of those that are not satisfied */

struct judging {
	const char *criteria;
	json_t *rules;
	unsigned int n;
	char first[STORE_TEXT];
};

static void refuse(struct outcome *o, const char *reason, const char *text)
{
	snprintf(o->reason, sizeof(o->reason), "%s", reason);
	snprintf(o->text, sizeof(o->text), "%s", text);
}

/* A hidden rule is named by its line alone. */
static void report(void *context, const struct cv_rule_report *r)
{
	struct judging *j = context;

	if (r->verdict == CV_SATISFIED)
		return;
	if (!j->n++)
		snprintf(j->first, sizeof(j->first), "criteria \"%.60s\", line %u: %.300s%s%.80s%s", j->criteria, r->line,
			 r->hidden ? "a hidden rule" : r->why, r->hidden || !*r->from ? "" : " (", r->hidden ? "" : r->from,
			 r->hidden || !*r->from ? "" : ")");
	if (j->n > RULES_SHOWN)
		return;
	json_array_append_new(j->rules, json_pack("{s:o, s:i, s:o, s:o, s:o, s:b}", "criteria", cv_json_text(j->criteria), "line",
			      r->line, "rule", cv_json_text(r->hidden ? "" : r->text), "why", cv_json_text(r->hidden ? "" : r->why),
			      "from", cv_json_text(r->hidden ? "" : r->from), "unknown", r->verdict == CV_UNKNOWN));
}

/* What is known of the boot is only told with the whole. */
static bool judge(const struct policy *p, enum node_type type, struct appraised *who, const struct shown *shown,
		  const struct cv_proven *proven, struct outcome *o)
{
	const struct cv_criteria *criteria = p->of[type].criteria;
	struct cv_tpm tpm = { &proven->quote, &who->attester };
	struct judging j = { .criteria = cv_criteria_name(criteria), .rules = json_array() };
	struct cv_evidence evidence[4] = { { &cv_ima_module, &proven->ima }, { &cv_tpm_module, &tpm } };
	struct cv_error err = {};
	unsigned int n = 2;
	enum cv_verdict verdict;
	struct cv_boot boot;
	struct cv_roti roti;

	if (shown->whole) {
		if (!cv_boot_read(&boot, shown->firmware_log, &who->attester, 0, p->wanted.pcrs, shown->cmdline, &err))
			goto refused;
		evidence[n++] = (struct cv_evidence) { &cv_boot_module, &boot };
		if (shown->roti.len && (!cv_roti_read(&roti, shown->roti, &err) ||
					!cv_roti_verify(&roti, &who->key, &p->wanted, 1, &err)))
			goto refused;
		if (shown->roti.len)
			evidence[n++] = (struct cv_evidence) { &cv_roti_module, &roti };
		verdict = cv_criteria_judge(criteria, evidence, n, report, &j);
	} else {
		verdict = cv_criteria_judge_again(criteria, evidence, n, report, &j);
	}
	if (verdict == CV_SATISFIED) {
		json_decref(j.rules);
		return true;
	}
	refuse(o, verdict == CV_VIOLATED ? "violated" : "unknown", j.first);
	o->rules = json_dumps(j.rules, JSON_COMPACT);
	json_decref(j.rules);
	return false;
refused:
	json_decref(j.rules);
	refuse(o, cv_error_name(err.name), err.text);
	return false;
}

bool appraise(const struct policy *p, enum node_type type, struct appraised *who, const struct shown *shown,
	      struct outcome *o)
{
	const struct cv_proof proof = { shown->attest, shown->signature, shown->firmware_log, shown->ima_list };
	struct cv_attester before = who->attester;
	struct cv_error err = {};
	struct cv_proven proven;

	*o = (struct outcome) {};
	if (!p->of[type].criteria) {
		refuse(o, "no-criteria", "there are no criteria for nodes of this type: none is admitted");
		return false;
	}
	if (shown->whole)
		cv_attester_forget(&who->attester);
	if (!cv_attester_accept(&who->attester, &proof, &who->key, &who->ek, (struct cv_bytes) { shown->question, 32 },
				&p->wanted, 1, &proven, &err)) {
		who->attester = before;
		refuse(o, cv_error_name(err.name), err.text);
		return false;
	}
	o->reset_count = proven.quote.reset_count;
	o->restart_count = proven.quote.restart_count;
	o->clock = proven.quote.clock;
	return judge(p, type, who, shown, &proven, o);
}
