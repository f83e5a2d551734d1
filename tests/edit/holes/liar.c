// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * liar FILE MOUNTPOINT UNIT: a FUSE file system of one file, FILE shown at MOUNTPOINT through the
 * kernel's page cache. fallocate(2) always succeeds, but zeroes only the whole aligned units of
 * UNIT bytes. It says "ready", and ends when it is unmounted. Needs root.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_WRITE (128u << 10)

struct liar {
	int file, fuse;
	uint64_t unit;
	char in[MAX_WRITE + FUSE_MIN_READ_BUFFER];
	char data[1u << 20];
};

static void reply(const struct liar *l, uint64_t unique, int error, const void *body, size_t len)
{
	struct fuse_out_header head = {
		.len = (uint32_t)(sizeof(head) + len), .error = error, .unique = unique};
	const struct iovec parts[] = {{&head, sizeof(head)}, {(void *)(uintptr_t)body, len}};

	/* who asked may be gone */
	if (writev(l->fuse, parts, len ? 2 : 1) < 0 && errno != ENOENT)
		perror("liar: /dev/fuse");
}

static void reply_attr(const struct liar *l, uint64_t unique)
{
	struct fuse_attr_out out = {.attr = {.ino = 1, .mode = S_IFREG | 0644, .nlink = 1}};
	struct stat st;

	if (fstat(l->file, &st) < 0) {
		reply(l, unique, -errno, NULL, 0);
		return;
	}
	out.attr.size = (uint64_t)st.st_size;
	out.attr.blocks = (uint64_t)st.st_blocks;
	out.attr.blksize = 4096;
	reply(l, unique, 0, &out, sizeof(out));
}

/* What is to be allocated is not; what is to be zeroed is in part. */
static int lie(const struct liar *l, const struct fuse_fallocate_in *in)
{
	uint64_t at = (in->offset + l->unit - 1) / l->unit * l->unit;

	if (!(in->mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)))
		return 0;
	for (; at + l->unit <= in->offset + in->length; at += l->unit)
		if (fallocate(l->file, (int)in->mode, (off_t)at, (off_t)l->unit) < 0)
			return -errno;
	return 0;
}

static void read_write(struct liar *l, const struct fuse_in_header *head, const void *arg)
{
	const struct fuse_read_in *rd = arg;
	const struct fuse_write_in *wr = arg;
	struct fuse_write_out out = {.size = 0};
	ssize_t n;

	if (head->opcode == FUSE_READ) {
		n = pread(l->file, l->data, rd->size, (off_t)rd->offset);
		reply(l, head->unique, n < 0 ? -errno : 0, l->data, n > 0 ? (size_t)n : 0);
		return;
	}
	n = pwrite(l->file, wr + 1, wr->size, (off_t)wr->offset);
	out.size = n > 0 ? (uint32_t)n : 0;
	reply(l, head->unique, n < 0 ? -errno : 0, &out, n < 0 ? 0 : sizeof(out));
}

static void reply_init(const struct liar *l, uint64_t unique, const struct fuse_init_in *in)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = in->max_readahead,
		.max_write = MAX_WRITE,
		.time_gran = 1,
	};

	reply(l, unique, 0, &out, sizeof(out));
}

static void answer(struct liar *l, const struct fuse_in_header *head, const void *arg)
{
	const struct fuse_open_out opened = {.open_flags = FOPEN_KEEP_CACHE};
	const struct fuse_statfs_out fs = {.st = {.bsize = 4096, .frsize = 4096, .namelen = 255}};

	switch (head->opcode) {
	case FUSE_INIT: reply_init(l, head->unique, arg); break;
	case FUSE_GETATTR:
	case FUSE_SETATTR: reply_attr(l, head->unique); break;
	case FUSE_OPEN: reply(l, head->unique, 0, &opened, sizeof(opened)); break;
	case FUSE_STATFS: reply(l, head->unique, 0, &fs, sizeof(fs)); break;
	case FUSE_READ:
	case FUSE_WRITE: read_write(l, head, arg); break;
	case FUSE_FALLOCATE: reply(l, head->unique, lie(l, arg), NULL, 0); break;
	case FUSE_FSYNC: reply(l, head->unique, fsync(l->file) ? -errno : 0, NULL, 0); break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_ACCESS:
	case FUSE_DESTROY: reply(l, head->unique, 0, NULL, 0); break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT: break;
	default: reply(l, head->unique, -ENOSYS, NULL, 0); break;
	}
}

int main(int argc, char **argv)
{
	static struct liar l;
	char options[128];

	if (argc != 4)
		return 2;
	l.unit = strtoull(argv[3], NULL, 0);
	l.file = open(argv[1], O_RDWR);
	l.fuse = open("/dev/fuse", O_RDWR);
	snprintf(options, sizeof(options), "fd=%d,rootmode=100644,user_id=0,group_id=0", l.fuse);
	if (!l.unit || l.file < 0 || l.fuse < 0 ||
	    mount("liar", argv[2], "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
		perror("liar");
		return 77;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		ssize_t n = read(l.fuse, l.in, sizeof(l.in));

		if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
			continue;
		if (n < (ssize_t)sizeof(struct fuse_in_header))
			return n < 0 && errno == ENODEV ? 0 : 1;
		answer(&l, (const struct fuse_in_header *)l.in,
		       l.in + sizeof(struct fuse_in_header));
	}
}
