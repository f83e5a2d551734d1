// SPDX-License-Identifier: GPL-2.0-or-later
// The floor of a conversion: read what has to be looked at, write as much as a commit does.
/*
 *   floor-convert IMAGE INO tree WRITES    the extent tree of INO and, for each stretch of the disk
 *                                          that its written blocks cover, where the host has data;
 *                                          then WRITES blocks into the journal's place and as many
 *                                          of the tree home, with six barriers; "all": the tree
 *   floor-convert IMAGE INO data           the written blocks are read too, 256 KiB at a time, and
 *                                          nothing is written
 *
 * No checksum, no bitmap, no claim. Blocks of 4 KiB; little-endian hosts only.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BS 4096u
#define PIECE 262144u

struct run {
	uint64_t pblk, len;
};

static int fd;
static struct run *runs;
static size_t run_count, run_room;
static uint64_t *nodes, asked, read_bytes;
static size_t node_count, node_room;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "floor-convert: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void get(void *buf, uint64_t off, size_t len)
{
	if (pread(fd, buf, len, (off_t)off) != (ssize_t)len)
		die("read");
}

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static void *grown(void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	*room = *room ? *room * 2 : 1024;
	items = realloc(items, *room * size);
	if (!items)
		die("memory");
	return items;
}

static void add_extent(const uint8_t *entry)
{
	uint64_t pblk = le32(entry + 8) | (uint64_t)le16(entry + 6) << 32;
	uint32_t len = le16(entry + 4);

	if (len > 32768)
		return;
	runs = grown(runs, run_count, &run_room, sizeof(*runs));
	runs[run_count++] = (struct run){pblk, len};
}

static void walk(const uint8_t *node)
{
	unsigned entries = le16(node + 2), depth = le16(node + 6);
	uint8_t *child = depth ? malloc(BS) : NULL;

	if (depth && !child)
		die("memory");
	for (unsigned i = 0; i < entries; i++) {
		const uint8_t *entry = node + 12 + i * 12;
		uint64_t pblk = le32(entry + 4) | (uint64_t)le16(entry + 8) << 32;

		if (!depth) {
			add_extent(entry);
			continue;
		}
		nodes = grown(nodes, node_count, &node_room, sizeof(*nodes));
		nodes[node_count++] = pblk;
		get(child, pblk * BS, BS);
		walk(child);
	}
	free(child);
}

static void load(uint32_t ino)
{
	uint8_t sb[1024], desc[64], inode[256];
	uint32_t per_group, size, desc_size;

	get(sb, 1024, sizeof(sb));
	per_group = le32(sb + 0x28);
	size = le16(sb + 0x58);
	desc_size = le32(sb + 0x60) & 0x80 ? le16(sb + 0xfe) : 32;
	if (le32(sb + 0x18) != 2 || size > sizeof(inode) || desc_size > sizeof(desc))
		die("not of the kind that it knows");
	get(desc, BS + (uint64_t)((ino - 1) / per_group) * desc_size, desc_size);
	get(inode, (uint64_t)le32(desc + 8) * BS + (uint64_t)((ino - 1) % per_group) * size, size);
	walk(inode + 0x28);
}

static int by_place(const void *pa, const void *pb)
{
	const struct run *a = pa, *b = pb;

	return (a->pblk > b->pblk) - (a->pblk < b->pblk);
}

static void ask_host(void)
{
	off_t at = 0;

	for (size_t i = 0; i < run_count; i++) {
		off_t end = (off_t)((runs[i].pblk + runs[i].len) * BS);

		if (end <= at)
			continue;
		at = lseek(fd, (off_t)(runs[i].pblk * BS), SEEK_DATA);
		asked++;
		if (at < 0)
			return;
	}
}

static void read_data(void)
{
	uint8_t *buf = malloc(PIECE);

	if (!buf)
		die("memory");
	for (size_t i = 0, n; i < run_count; i += n) {
		uint64_t from = runs[i].pblk, to = from + runs[i].len;

		/* neighbours together, and what is between near ones */
		for (n = 1; i + n < run_count && runs[i + n].pblk <= to + 16 &&
			    runs[i + n].pblk + runs[i + n].len - from <= PIECE / BS;
		     n++)
			to = runs[i + n].pblk + runs[i + n].len;
		for (; from < to; from += PIECE / BS) {
			size_t len = (to - from) * BS < PIECE ? (to - from) * BS : PIECE;

			get(buf, from * BS, len);
			read_bytes += len;
		}
	}
	free(buf);
}

/* The tree's own blocks, as they are: once in a row, once where they are. */
static void write_as_much(unsigned long blocks)
{
	uint8_t *buf = malloc(blocks * BS);

	if (!buf || blocks > node_count)
		die("so many blocks");
	for (unsigned long i = 0; i < blocks; i++)
		get(buf + i * BS, nodes[i] * BS, BS);
	for (unsigned barrier = 0; barrier < 6; barrier++) {
		for (unsigned long i = 0; barrier == 1 && i < blocks; i++)
			if (pwrite(fd, buf + i * BS, BS, (off_t)(nodes[0] + i) * BS) != BS)
				die("write");
		for (unsigned long i = 0; barrier == 3 && i < blocks; i++)
			if (pwrite(fd, buf + i * BS, BS, (off_t)nodes[i] * BS) != BS)
				die("write");
		if (barrier != 1 && barrier != 3 &&
		    pwrite(fd, buf, 512, (off_t)nodes[0] * BS) != 512)
			die("write");
		if (fdatasync(fd))
			die("barrier");
	}
	free(buf);
}

int main(int argc, char **argv)
{
	bool tree = argc == 5 && !strcmp(argv[3], "tree");

	if (!tree && (argc != 4 || strcmp(argv[3], "data")))
		die("usage: floor-convert IMAGE INO tree WRITES | data");
	fd = open(argv[1], tree ? O_RDWR : O_RDONLY);
	if (fd < 0)
		die(argv[1]);
	load((uint32_t)strtoul(argv[2], NULL, 10));
	qsort(runs, run_count, sizeof(*runs), by_place);
	ask_host();
	if (tree)
		write_as_much(strcmp(argv[4], "all") ? strtoul(argv[4], NULL, 10) : node_count);
	else
		read_data();
	printf("%zu extents, %zu tree blocks, asked %llu times, read %llu bytes\n", run_count,
	       node_count, (unsigned long long)asked, (unsigned long long)read_bytes);
	return fflush(stdout) ? 1 : 0;
}
