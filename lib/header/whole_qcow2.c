// SPDX-License-Identifier: GPL-2.0-or-later
// The clusters of qcow2 and QED images: two levels of tables, and the reference counts of qcow2.
#include "header/whole.h"

#include "base/bytes.h"

#define OFFSET_MASK 0x00fffffffffffe00ull
#define COMPRESSED (1ull << 62)
#define ZERO 1u
#define DATA_FILE 4u
#define EXTENDED_L2 16u
#define SNAPSHOT 40u /* minimum length of an entry */
#define SUBCLUSTERS 32u
#define L1_MAX ((32u << 20) / 8) /* QEMU's */
#define QED_TABLE_MAX 16
#define QED_CLUSTER_MIN 4096
#define QED_CLUSTER_MAX (64u << 20)

struct levels {
	uint64_t size, cluster; /* of the disk, and of a cluster; bytes */
	uint64_t l2_entries;
	unsigned bits, l2_width;
	bool extended, data_elsewhere, version_2;
};

/* The bytes of cluster I that are part of the disk. */
static uint64_t used_of(const struct levels *l, uint64_t i)
{
	uint64_t left = i < l->size / l->cluster + 1 ? l->size - i * l->cluster : 0;

	return left < l->cluster ? left : l->cluster;
}

static uint64_t tables_of(const struct levels *l)
{
	uint64_t clusters = l->size / l->cluster + !!(l->size % l->cluster);

	return clusters / l->l2_entries + !!(clusters % l->l2_entries);
}

struct second {
	const struct levels *l;
	uint64_t first; /* the first cluster of the table */
};

/* ---- qcow2 ---- */

/* Compressed data may end in the middle of its last sector. */
static errcode_t need_compressed(struct whole *w, const struct levels *l, uint64_t entry)
{
	unsigned shift = 62 - (l->bits - 8);
	uint64_t at = entry & ((1ull << shift) - 1);
	uint64_t sectors = ((entry & (COMPRESSED - 1)) >> shift) + 1;
	uint64_t end = at / SECTOR + sectors, have = w->dev->size / SECTOR;

	have += !!(w->dev->size % SECTOR);
	return end <= have ? 0 : whole_need(w, at, end * SECTOR - at);
}

/* The end of the last allocated subcluster. */
static uint64_t end_of_subclusters(const struct levels *l, uint64_t bitmap)
{
	uint32_t allocated = (uint32_t)bitmap;

	if (!allocated)
		return 0;
	return (SUBCLUSTERS - (unsigned)__builtin_clz(allocated)) * (l->cluster / SUBCLUSTERS);
}

static errcode_t take_cluster(struct whole *w, void *arg, uint64_t i, const uint8_t *raw)
{
	const struct second *s = arg;
	uint64_t entry = get_be64(raw), at = entry & OFFSET_MASK;
	uint64_t len = used_of(s->l, s->first + i);

	if (!len || s->l->data_elsewhere)
		return 0;
	if (entry & COMPRESSED)
		return need_compressed(w, s->l, entry);
	if (s->l->extended) {
		uint64_t end = end_of_subclusters(s->l, get_be64(raw + 8));

		len = end < len ? end : len;
	} else if (entry & ZERO && !s->l->version_2) {
		len = 0;
	}
	return at && len ? whole_need(w, at, len) : 0;
}

static errcode_t take_l2(struct whole *w, void *arg, uint64_t i, const uint8_t *raw)
{
	const struct levels *l = arg;
	const struct whole_table table = {get_be64(raw) & OFFSET_MASK, l->l2_entries, l->l2_width,
					  false};
	struct second second = {l, i * l->l2_entries};

	return table.at ? whole_walk(w, &table, take_cluster, &second) : 0;
}

/* Without them, a writer would reuse clusters that are in use. */
static errcode_t take_refcounts(struct whole *w, void *arg, uint64_t i, const uint8_t *raw)
{
	const struct levels *l = arg;
	uint64_t at = get_be64(raw) & OFFSET_MASK;

	(void)i;
	return at ? whole_need(w, at, l->cluster) : 0;
}

/* Other invalid fields of the header are refused by QEMU. */
errcode_t whole_qcow2(struct whole *w)
{
	uint8_t h[104] = {0};
	errcode_t err = whole_get(w, 0, 72, h);
	struct levels l = {.version_2 = get_be32(h + 4) == 2};
	struct whole_table l1 = {.width = 8}, counts = {.width = 8};
	uint64_t features;

	if (!err && !l.version_2)
		err = whole_get(w, 72, 32, h + 72);
	l.bits = get_be32(h + 20);
	if (err || l.bits < 9 || l.bits > 21)
		return err;
	features = get_be64(h + 72);
	l.size = get_be64(h + 24);
	l.cluster = 1ull << l.bits;
	l.extended = features & EXTENDED_L2;
	l.data_elsewhere = features & DATA_FILE;
	l.l2_width = l.extended ? 16 : 8;
	l.l2_entries = l.cluster / l.l2_width;
	l1.at = get_be64(h + 40);
	l1.count = get_be32(h + 36);
	if (l1.count > L1_MAX || l1.count < tables_of(&l))
		return whole_corrupt(w);
	l1.count = tables_of(&l);
	counts.at = get_be64(h + 48);
	counts.count = get_be32(h + 56) * (l.cluster / 8);
	err = whole_walk(w, &l1, take_l2, &l);
	if (!err)
		err = whole_walk(w, &counts, take_refcounts, &l);
	if (err || !get_be32(h + 60))
		return err;
	return whole_need(w, get_be64(h + 64), (uint64_t)get_be32(h + 60) * SNAPSHOT);
}

/* ---- QED ---- */

static errcode_t take_qed_cluster(struct whole *w, void *arg, uint64_t i, const uint8_t *raw)
{
	const struct second *s = arg;
	uint64_t at = get_le64(raw), len = used_of(s->l, s->first + i);

	return at > 1 && len ? whole_need(w, at, len) : 0;
}

static errcode_t take_qed_l2(struct whole *w, void *arg, uint64_t i, const uint8_t *raw)
{
	const struct levels *l = arg;
	const struct whole_table table = {get_le64(raw), l->l2_entries, 8, false};
	struct second second = {l, i * l->l2_entries};

	return whole_walk(w, &table, take_qed_cluster, &second);
}

errcode_t whole_qed(struct whole *w)
{
	uint8_t h[64];
	errcode_t err = whole_get(w, 0, sizeof(h), h);
	struct levels l = {.cluster = get_le32(h + 4), .size = get_le64(h + 48)};
	struct whole_table l1 = {get_le64(h + 40), 0, 8, false};

	if (err)
		return err;
	if (l.cluster < QED_CLUSTER_MIN || l.cluster > QED_CLUSTER_MAX || !get_le32(h + 8) ||
	    get_le32(h + 8) > QED_TABLE_MAX)
		return whole_corrupt(w);
	l.l2_entries = get_le32(h + 8) * l.cluster / 8;
	l1.count = tables_of(&l);
	if (l1.count > l.l2_entries)
		return whole_corrupt(w);
	return whole_walk(w, &l1, take_qed_l2, &l);
}
