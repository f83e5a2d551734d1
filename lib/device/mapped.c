// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads are cut at the ends of the pieces; everything but the rest is known without a lock. */
#include "device/mapped.h"

#include "base/whole.h"
#include "device/hostfile.h"
#include "errors.h"
#include "io/host_stat.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* The most pieces that one reply about data spans: a longer run of data is reported in parts. */
#define RUN_MAX 256

struct mapped {
	int fd;
	bool holes; /* SEEK_DATA can be asked of FD */
	struct mapped_piece *pieces;
	size_t count;
	struct mapped_rest rest;
	pthread_mutex_t lock; /* of the two below, until rest_asked */
	bool rest_asked;
	errcode_t rest_failed;
	char why[512]; /* of that */
	struct blkdev *rest_dev;
};

/* ---- making a map ---- */

static bool goes_on(const struct mapped_piece *last, enum mapped_kind kind, uint64_t off,
		    uint32_t fill)
{
	if (last->kind != kind)
		return false;
	if (kind == MAPPED_FILE)
		return last->off + last->len == off;
	return kind != MAPPED_FILL || (last->fill == fill && last->len % sizeof(fill) == 0);
}

errcode_t mapped_add(struct mapped_list *list, enum mapped_kind kind, uint64_t len, uint64_t off,
		     uint32_t fill)
{
	struct mapped_piece *last = list->count ? &list->items[list->count - 1] : NULL;
	uint64_t at = last ? last->at + last->len : 0;

	if (!len)
		return 0;
	if (len > INT64_MAX - at || (kind == MAPPED_FILE && len > INT64_MAX - off))
		return EFBIG;
	if (last && goes_on(last, kind, off, fill)) {
		last->len += len;
		return 0;
	}
	if (list->count == MAPPED_PIECES_MAX)
		return E2BIG;
	return vec_push(list, ((struct mapped_piece){at, len, off, fill, kind}));
}

/* ---- pieces ---- */

/* The piece with AT, which is inside the image. */
static const struct mapped_piece *find(const struct mapped *m, uint64_t at)
{
	size_t low = 0, high = m->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (m->pieces[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return &m->pieces[low];
}

/* The length of the part of [AT, AT + LEN) in PIECE, which has AT. */
static uint64_t part_of(const struct mapped_piece *piece, uint64_t at, uint64_t len)
{
	uint64_t left = piece->len - (at - piece->at);

	return len < left ? len : left;
}

static off_t in_file(const struct mapped_piece *piece, uint64_t at)
{
	return (off_t)(piece->off + (at - piece->at));
}

/* ---- the rest ---- */

static errcode_t open_rest(struct mapped *m, uint64_t size, struct blkdev **dev)
{
	errcode_t err = m->rest.open ? m->rest.open(m->rest.arg, dev, m->why, sizeof(m->why))
				     : E4Z_ET_STATE;

	if (err || (*dev)->size == size)
		return err;
	blkdev_close(*dev);
	*dev = NULL;
	return EIO;
}

static errcode_t ask_for_rest(struct blkdev *dev, struct blkdev **rest)
{
	struct mapped *m = dev->carrier;
	errcode_t err;

	pthread_mutex_lock(&m->lock);
	if (!m->rest_asked)
		m->rest_failed = open_rest(m, dev->size, &m->rest_dev);
	m->rest_asked = true;
	*rest = m->rest_dev;
	err = m->rest_failed;
	pthread_mutex_unlock(&m->lock);
	return err;
}

static void mapped_prepare(struct blkdev *dev)
{
	const struct mapped *m = dev->carrier;
	struct blkdev *rest;
	size_t i = 0;

	while (i < m->count && m->pieces[i].kind != MAPPED_REST)
		i++;
	if (i < m->count)
		(void)ask_for_rest(dev, &rest);
}

/* If the rest cannot be opened, or is lost, the image is lost. */
static errcode_t get_rest(struct blkdev *dev, struct blkdev **rest)
{
	errcode_t err = ask_for_rest(dev, rest);

	if (err)
		atomic_store(&dev->lost, err);
	return err;
}

/* ---- reading ---- */

static void fill_with(const struct mapped_piece *piece, uint64_t at, size_t len, uint8_t *buf)
{
	const uint8_t *fill = (const void *)&piece->fill;
	size_t phase = (size_t)((at - piece->at) % sizeof(piece->fill));

	for (size_t i = 0; i < len; i++)
		buf[i] = fill[(phase + i) % sizeof(piece->fill)];
}

static errcode_t read_file(const struct mapped *m, off_t off, size_t len, uint8_t *buf)
{
	errcode_t err = whole_pread(m->fd, buf, len, (uint64_t)off);

	/* the file has become shorter since */
	return err == EIO && lseek(m->fd, 0, SEEK_END) < off + (off_t)len ? E4Z_ET_SHORT_READ : err;
}

static errcode_t read_part(struct blkdev *dev, const struct mapped_piece *piece, uint64_t at,
			   size_t len, uint8_t *buf)
{
	struct blkdev *rest;
	errcode_t err;

	switch (piece->kind) {
	case MAPPED_FILE: return read_file(dev->carrier, in_file(piece, at), len, buf);
	case MAPPED_FILL: fill_with(piece, at, len, buf); return 0;
	case MAPPED_REST:
		err = get_rest(dev, &rest);
		if (err)
			return err;
		err = blkdev_read(rest, at, len, buf);
		if (err && atomic_load(&rest->lost))
			atomic_store(&dev->lost, rest->lost);
		return err;
	case MAPPED_ZERO: break;
	}
	memset(buf, 0, len);
	return 0;
}

static errcode_t mapped_read(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	const struct mapped_piece *piece = len ? find(dev->carrier, at) : NULL;
	errcode_t err = 0;

	for (size_t done = 0; done < len && !err; piece++) {
		size_t part = (size_t)part_of(piece, at + done, len - done);

		err = read_part(dev, piece, at + done, part, (uint8_t *)buf + done);
		done += part;
	}
	return err;
}

static bool read_part_cached(struct blkdev *dev, const struct mapped_piece *piece, uint64_t at,
			     size_t len, uint8_t *buf)
{
	if (piece->kind == MAPPED_REST)
		return false;
#if defined(HAVE_PREADV2) && defined(RWF_NOWAIT)
	if (piece->kind == MAPPED_FILE) {
		const struct mapped *m = dev->carrier;
		const struct iovec place = {.iov_base = buf, .iov_len = len};

		return preadv2(m->fd, &place, 1, in_file(piece, at), RWF_NOWAIT) == (ssize_t)len;
	}
#else
	if (piece->kind == MAPPED_FILE)
		return false;
#endif
	return !read_part(dev, piece, at, len, buf);
}

static bool mapped_read_cached(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	const struct mapped_piece *piece = len ? find(dev->carrier, at) : NULL;

	for (size_t done = 0; done < len; piece++) {
		size_t part = (size_t)part_of(piece, at + done, len - done);

		if (!read_part_cached(dev, piece, at + done, part, (uint8_t *)buf + done))
			return false;
		done += part;
	}
	return true;
}

/* ADVICE for what lies in the file; blkdev's FOR_REST for what does not. */
static void advise(struct blkdev *dev, uint64_t at, uint64_t len, int advice,
		   void (*for_rest)(struct blkdev *dev, uint64_t off, uint64_t len))
{
	const struct mapped *m = dev->carrier;
	struct blkdev *rest;

	for (const struct mapped_piece *piece = find(m, at); len; piece++) {
		uint64_t part = part_of(piece, at, len);

		if (piece->kind == MAPPED_FILE)
			(void)posix_fadvise(m->fd, in_file(piece, at), (off_t)part, advice);
		else if (piece->kind == MAPPED_REST && !get_rest(dev, &rest))
			for_rest(rest, at, part);
		at += part;
		len -= part;
	}
}

static void mapped_will_need(struct blkdev *dev, uint64_t at, uint64_t len)
{
	advise(dev, at, len, POSIX_FADV_WILLNEED, blkdev_will_need);
}

static void mapped_forget(struct blkdev *dev, uint64_t at, uint64_t len)
{
	advise(dev, at, len, POSIX_FADV_DONTNEED, blkdev_forget);
}

/* ---- holes ---- */

/*
 * The first byte at or after AT in PIECE that may be data or, with WHENCE SEEK_HOLE, a hole; else
 * the end of the piece.
 */
static uint64_t seek_in(const struct mapped *m, const struct mapped_piece *piece, uint64_t at,
			int whence)
{
	uint64_t end = piece->at + piece->len;
	off_t found;

	if (piece->kind == MAPPED_ZERO)
		return whence == SEEK_DATA ? end : at;
	if (piece->kind != MAPPED_FILE || !m->holes)
		return whence == SEEK_DATA ? at : end;
	found = lseek(m->fd, in_file(piece, at), whence);
	if (found < 0)
		return errno == ENXIO ? end : whence == SEEK_DATA ? at : end;
	return (uint64_t)found - piece->off < piece->len ? piece->at + (uint64_t)found - piece->off
							 : end;
}

static bool mapped_next_data(struct blkdev *dev, uint64_t at, uint64_t *start, uint64_t *end)
{
	const struct mapped *m = dev->carrier;
	const struct mapped_piece *piece = find(m, at), *last = m->pieces + m->count;
	uint64_t to = at;

	for (; piece < last; at = to, piece++) {
		to = piece->at + piece->len;
		at = seek_in(m, piece, at, SEEK_DATA);
		if (at < to)
			break;
	}
	*start = at;
	if (!end)
		return true;
	for (unsigned i = 0; piece < last && i < RUN_MAX; i++, piece++) {
		to = seek_in(m, piece, at, SEEK_HOLE);
		at = piece->at + piece->len;
		if (to < at)
			break;
	}
	*end = to;
	return true;
}

/* ---- opening and closing ---- */

static size_t mapped_senders(struct blkdev *dev, int *fds, size_t room)
{
	const struct mapped *m = dev->carrier;

	return m->rest_dev ? blkdev_senders(m->rest_dev, fds, room) : 0;
}

static void mapped_close(struct blkdev *dev)
{
	struct mapped *m = dev->carrier;

	blkdev_close(m->rest_dev);
	if (m->rest.free)
		m->rest.free(m->rest.arg);
	if (m->fd >= 0)
		close(m->fd);
	pthread_mutex_destroy(&m->lock);
	free(m->pieces);
	free(m);
}

static const char *mapped_explain(struct blkdev *dev, errcode_t err)
{
	struct mapped *m = dev->carrier;

	if (m->rest_failed)
		return err == m->rest_failed && *m->why ? m->why : NULL;
	return m->rest_dev && m->rest_dev->ops->explain
		       ? m->rest_dev->ops->explain(m->rest_dev, err)
		       : NULL;
}

static const struct blkdev_ops mapped_ops = {
	.read = mapped_read,
	.read_cached = mapped_read_cached,
	.will_need = mapped_will_need,
	.forget = mapped_forget,
	.next_data = mapped_next_data,
	.explain = mapped_explain,
	.prepare = mapped_prepare,
	.senders = mapped_senders,
	.close = mapped_close,
};

static errcode_t take_identity(struct blkdev *dev, int fd)
{
	struct stat st;

	if (host_fstat(fd, &st) < 0)
		return errno;
	dev->is_block = S_ISBLK(st.st_mode);
	dev->dev = dev->is_block ? st.st_rdev : st.st_dev;
	dev->ino = dev->is_block ? 0 : st.st_ino;
	return 0;
}

errcode_t mapped_open(const char *path, int file_fd, struct mapped_piece *pieces, size_t count,
		      const struct mapped_rest *rest, struct blkdev **out)
{
	struct mapped *m = calloc(1, sizeof(*m));
	errcode_t err = m ? blkdev_new(path, &mapped_ops, out) : ENOMEM;

	if (err) {
		if (rest && rest->free)
			rest->free(rest->arg);
		close(file_fd);
		free(pieces);
		free(m);
		*out = NULL;
		return err;
	}
	pthread_mutex_init(&m->lock, NULL);
	m->fd = file_fd;
	m->holes = hostfile_knows_holes(file_fd);
	m->pieces = pieces;
	m->count = count;
	m->rest = rest ? *rest : (struct mapped_rest){.open = NULL};
	(*out)->carrier = m;
	blkdev_set_size(*out, count ? pieces[count - 1].at + pieces[count - 1].len : 0);
	err = take_identity(*out, file_fd);
	if (!err)
		return 0;
	blkdev_close(*out);
	*out = NULL;
	return err;
}
