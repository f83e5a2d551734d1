/* SPDX-License-Identifier: GPL-2.0-or-later */
/* References in the header of an image to other files, read before another program opens it. */
#ifndef E4Z_HEADER_CHAIN_H
#define E4Z_HEADER_CHAIN_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

enum chain_lock { CHAIN_OPEN, CHAIN_AES, CHAIN_LUKS };

struct chain {
	char other[640];       /* the first reference: 'the backing file "NAME"'; "": none */
	bool lost;	       /* it refers to a file that QEMU would not open */
	const char *read_only; /* why QEMU cannot write to it, a clause; NULL: it can */
	bool repaired;	       /* it was in use; QEMU repairs it when it opens it for writing */
	enum chain_lock lock;  /* how it is encrypted */
};

/*
 * Read the header of DEV, an image of FORMAT, into *CHAIN. E4Z_ET_IMAGE_FORMAT with a sentence in
 * WHY: it is corrupt, or of a kind that QEMU cannot open. A read error does not change WHY.
 */
errcode_t chain_look(struct blkdev *dev, enum e4z_format format, struct chain *chain, char *why,
		     size_t why_size);

/* ---- for chain_*.c only ---- */

struct chain_reader {
	struct blkdev *dev;
	struct chain *chain;
	char *why;
	size_t why_size;
};

/* Read LEN bytes at AT; past the end of the image: E4Z_ET_IMAGE_FORMAT. */
errcode_t chain_get(struct chain_reader *r, uint64_t at, size_t len, void *buf);
/* Returns E4Z_ET_IMAGE_FORMAT, with this sentence. */
errcode_t chain_corrupt(struct chain_reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Record a reference to NAME, LEN bytes without a final zero, as WHAT; only the first is kept. */
void chain_refer(struct chain_reader *r, const char *what, const char *name, size_t len);
/* The same for a name of LEN bytes, 1 to 1023, that is stored at AT. */
errcode_t chain_refer_at(struct chain_reader *r, const char *what, uint64_t at, uint64_t len);

errcode_t chain_qcow2(struct chain_reader *r);
errcode_t chain_vmdk(struct chain_reader *r);
errcode_t chain_vhdx(struct chain_reader *r);

#endif
