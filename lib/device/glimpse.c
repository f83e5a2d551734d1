// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What libblkid reads, copied into a memory file. libblkid cannot report this in advance: these are
 * the locations of the signatures of its formats, and what the signatures point to.
 */
#include "device/glimpse.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/whole.h"
#include "device/hostfile.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define KIB ((uint64_t)1 << 10)
#define PIECE (256 * KIB)
#define PAGE 4096u

/* Signatures of content: the second header of LUKS2 is the last, a RAID's are at the end. */
#define CONTENT_HEAD (4096 * KIB + 64 * KIB)
#define CONTENT_TAIL (4096 * KIB)
#define MFT_SIZE (64 * KIB)

#define TABLE_HEAD (1024 * KIB)
#define TABLE_TAIL (1024 * KIB)
#define NESTED (64 * KIB) /* a table in a partition is at its start */
#define GPT_ENTRIES_MAX (4096 * KIB)
#define EBR_MAX 256

struct copier {
	struct blkdev *dev;
	int fd;
	uint64_t at, end; /* of the range */
	uint8_t *buf;	  /* PIECE bytes */
};

/* Copy the pages of BUF that are not zero: the others are so in a new file. */
static errcode_t keep_pages(const struct copier *c, uint64_t at, size_t len)
{
	for (size_t i = 0; i < len; i += PAGE) {
		size_t n = len - i < PAGE ? len - i : PAGE;
		errcode_t err = bytes_are_zero(c->buf + i, n)
					? 0
					: whole_pwrite(c->fd, c->buf + i, n, at + i);

		if (err)
			return err;
	}
	return 0;
}

/* [AT, AT + LEN), clipped to the range; what cannot be read, or is a hole, stays zero. */
static errcode_t copy(const struct copier *c, uint64_t at, uint64_t len)
{
	const struct blkdev_ops *ops = c->dev->ops;
	uint64_t end, data, n;
	errcode_t err = 0;

	if (!bytes_add(at, len, &end) || end > c->end)
		end = c->end;
	for (; !err && at < end; at += n) {
		n = end - at < PIECE ? end - at : PIECE;
		if (ops->next_data && ops->next_data(c->dev, at, &data, NULL) && data > at) {
			n = data < end ? data - at : end - at;
			continue;
		}
		err = ops->read(c->dev, at, (size_t)n, c->buf);
		err = err == ENOMEM ? err : err ? 0 : keep_pages(c, at, (size_t)n);
	}
	return err;
}

static bool look(const struct copier *c, uint64_t at, size_t len, uint8_t *bytes)
{
	return at < c->end && len <= c->end - at && !c->dev->ops->read(c->dev, at, len, bytes);
}

/* ---- content ---- */

/* NTFS is known by its boot sector and by the table of its files, which may be anywhere. */
static errcode_t copy_mft(const struct copier *c)
{
	uint8_t boot[SECTOR];
	uint64_t cluster, off;

	if (!look(c, c->at, sizeof(boot), boot) || memcmp(boot + 3, "NTFS    ", 8) != 0)
		return 0;
	cluster = (uint64_t)get_le16(boot + 11) * boot[13];
	if (!bytes_mul(get_le64(boot + 48), cluster, &off) || off >= c->end - c->at)
		return 0;
	return copy(c, c->at + off, MFT_SIZE);
}

static errcode_t copy_ends(const struct copier *c, uint64_t head, uint64_t tail)
{
	uint64_t len = c->end - c->at;
	errcode_t err = copy(c, c->at, head);

	if (err || len <= head)
		return err;
	return copy(c, len - head < tail ? c->at + head : c->end - tail, tail);
}

static errcode_t copy_content(const struct copier *c)
{
	errcode_t err = copy_ends(c, CONTENT_HEAD, CONTENT_TAIL);

	return err ? err : copy_mft(c);
}

/* ---- tables ---- */

/* The entries of a GPT whose header is at AT, in sectors of SECTOR_SIZE bytes. */
static errcode_t copy_gpt(const struct copier *c, uint64_t at, uint32_t sector_size)
{
	uint8_t header[92];
	uint64_t len, off;

	if (!look(c, at, sizeof(header), header) || memcmp(header, "EFI PART", 8) != 0)
		return 0;
	len = (uint64_t)get_le32(header + 80) * get_le32(header + 84);
	if (!bytes_mul(get_le64(header + 72), sector_size, &off) || off >= c->end)
		return 0;
	return copy(c, off, len < GPT_ENTRIES_MAX ? len : GPT_ENTRIES_MAX);
}

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* The chain of logical partitions in the extended one that starts at FIRST. */
static errcode_t copy_chain(const struct copier *c, uint64_t first, uint32_t sector_size)
{
	uint64_t at = first;
	errcode_t err = 0;

	for (unsigned i = 0; !err && i < EBR_MAX; i++) {
		uint8_t ebr[SECTOR];
		const uint8_t *entry = ebr + 446;

		if (!look(c, at, sizeof(ebr), ebr) || get_le16(ebr + 510) != 0xaa55)
			break;
		err = copy(c, at, SECTOR);
		for (unsigned n = 0; n < 4 && !is_extended(entry[4]); n++)
			entry += 16;
		if (entry == ebr + 510)
			break;
		at = first + (uint64_t)get_le32(entry + 8) * sector_size;
	}
	return err;
}

static errcode_t copy_mbr(const struct copier *c, uint32_t sector_size)
{
	uint8_t mbr[SECTOR];
	errcode_t err = 0;

	if (!look(c, c->at, sizeof(mbr), mbr) || get_le16(mbr + 510) != 0xaa55)
		return 0;
	for (unsigned n = 0; n < 4 && !err; n++) {
		const uint8_t *entry = mbr + 446 + (size_t)n * 16;
		uint64_t at = c->at + (uint64_t)get_le32(entry + 8) * sector_size;

		if (is_extended(entry[4]))
			err = copy_chain(c, at, sector_size);
		else if (entry[4])
			err = copy(c, at, NESTED);
	}
	return err;
}

static errcode_t copy_tables(const struct copier *c)
{
	static const uint32_t sizes[] = {SECTOR, 4096};
	errcode_t err = copy_ends(c, TABLE_HEAD, TABLE_TAIL);

	for (unsigned i = 0; i < 2 && !err; i++) {
		err = copy_gpt(c, c->at + sizes[i], sizes[i]);
		if (!err && c->end - c->at > sizes[i])
			err = copy_gpt(c, c->end - sizes[i], sizes[i]);
		if (!err)
			err = copy_mbr(c, sizes[i]);
	}
	return err;
}

/* ---- the descriptor ---- */

static errcode_t fill(struct copier *c, unsigned what)
{
	AUTO_FREE uint8_t *buf = malloc(PIECE);
	errcode_t err = buf ? 0 : ENOMEM;

	c->buf = buf;
	if (!err && ftruncate(c->fd, (off_t)c->dev->size) < 0)
		err = errno;
	if (!err && what & GLIMPSE_CONTENT)
		err = copy_content(c);
	if (!err && what & GLIMPSE_TABLES)
		err = copy_tables(c);
	return err;
}

int glimpse_take(struct blkdev *dev, uint64_t at, uint64_t len, unsigned what)
{
	struct copier c = {.dev = dev, .at = at};

	if (blkdev_is_host(dev))
		return dev->fd;
	c.end = at < dev->size && len < dev->size - at ? at + len : dev->size;
	c.at = at < c.end ? at : c.end;
	c.fd = memfd_create("e4zero-glimpse", MFD_CLOEXEC);
	if (c.fd >= 0 && fill(&c, what)) {
		close(c.fd);
		c.fd = -1;
	}
	return c.fd;
}

void glimpse_drop(struct blkdev *dev, int fd)
{
	if (blkdev_is_host(dev))
		hostfile_reset_advice(dev);
	else if (fd >= 0)
		close(fd);
}
