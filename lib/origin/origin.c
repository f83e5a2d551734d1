// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the name of an image to its bytes. The references in a header are checked before another
 * program reads it.
 */
#include "origin/origin.h"

#include "base/cleanup.h"
#include "device/hostfile.h"
#include "device/nbd.h"
#include "errors.h"
#include "header/chain.h"
#include "header/format.h"
#include "header/whole.h"
#include "origin/child.h"
#include "origin/inside.h"
#include "origin/secret.h"
#include "source/android.h"
#include "source/qemu_map.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entering {
	const struct e4z_open_options *options;
	const struct origin_user *user;
	struct blkdev *host;
	struct chain chain;
	struct child_options child;
	char *why;
	size_t why_size;
};

/* ---- other files ---- */

static errcode_t refuse(const struct entering *e, errcode_t err, const char *text)
{
	snprintf(e->why, e->why_size, "%s", text);
	return err;
}

static errcode_t refuse_other(const struct entering *e)
{
	if (e->chain.lost)
		snprintf(e->why, e->why_size,
			 "differencing images are not supported by QEMU: the image refers to %s",
			 e->chain.other);
	else
		snprintf(e->why, e->why_size, "the image refers to another file, %s",
			 e->chain.other);
	return e->chain.lost ? E4Z_ET_IMAGE_FORMAT : E4Z_ET_OTHER_FILE;
}

/* The user has allowed other files, but should see which one it is. */
static void note_other(const struct entering *e)
{
	char text[800];

	snprintf(text, sizeof(text), "%s is opened, too, and any file that it refers to",
		 e->chain.other);
	if (e->user->note)
		e->user->note(e->user->arg, text);
}

static errcode_t check_header(struct entering *e)
{
	errcode_t err = chain_look(e->host, e->child.format, &e->chain, e->why, e->why_size);

	if (err)
		return err;
	if (e->chain.other[0] && (e->chain.lost || !e->options->backing))
		return refuse_other(e);
	if (e->options->write && e->chain.read_only)
		return refuse(e, E4Z_ET_IMAGE_FORMAT, e->chain.read_only);
	err = whole_look(e->host, e->child.format, e->why, e->why_size);
	if (err)
		return err;
	e->child.backing = e->chain.other[0];
	e->child.lock = e->chain.lock;
	if (e->child.backing)
		note_other(e);
	return e->chain.lock == CHAIN_OPEN
		       ? 0
		       : secret_open(e->options, &e->child.secret, e->why, e->why_size);
}

/* ---- reading ---- */

/* Clusters of a qcow2 image that cannot be read from its file are read through this child. */
static errcode_t rest_open(void *arg, struct blkdev **dev, char *why, size_t why_size)
{
	return child_open_late(arg, dev, why, why_size);
}

static unsigned seconds(const struct entering *e)
{
	return e->options->timeout_s ? e->options->timeout_s : NBD_TIMEOUT_S;
}

static errcode_t open_map(const struct entering *e, struct blkdev **reader)
{
	struct mapped_rest rest = {.open = rest_open, .free = free};
	struct child_options *child = malloc(sizeof(*child));
	int fd = fcntl(e->host->fd, F_DUPFD_CLOEXEC, 0);
	errcode_t err;

	*reader = NULL;
	if (!child || fd < 0) {
		err = child ? errno : ENOMEM;
		free(child);
		if (fd >= 0)
			close(fd);
		return err;
	}
	*child = e->child;
	rest.arg = child;
	err = qemu_map_open(e->host->path, fd, seconds(e), e->options->stop, &rest, reader);
	/* the map is not used: nothing has taken these */
	if (!err && !*reader) {
		free(child);
		close(fd);
	}
	return err;
}

static bool may_be_mapped(const struct entering *e)
{
	return e->child.format == E4Z_FORMAT_QCOW2 && !e->child.backing &&
	       e->child.lock == CHAIN_OPEN;
}

static errcode_t open_reader(struct entering *e, struct blkdev **reader)
{
	errcode_t err = 0;

	*reader = NULL;
	if (may_be_mapped(e))
		err = open_map(e, reader);
	if (!err && !*reader)
		err = child_open(&e->child, reader, e->why, e->why_size);
	return err;
}

/* ---- entering ---- */

static errcode_t enter_android(struct entering *e, struct blkdev **dev)
{
	struct blkdev *made;
	int fd;
	errcode_t err;

	if (e->options->write)
		return refuse(
			e, E4Z_ET_REFUSED,
			"this is an Android sparse image, which cannot be edited; expand it with "
			"\"simg2img IMAGE RAW\" and edit RAW");
	fd = fcntl(e->host->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	*e->why = '\0';
	err = android_open(e->host->path, fd, &made, e->why, e->why_size);
	if (err)
		return err;
	/* the identity of the file, for later checks */
	made->is_block = e->host->is_block;
	made->dev = e->host->dev;
	made->ino = e->host->ino;
	blkdev_close(e->host);
	*dev = made;
	return 0;
}

/* QEMU repairs an image marked as in use when it opens it for writing. LUKS has no tables. */
static bool must_be_checked(const struct entering *e)
{
	return e->options->write && !e->chain.repaired && e->child.format != E4Z_FORMAT_LUKS;
}

static errcode_t enter_format(struct entering *e, struct blkdev **dev)
{
	struct blkdev *reader = NULL;
	errcode_t err = check_header(e);

	if (!err && must_be_checked(e)) {
		struct child_options check = e->child;

		check.timeout_s = seconds(e);
		err = child_check(&check, e->why, e->why_size);
	}
	err = err ? err : open_reader(e, &reader);
	if (!err)
		return inside_open(reader, e->host, &e->child, dev);
	if (e->child.secret >= 0)
		close(e->child.secret);
	return err;
}

errcode_t origin_enter(const struct e4z_open_options *options, const struct origin_user *user,
		       struct blkdev **dev, char *why, size_t why_size)
{
	struct entering e = {.options = options,
			     .user = user,
			     .host = *dev,
			     .why = why,
			     .why_size = why_size,
			     .child = {.host = *dev,
				       .secret = -1,
				       .timeout_s = options->timeout_s,
				       .stop = options->stop}};
	errcode_t err;

	if (!blkdev_is_host(*dev))
		return 0;
	err = format_decide(*dev, options->format, &e.child.format, why, why_size);
	if (err || e.child.format == E4Z_FORMAT_RAW)
		return err;
	err = user->claim(user->arg);
	if (err)
		return err;
	if (e.child.format == E4Z_FORMAT_ANDROID_SPARSE)
		return enter_android(&e, dev);
	return enter_format(&e, dev);
}

/* ---- opening ---- */

static void note_unseen(const struct blkdev *dev, const struct origin_user *user)
{
	char text[160];

	snprintf(
		text, sizeof(text),
		"the last %" PRIu64
		" bytes of the NBD export cannot be read: they are less than a block of its server",
		dev->unseen);
	if (dev->unseen)
		user->note(user->arg, text);
}

static errcode_t open_uri(const char *name, const struct e4z_open_options *options,
			  const struct origin_user *user, struct blkdev **dev, char *why,
			  size_t why_size)
{
	const struct nbd_options how = {
		.timeout_s = options->timeout_s, .stop = options->stop, .write = options->write};
	errcode_t err;

	err = nbd_open_uri(name, &how, dev, why, why_size);
	if (err || !user->note)
		return err;
	user->note(user->arg, "the image is an NBD export: cannot determine who else uses it");
	note_unseen(*dev, user);
	return 0;
}

errcode_t origin_open(const char *name, const struct e4z_open_options *options,
		      const struct origin_user *user, struct blkdev **dev, char *why,
		      size_t why_size)
{
	if (nbd_is_uri(name))
		return open_uri(name, options, user, dev, why, why_size);
	*why = '\0';
	return hostfile_open(name, dev);
}
