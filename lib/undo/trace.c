// SPDX-License-Identifier: GPL-2.0-or-later
// e4z_trace(): "write OFF LEN  # what" for every operation, in bytes from the start of the image.
#include "undo/trace.h"

#include "image/turn.h"
#include "io/host_stat.h"
#include "undo/undo.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE 256

struct trace {
	int fd;
	struct e4z_image *img;
	char *path;
	bool fresh; /* we made the file, and no line is in it */
};

static errcode_t put(const struct trace *trace, const char *line, size_t len)
{
	while (len) {
		ssize_t n = write(trace->fd, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		line += n;
		len -= (size_t)n;
	}
	return 0;
}

static errcode_t note(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	static const char *const names[] = {
		[BLKDEV_WRITE] = "write", [BLKDEV_ZERO] = "zero", [BLKDEV_SYNC] = "flush"};
	struct trace *trace = arg;
	const char *where = dev == trace->img->dev ? "" : "journal ";
	char line[LINE_SIZE];
	errcode_t err;
	int n;

	if (op->type == BLKDEV_SYNC)
		n = snprintf(line, sizeof(line), "%s%s  # %s\n", where, names[op->type], op->what);
	else
		n = snprintf(line, sizeof(line), "%s%s %" PRIu64 " %" PRIu64 "  # %s\n", where,
			     names[op->type], op->off, op->len, op->what);
	if (n < 0 || (size_t)n >= sizeof(line))
		return EOVERFLOW;
	trace->fresh = false;
	/* the line is there before the operation is done, whatever happens to us then */
	err = put(trace, line, (size_t)n);
	return err ? image_fail(trace->img, err, "writing the trace %.300s", trace->path) : 0;
}

/* ST is an image of ours: opening it for writing would empty it. */
static bool is_image(const struct e4z_image *img, const struct stat *st)
{
	const struct blkdev *devs[] = {img->dev, img->journal_dev};

	for (size_t i = 0; i < sizeof(devs) / sizeof(devs[0]); i++)
		if (devs[i] &&
		    (devs[i]->is_block ? S_ISBLK(st->st_mode) && st->st_rdev == devs[i]->dev
				       : st->st_dev == devs[i]->dev && st->st_ino == devs[i]->ino))
			return true;
	return false;
}

/* By whatever name: what PATH leads to must be nothing else of ours. */
static errcode_t check_path(struct e4z_image *img, const char *path)
{
	struct stat st;

	if (host_stat(path, &st) < 0)
		return 0;
	if (is_image(img, &st))
		return image_refuse(img, EINVAL, "the trace %.300s is the image itself", path);
	if (undo_is(img->undo, &st))
		return image_refuse(img, EINVAL, "the trace %.300s is the undo file", path);
	return 0;
}

/* What is there stays; a terminal, a pipe or /dev/null only takes what is written. */
static int create(const char *path, bool *fresh)
{
	const int how = O_WRONLY | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, how | O_CREAT | O_EXCL, 0666);
	struct stat st;

	*fresh = fd >= 0;
	if (fd >= 0 || errno != EEXIST)
		return fd;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return open(path, how);
	errno = EEXIST;
	return -1;
}

errcode_t e4z_trace(struct e4z_image *img, const char *path)
{
	struct blkdev_observer observer = {.before = note};
	errcode_t err = turn_check(img, TURN_RECORD);

	if (err)
		return err;
	if (img->trace)
		return image_refuse(img, EBUSY, "a trace is open already");
	err = check_path(img, path);
	if (err)
		return err;
	observer.arg = img->trace = calloc(1, sizeof(*img->trace));
	if (!img->trace)
		return ENOMEM;
	img->trace->img = img;
	img->trace->path = strdup(path);
	img->trace->fd = create(path, &img->trace->fresh);
	err = img->trace->fd < 0 ? errno : img->trace->path ? 0 : ENOMEM;
	if (!err)
		err = blkdev_observe(img->dev, &observer);
	if (!err && img->journal_dev)
		err = blkdev_observe(img->journal_dev, &observer);
	return err ? image_fail(img, err, "creating the trace %.300s", path) : 0;
}

int trace_descriptor(const struct e4z_image *img)
{
	return img->trace ? img->trace->fd : -1;
}

errcode_t trace_unlink(void *arg)
{
	const struct e4z_image *img = arg;

	return unlink(img->trace->path) ? errno : 0;
}

void trace_finish(struct e4z_image *img)
{
	if (!img->trace)
		return;
	if (img->trace->fd >= 0)
		close(img->trace->fd);
	if (img->trace->fresh && img->trace->path)
		(void)!image_errand(img, ERRAND_TRACE, trace_unlink);
	free(img->trace->path);
	free(img->trace);
	img->trace = NULL;
}
