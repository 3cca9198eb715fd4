/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The firmware's event log: TCG PC Client Platform Firmware Profile 1.06,
 * chapter 10; the crypto-agile form (10.2.2) and the SHA-1 form (10.2.1) of
 * older firmware. What /sys/kernel/security/tpm0/binary_bios_measurements
 * gives; its size reads as 0, so it is to be read until it ends.
 *
 * The frame of an event (register, type, digests, length) is what replaying
 * needs; one that does not fit ends the reading with an error. Its body is
 * whatever the firmware wrote, often malformed, and never stops it: fwevent.h.
 *
 * Nothing is allocated; events point into the caller's bytes.
 */
#ifndef CV_FWLOG_H
#define CV_FWLOG_H

#include "error.h"
#include "pcr.h"

#define CV_FWLOG_BANKS	8	/* more than any TPM has */

/* Types of chapter 10.4.1 that are more than a name here. */
#define CV_EV_NO_ACTION		0x00000003
#define CV_EV_HCRTM		0x80000010

struct cv_fwlog_bank {
	uint16_t alg;		/* TPM_ALG_ID */
	uint16_t size;		/* bytes of a digest, as the log declares */
};

struct cv_fwlog_event {
	unsigned int index;	/* in the log, from 0 */
	size_t offset;		/* of its first byte in the log */
	uint32_t pcr;		/* 0 to 23; ~0 in some of type EV_NO_ACTION */
	uint32_t type;
	const uint8_t *digest[CV_FWLOG_BANKS];	/* by the log's bank; NULL: it has none */
	struct cv_bytes body;
};

struct cv_fwlog {
	struct cv_bytes bytes;
	struct cv_reader reader;
	const uint8_t *padding;		/* where it begins; the end, if there is none */
	bool agile;
	unsigned int n_banks, n_events;
	struct cv_fwlog_bank bank[CV_FWLOG_BANKS];
};

/* Reads the header. False and @err for a log that is none. */
bool cv_fwlog_begin(struct cv_fwlog *log, struct cv_bytes bytes, struct cv_error *err);

enum cv_fwlog_next { CV_FWLOG_EVENT, CV_FWLOG_END, CV_FWLOG_BAD };

/* The next event. After CV_FWLOG_BAD, with @err, reading is over. Padding of zeros or ones ends the log. */
enum cv_fwlog_next cv_fwlog_next(struct cv_fwlog *log, struct cv_fwlog_event *event,
				 struct cv_error *err);

/*
 * What the log says the registers of the bank of @hash are. False and @err if
 * the log cannot be read or does not carry the bank throughout.
 */
bool cv_fwlog_replay(struct cv_bytes bytes, const struct cv_hash *hash,
		     struct cv_pcr_bank *bank, struct cv_error *err);

#endif
