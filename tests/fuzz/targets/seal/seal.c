// SPDX-License-Identifier: GPL-2.0-or-later
// Repairs the checksums of a whole log, and of a GPT.
#include "seal.h"

#include "base/bytes.h"
#include "journal/csum.h"
#include "journal/log.h"
#include <string.h>

/* ---- a log ---- */

struct walk {
	struct fuzz_image *img;
	struct jbd2_sb sb;
	struct jbd2_shape shape;
	uint32_t seed, at, tid, crc;
	seal_fn *changed;
	void *arg;
};

static uint8_t *block_of(const struct walk *w, uint32_t n)
{
	return w->img->data + w->img->log_blocks.items[n];
}

static uint32_t after(const struct walk *w, uint32_t n)
{
	return n + 1 < w->sb.maxlen ? n + 1 : w->sb.first;
}

static void put_tag_csum(const struct walk *w, uint8_t *tag, uint32_t csum)
{
	const struct be16 low = be16_of((uint16_t)csum);
	const struct be32 all = be32_of(csum);

	if (w->shape.csum == JBD2_CSUM_V3)
		memcpy(tag + offsetof(struct jbd2_tag3, csum), &all, sizeof(all));
	else if (w->shape.csum == JBD2_CSUM_V2)
		memcpy(tag + offsetof(struct jbd2_tag, csum), &low, sizeof(low));
}

/* Repair the tags of a descriptor block, then its own checksum; continue after its blocks. */
static void seal_descriptor(struct walk *w, uint8_t *p)
{
	struct jbd2_entry entry;
	struct jbd2_tags tags;
	uint32_t first = w->at, n = after(w, first), count = 0, tag;

	jbd2_tags_start(&tags, &w->shape, p);
	for (tag = tags.at; count < w->sb.maxlen && jbd2_tags_next(&tags, &entry); tag = tags.at) {
		put_tag_csum(w, p + tag, csum_data(&w->shape, w->seed, w->tid, block_of(w, n)));
		n = after(w, n);
		count++;
	}
	csum_tail_set(&w->shape, w->seed, p);
	w->crc = csum_v1(w->crc, p, w->shape.block_size);
	for (w->at = after(w, first); count; count--, w->at = after(w, w->at))
		w->crc = csum_v1(w->crc, block_of(w, w->at), w->shape.block_size);
}

static void seal_commit(struct walk *w, uint8_t *p)
{
	if (w->shape.csum >= JBD2_CSUM_V2)
		csum_commit_set(&w->shape, w->seed, p);
	else if (w->shape.csum == JBD2_CSUM_V1 && ((struct jbd2_commit *)(void *)p)->chksum_type)
		csum_v1_set(w->crc, p);
	w->crc = CSUM_V1_START;
	w->tid++;
	w->at = after(w, w->at);
}

/* Repair the current block; false: the log ends there. */
static bool seal_block(struct walk *w)
{
	uint8_t *p = block_of(w, w->at);
	uint32_t tid, type = jbd2_block_type(p, &tid);

	if (tid != w->tid)
		return false;
	w->changed(w->arg, (uint64_t)(p - w->img->data), w->shape.block_size);
	switch (type) {
	case JBD2_DESCRIPTOR: seal_descriptor(w, p); return true;
	case JBD2_COMMIT: seal_commit(w, p); return true;
	case JBD2_REVOKE:
		csum_tail_set(&w->shape, w->seed, p);
		w->at = after(w, w->at);
		return true;
	default: return false;
	}
}

void seal_log(struct fuzz_image *img, seal_fn *changed, void *arg)
{
	struct walk w = {.img = img, .changed = changed, .arg = arg, .crc = CSUM_V1_START};
	struct jbd2_super *super;
	uint32_t left;

	if (!img->log_blocks.count)
		return;
	super = (void *)block_of(&w, 0);
	if (!jbd2_super_decode(super, &w.sb) || w.sb.block_size != img->bs ||
	    w.sb.maxlen > img->log_blocks.count || w.sb.first >= w.sb.maxlen ||
	    w.sb.start >= w.sb.maxlen)
		return;
	w.shape = jbd2_shape(&w.sb);
	w.seed = csum_seed(w.sb.uuid);
	w.at = w.sb.start;
	w.tid = w.sb.sequence;
	changed(arg, (uint64_t)((uint8_t *)super - img->data), sizeof(*super));
	if (w.shape.csum >= JBD2_CSUM_V2)
		csum_super_set(super);
	for (left = w.at ? w.sb.maxlen : 0; left && seal_block(&w); left--)
		;
}

/* ---- a GPT ---- */

#define SECTOR_BYTES 512
/* Offsets in a header. */
enum { GPT_SIZE = 12, GPT_CRC = 16, GPT_ENTRIES = 72, GPT_COUNT = 80, GPT_EACH = 84, GPT_ALL = 88 };

static uint32_t crc32(const uint8_t *p, size_t len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void seal_header(uint8_t *data, size_t len, uint64_t at, seal_fn *changed, void *arg)
{
	uint8_t *h = data + at;
	uint64_t entries, bytes;
	uint32_t size;

	if (at + SECTOR_BYTES > len || memcmp(h, "EFI PART", 8))
		return;
	size = get_le32(h + GPT_SIZE);
	entries = get_le64(h + GPT_ENTRIES);
	bytes = (uint64_t)get_le32(h + GPT_COUNT) * get_le32(h + GPT_EACH);
	if (entries < len / SECTOR_BYTES && bytes <= 1u << 16 &&
	    bytes <= len - entries * SECTOR_BYTES)
		put_le32(h + GPT_ALL, crc32(data + entries * SECTOR_BYTES, bytes));
	put_le32(h + GPT_CRC, 0);
	put_le32(h + GPT_CRC, crc32(h, size < SECTOR_BYTES ? size : SECTOR_BYTES));
	changed(arg, at, SECTOR_BYTES);
}

void seal_gpt(uint8_t *data, size_t len, seal_fn *changed, void *arg)
{
	seal_header(data, len, SECTOR_BYTES, changed, arg);
	if (len > 2 * SECTOR_BYTES)
		seal_header(data, len, len / SECTOR_BYTES * SECTOR_BYTES - SECTOR_BYTES, changed,
			    arg);
}
