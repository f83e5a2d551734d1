/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Repairs the checksums of a whole log, and of a GPT. */
#ifndef E4Z_TESTS_FUZZ_SEAL_H
#define E4Z_TESTS_FUZZ_SEAL_H

#include "../../target.h"

/* LEN bytes at OFF may have been changed. */
typedef void seal_fn(void *arg, uint64_t off, uint32_t len);

/*
 * Repair tags, tails, commit blocks and the superblock, from the start of the log to the end of its
 * transactions. A block without a checksum does not get one.
 */
void seal_log(struct fuzz_image *img, seal_fn *changed, void *arg);

/* Repair the checksums of both headers and their entries. */
void seal_gpt(uint8_t *data, size_t len, seal_fn *changed, void *arg);

#endif
