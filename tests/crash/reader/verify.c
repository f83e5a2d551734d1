// SPDX-License-Identifier: GPL-2.0-or-later
// The verifier: claims, bitmaps, counters, checksums, and hashes of the contents.
#include "verify.h"

#include "base/crc32c.h"
#include "fs.h"
#include "quota.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len >= 8; len -= 8, p += 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		hash = (hash ^ word) * 0x9fb21c651e98df25u;
		hash ^= hash >> 29;
	}
	for (; len; len--)
		hash = (hash ^ *p++) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

static uint64_t hash_number(uint64_t hash, uint64_t n)
{
	return hash_bytes(hash, &n, sizeof(n));
}

/* The current inode. */
struct visit {
	struct fs *fs;
	uint32_t ino;
	const uint8_t *raw;
	uint64_t size, blocks; /* blocks: those that count for i_blocks, in clusters */
	uint64_t last_cluster;
	uint64_t meta;
	struct file *file; /* of a regular one, else NULL */
};

static void claim(struct fs *fs, uint64_t block, uint64_t len, uint8_t how, const char *whose)
{
	if (block + len > fs->blocks) {
		fs_fault(fs, "%s reaches outside", whose);
		return;
	}
	for (uint64_t b = block; b < block + len; b++) {
		if (fs->claim[b])
			fs_fault(fs, "block %llu claimed twice: %s", (unsigned long long)b, whose);
		fs->claim[b] |= how;
	}
}

static void *grown(void *p, size_t want, size_t *room, size_t size)
{
	if (want <= *room)
		return p;
	*room = *room ? *room * 2 : 64;
	return realloc(p, *room * size);
}

static void note_past(struct visit *visit, uint32_t lblk, uint64_t pblk)
{
	uint64_t off = (uint64_t)lblk * visit->fs->block_size, size = visit->size;
	struct verdict *v = visit->fs->v;

	if (size >= off + visit->fs->block_size || pblk >= visit->fs->blocks)
		return;
	v->past = grown(v->past, v->past_count + 1, &v->past_room, sizeof(*v->past));
	v->past[v->past_count++] = (struct past){
		.ino = visit->ino,
		.lblk = lblk,
		.from = size > off ? (uint32_t)(size - off) : 0,
		.pblk = pblk,
	};
}

static void show(struct visit *visit, uint32_t lblk, uint64_t pblk)
{
	struct verdict *v = visit->fs->v;
	uint32_t bs = visit->fs->block_size;
	uint64_t off = (uint64_t)lblk * bs;
	struct shown *shown;

	note_past(visit, lblk, pblk);
	if (off >= visit->size)
		return;
	v->shown = grown(v->shown, v->shown_count + 1, &v->shown_room, sizeof(*v->shown));
	shown = &v->shown[v->shown_count++];
	*shown = (struct shown){
		.ino = visit->ino,
		.lblk = lblk,
		.len = visit->size - off < bs ? (uint32_t)(visit->size - off) : bs,
		.data = visit->fs->image + pblk * bs,
	};
	visit->file->blocks++;
	if (memchr(shown->data, CANARY, shown->len))
		visit->file->canary = true;
	/* zeroes look the same, written or not */
	if (!shown->data[0] && !memcmp(shown->data, shown->data + 1, shown->len - 1))
		return;
	visit->file->content = hash_number(visit->file->content, lblk);
	visit->file->content = hash_bytes(visit->file->content, shown->data, shown->len);
}

/* Written blocks past EOF are not visible either. */
static void claim_run(struct visit *visit, uint32_t lblk, uint64_t pblk, uint32_t len,
		      bool unwritten)
{
	uint64_t end = (visit->size + visit->fs->block_size - 1) / visit->fs->block_size;
	uint32_t seen = end > lblk ? (uint32_t)(end - lblk < len ? end - lblk : len) : 0;

	if (unwritten || !visit->file)
		seen = unwritten ? 0 : len;
	claim(visit->fs, pblk, seen, CLAIM_DATA, "a file's block");
	claim(visit->fs, pblk + seen, len - seen, unwritten ? CLAIM_UNSEEN : CLAIM_BEHIND,
	      "a file's block");
}

static void on_run(void *arg, uint32_t lblk, uint64_t pblk, uint32_t len, bool unwritten)
{
	struct visit *visit = arg;
	struct fs *fs = visit->fs;

	claim_run(visit, lblk, pblk, len, unwritten);
	for (uint64_t c = pblk / fs->ratio; c <= (pblk + len - 1) / fs->ratio; c++) {
		visit->blocks += c != visit->last_cluster;
		visit->last_cluster = c;
	}
	visit->meta =
		hash_number(hash_number(visit->meta, lblk), pblk << 16 ^ len << 1 ^ unwritten);
	if (!visit->file)
		visit->meta = hash_bytes(visit->meta, fs->image + pblk * fs->block_size,
					 (size_t)len * fs->block_size);
	for (uint32_t i = 0; i < len && visit->file && !unwritten; i++)
		show(visit, lblk + i, pblk + i);
}

static void on_tree(void *arg, uint64_t pblk)
{
	struct visit *visit = arg;

	claim(visit->fs, pblk, 1, CLAIM_OTHER, "a tree block");
	visit->blocks++;
	visit->meta = hash_number(visit->meta, pblk);
	visit->meta = hash_bytes(visit->meta, fs_block(visit->fs, pblk), visit->fs->block_size);
}

static void count_blocks(struct visit *visit)
{
	const struct fs *fs = visit->fs;
	uint64_t sectors = fs_le32(visit->raw + 0x1c) | (uint64_t)fs_le16(visit->raw + 0x74) << 32;
	uint64_t unit = fs->block_size / 512 * fs->ratio;

	if (fs_le32(visit->raw + 0x20) & EXT4_HUGE_FILE_FL)
		unit = fs->ratio;
	if (sectors != visit->blocks * unit)
		fs_fault(visit->fs, "inode %u: i_blocks %llu for %llu", visit->ino,
			 (unsigned long long)sectors, (unsigned long long)(visit->blocks * unit));
}

static void start_file(struct visit *visit)
{
	struct verdict *v = visit->fs->v;

	v->files = grown(v->files, v->file_count + 1, &v->file_room, sizeof(*v->files));
	visit->file = &v->files[v->file_count++];
	*visit->file = (struct file){
		.ino = visit->ino,
		.size = visit->size,
		.content = visit->size + 1,
		.first = v->shown_count,
	};
	if (fs_le32(visit->raw + 0x20) & EXT4_INLINE_DATA_FL) {
		size_t len = visit->size < 60 ? (size_t)visit->size : 60;

		visit->file->inline_data = visit->raw + 0x28;
		visit->file->content = hash_bytes(visit->file->content, visit->raw + 0x28, len);
		visit->file->canary = memchr(visit->raw + 0x28, CANARY, len) != NULL;
	}
}

static void visit_inode(struct fs *fs, uint32_t ino)
{
	const struct fs_visit sink = {.run = on_run, .tree = on_tree};
	struct visit visit = {
		.fs = fs, .ino = ino, .raw = fs_inode(fs, ino), .last_cluster = ~0ull};
	struct fs_visit mine = sink;
	uint32_t acl;
	bool ok;

	if (!visit.raw) {
		fs_fault(fs, "inode %u is nowhere", ino);
		return;
	}
	ok = fs_inode_csum_ok(fs, ino, visit.raw);
	if (!ok)
		fs_fault(fs, "inode %u: checksum", ino);
	visit.meta = hash_bytes(ino, visit.raw, fs->inode_size);
	visit.size = fs_inode_size(fs, visit.raw);
	acl = fs_le32(visit.raw + 0x68);
	mine.arg = &visit;
	if (S_ISREG(fs_le16(visit.raw)) && ino != EXT2_JOURNAL_INO && !quota_is_file(fs, ino) &&
	    fs_le16(visit.raw + 0x1a))
		start_file(&visit);
	if (acl && ok) {
		claim(fs, acl, 1, CLAIM_OTHER, "an attribute block");
		visit.blocks++;
		visit.meta = hash_bytes(visit.meta, fs_block(fs, acl), fs->block_size);
	}
	if (ino == EXT2_JOURNAL_INO) /* the log is not part of the contents */
		visit.meta = 0;
	if (ok && fs_is_mapped(visit.raw)) {
		uint64_t meta = visit.meta;

		ok = fs_map(fs, ino, visit.raw, &mine);
		if (ino == EXT2_JOURNAL_INO)
			visit.meta = meta;
	}
	if (ok)
		count_blocks(&visit);
	fs->v->meta = hash_number(fs->v->meta, visit.meta);
	fs->v->all = hash_number(fs->v->all, visit.meta);
	if (!visit.file)
		return;
	visit.file->damaged = !ok;
	visit.file->inode_hash = visit.meta;
	fs->v->canary |= visit.file->canary;
	fs->v->all = hash_number(fs->v->all, visit.file->content);
}

static void static_claims(struct fs *fs)
{
	uint32_t table = (fs->groups * fs->desc_size + fs->block_size - 1) / fs->block_size;
	uint32_t itable =
		(fs->inodes_per_group * fs->inode_size + fs->block_size - 1) / fs->block_size;
	struct group_desc desc;

	if (fs->block_size == 1024 && !fs->first_data)
		claim(fs, 0, 1, CLAIM_OTHER, "the boot block");
	for (uint32_t g = 0; g < fs->groups; g++) {
		uint64_t start = fs->first_data + (uint64_t)g * fs->per_group;

		if (fs_has_super(fs, g))
			claim(fs, start, 1 + table, CLAIM_OTHER, "a superblock and descriptors");
		fs_group(fs, g, &desc);
		claim(fs, desc.block_bitmap, 1, CLAIM_OTHER, "a block bitmap");
		claim(fs, desc.inode_bitmap, 1, CLAIM_OTHER, "an inode bitmap");
		claim(fs, desc.itable, itable, CLAIM_OTHER, "an inode table");
	}
}

static void check_desc(struct fs *fs, uint32_t g, const struct group_desc *desc)
{
	const uint8_t number[4] = {(uint8_t)g, (uint8_t)(g >> 8), (uint8_t)(g >> 16),
				   (uint8_t)(g >> 24)};
	static const uint8_t zero[2];
	uint16_t want;

	if (!fs->group_csum)
		return;
	if (fs->csum) {
		uint32_t crc = crc32c(crc32c(fs->seed, number, 4), desc->raw, 30);

		crc = crc32c(crc, zero, 2);
		want = (uint16_t)crc32c(crc, desc->raw + 32, fs->desc_size - 32);
	} else {
		want = crc16(crc16(crc16((uint16_t)~0, fs->super + 0x68, 16), number, 4), desc->raw,
			     30);
		want = crc16(want, desc->raw + 32, fs->desc_size - 32);
	}
	if (want != fs_le16(desc->raw + 30))
		fs_fault(fs, "group %u: descriptor checksum", g);
}

static void check_bitmap_csum(struct fs *fs, uint64_t block, uint32_t bytes, uint32_t stored,
			      uint32_t g)
{
	uint32_t mask = fs->desc_size < 64 ? 0xffff : ~0u;

	if (fs->csum && (crc32c(fs->seed, fs_block(fs, block), bytes) & mask) != stored)
		fs_fault(fs, "group %u: bitmap checksum", g);
}

/* The group's free clusters, counted from the claims; its bitmap must say the same. */
static uint32_t check_blocks(struct fs *fs, uint32_t g, const struct group_desc *desc)
{
	uint64_t start = fs->first_data + (uint64_t)g * fs->per_group;
	uint32_t n = fs_group_blocks(fs, g), free_clusters = 0, i;
	bool uninit = fs->group_csum && desc->flags & EXT2_BG_BLOCK_UNINIT;
	const uint8_t *bitmap = fs_block(fs, desc->block_bitmap);

	for (i = 0; i * fs->ratio < n; i++) {
		bool used = false;

		for (uint32_t k = i * fs->ratio; k < (i + 1) * fs->ratio && k < n; k++) {
			used |= fs->claim[start + k] != 0;
			if (uninit && fs->claim[start + k] & ~CLAIM_OTHER)
				fs_fault(fs, "group %u: uninitialised, but used", g);
		}
		free_clusters += !used;
		if (!uninit && (bitmap[i / 8] >> (i % 8) & 1) != used)
			fs_fault(fs, "block %llu is %s, its bit says otherwise",
				 (unsigned long long)(start + i * fs->ratio),
				 used ? "used" : "free");
	}
	if (!uninit)
		check_bitmap_csum(fs, desc->block_bitmap, fs->clusters_per_group / 8,
				  desc->block_csum, g);
	if (free_clusters != desc->free_blocks)
		fs_fault(fs, "group %u: %u free, its descriptor says %u", g, free_clusters,
			 desc->free_blocks);
	return free_clusters;
}

/* INO is in the orphan list. */
static bool is_orphan(const struct fs *fs, uint32_t ino)
{
	uint32_t next = fs_le32(fs->super + 0xe8);

	for (uint32_t n = 0; next && next <= fs->inodes && n < fs->inodes; n++) {
		const uint8_t *raw = next == ino ? NULL : fs_inode(fs, next);

		if (!raw)
			return next == ino;
		next = fs_le32(raw + 0x14);
	}
	return false;
}

static uint32_t check_inodes(struct fs *fs, uint32_t g, const struct group_desc *desc)
{
	uint32_t free_inodes = 0, first = fs_le32(fs->super + 0x54);

	for (uint32_t i = 1; i <= fs->inodes_per_group; i++) {
		uint32_t ino = g * fs->inodes_per_group + i;
		bool used = fs_inode_used(fs, ino);
		const uint8_t *raw = used ? fs_inode(fs, ino) : NULL;

		free_inodes += !used;
		if (raw && ino >= first && (!fs_le16(raw) || !fs_le16(raw + 0x1a)) &&
		    !is_orphan(fs, ino))
			fs_fault(fs, "inode %u is in use without links", ino);
	}
	if (!(fs->group_csum && desc->flags & EXT2_BG_INODE_UNINIT))
		check_bitmap_csum(fs, desc->inode_bitmap, fs->inodes_per_group / 8,
				  desc->inode_csum, g);
	if (free_inodes != desc->free_inodes)
		fs_fault(fs, "group %u: %u free inodes, its descriptor says %u", g, free_inodes,
			 desc->free_inodes);
	return free_inodes;
}

static void check_groups(struct fs *fs)
{
	uint64_t free_blocks = 0, free_inodes = 0;
	struct group_desc desc;

	for (uint32_t g = 0; g < fs->groups; g++) {
		fs_group(fs, g, &desc);
		check_desc(fs, g, &desc);
		free_blocks += (uint64_t)check_blocks(fs, g, &desc) * fs->ratio;
		free_inodes += check_inodes(fs, g, &desc);
		fs->v->meta = hash_bytes(fs->v->meta, desc.raw, 30);
		fs->v->all = hash_bytes(fs->v->all, desc.raw, 30);
	}
	if (free_blocks != fs_le32(fs->super + 0x0c))
		fs_fault(fs, "%llu free blocks, the superblock says %u",
			 (unsigned long long)free_blocks, fs_le32(fs->super + 0x0c));
	if (free_inodes != fs_le32(fs->super + 0x10))
		fs_fault(fs, "%llu free inodes, the superblock says otherwise",
			 (unsigned long long)free_inodes);
}

/* The fields that mounting, checking and the flag of a log in use change. */
static const struct {
	uint16_t off, len;
} volatile_fields[] = {
	{0x2c, 8},   /* s_mtime, s_wtime */
	{0x34, 2},   /* s_mnt_count */
	{0x3a, 2},   /* s_state */
	{0x40, 4},   /* s_lastcheck */
	{0x60, 1},   /* the byte with RECOVER */
	{0x88, 64},  /* s_last_mounted */
	{0x160, 4},  /* s_flags */
	{0xe4, 4},   /* s_journal_dev: a kernel gets the current device number */
	{0x178, 8},  /* s_kbytes_written */
	{0x180, 20}, /* s_snapshot_* */
	{0x194, 8},  /* s_error_count, s_first_error_time */
	{0x248, 4},  /* s_overhead_clusters */
	{0x274, 8},  /* *_hi of the times */
	{0x3fc, 4},  /* s_checksum */
};

static uint64_t super_hash(const struct fs *fs)
{
	uint8_t super[1024];

	memcpy(super, fs->super, sizeof(super));
	super[0x60] = (uint8_t)(super[0x60] & ~EXT3_FEATURE_INCOMPAT_RECOVER);
	for (size_t i = 0; i < sizeof(volatile_fields) / sizeof(volatile_fields[0]); i++)
		if (volatile_fields[i].off != 0x60)
			memset(super + volatile_fields[i].off, 0, volatile_fields[i].len);
	return hash_bytes(1, super, sizeof(super));
}

void verify(const uint8_t *image, uint64_t size, struct verdict *v)
{
	struct fs fs;

	*v = (struct verdict){.ok = false};
	if (!fs_open(&fs, image, size, v))
		return;
	v->meta = v->all = super_hash(&fs);
	static_claims(&fs);
	for (uint32_t ino = 1; ino <= fs.inodes; ino++)
		if (fs_inode_used(&fs, ino) && fs_le16(fs_inode(&fs, ino)))
			visit_inode(&fs, ino);
	check_groups(&fs);
	quota_verify(&fs);
	if (v->canary)
		fs_fault(&fs, "a file shows a canary");
	fs_close(&fs);
}

void verdict_free(struct verdict *v)
{
	free(v->files);
	free(v->shown);
	free(v->past);
	v->files = NULL;
	v->shown = NULL;
	v->past = NULL;
}

const struct file *verdict_file(const struct verdict *v, uint32_t ino)
{
	for (size_t i = 0; i < v->file_count; i++)
		if (v->files[i].ino == ino)
			return &v->files[i];
	return NULL;
}

const uint8_t *verdict_block(const struct verdict *v, const struct file *file, uint32_t lblk,
			     uint32_t *len)
{
	size_t low = file->first, high = file->first + file->blocks;

	*len = 0;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (v->shown[mid].lblk == lblk) {
			*len = v->shown[mid].len;
			return v->shown[mid].data;
		}
		if (v->shown[mid].lblk < lblk)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

void verify_behind(const uint8_t *image, uint64_t size, void (*each)(void *arg, uint64_t block),
		   void *arg)
{
	struct verdict v = {.ok = false};
	struct fs fs;

	if (!fs_open(&fs, image, size, &v))
		return;
	for (uint32_t ino = 1; ino <= fs.inodes; ino++)
		if (fs_inode_used(&fs, ino) && fs_le16(fs_inode(&fs, ino)))
			visit_inode(&fs, ino);
	for (uint64_t b = fs.first_data; b < fs.blocks; b++)
		if (fs.claim[b] == CLAIM_BEHIND)
			each(arg, b);
	verdict_free(&v);
	fs_close(&fs);
}

void verify_unseen(uint8_t *image, uint64_t size, void (*each)(void *arg, uint64_t off, size_t len),
		   void *arg)
{
	struct verdict v = {.ok = false};
	struct fs fs;

	if (!fs_open(&fs, image, size, &v))
		return;
	static_claims(&fs);
	for (uint32_t ino = 1; ino <= fs.inodes; ino++)
		if (fs_inode_used(&fs, ino) && fs_le16(fs_inode(&fs, ino)))
			visit_inode(&fs, ino);
	for (uint64_t b = fs.first_data; b < fs.blocks; b++)
		if (!fs.claim[b] || fs.claim[b] == CLAIM_UNSEEN || fs.claim[b] == CLAIM_BEHIND)
			each(arg, b * fs.block_size, fs.block_size);
	for (size_t i = 0; i < v.shown_count; i++)
		if (v.shown[i].len < fs.block_size)
			each(arg, (uint64_t)(v.shown[i].data - image) + v.shown[i].len,
			     fs.block_size - v.shown[i].len);
	verdict_free(&v);
	fs_close(&fs);
}

struct find {
	uint32_t lblk;
	uint64_t pblk;
};

static void find_run(void *arg, uint32_t lblk, uint64_t pblk, uint32_t len, bool unwritten)
{
	struct find *find = arg;

	(void)unwritten;
	if (find->lblk >= lblk && find->lblk - lblk < len)
		find->pblk = pblk + (find->lblk - lblk);
}

static void find_tree(void *arg, uint64_t pblk)
{
	(void)arg;
	(void)pblk;
}

static uint64_t find_block(struct fs *fs, uint32_t ino, uint32_t lblk)
{
	struct find find = {lblk, 0};
	const struct fs_visit visit = {&find, find_run, find_tree};
	const uint8_t *raw = fs_inode(fs, ino);

	if (raw && fs_is_mapped(raw))
		fs_map(fs, ino, raw, &visit);
	return find.pblk;
}

uint64_t verify_journal_block(const uint8_t *image, uint64_t size, uint32_t n)
{
	struct verdict v = {.ok = false};
	uint64_t block = 0;
	struct fs fs;

	if (fs_open(&fs, image, size, &v) && fs_le32(fs.super + 0xe0))
		block = find_block(&fs, EXT2_JOURNAL_INO, n);
	fs_close(&fs);
	return block;
}

/* In the first block of the root, or in its inode if it is inline. */
uint32_t verify_lookup(const uint8_t *image, uint64_t size, const char *path)
{
	struct verdict v = {.ok = false};
	uint32_t ino = 0, at = 0, end;
	const uint8_t *dir;
	struct fs fs;

	if (!fs_open(&fs, image, size, &v))
		return 0;
	dir = fs_block(&fs, find_block(&fs, EXT2_ROOT_INO, 0));
	end = fs.block_size;
	if (!dir) {
		dir = fs_inode(&fs, EXT2_ROOT_INO) + 0x28;
		at = 4;
		end = 60;
	}
	while (at + 8 <= end && fs_le16(dir + at + 4) >= 8) {
		if (dir[at + 6] == strlen(path + 1) && fs_le32(dir + at) &&
		    !memcmp(dir + at + 8, path + 1, dir[at + 6]))
			ino = fs_le32(dir + at);
		at += fs_le16(dir + at + 4);
	}
	fs_close(&fs);
	return ino;
}
