/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk through a log: replay.c goes from block to block, replay_walk.c takes each of them. */
#ifndef E4Z_JOURNAL_REPLAY_STATE_H
#define E4Z_JOURNAL_REPLAY_STATE_H

#include "base/vec.h"
#include "io/overlay.h"
#include "journal/log.h"

struct staged {
	uint64_t block;
	uint32_t at; /* log block */
	bool escaped;
};

struct walk {
	const struct log *log;
	const struct jbd2_shape *shape;
	uint64_t device_blocks;
	struct overlay *ov;
	struct replay *replay;
	char *why;
	size_t why_size;

	struct log_window window;
	uint8_t *header;     /* a copy of the block at hand */
	uint32_t at;	     /* its place */
	uint32_t used;	     /* blocks from the start of the log to it */
	uint32_t tid;	     /* of the transaction that is looked for, or at */
	uint32_t crc;	     /* of COMPAT_CHECKSUM */
	bool ended;	     /* this is not a block of a whole transaction */
	const char *suspect; /* what makes the transaction corrupt if it is committed; NULL */
	VEC(, struct staged) tags;
	VEC(, uint32_t) revokes; /* log blocks */
};

/* Return ERR, and say in the caller's WHY what it is. */
errcode_t walk_say(const struct walk *w, errcode_t err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Log block N, valid until the next call. */
errcode_t walk_get(struct walk *w, uint32_t n, const void **block);

/* COUNT blocks on. */
void walk_advance(struct walk *w, uint32_t count);

/* The transaction's end was not reached: what was staged of it does not count. */
void walk_end(struct walk *w);

/* The block at hand, w->header, which is of transaction w->tid and of that kind. */
errcode_t walk_descriptor(struct walk *w);
errcode_t walk_revoke(struct walk *w);
errcode_t walk_commit(struct walk *w);

#endif
