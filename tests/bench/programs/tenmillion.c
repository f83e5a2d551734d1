// SPDX-License-Identifier: GPL-2.0-or-later
// Fills a fresh ext4 image with DIRS directories of FILES files by writing its tables directly.
/*
 * The kernel needs minutes for ten million files; here each group's inode table is made in memory
 * and written at once, through libext2fs for its checksums. Inodes are handed out in order: the
 * directories first, then the files of the first directory, and so on. Nearly all files are empty;
 * every SMALL_EVERY-th has one block and a tail, and every tenth of those is listed on TAILS
 * ("offset length") to be stained.
 */
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_EVERY 1000u
#define SMALL_SIZE 1500u
#define FANOUT 100u /* directories in one directory */
#define STAMP 1600000000u

struct maker {
	ext2_filsys fs;
	uint32_t dirs, files, tops;
	ext2_ino_t first; /* first inode that we hand out */
	blk64_t next_block;
	blk64_t *dir_block; /* first block of each directory, tops first */
	uint32_t top_blocks, leaf_blocks;
	unsigned char *table; /* one group's inode table */
	uint64_t small, stale;
	FILE *tails;
};

__attribute__((noreturn)) static void die(const char *what, errcode_t err)
{
	fprintf(stderr, "tenmillion: %s: %s\n", what, err ? error_message(err) : strerror(errno));
	exit(1);
}

/* The next N blocks in a row that are free; whole runs are looked for group by group. */
static blk64_t take_blocks(struct maker *m, uint32_t n)
{
	blk64_t at = m->next_block;

	for (;; at++) {
		blk64_t k = 0;

		if (at + n > ext2fs_blocks_count(m->fs->super)) {
			errno = ENOSPC;
			die("blocks", 0);
		}
		while (k < n && !ext2fs_fast_test_block_bitmap2(m->fs->block_map, at + k))
			k++;
		if (k == n)
			break;
		at += k;
	}
	ext2fs_block_alloc_stats_range(m->fs, at, n, +1);
	m->next_block = at + n;
	return at;
}

/* An extent tree of depth 0 with one extent. */
static void map_blocks(struct ext2_inode_large *inode, blk64_t at, uint32_t n)
{
	struct ext3_extent_header *hdr = (void *)inode->i_block;
	struct ext3_extent *e = EXT_FIRST_EXTENT(hdr);

	hdr->eh_magic = ext2fs_cpu_to_le16(EXT3_EXT_MAGIC);
	hdr->eh_max = ext2fs_cpu_to_le16(4);
	inode->i_flags = EXT4_EXTENTS_FL;
	if (!n)
		return;
	hdr->eh_entries = ext2fs_cpu_to_le16(1);
	e->ee_len = ext2fs_cpu_to_le16((uint16_t)n);
	e->ee_start = ext2fs_cpu_to_le32((uint32_t)at);
	e->ee_start_hi = ext2fs_cpu_to_le16((uint16_t)(at >> 32));
	inode->i_blocks = n * 8;
}

static void start_inode(struct ext2_inode_large *inode, uint16_t mode, uint16_t links,
			uint32_t size)
{
	memset(inode, 0, sizeof(*inode));
	inode->i_mode = mode;
	inode->i_links_count = links;
	inode->i_size = size;
	inode->i_atime = inode->i_ctime = inode->i_mtime = inode->i_crtime = STAMP;
	inode->i_extra_isize = sizeof(*inode) - EXT2_GOOD_OLD_INODE_SIZE;
}

static void put_inode(struct maker *m, ext2_ino_t ino, struct ext2_inode_large *inode)
{
	uint32_t per_group = m->fs->super->s_inodes_per_group, size = EXT2_INODE_SIZE(m->fs->super);
	unsigned char *raw = m->table + (size_t)((ino - 1) % per_group) * size;

	memcpy(raw, inode, sizeof(*inode));
	if (ext2fs_inode_csum_set(m->fs, ino, (void *)raw))
		die("inode checksum", 0);
}

/* The order of inodes: top directories, leaf directories, files. */
static ext2_ino_t dir_ino(const struct maker *m, uint32_t d)
{
	return m->first + d;
}

static ext2_ino_t file_ino(const struct maker *m, uint64_t f)
{
	return m->first + m->tops + m->dirs + (ext2_ino_t)f;
}

static void make_file(struct maker *m, uint64_t f)
{
	unsigned char block[4096];
	struct ext2_inode_large inode;
	errcode_t err;
	blk64_t at;

	start_inode(&inode, LINUX_S_IFREG | 0644, 1, 0);
	map_blocks(&inode, 0, 0);
	if (f % SMALL_EVERY == SMALL_EVERY - 1) {
		at = take_blocks(m, 1);
		inode.i_size = SMALL_SIZE;
		map_blocks(&inode, at, 1);
		memset(block, 0, sizeof(block));
		memset(block, 'a' + (int)(f % 26), SMALL_SIZE);
		err = io_channel_write_blk64(m->fs->io, at, 1, block);
		if (err)
			die("data", err);
		if (m->small++ % 10 == 0) {
			fprintf(m->tails, "%llu %u\n", (unsigned long long)at * 4096 + SMALL_SIZE,
				4096 - SMALL_SIZE);
			m->stale++;
		}
	}
	put_inode(m, file_ino(m, f), &inode);
}

static void make_dir(struct maker *m, uint32_t d)
{
	bool top = d < m->tops;
	uint32_t blocks = top ? m->top_blocks : m->leaf_blocks, links = 2;
	struct ext2_inode_large inode;

	if (top)
		links += m->dirs - d * FANOUT < FANOUT ? m->dirs - d * FANOUT : FANOUT;
	start_inode(&inode, LINUX_S_IFDIR | 0755, (uint16_t)links, blocks * 4096);
	map_blocks(&inode, m->dir_block[d], blocks);
	put_inode(m, dir_ino(m, d), &inode);
}

/* A directory is written through one growing block; each entry is handed to add(). */
struct dir {
	struct maker *m;
	ext2_ino_t ino;
	blk64_t at, end;
	unsigned int used;
	struct ext2_dir_entry_2 *last;
	unsigned char block[4096];
};

static void flush_dir(struct dir *d)
{
	unsigned int room = 4096 - (unsigned int)sizeof(struct ext2_dir_entry_tail);
	errcode_t err;

	if (!d->last)
		d->last = memset(d->block, 0, sizeof(d->block));
	d->last->rec_len = (uint16_t)(room - (unsigned int)((unsigned char *)d->last - d->block));
	ext2fs_initialize_dirent_tail(d->m->fs, EXT2_DIRENT_TAIL(d->block, 4096));
	if (d->at == d->end) {
		errno = ENOSPC;
		die("directory", 0);
	}
	err = ext2fs_write_dir_block4(d->m->fs, d->at++, d->block, 0, d->ino);
	if (err)
		die("directory", err);
	d->used = 0;
	d->last = NULL;
}

static void add(struct dir *d, ext2_ino_t ino, const char *name, uint8_t type)
{
	unsigned int len = (unsigned int)strlen(name), need = (8 + len + 3) & ~3u;
	struct ext2_dir_entry_2 *e;

	if (d->used + need > 4096 - sizeof(struct ext2_dir_entry_tail))
		flush_dir(d);
	if (!d->used)
		memset(d->block, 0, sizeof(d->block));
	e = (void *)(d->block + d->used);
	e->inode = ino;
	e->rec_len = (uint16_t)need;
	e->name_len = (uint8_t)len;
	e->file_type = type;
	memcpy(e->name, name, len);
	d->used += need;
	d->last = e;
}

static void start_dir(struct dir *d, struct maker *m, ext2_ino_t ino, ext2_ino_t parent, blk64_t at,
		      uint32_t n)
{
	*d = (struct dir){.m = m, .ino = ino, .at = at, .end = at + n};
	add(d, ino, ".", EXT2_FT_DIR);
	add(d, parent, "..", EXT2_FT_DIR);
}

static void end_dir(struct dir *d)
{
	while (d->at < d->end)
		flush_dir(d);
}

static void fill_top(struct maker *m, uint32_t t)
{
	struct dir d;
	char name[32];

	start_dir(&d, m, dir_ino(m, t), EXT2_ROOT_INO, m->dir_block[t], m->top_blocks);
	for (uint32_t i = t * FANOUT; i < (t + 1) * FANOUT && i < m->dirs; i++) {
		snprintf(name, sizeof(name), "d%05u", i);
		add(&d, dir_ino(m, m->tops + i), name, EXT2_FT_DIR);
	}
	end_dir(&d);
}

static void fill_leaf(struct maker *m, uint32_t i)
{
	struct dir d;
	char name[32];

	start_dir(&d, m, dir_ino(m, m->tops + i), dir_ino(m, i / FANOUT), m->dir_block[m->tops + i],
		  m->leaf_blocks);
	for (uint64_t f = (uint64_t)i * m->files; f < (uint64_t)(i + 1) * m->files; f++) {
		snprintf(name, sizeof(name), "f%07llu", (unsigned long long)f);
		add(&d, file_ino(m, f), name, EXT2_FT_REG_FILE);
	}
	end_dir(&d);
}

static void fill_root(struct maker *m)
{
	struct ext2_inode root;
	errcode_t err;
	char name[32];

	for (uint32_t t = 0; t < m->tops; t++) {
		snprintf(name, sizeof(name), "top%03u", t);
		err = ext2fs_link(m->fs, EXT2_ROOT_INO, name, dir_ino(m, t), EXT2_FT_DIR);
		if (err == EXT2_ET_DIR_NO_SPACE) {
			err = ext2fs_expand_dir(m->fs, EXT2_ROOT_INO);
			if (!err)
				err = ext2fs_link(m->fs, EXT2_ROOT_INO, name, dir_ino(m, t),
						  EXT2_FT_DIR);
		}
		if (err)
			die("root directory", err);
	}
	err = ext2fs_read_inode(m->fs, EXT2_ROOT_INO, &root);
	if (err)
		die("root", err);
	root.i_links_count = (uint16_t)(root.i_links_count + m->tops);
	err = ext2fs_write_inode(m->fs, EXT2_ROOT_INO, &root);
	if (err)
		die("root", err);
}

/* One group: what it holds already is read, our inodes are laid over it, all of it is written. */
static void fill_group(struct maker *m, dgrp_t g, ext2_ino_t end)
{
	uint32_t per_group = m->fs->super->s_inodes_per_group;
	blk64_t at = ext2fs_inode_table_loc(m->fs, g);
	unsigned int blocks = m->fs->inode_blocks_per_group;
	ext2_ino_t from = g * per_group + 1, to = from + per_group;
	errcode_t err;

	memset(m->table, 0, (size_t)blocks * 4096);
	if (from < m->first) {
		err = io_channel_read_blk64(m->fs->io, at, (int)blocks, m->table);
		if (err)
			die("inode table", err);
		from = m->first;
	}
	if (to > end)
		to = end;
	for (ext2_ino_t ino = from; ino < to; ino++) {
		uint32_t n = ino - m->first;
		bool is_dir = n < m->tops + m->dirs;

		if (is_dir)
			make_dir(m, n);
		else
			make_file(m, n - m->tops - m->dirs);
		ext2fs_inode_alloc_stats2(m->fs, ino, +1, is_dir);
	}
	if (from < to) {
		err = io_channel_write_blk64(m->fs->io, at, (int)blocks, m->table);
		if (err)
			die("inode table", err);
	}
}

static void fill(struct maker *m)
{
	ext2_ino_t end = file_ino(m, (uint64_t)m->dirs * m->files);

	if (end - 1 > m->fs->super->s_inodes_count) {
		errno = ENOSPC;
		die("inodes", 0);
	}
	for (uint32_t d = 0; d < m->tops + m->dirs; d++)
		m->dir_block[d] = take_blocks(m, d < m->tops ? m->top_blocks : m->leaf_blocks);
	for (dgrp_t g = 0; g < m->fs->group_desc_count; g++)
		fill_group(m, g, end);
	for (uint32_t t = 0; t < m->tops; t++)
		fill_top(m, t);
	for (uint32_t i = 0; i < m->dirs; i++)
		fill_leaf(m, i);
	fill_root(m);
}

static uint32_t blocks_for(uint32_t entries, uint32_t each)
{
	uint32_t per_block = (4096 - (uint32_t)sizeof(struct ext2_dir_entry_tail)) / each;

	return (entries + 2 + per_block - 1) / per_block;
}

int main(int argc, char **argv)
{
	struct maker m = {0};
	errcode_t err;

	if (argc != 5) {
		fputs("usage: tenmillion IMAGE DIRS FILES TAILS\n", stderr);
		return 2;
	}
	initialize_ext2_error_table();
	m.dirs = (uint32_t)strtoul(argv[2], NULL, 10);
	m.files = (uint32_t)strtoul(argv[3], NULL, 10);
	m.tops = (m.dirs + FANOUT - 1) / FANOUT;
	m.top_blocks = blocks_for(FANOUT, 16);
	m.leaf_blocks = blocks_for(m.files, 16);
	m.tails = fopen(argv[4], "w");
	if (!m.tails)
		die(argv[4], 0);
	err = ext2fs_open(argv[1], EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &m.fs);
	if (!err)
		err = ext2fs_read_bitmaps(m.fs);
	if (err)
		die(argv[1], err);
	if (m.fs->blocksize != 4096 || !ext2fs_has_feature_metadata_csum(m.fs->super)) {
		errno = EINVAL;
		die("wants 4 KiB blocks and metadata_csum", 0);
	}
	m.first = EXT2_FIRST_INO(m.fs->super) + 1;
	m.table = malloc((size_t)m.fs->inode_blocks_per_group * 4096);
	m.dir_block = calloc(m.tops + m.dirs, sizeof(*m.dir_block));
	if (!m.table || !m.dir_block)
		die("memory", 0);
	fill(&m);
	err = ext2fs_close_free(&m.fs);
	if (err || fclose(m.tails))
		die(argv[1], err);
	printf("\"files\": %llu, \"tails\": %llu, \"stale\": %llu\n",
	       (unsigned long long)m.dirs * m.files, (unsigned long long)m.small,
	       (unsigned long long)m.stale);
	return fflush(stdout) ? 1 : 0;
}
