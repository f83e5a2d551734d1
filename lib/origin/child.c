// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qemu-nbd as a child process.
 *
 * The connection is made, and the process forked, before qemu-nbd runs, because a confined process
 * may have to start it. It ends when the connection is closed, or when this process is killed.
 * There is one connection only: qemu-nbd would not end if the last connection to be closed was
 * never used, and it handles several requests of one connection in parallel. It does not lock the
 * image: this process has locked it, and qemu-nbd inherits the descriptor, so the lock ends when
 * both have ended.
 */
#include "origin/child.h"

#include "base/cleanup.h"
#include "device/nbd.h"
#include "errors.h"
#include "origin/meeting.h"
#include "source/spawn.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IMAGE_FD 4 /* in the child; the socket is 3 */
#define ARGS_MAX 12
#define END_MS 30000
#define FAILED_MS 500

struct child {
	struct blkdev_ops ops; /* those of NBD, with another close and explain */
	const struct blkdev_ops *nbd;
	struct spawned process;
	struct blkdev *dev; /* until the child is started */
	enum e4z_format format;
	bool ended;
	char why[SPAWN_SAID + 64];
};

/* ---- ending ---- */

static struct child *child_of(const struct blkdev *dev)
{
	/* ops is the first field */
	return (struct child *)(uintptr_t)dev->ops;
}

errcode_t child_end(struct blkdev *dev)
{
	struct child *child = child_of(dev);
	/* a child that has stopped answering is terminated at once */
	unsigned wait_ms = dev->lost ? 0 : END_MS;
	int status = 0;

	if (child->ended)
		return 0;
	child->ended = true;
	child->nbd->close(dev);
	spawn_end(&child->process, wait_ms, &status);
	/* -1: unknown; the caller waits for all its children, and the keeper was killed */
	return status > 0 ? EIO : 0;
}

static void child_close(struct blkdev *dev)
{
	struct child *child = child_of(dev);

	(void)child_end(dev);
	free(child);
}

/* ---- failures ---- */

/* Why the child stopped answering; NULL: unknown. */
static const char *child_explain(struct blkdev *dev, errcode_t err)
{
	struct child *child = child_of(dev);
	errcode_t lost = atomic_load(&dev->lost);
	int status = -1;

	if (!err || err != lost || err == E4Z_ET_INTERRUPTED || err == ECANCELED)
		return NULL;
	if (*child->why)
		return child->why;
	spawn_end(&child->process, err == ETIMEDOUT ? 0 : FAILED_MS, &status);
	if (*spawn_said(&child->process))
		(void)child_blame("qemu-nbd", child->process.said, child->why, sizeof(child->why));
	else if (err == ETIMEDOUT)
		snprintf(child->why, sizeof(child->why), "qemu-nbd does not answer");
	else if (status > 128)
		snprintf(child->why, sizeof(child->why), "qemu-nbd was ended by signal %d",
			 status - 128);
	else if (status >= 0)
		snprintf(child->why, sizeof(child->why), "qemu-nbd ended with status %d", status);
	else
		return NULL;
	return child->why;
}

/* The connection failed with ERR and WHY; a message of the child replaces both. */
static errcode_t fail_connect(struct child *child, errcode_t err, char *why, size_t why_size)
{
	struct spawned *process = &child->process;
	const char *said;

	spawn_end(process, FAILED_MS, NULL);
	said = spawn_said(process);
	if (!*said && err == ETIMEDOUT)
		snprintf(why, why_size, "waiting for qemu-nbd");
	if (!*said || err == E4Z_ET_INTERRUPTED)
		return err;
	return child_blame("qemu-nbd", said, why, why_size);
}

/* ---- starting ---- */

/* Fill ARGV for O; TEXT describes the image. */
static void make_args(const struct child_options *o, const char *text, const char **argv)
{
	size_t n = 0;

	argv[n++] = "qemu-nbd";
	argv[n++] = "--cache=writeback";
	argv[n++] = "--discard=unmap";
	if (!o->write)
		argv[n++] = "--read-only";
	if (o->secret >= 0) {
		argv[n++] = "--object";
		argv[n++] = "secret,id=key,file=/proc/self/fd/5";
	}
	argv[n++] = text;
	argv[n] = NULL;
}

/* Write to WHY why the child could not be started. */
static errcode_t fail_start(enum e4z_format format, errcode_t err, char *why, size_t why_size)
{
	if (err != ENOENT) {
		snprintf(why, why_size, "starting qemu-nbd");
		return err;
	}
	snprintf(why, why_size,
		 "%s images are opened by qemu-nbd, which is not installed (Debian: qemu-utils)",
		 e4z_format_name(format));
	return E4Z_ET_IMAGE_FORMAT;
}

static errcode_t prepare_process(const struct child_options *o, int listener, struct child *child,
				 char *why, size_t why_size)
{
	const int fds[] = {listener, o->host->fd, o->secret};
	const char *argv[ARGS_MAX];
	AUTO_FREE char *text = child_describe(o, IMAGE_FD);
	const struct spawn s = {
		.argv = argv, .fds = fds, .fd_count = o->secret < 0 ? 2 : 3, .listen = true};
	errcode_t err;

	if (!text)
		return ENOMEM;
	make_args(o, text, argv);
	err = spawn_prepare(&s, &child->process);
	return err ? fail_start(o->format, err, why, why_size) : 0;
}

static errcode_t go(struct child *child, char *why, size_t why_size)
{
	errcode_t err = spawn_go(&child->process);

	return err ? fail_start(child->format, err, why, why_size) : 0;
}

/* NOW: start it, too, before libnbd is loaded, as both take about as long. */
static errcode_t prepare(const struct child_options *o, bool now, struct child *child, char *why,
			 size_t why_size)
{
	const struct nbd_options how = {
		.timeout_s = o->timeout_s, .stop = o->stop, .write = o->write};
	int listener, socket;
	errcode_t err;

	snprintf(why, why_size, "making a socket for qemu-nbd");
	err = meeting_make(&listener, &socket, 1);
	if (err)
		return err;
	err = prepare_process(o, listener, child, why, why_size);
	close(listener);
	if (!err && now)
		err = go(child, why, why_size);
	if (err) {
		close(socket);
		return err;
	}
	err = nbd_begin(o->host->path, socket, &how, &child->dev, why, why_size);
	if (err)
		spawn_end(&child->process, 0, NULL);
	return err;
}

static errcode_t new_child(const struct child_options *o, bool now, struct child **out, char *why,
			   size_t why_size)
{
	struct child *child = *out = calloc(1, sizeof(*child));
	errcode_t err;

	if (!child)
		return ENOMEM;
	child->format = o->format;
	err = prepare(o, now, child, why, why_size);
	if (!err)
		return 0;
	free(child);
	*out = NULL;
	return err;
}

void child_drop(struct child *child)
{
	if (!child)
		return;
	blkdev_close(child->dev);
	spawn_end(&child->process, 0, NULL);
	free(child);
}

/* From now on blkdev_close() of the device also ends CHILD. */
static struct blkdev *adopt(struct child *child)
{
	struct blkdev *dev = child->dev;

	child->ops = *dev->ops;
	child->ops.explain = child_explain;
	child->ops.close = child_close;
	child->nbd = dev->ops;
	dev->ops = &child->ops;
	child->dev = NULL;
	return dev;
}

/* CHILD has been started. */
static errcode_t connect_to(struct child *child, struct blkdev **dev, char *why, size_t why_size)
{
	errcode_t err = nbd_finish(child->dev, why, why_size);

	if (!err) {
		*dev = adopt(child);
		return 0;
	}
	err = fail_connect(child, err, why, why_size);
	child_drop(child);
	*dev = NULL;
	return err;
}

/* ---- opening ---- */

errcode_t child_open(const struct child_options *o, struct blkdev **dev, char *why, size_t why_size)
{
	struct child *child;
	errcode_t err = new_child(o, true, &child, why, why_size);

	*dev = NULL;
	return err ? err : connect_to(child, dev, why, why_size);
}

/* Append the text of ERR, unless WHY is the complete sentence. */
static errcode_t complete(errcode_t err, char *why, size_t why_size)
{
	size_t len = strlen(why);

	if (err && (err & ~0xffL) != ERROR_TABLE_BASE_e4z)
		snprintf(why + len, why_size - len, ": %s", error_message(err));
	return err;
}

errcode_t child_open_late(const struct child_options *o, struct blkdev **dev, char *why,
			  size_t why_size)
{
	return complete(child_open(o, dev, why, why_size), why, why_size);
}

errcode_t child_prepare(const struct child_options *o, struct child **child, char *why,
			size_t why_size)
{
	return complete(new_child(o, false, child, why, why_size), why, why_size);
}

errcode_t child_start(struct child *child, struct blkdev **dev, char *why, size_t why_size)
{
	errcode_t err = go(child, why, why_size);

	*dev = NULL;
	if (err)
		child_drop(child);
	else
		err = connect_to(child, dev, why, why_size);
	return complete(err, why, why_size);
}

size_t child_senders(const struct child *child, int *fds, size_t room)
{
	if (!room)
		return 0;
	fds[0] = child->process.leash;
	return 1 + blkdev_senders(child->dev, fds + 1, room - 1);
}
