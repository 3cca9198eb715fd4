/* SPDX-License-Identifier: GPL-2.0 */
/* Included ahead of every file: how this module's messages begin. */
#define pr_fmt(fmt) "cloudverifier: " fmt
