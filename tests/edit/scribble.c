// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Edits an image below everything that knows better, through the guards and the observers:
 *
 *   scribble IMAGE [force] [partition=X] [journal=FILE] [undo=FILE] [trace=FILE] ORDER...
 *
 * Orders, offsets from the start of the file system: write:OFF:LEN:BYTE zero:OFF:LEN
 * copy:OFF:FILE sync save:OFF:LEN flush seal; may:INO:WHAT asks whether WHAT (enum guard_what) may
 * be done to an inode; hold says "ready" and waits for the end of standard
 * input; die kills the program. Exit 8: refused before the first order, 12: an order failed.
 */
#include "errors.h"
#include "image/groups.h"
#include "image/image.h"
#include "open/guard.h"
#include "undo/undo.h"
#include "undo/undo_state.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct order {
	uint64_t off, len;
	int byte;
	const char *name;
};

static bool key(const char *arg, const char *name, const char **value)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len) || arg[len] != '=')
		return false;
	*value = arg + len + 1;
	return true;
}

static errcode_t write_bytes(struct e4z_image *img, const struct order *o)
{
	void *buf = malloc(o->len + 1);
	errcode_t err = buf ? 0 : ENOMEM;

	if (!err) {
		memset(buf, o->byte, o->len);
		err = blkdev_write(img->dev, o->off, o->len, buf, "scribble");
	}
	free(buf);
	return err;
}

static errcode_t copy_file(struct e4z_image *img, uint64_t off, const char *name)
{
	static char buf[65536];
	FILE *f = fopen(name, "re");
	errcode_t err = f ? 0 : errno;
	size_t n;

	while (!err && (n = fread(buf, 1, sizeof(buf), f))) {
		err = blkdev_write(img->dev, off, n, buf, "copy");
		off += n;
	}
	if (f)
		fclose(f);
	return err;
}

static errcode_t may(struct e4z_image *img, uint64_t ino, uint64_t what)
{
	void *raw = malloc(img->inode_size);
	errcode_t err = raw ? groups_load(img) : ENOMEM;
	struct inode inode;

	if (!err)
		err = inode_read(img, (uint32_t)ino, raw, &inode);
	if (!err)
		err = guard_inode(img, &inode, (unsigned)what);
	if (!err && guard_remark(&inode))
		puts(guard_remark(&inode));
	free(raw);
	return err;
}

static errcode_t hold(void)
{
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

static errcode_t obey(struct e4z_image *img, const char *text)
{
	struct order o = {.name = text};
	char name[256];

	if (sscanf(text, "write:%" SCNu64 ":%" SCNu64 ":%i", &o.off, &o.len, &o.byte) == 3)
		return write_bytes(img, &o);
	if (sscanf(text, "zero:%" SCNu64 ":%" SCNu64, &o.off, &o.len) == 2)
		return blkdev_zero(img->dev, o.off, o.len, "scribble");
	if (sscanf(text, "copy:%" SCNu64 ":%255s", &o.off, name) == 2)
		return copy_file(img, o.off, name);
	if (sscanf(text, "save:%" SCNu64 ":%" SCNu64, &o.off, &o.len) == 2)
		return undo_save(img, o.off, o.len);
	if (sscanf(text, "may:%" SCNu64 ":%" SCNu64, &o.off, &o.len) == 2)
		return may(img, o.off, o.len);
	if (!strcmp(text, "sync"))
		return blkdev_sync(img->dev, "scribble");
	if (!strcmp(text, "flush"))
		return img->undo ? undo_flush_keys(img->undo) : 0;
	if (!strcmp(text, "seal"))
		return undo_seal(img);
	if (!strcmp(text, "hold"))
		return hold();
	if (!strcmp(text, "die"))
		return kill(getpid(), SIGKILL) ? errno : 0;
	fprintf(stderr, "scribble: no such order: %s\n", text);
	exit(16);
}

static int failed(struct e4z_image *img, const char *image, errcode_t err, int status)
{
	fprintf(stderr, "scribble: %s: %s: %s\n", image, e4z_context(img), e4z_message(img, err));
	e4z_close(img);
	return status;
}

int main(int argc, char **argv)
{
	struct e4z_open_options options = {.write = true};
	const char *undo = NULL, *trace = NULL;
	struct e4z_image *img = NULL;
	errcode_t err;
	int i;

	e4z_init_errors();
	for (i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "force"))
			options.force = true;
		else if (!key(argv[i], "partition", &options.partition) &&
			 !key(argv[i], "journal", &options.journal_device) &&
			 !key(argv[i], "undo", &undo) && !key(argv[i], "trace", &trace))
			break;
	}
	err = argc < 2 ? EINVAL : e4z_open(argv[1], &options, &img);
	if (!err && undo)
		err = e4z_keep_undo(img, undo);
	if (!err && trace)
		err = e4z_trace(img, trace);
	if (err)
		return failed(img, argc < 2 ? "" : argv[1], err, 8);
	for (; i < argc; i++) {
		err = obey(img, argv[i]);
		if (err)
			return failed(img, argv[1], err, 12);
	}
	e4z_close(img);
	return 0;
}
