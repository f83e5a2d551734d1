/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the header of an image refers to, read before any program follows it. */
#ifndef E4Z_HEADER_CHAIN_H
#define E4Z_HEADER_CHAIN_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

enum chain_lock { CHAIN_OPEN, CHAIN_AES, CHAIN_LUKS };

struct chain {
	char other[640];       /* a file that it refers to: 'the backing file "NAME"'; "": none */
	bool lost;	       /* it refers to a file that QEMU would not open */
	const char *read_only; /* why QEMU cannot write to it, a clause; NULL: it can */
	bool repaired;	       /* by QEMU when it opens it for writing: it was in use */
	enum chain_lock lock;  /* how it is encrypted */
};

/*
 * Read the header of DEV, which has FORMAT, into *CHAIN. E4Z_ET_IMAGE_FORMAT with a sentence in
 * WHY: it is corrupt, or of a kind that QEMU cannot open. An error of reading leaves WHY alone.
 */
errcode_t chain_look(struct blkdev *dev, enum e4z_format format, struct chain *chain, char *why,
		     size_t why_size);

/* ---- for the files of chain alone ---- */

struct chain_reader {
	struct blkdev *dev;
	struct chain *chain;
	char *why;
	size_t why_size;
};

/* LEN bytes at AT; past the end of the image: E4Z_ET_IMAGE_FORMAT. */
errcode_t chain_get(struct chain_reader *r, uint64_t at, size_t len, void *buf);
/* E4Z_ET_IMAGE_FORMAT with the sentence. */
errcode_t chain_corrupt(struct chain_reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* It refers to NAME, LEN bytes that need not end in zero, as WHAT; only the first is kept. */
void chain_refer(struct chain_reader *r, const char *what, const char *name, size_t len);
/* The same of a name at AT, which is stored in LEN bytes, 1 to 1023. */
errcode_t chain_refer_at(struct chain_reader *r, const char *what, uint64_t at, uint64_t len);

errcode_t chain_qcow2(struct chain_reader *r);
errcode_t chain_vmdk(struct chain_reader *r);
errcode_t chain_vhdx(struct chain_reader *r);

#endif
