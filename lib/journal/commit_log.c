// SPDX-License-Identifier: GPL-2.0-or-later
// Writes a transaction into the log: descriptors, copies, the commit block.
#include "journal/commit_steps.h"

#include "base/cleanup.h"
#include "journal/commit.h"
#include "journal/csum.h"
#include "journal/flip.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Writes log blocks from the start of the ring, several at a time, from where they are. Only what
 * the log has in another form, and what is in the log alone, is made here.
 */
struct writer {
	struct commit *commit;
	uint32_t at;	 /* log block of the first piece */
	uint32_t filled; /* pieces, a block each */
	uint32_t room;
	struct iovec *pieces;
	uint8_t *made; /* room for as many blocks */
};

static errcode_t writer_open(struct writer *w, struct commit *c)
{
	uint32_t bs = c->block_size, room = PIECE_BYTES / bs;

	*w = (struct writer){.commit = c, .at = c->log->first, .room = room};
	w->pieces = malloc(room * sizeof(*w->pieces));
	w->made = malloc((size_t)room * bs);
	return w->pieces && w->made ? 0 : ENOMEM;
}

static void writer_close(struct writer *w)
{
	free(w->pieces);
	free(w->made);
}

static errcode_t writer_flush(struct writer *w)
{
	const struct log *log = w->commit->log;
	uint32_t bs = log->shape.block_size;

	for (uint32_t done = 0, n; done < w->filled; done += n) {
		uint64_t pblk;
		errcode_t err;

		log_where(log, w->at + done, &pblk, &n);
		if (n > w->filled - done)
			n = w->filled - done;
		err = blkdev_writev(log->dev, pblk * bs, w->pieces + done, n, "log");
		if (err)
			return err;
	}
	w->at += w->filled;
	w->filled = 0;
	return 0;
}

/* The next block of the log is DATA, which stays where it is until the writer is flushed. */
static errcode_t writer_add(struct writer *w, uint8_t *data)
{
	errcode_t err = w->filled == w->room ? writer_flush(w) : 0;

	if (!err)
		w->pieces[w->filled++] = (struct iovec){data, w->commit->block_size};
	return err;
}

/* The next block of the log is made in *DATA. */
static errcode_t writer_make(struct writer *w, uint8_t **data)
{
	errcode_t err = w->filled == w->room ? writer_flush(w) : 0;

	if (err)
		return err;
	*data = w->made + (size_t)w->filled * w->commit->block_size;
	w->pieces[w->filled++] = (struct iovec){*data, w->commit->block_size};
	return 0;
}

bool commit_is_super(const struct commit *c, const struct captured *b)
{
	return b->block == SUPER_AT / c->block_size;
}

void commit_fill_copy(const struct commit *c, const struct captured *b, uint8_t *copy)
{
	memcpy(copy, b->data, c->block_size);
	if (commit_is_super(c, b) && !(c->faults & COMMIT_FAULT_NO_RECOVER))
		flip_recover(copy + SUPER_AT % c->block_size, c->metadata_csum);
}

/* The log has B in another form. */
static bool needs_copy(const struct commit *c, const struct captured *b)
{
	const struct be32 magic = be32_of(JBD2_MAGIC);

	return commit_is_super(c, b) || memcmp(b->data, &magic, sizeof(magic)) == 0;
}

/* The descriptor of COUNT blocks: their checksums and escapes stand in it. */
static errcode_t fill_descriptor(const struct commit *c, const struct captured *blocks,
				 size_t count, uint32_t tid, uint8_t *descriptor, uint8_t *scratch)
{
	const struct log *log = c->log;
	struct jbd2_builder builder;
	errcode_t err = 0;

	jbd2_tags_begin(&builder, &log->shape, descriptor, tid, log->sb.uuid);
	for (size_t i = 0; i < count && !err; i++) {
		struct jbd2_entry entry = {.block = blocks[i].block};
		const uint8_t *data = blocks[i].data;

		if (needs_copy(c, &blocks[i])) {
			commit_fill_copy(c, &blocks[i], scratch);
			if (jbd2_escape(scratch))
				entry.flags = JBD2_TAG_ESCAPED;
			data = scratch;
		}
		entry.csum = csum_data(&log->shape, log->seed, tid, data);
		err = jbd2_tags_add(&builder, &entry);
	}
	jbd2_tags_end(&builder);
	csum_tail_set(&log->shape, log->seed, descriptor);
	return err;
}

/* A block of the log, in order: its share of the checksum that COMPAT_CHECKSUM requires. */
static void add_v1(const struct commit *c, uint32_t *v1, const uint8_t *block)
{
	if (c->log->shape.csum == JBD2_CSUM_V1)
		*v1 = csum_v1(*v1, block, c->block_size);
}

/* B, after its descriptor. */
static errcode_t write_copy(struct writer *w, const struct captured *b, uint32_t *v1)
{
	uint8_t *data = b->data;
	bool made = needs_copy(w->commit, b);
	errcode_t err = made ? writer_make(w, &data) : writer_add(w, data);

	if (err)
		return err;
	if (made) {
		commit_fill_copy(w->commit, b, data);
		jbd2_escape(data);
	}
	add_v1(w->commit, v1, data);
	return 0;
}

/* One descriptor with the blocks that fit after it, from BLOCKS on; *TAKEN says how many. */
static errcode_t write_group(struct writer *w, const struct captured *blocks, size_t count,
			     uint32_t tid, uint32_t *v1, uint8_t *scratch, size_t *taken)
{
	const struct commit *c = w->commit;
	size_t n = jbd2_tags_room(&c->log->shape);
	uint8_t *descriptor;
	errcode_t err = writer_make(w, &descriptor);

	*taken = n = n < count ? n : count;
	if (!err)
		err = fill_descriptor(c, blocks, n, tid, descriptor, scratch);
	if (err)
		return err;
	add_v1(c, v1, descriptor);
	for (size_t i = 0; i < n && !err; i++)
		err = write_copy(w, &blocks[i], v1);
	return err;
}

errcode_t commit_write_body(struct commit *c, const struct captured *blocks, size_t count,
			    uint32_t tid, uint32_t *v1, uint32_t *at)
{
	struct writer w;
	AUTO_FREE uint8_t *scratch = malloc(c->block_size);
	uint8_t *slot;
	errcode_t err = writer_open(&w, c);

	if (!scratch)
		err = ENOMEM;
	for (size_t done = 0, taken = 0; done < count && !err; done += taken)
		err = write_group(&w, blocks + done, count - done, tid, v1, scratch, &taken);
	*at = w.at + w.filled;
	if (!err && !(c->faults & COMMIT_FAULT_KEEP_SLOT)) {
		err = writer_make(&w, &slot);
		if (!err)
			memset(slot, 0, c->block_size);
	}
	if (!err)
		err = writer_flush(&w);
	writer_close(&w);
	return err;
}

errcode_t commit_write_end(struct commit *c, uint32_t tid, uint32_t v1, uint32_t at, uint64_t now)
{
	const struct log *log = c->log;
	AUTO_FREE uint8_t *block = malloc(c->block_size);
	uint64_t pblk;
	uint32_t together;

	if (!block)
		return ENOMEM;
	if (now > c->seconds)
		c->seconds = now;
	jbd2_commit_encode(&log->shape, block, tid, c->seconds, 0);
	if (log->shape.csum == JBD2_CSUM_V1)
		csum_v1_set(v1, block);
	else if (log->shape.csum >= JBD2_CSUM_V2)
		csum_commit_set(&log->shape, log->seed, block);
	log_where(log, at, &pblk, &together);
	return blkdev_write(log->dev, pblk * c->block_size, c->block_size, block, "commit");
}
