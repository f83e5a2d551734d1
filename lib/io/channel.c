// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The io_manager that puts libext2fs on a blkdev.
 *
 * libext2fs hands the manager's open method nothing but a name, so the name has to say which
 * blkdev is meant: channel_open_fs() writes the device's address into it, channel_open() reads it
 * back. Both are in this file, the name never comes from outside and never stays (the file
 * system's device_name is the image's path again afterwards). The other ways were a variable that
 * outlives the call, which two threads opening two images would fight over, or opening through
 * another manager and exchanging it later, whose first reads would not be clipped.
 */
#include "io/channel.h"

#include "base/bytes.h"
#include "errors.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct blkdev *channel_dev(io_channel channel)
{
	return channel->private_data;
}

static errcode_t channel_close(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t channel_set_blksize(io_channel channel, int blksize)
{
	if (blksize <= 0)
		return EXT2_ET_INVALID_ARGUMENT;
	channel->block_size = blksize;
	return 0;
}

/* A negative COUNT is a number of bytes. */
static errcode_t channel_read64(io_channel channel, unsigned long long block, int count, void *data)
{
	uint64_t unit = (uint64_t)channel->block_size;
	uint64_t len = count < 0 ? 0 - (uint64_t)count : (uint64_t)count * unit;
	uint64_t off;

	if (!bytes_mul(block, unit, &off))
		return E4Z_ET_CLIPPED;
	return blkdev_read(channel_dev(channel), off, len, data);
}

static errcode_t channel_read(io_channel channel, unsigned long block, int count, void *data)
{
	return channel_read64(channel, block, count, data);
}

static errcode_t channel_write64(io_channel channel, unsigned long long block, int count,
				 const void *data)
{
	(void)channel, (void)block, (void)count, (void)data;
	return E4Z_ET_READ_ONLY;
}

static errcode_t channel_write(io_channel channel, unsigned long block, int count, const void *data)
{
	return channel_write64(channel, block, count, data);
}

/* Both are answered, so that libext2fs falls back to nothing that writes. */
static errcode_t channel_no_range(io_channel channel, unsigned long long block,
				  unsigned long long count)
{
	(void)channel, (void)block, (void)count;
	return E4Z_ET_READ_ONLY;
}

static errcode_t channel_readahead(io_channel channel, unsigned long long block,
				   unsigned long long count)
{
	uint64_t unit = (uint64_t)channel->block_size;
	uint64_t off, len;

	if (bytes_mul(block, unit, &off) && bytes_mul(count, unit, &len))
		blkdev_will_need(channel_dev(channel), off, len);
	return 0;
}

static errcode_t channel_flush(io_channel channel)
{
	(void)channel;
	return 0;
}

/* Options are unix_io's (cache sizes and the like); none of them means anything here. */
static errcode_t channel_set_option(io_channel channel, const char *option, const char *arg)
{
	(void)channel, (void)option, (void)arg;
	return 0;
}

static errcode_t channel_open(const char *name, int flags, io_channel *channel);

static const struct struct_io_manager channel_manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "e4zero",
	.open = channel_open,
	.close = channel_close,
	.set_blksize = channel_set_blksize,
	.read_blk = channel_read,
	.write_blk = channel_write,
	.flush = channel_flush,
	.set_option = channel_set_option,
	.read_blk64 = channel_read64,
	.write_blk64 = channel_write64,
	.discard = channel_no_range,
	.cache_readahead = channel_readahead,
	.zeroout = channel_no_range,
};

static errcode_t channel_open(const char *name, int flags, io_channel *channel)
{
	uintptr_t address;
	io_channel io;

	if (flags & IO_FLAG_RW)
		return E4Z_ET_READ_ONLY;
	if (sscanf(name, "blkdev:%" SCNxPTR, &address) != 1)
		return EXT2_ET_BAD_DEVICE_NAME;
	io = calloc(1, sizeof(*io));
	if (!io)
		return ENOMEM;
	io->name = strdup("image");
	if (!io->name) {
		free(io);
		return ENOMEM;
	}
	io->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	io->manager = (io_manager)&channel_manager;
	io->block_size = 1024;
	io->refcount = 1;
	io->private_data = (struct blkdev *)address;
	*channel = io;
	return 0;
}

/* Nobody may read the address out of an open file system. */
static errcode_t name_after_path(ext2_filsys fs, const char *path)
{
	char *name;
	errcode_t err = ext2fs_get_mem(strlen(path) + 1, &name);

	if (err)
		return err;
	strcpy(name, path);
	ext2fs_free_mem(&fs->device_name);
	fs->device_name = name;
	return 0;
}

errcode_t channel_open_fs(struct blkdev *dev, int flags, ext2_filsys *fs)
{
	char name[sizeof("blkdev:") + 2 * sizeof(uintptr_t)];
	errcode_t err;

	*fs = NULL;
	snprintf(name, sizeof(name), "blkdev:%" PRIxPTR, (uintptr_t)dev);
	/* Options are given, empty, so that libext2fs does not look for '?' in the name. */
	err = ext2fs_open2(name, "", flags, 0, 0, (io_manager)&channel_manager, fs);
	if (err)
		return err;
	err = name_after_path(*fs, dev->path);
	if (err) {
		ext2fs_free(*fs);
		*fs = NULL;
	}
	return err;
}
