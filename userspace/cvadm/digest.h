/* SPDX-License-Identifier: GPL-2.0 */
/* The digest that names a set: SHA-256 of its text. */
#ifndef DIGEST_H
#define DIGEST_H

#include <linux/cloudverifier.h>

#include "args.h"

/*
 * From --digest, from the file of --text, or from the operands, each followed
 * by a newline: a file with one criterion per line has the same digest.
 */
int digest_of_call(struct call *call, uint8_t digest[CV_DIGEST_LEN]);

#endif /* DIGEST_H */
