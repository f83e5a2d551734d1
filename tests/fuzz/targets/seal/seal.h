/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the checksums of a whole log, and of a GPT, right again. */
#ifndef E4Z_TESTS_FUZZ_SEAL_H
#define E4Z_TESTS_FUZZ_SEAL_H

#include "../../target.h"

/* LEN bytes at OFF may have been changed. */
typedef void seal_fn(void *arg, uint64_t off, uint32_t len);

/*
 * From the start of the log on, as far as its transactions go: tags, tails, commit blocks, and the
 * superblock. Where something has no checksum it gets none.
 */
void seal_log(struct fuzz_image *img, seal_fn *changed, void *arg);

/* The headers of both copies, and of their entries. */
void seal_gpt(uint8_t *data, size_t len, seal_fn *changed, void *arg);

#endif
