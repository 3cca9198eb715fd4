// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever the bytes: reading ends, events lie inside the log and in order, and
 * what is read without an error replays or says why not.
 */
#include <stdlib.h>
#include <cv/fwlog.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cv_bytes bytes = { data, size };
	struct cv_fwlog_event event;
	struct cv_pcr_bank bank;
	struct cv_error err;
	struct cv_fwlog log;
	size_t at = 0;

	if (!cv_fwlog_begin(&log, bytes, &err)) {
		require(err.name != CV_E_NONE && *err.text);
		return 0;
	}
	while (cv_fwlog_next(&log, &event, &err) == CV_FWLOG_EVENT) {
		require(event.offset >= at);
		require(!event.body.len || (event.body.data >= data && event.body.data + event.body.len <= data + size));
		at = event.offset + 1;
	}
	for (unsigned int i = 0; i < log.n_banks; i++)
		if (cv_hash_by_alg(log.bank[i].alg))
			cv_fwlog_replay(bytes, cv_hash_by_alg(log.bank[i].alg), &bank, &err);
	return 0;
}
