/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads suspicious places and examines their bytes. */
#ifndef E4Z_FINDINGS_EXAMINE_H
#define E4Z_FINDINGS_EXAMINE_H

#include "findings/findings.h"
#include "findings/plan.h"
#include "findings/shown.h"
#include "image/image.h"

/* Bytes that a thread reads at a time: they stay in its second-level cache. */
#define EXAMINE_BUFFER 262144

static inline size_t examine_buffer_size(const struct e4z_image *img)
{
	return img->block_size > EXAMINE_BUFFER ? img->block_size : EXAMINE_BUFFER;
}

/* Where non-zero bytes are, over several reads: offsets in the file. */
struct examined {
	uint64_t first, last, nonzero;
};
#define EXAMINED_NOTHING ((struct examined){E4Z_NONE, E4Z_NONE, 0})

/* Add LEN bytes at P, which the file has at OFF. */
void examine_memory(const uint8_t *p, size_t len, uint64_t off, struct examined *examined);

/*
 * Add the bytes of BLOCKS blocks at PBLK, less the first SKIP bytes; the file has them at OFF. What
 * SHOWN has (NULL: no file shares a block) is as good as zero.
 */
errcode_t examine_bytes(const struct e4z_image *img, const struct shown *shown, uint64_t pblk,
			uint64_t blocks, uint64_t skip, uint64_t off, uint8_t *buf,
			struct examined *examined);

/*
 * One place of one inode. FINDING has everything but first, last and nonzero; its kind is what
 * non-zero bytes mean. All zero is ZERO_KIND, or nothing when that is E4Z_KIND_COUNT. SKIP bytes of
 * the first block are not read.
 */
struct suspect {
	struct e4z_finding finding;
	enum e4z_finding_kind zero_kind;
	uint32_t skip;
};

/* A read error makes the inode unreadable. */
errcode_t examine_suspect(const struct e4z_image *img, const struct shown *shown,
			  struct findings *findings, const struct suspect *suspect, uint8_t *buf);

/*
 * Examine COUNT tails, sorted in place with TMP, as large, as scratch, by WORKERS threads with the
 * buffers BUF[worker]. WATCH is called with the number of batches done and of all.
 */
errcode_t examine_tails(const struct e4z_image *img, struct findings *findings, struct tail *tails,
			struct tail *tmp, size_t count, unsigned workers, uint8_t *const *buf,
			errcode_t (*watch)(void *arg, uint64_t taken, uint64_t all), void *arg);

#endif
