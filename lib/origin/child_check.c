// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qemu-img check, before anything is written. A cluster is free if its reference count is 0: with
 * wrong counts an edit would overwrite data of the disk.
 */
#include "base/cleanup.h"
#include "device/nbd.h"
#include "errors.h"
#include "origin/child.h"
#include "source/spawn.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#define IMAGE_FD 3 /* in the child; the passphrase is 4 */
#define ARGS_MAX 8
enum { SOUND = 0, FAILED = 1, LEAKS = 3, NO_CHECK = 63 };

static void make_args(const struct child_options *o, const char *text, const char **argv)
{
	size_t n = 0;

	argv[n++] = "qemu-img";
	argv[n++] = "check";
	if (o->secret >= 0) {
		argv[n++] = "--object";
		argv[n++] = "secret,id=key,file=/proc/self/fd/4";
	}
	argv[n++] = text;
	argv[n] = NULL;
}

static errcode_t judge(const struct child_options *o, int status, const char *said, char *why,
		       size_t why_size)
{
	if (status == SOUND || status == LEAKS || status == NO_CHECK)
		return 0;
	/* it could not open the image, or not examine all of it */
	if (status == FAILED && *said)
		return child_blame("qemu-img", said, why, why_size);
	snprintf(why, why_size,
		 "\"qemu-img check\" finds the tables of the %s image corrupt, or does not end: an "
		 "edit could overwrite data; \"qemu-img check -r all\" repairs it",
		 e4z_format_name(o->format));
	return E4Z_ET_IMAGE_FORMAT;
}

errcode_t child_check(const struct child_options *o, char *why, size_t why_size)
{
	const int fds[] = {o->host->fd, o->secret};
	const char *argv[ARGS_MAX];
	AUTO_FREE char *text = child_describe(o, IMAGE_FD);
	const struct spawn s = {
		.argv = argv, .fds = fds, .fd_count = o->secret < 0 ? 1 : 2, .stop = o->stop};
	const unsigned ms = o->timeout_s < UINT_MAX / 1000 ? o->timeout_s * 1000 : UINT_MAX;
	struct spawned child;
	errcode_t err;
	int status;

	if (!text)
		return ENOMEM;
	make_args(o, text, argv);
	err = spawn_start(&s, &child);
	if (err) {
		snprintf(why, why_size, "starting qemu-img (Debian: qemu-utils)");
		return err;
	}
	/* the edit will need it, and loading it now takes no extra time */
	nbd_preload();
	spawn_end(&child, ms, &status);
	if (status && o->stop && *o->stop)
		return E4Z_ET_INTERRUPTED;
	return judge(o, status, spawn_said(&child), why, why_size);
}
