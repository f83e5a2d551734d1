// SPDX-License-Identifier: GPL-2.0-or-later
// The block of multiple mount protection: what it says, read from the disk and written to it.
#include "base/bytes.h"
#include "base/crc32c.h"
#include "errors.h"
#include "open/mmp_state.h"

#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096u
#define WHO_SIZE 160
#define RULE "multiple mount protection: "

static uint32_t seed_of(const struct ext2_super_block *sb)
{
	if (get_le32(&sb->s_feature_incompat) & EXT4_FEATURE_INCOMPAT_CSUM_SEED)
		return get_le32(&sb->s_checksum_seed);
	return crc32c(~0U, sb->s_uuid, sizeof(sb->s_uuid));
}

static bool has_csum(const struct ext2_super_block *sb)
{
	return get_le32(&sb->s_feature_ro_compat) & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
}

static uint32_t csum_of(uint32_t seed, const struct mmp_struct *raw)
{
	return crc32c(seed, raw, offsetof(struct mmp_struct, mmp_checksum));
}

bool mmp_is_on(const struct ext2_super_block *sb)
{
	return get_le32(&sb->s_feature_incompat) & EXT4_FEATURE_INCOMPAT_MMP;
}

uint64_t mmp_block(const struct ext2_super_block *sb)
{
	return get_le64(&sb->s_mmp_block);
}

const char *mmp_fault(const struct ext2_super_block *sb, const struct mmp_struct *raw)
{
	if (get_le32(&raw->mmp_magic) != EXT4_MMP_MAGIC)
		return "has no magic number";
	if (has_csum(sb) && get_le32(&raw->mmp_checksum) != csum_of(seed_of(sb), raw))
		return "has a wrong checksum";
	return NULL;
}

bool mmp_is_clean(const struct mmp_struct *raw)
{
	return get_le32(&raw->mmp_seq) == EXT4_MMP_SEQ_CLEAN;
}

void mmp_drop_live(uint8_t *block)
{
	memset(block, 0, offsetof(struct mmp_struct, mmp_time));
	put_le16(block + offsetof(struct mmp_struct, mmp_check_interval), 0);
	put_le32(block + offsetof(struct mmp_struct, mmp_checksum), 0);
}

const char *mmp_who(const struct mmp_struct *raw, char *buf, size_t size)
{
	snprintf(buf, size, "host %.*s, device %.*s", (int)sizeof(raw->mmp_nodename),
		 raw->mmp_nodename[0] ? (const char *)raw->mmp_nodename : "unknown",
		 (int)sizeof(raw->mmp_bdevname),
		 raw->mmp_bdevname[0] ? (const char *)raw->mmp_bdevname : "unknown");
	return buf;
}

/* Past the page cache, which does not notice what other hosts write: false where it cannot be. */
static bool read_direct(const struct mmp *m, uint64_t off, size_t len, void *buf)
{
	uint64_t at = m->dev->base + off, start = at - at % PAGE, end = at + len;
	size_t room = (size_t)((end + PAGE - 1) / PAGE * PAGE - start);
	uint8_t *pages = m->direct_fd < 0 ? NULL : blkdev_buffer(room);
	ssize_t n = pages ? pread(m->direct_fd, pages, room, (off_t)start) : -1;
	bool done = n >= 0 && (uint64_t)n >= end - start;

	if (done)
		memcpy(buf, pages + (at - start), len);
	free(pages);
	return done;
}

errcode_t mmp_read(const struct mmp *m, uint64_t off, size_t len, void *buf)
{
	if (off > m->dev->len || len > m->dev->len - off)
		return E4Z_ET_CLIPPED;
	if (read_direct(m, off, len, buf))
		return 0;
	blkdev_forget(m->dev, off, len);
	return blkdev_read(m->dev, off, len, buf);
}

errcode_t mmp_write(const struct mmp *m, struct mmp_struct *raw)
{
	errcode_t err;

	if (m->csum)
		put_le32(&raw->mmp_checksum, csum_of(m->seed, raw));
	err = blkdev_write_unseen(m->dev, m->off, sizeof(*raw), raw);
	return err ? err : blkdev_sync_unseen(m->dev);
}

errcode_t mmp_say(struct mmp *m, errcode_t err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(m->why, sizeof(m->why), format, ap);
	va_end(ap);
	return err;
}

const char *mmp_why(const struct mmp *m)
{
	return m ? m->why : "";
}

errcode_t mmp_read_block(struct mmp *m, struct mmp_struct *raw)
{
	errcode_t err = mmp_read(m, m->off, sizeof(*raw), raw);
	const char *fault = err ? NULL : mmp_fault(&m->super, raw);

	if (!fault)
		return err;
	return mmp_say(m,
		       get_le32(&raw->mmp_magic) == EXT4_MMP_MAGIC ? EXT2_ET_MMP_CSUM_INVALID
								   : EXT2_ET_MMP_MAGIC_INVALID,
		       RULE "its block %s; \"e2fsck -f IMAGE\" repairs it", fault);
}

static errcode_t say_in_use(struct mmp *m, const struct mmp_struct *raw)
{
	char who[WHO_SIZE];

	return mmp_say(m, E4Z_ET_BUSY, RULE "the file system is in use (%s)",
		       mmp_who(raw, who, sizeof(who)));
}

errcode_t mmp_still(struct mmp *m, const struct mmp_struct *want)
{
	struct mmp_struct now;
	errcode_t err = mmp_read_block(m, &now);

	if (err)
		return err;
	if (now.mmp_seq != want->mmp_seq ||
	    memcmp(now.mmp_nodename, want->mmp_nodename, sizeof(now.mmp_nodename)) != 0)
		return say_in_use(m, &now);
	return 0;
}

void mmp_facts(struct mmp *m, const struct ext2_super_block *sb)
{
	m->super = *sb;
	m->block_size = EXT2_MIN_BLOCK_SIZE << get_le32(&sb->s_log_block_size);
	m->off = mmp_block(sb) * m->block_size;
	m->interval = get_le16(&sb->s_mmp_update_interval);
	if (!m->interval)
		m->interval = EXT4_MMP_UPDATE_INTERVAL;
	if (m->interval > EXT4_MMP_MAX_UPDATE_INTERVAL)
		m->interval = EXT4_MMP_MAX_UPDATE_INTERVAL;
	m->csum = has_csum(sb);
	m->seed = seed_of(sb);
}
