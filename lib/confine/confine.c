// SPDX-License-Identifier: GPL-2.0-or-later
// e4z_confine(): the process gives up all rights that it does not need for the open image.
#include "e4zero.h"

#include "base/errands.h"
#include "base/pool.h"
#include "base/reserved.h"
#include "busy/caches.h"
#include "confine/calls.h"
#include "confine/landlock.h"
#include "image/turn.h"
#include "open/recovery.h"
#include "undo/trace.h"
#include "undo/undo.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)
#define TMPFILES_LOOKING 4
#define SMALL 65536	   /* blocks and inodes: the records about them fit into memory */
#define DESCRIPTORS_MAX 24 /* of the caller: the others of CALLS_FDS are ours */
#define LEAST_FDS 3	   /* poll(2) fails with more descriptors than the limit */

const char *e4z_confine_obstacle(void)
{
	const char *preload = getenv("LD_PRELOAD");
	char name[16] = "";

#if defined(INSTRUMENTED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return "the program is instrumented";
#endif
	if (preload && strstr(preload, "vgpreload"))
		return "the program runs under valgrind";
	/* under user-mode emulation the thread has the name of the emulator */
	if (!prctl(PR_GET_NAME, name) && !strncmp(name, "qemu-", 5))
		return "the program runs in an emulator of QEMU";
	return NULL;
}

/* ---- limits ---- */

/* Never raises the limit. */
static void lower(int resource, uint64_t most)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) || limit.rlim_max <= most)
		return;
	limit.rlim_max = (rlim_t)most;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(resource, &limit);
}

static uint64_t stack_size(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return 8 * MIB;
	return limit.rlim_cur;
}

/*
 * Four times the memory that e4zero(8) states, because allocators and libraries use some. An edit
 * keeps a record of each block that it changes.
 */
static uint64_t memory(const struct e4z_image *img, unsigned threads)
{
	uint64_t all = 256 * MIB + (uint64_t)img->inodes * 128 + img->blocks;

	if (img->dev->writable)
		all += 384 * MIB + img->blocks * 600;
	return all + (stack_size() + 2 * MIB) * (threads + 4);
}

/* ---- the descriptors ---- */

static void add(int *fds, size_t *count, int fd)
{
	if (fd >= 0 && *count < CALLS_FDS)
		fds[(*count)++] = fd;
}

static void add_device(struct calls *calls, struct blkdev *dev)
{
	if (!dev)
		return;
	add(calls->files, &calls->file_count, dev->write_fd);
	/* open for reading only, but flushed */
	if (dev->under)
		add(calls->files, &calls->file_count, dev->under->fd);
	calls->socket_count += blkdev_senders(dev, calls->sockets + calls->socket_count,
					      CALLS_FDS - calls->socket_count);
}

static void gather(const struct e4z_confine_options *options, struct calls *calls)
{
	add(calls->texts, &calls->text_count, STDOUT_FILENO);
	add(calls->texts, &calls->text_count, STDERR_FILENO);
	for (size_t i = 0; i < options->output_count; i++)
		add(calls->texts, &calls->text_count, options->outputs[i]);
	for (size_t i = 0; i < options->file_count; i++)
		add(calls->temporaries, &calls->temporary_count, options->files[i]);
	calls->reading = options->reading;
}

static void gather_image(struct e4z_image *img, struct calls *calls)
{
	for (size_t i = 0; i < img->tmpfiles.count; i++)
		add(calls->temporaries, &calls->temporary_count, img->tmpfiles.fd[i]);
	add_device(calls, img->dev);
	add_device(calls, img->journal_dev);
	add(calls->files, &calls->file_count, undo_descriptor(img));
	add(calls->texts, &calls->text_count, trace_descriptor(img));
	if (img->errands)
		add(calls->texts, &calls->text_count, e4z_errands_descriptor(img->errands));
}

/* ---- errands: done by a child that is not confined ---- */

static errcode_t settle(void *dev)
{
	caches_settle(NULL, dev, NULL, 0);
	return 0;
}

/* The block device whose caches have to be settled after a write to DEV, or NULL. */
static struct blkdev *cached(struct blkdev *dev)
{
	struct blkdev *host = dev && dev->under ? dev->under : dev;

	return host && host->writable && host->is_block && blkdev_is_host(host) ? host : NULL;
}

static void pass_on(struct e4z_image *img, struct blkdev *host, unsigned errand)
{
	if (!host)
		return;
	host->errands = img->errands;
	host->errand = errand;
}

static errcode_t leave_errands(struct e4z_image *img)
{
	struct blkdev *image = cached(img->dev), *journal = cached(img->journal_dev);
	const struct e4z_errand list[ERRANDS] = {
		[ERRAND_UNDO] = {.run = undo_unlink, .arg = img},
		[ERRAND_TRACE] = {.run = trace_unlink, .arg = img},
		[ERRAND_CACHES] = {.run = settle, .arg = image},
		[ERRAND_JOURNAL_CACHES] = {.run = settle, .arg = journal},
	};
	const int keep[] = {image ? image->fd : -1, journal ? journal->fd : -1};
	errcode_t err;

	if (!img->undo && !img->trace && !image && !journal)
		return 0;
	err = errands_start(list, ERRANDS, keep, 2, &img->errands);
	if (err)
		return image_fail(img, err, "starting a child process");
	pass_on(img, image, ERRAND_CACHES);
	pass_on(img, journal, ERRAND_JOURNAL_CACHES);
	return 0;
}

static void limit(const struct e4z_image *img, const struct e4z_confine_options *options)
{
	lower(RLIMIT_CORE, 0);
	if (img)
		lower(RLIMIT_DATA,
		      memory(img, options->threads ? options->threads : pool_processors()));
	if (!options->reading)
		lower(RLIMIT_NOFILE, LEAST_FDS);
}

/* A part cannot be confined, because of WHY: an error only if confinement is required. */
static errcode_t leave_out(struct e4z_image *img, const struct e4z_confine_options *options,
			   const char *why)
{
	if (!options->require)
		return 0;
	return img ? image_refuse(img, E4Z_ET_UNCONFINED, "the process cannot be confined: %s", why)
		   : E4Z_ET_UNCONFINED;
}

/* Open and make all that IMG will need. */
static errcode_t prepare(struct e4z_image *img, const struct e4z_confine_options *options)
{
	const struct e4z_open_options how = {.journal_device = img->journal_spec};
	errcode_t err;

	/* only if needed: the search examines many files and devices of the host */
	if (options->journal && !img->info.mounted)
		recovery_try_external(img, &how);
	blkdev_prepare(img->dev);
	err = leave_errands(img);
	if (err)
		return err;
	/* an undo has no view, and needs none */
	if (img->view && img->dev->writable)
		tmpfiles_reserve(&img->tmpfiles, TMPFILES_MAX, false);
	else if (img->view)
		tmpfiles_reserve(&img->tmpfiles, TMPFILES_LOOKING,
				 img->blocks + img->inodes <= SMALL);
	return 0;
}

static errcode_t give_up_paths(struct e4z_image *img, const struct e4z_confine_options *options,
			       bool reading, unsigned *done)
{
	errcode_t err = landlock_give_up(reading);

	if (!err) {
		*done |= E4Z_CONFINED_LANDLOCK;
		return 0;
	}
	/* without descriptors or memory it is not known whether it could be done */
	if (err == EMFILE || err == ENFILE || err == ENOMEM)
		return img ? image_fail(img, err, "confining the process") : err;
	return leave_out(img, options,
			 err == ENOSYS ? "the kernel does not have Landlock"
				       : "Landlock cannot be used");
}

static errcode_t confine(struct e4z_image *img, const struct e4z_confine_options *options,
			 unsigned *done)
{
	struct calls calls = {.text_count = 0};
	errcode_t err = img ? prepare(img, options) : 0;

	if (err)
		return err;
	gather(options, &calls);
	if (img)
		gather_image(img, &calls);
	err = give_up_paths(img, options, calls.reading, done);
	if (err)
		return err;
	limit(img, options);
	err = calls_give_up(&calls);
	if (!err)
		*done |= E4Z_CONFINED_CALLS;
	else if (err != ENOMEM)
		err = leave_out(img, options, CALLS_MISSING);
	return err;
}

static errcode_t refuse(struct e4z_image *img, const char *why)
{
	return img ? image_refuse(img, E4Z_ET_USAGE, "%s", why) : E4Z_ET_USAGE;
}

errcode_t e4z_confine(struct e4z_image *img, const struct e4z_confine_options *options,
		      unsigned *done)
{
	static const struct e4z_confine_options defaults;
	const char *obstacle = e4z_confine_obstacle();
	errcode_t err = img ? turn_check(img, TURN_CONFINE) : 0;

	if (!options)
		options = &defaults;
	*done = 0;
	if (err)
		return err;
	if (!RESERVED_IS_ZERO(options))
		return refuse(img, RESERVED_WHY);
	if (options->output_count > DESCRIPTORS_MAX || options->file_count > DESCRIPTORS_MAX)
		return refuse(img, "there are too many descriptors");
	if (obstacle)
		return leave_out(img, options, obstacle);
	return confine(img, options, done);
}
