// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An image in another file. It is opened for writing at the first write only: opening may change
 * the file, as some formats record that they are in use, but a dry run must not change it. The lock
 * on the file is held throughout.
 */
#include "origin/inside.h"

#include "busy/caches.h"
#include "device/hostfile_write.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct inside {
	struct blkdev *now;	 /* the current carrier */
	struct blkdev *dead;	 /* replaces it after its end */
	pthread_rwlock_t change; /* of NOW; its users hold it for reading */
	struct blkdev *host;
	struct child_options child;
	struct child *writer; /* prepared; NULL: not yet, or it was started */
	errcode_t failed;     /* the writer could not be prepared or started: */
	char why[512];
};

static struct blkdev *enter(struct blkdev *dev)
{
	struct inside *in = dev->carrier;

	pthread_rwlock_rdlock(&in->change);
	return in->now;
}

static void leave(struct blkdev *dev)
{
	struct inside *in = dev->carrier;

	if (in->now->lost)
		dev->lost = in->now->lost;
	pthread_rwlock_unlock(&in->change);
}

/* ---- a carrier without an image ---- */

static errcode_t dead_read(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	(void)dev, (void)at, (void)len, (void)buf;
	return ENODEV;
}

static errcode_t dead_writev(struct blkdev *dev, uint64_t at, const struct iovec *pieces,
			     size_t count, uint64_t *written)
{
	(void)dev, (void)at, (void)pieces, (void)count;
	*written = 0;
	return ENODEV;
}

static errcode_t dead_sync(struct blkdev *dev)
{
	(void)dev;
	return ENODEV;
}

static void dead_close(struct blkdev *dev)
{
	(void)dev;
}

static const struct blkdev_ops dead_ops = {
	.read = dead_read,
	.writev = dead_writev,
	.sync = dead_sync,
	.close = dead_close,
};

/* Close the current carrier. */
static void let_go(struct inside *in)
{
	struct blkdev *was = in->now;

	in->now = in->dead;
	if (was != in->dead)
		blkdev_close(was);
}

/* ---- reading ---- */

static errcode_t inside_read(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	struct blkdev *now = enter(dev);
	errcode_t err = now->ops->read(now, at, len, buf);

	leave(dev);
	return err;
}

static bool inside_read_cached(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	struct blkdev *now = enter(dev);
	bool done = now->ops->read_cached && now->ops->read_cached(now, at, len, buf);

	leave(dev);
	return done;
}

static void inside_will_need(struct blkdev *dev, uint64_t at, uint64_t len)
{
	struct blkdev *now = enter(dev);

	if (now->ops->will_need)
		now->ops->will_need(now, at, len);
	leave(dev);
}

static void inside_forget(struct blkdev *dev, uint64_t at, uint64_t len)
{
	struct blkdev *now = enter(dev);

	if (now->ops->forget)
		now->ops->forget(now, at, len);
	leave(dev);
}

static bool inside_next_data(struct blkdev *dev, uint64_t at, uint64_t *start, uint64_t *end)
{
	struct blkdev *now = enter(dev);
	bool known = now->ops->next_data && now->ops->next_data(now, at, start, end);

	leave(dev);
	return known;
}

/* ---- writing ---- */

/* It is writable if the file of a raw image would be. */
static errcode_t inside_make_writable(struct blkdev *dev)
{
	struct inside *in = dev->carrier;
	errcode_t err = in->host->writable ? 0 : hostfile_make_writable(in->host);

	dev->writable = !err;
	return err;
}

static errcode_t prepare_writer(struct inside *in)
{
	struct child_options how = in->child;

	how.write = true;
	if (!in->writer && !in->failed)
		in->failed = child_prepare(&how, &in->writer, in->why, sizeof(in->why));
	return in->failed;
}

static errcode_t start_writer(struct inside *in, struct blkdev **writer)
{
	struct child *child = in->writer;

	in->writer = NULL;
	in->failed = child_start(child, writer, in->why, sizeof(in->why));
	return in->failed;
}

/*
 * Replace the reader by a writer. If both open other files, the reader is closed first, because
 * QEMU itself locks these files.
 */
static errcode_t replace(struct blkdev *dev)
{
	struct inside *in = dev->carrier;
	struct blkdev *writer;
	errcode_t err = prepare_writer(in);

	in->child.write = true;
	if (!err && in->child.backing)
		let_go(in);
	if (!err)
		err = start_writer(in, &writer);
	if (err)
		return err;
	if (writer->size != dev->size)
		err = ESTALE;
	if (!err && !writer->writable)
		err = writer->ops->make_writable ? writer->ops->make_writable(writer) : EROFS;
	if (err) {
		blkdev_close(writer);
		return err;
	}
	let_go(in);
	in->now = writer;
	return 0;
}

/* As enter(), but for a writer. NULL: it failed with *ERR, and leave() must not be called. */
static struct blkdev *enter_writer(struct blkdev *dev, errcode_t *err)
{
	struct inside *in = dev->carrier;

	*err = 0;
	if (!in->now->writable) {
		pthread_rwlock_wrlock(&in->change);
		/* it is tried once */
		*err = in->child.write ? ENODEV : replace(dev);
		dev->failed = *err;
		pthread_rwlock_unlock(&in->change);
	}
	if (*err)
		return NULL;
	enter(dev)->holes = dev->holes;
	return in->now;
}

static errcode_t inside_writev(struct blkdev *dev, uint64_t at, const struct iovec *pieces,
			       size_t count, uint64_t *written)
{
	errcode_t err;
	struct blkdev *now = enter_writer(dev, &err);

	*written = 0;
	if (!now)
		return err;
	err = now->ops->writev(now, at, pieces, count, written);
	/* a write that failed may have been done in part */
	dev->touched |= now->touched;
	leave(dev);
	return err;
}

static errcode_t inside_zero(struct blkdev *dev, uint64_t at, uint64_t len, bool *asked)
{
	errcode_t err;
	struct blkdev *now = enter_writer(dev, &err);

	*asked = false;
	if (!now)
		return err;
	if (now->ops->zero)
		err = now->ops->zero(now, at, len, asked);
	leave(dev);
	return err;
}

static errcode_t inside_sync(struct blkdev *dev)
{
	const struct inside *in = dev->carrier;
	struct blkdev *now = enter(dev);
	errcode_t err;

	/* an edit that was killed may have left data in the page cache of the host */
	if (now->writable)
		err = now->ops->sync(now);
	else
		err = fdatasync(in->host->fd) < 0 ? errno : 0;
	leave(dev);
	return err;
}

static errcode_t inside_reserve(struct blkdev *dev, uint64_t at, uint64_t len, bool spare)
{
	errcode_t err;
	struct blkdev *now = enter_writer(dev, &err);

	if (!now)
		return err;
	if (now->ops->reserve)
		err = now->ops->reserve(now, at, len, spare);
	leave(dev);
	return err;
}

/* ---- opening and closing ---- */

static void inside_prepare(struct blkdev *dev)
{
	struct inside *in = dev->carrier;

	blkdev_prepare(enter(dev));
	leave(dev);
	/* the first write reports a failure */
	if (dev->writable && !in->child.write)
		(void)prepare_writer(in);
}

static size_t inside_senders(struct blkdev *dev, int *fds, size_t room)
{
	const struct inside *in = dev->carrier;
	size_t count = blkdev_senders(in->now, fds, room);

	return count + (in->writer ? child_senders(in->writer, fds + count, room - count) : 0);
}

static const char *inside_explain(struct blkdev *dev, errcode_t err)
{
	struct inside *in = dev->carrier;

	if (in->child.write && in->failed && err == in->failed)
		return in->why;
	return in->now->ops->explain ? in->now->ops->explain(in->now, err) : NULL;
}

static errcode_t inside_end(struct blkdev *dev)
{
	struct inside *in = dev->carrier;
	errcode_t err = in->now->writable ? child_end(in->now) : 0;

	let_go(in);
	return err;
}

static void inside_close(struct blkdev *dev)
{
	struct inside *in = dev->carrier;

	let_go(in);
	child_drop(in->writer);
	blkdev_close(in->dead);
	in->host->touched = in->child.write;
	caches_close(in->host);
	if (in->child.secret >= 0)
		close(in->child.secret);
	pthread_rwlock_destroy(&in->change);
	free(in);
}

static const struct blkdev_ops inside_ops = {
	.read = inside_read,
	.read_cached = inside_read_cached,
	.will_need = inside_will_need,
	.forget = inside_forget,
	.next_data = inside_next_data,
	.make_writable = inside_make_writable,
	.writev = inside_writev,
	.zero = inside_zero,
	.sync = inside_sync,
	.reserve = inside_reserve,
	.explain = inside_explain,
	.prepare = inside_prepare,
	.senders = inside_senders,
	.end = inside_end,
	.close = inside_close,
};

errcode_t inside_open(struct blkdev *reader, struct blkdev *host, const struct child_options *child,
		      struct blkdev **out)
{
	struct inside *in = malloc(sizeof(*in));
	struct blkdev *dev = NULL, *dead = NULL;
	errcode_t err = in ? blkdev_new(host->path, &dead_ops, &dead) : ENOMEM;

	*out = NULL;
	err = err ? err : blkdev_new(host->path, &inside_ops, &dev);
	if (err) {
		blkdev_close(dead);
		free(in);
		blkdev_close(reader);
		blkdev_close(host);
		if (child->secret >= 0)
			close(child->secret);
		return err;
	}
	*in = (struct inside){.now = reader, .dead = dead, .host = host, .child = *child};
	pthread_rwlock_init(&in->change, NULL);
	dev->carrier = in;
	dev->under = host;
	dev->is_block = host->is_block;
	dev->dev = host->dev;
	dev->ino = host->ino;
	blkdev_set_size(dev, reader->size);
	*out = dev;
	return 0;
}
