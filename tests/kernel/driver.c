// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Edits an image through the public face of the library, as a script says.
 *
 *   driver truncate IMAGE [OPTIONS] <SCRIPT   lines "FILE SIZE"; answers "ok" or "no CAUSE TEXT"
 *   driver replay IMAGE [OPTIONS]             how many transactions were replayed
 *   driver map IMAGE FILE...                  "FILE LBLK LEN PBLK STATE" for each piece but holes
 *
 * Options: data=journal|ordered, per=N (lines in a transaction, 0: all), reopen (for each
 * transaction), journal=DEVICE. Exit 8: could not begin; 12: the commit failed, and whether
 * something was written.
 */
#include "e4zero.h"
#include "errors.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct driver {
	const char *path;
	struct e4z_open_options open;
	struct e4z_edit_options edit;
	unsigned long per;
	bool reopen;
	struct e4z_image *img;
	struct e4z_commit_summary sum;
};

static int complain(const struct driver *d, const char *what, errcode_t err)
{
	printf("%s: %s: %s\n", what, e4z_message(d->img, err), e4z_context(d->img));
	fflush(stdout);
	if (d->img && e4z_has_written(d->img))
		puts("something was written");
	return 8;
}

static errcode_t ready(struct driver *d)
{
	errcode_t err = 0;

	if (!d->img)
		err = e4z_open(d->path, &d->open, &d->img);
	return err ? err : e4z_begin(d->img, &d->edit);
}

static int commit(struct driver *d)
{
	struct e4z_commit_summary sum;
	errcode_t err = e4z_commit(d->img, &sum);

	if (err) {
		complain(d, "commit", err);
		return 12;
	}
	d->sum.transactions += sum.transactions;
	d->sum.replayed += sum.replayed;
	if (d->reopen) {
		e4z_close(d->img);
		d->img = NULL;
	}
	return 0;
}

static const char *cause(errcode_t err)
{
	switch (err) {
	case E4Z_ET_QUOTA: return "quota";
	case E4Z_ET_NO_SPACE: return "space";
	case EFBIG: return "big";
	default: return "other";
	}
}

static void one_line(struct driver *d, const char *name, uint64_t size)
{
	struct e4z_edit edit;
	errcode_t err = e4z_truncate(d->img, name, size, &edit);

	if (err)
		printf("no %s %s: %s\n", cause(err), e4z_message(d->img, err), e4z_context(d->img));
	else if (edit.size_after != size)
		printf("no other size_after is %" PRIu64 "\n", edit.size_after);
	else
		puts("ok");
}

static int run_script(struct driver *d)
{
	char line[512], name[256];
	unsigned long inside = 0;
	uint64_t size;
	errcode_t err;
	int status = 0;

	while (!status && fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%255s %" SCNu64, name, &size) != 2)
			return 2;
		if (!inside) {
			err = ready(d);
			if (err)
				return complain(d, "begin", err);
		}
		one_line(d, name, size);
		if (++inside == d->per) {
			status = commit(d);
			inside = 0;
		}
	}
	if (!status && inside)
		status = commit(d);
	return status;
}

static int replay(struct driver *d)
{
	errcode_t err = e4z_open(d->path, &d->open, &d->img);

	if (err)
		return complain(d, "open", err);
	err = e4z_replay(d->img, &d->sum);
	if (err)
		return complain(d, "replay", err);
	printf("replayed %" PRIu64 "\n", d->sum.replayed);
	return 0;
}

struct listing {
	const char *name;
};

static errcode_t print_piece(void *arg, const struct e4z_map_piece *piece)
{
	static const char *const names[] = {
		[E4Z_MAP_HOLE] = "hole",
		[E4Z_MAP_UNWRITTEN] = "unwritten",
		[E4Z_MAP_WRITTEN] = "written",
		[E4Z_MAP_INLINE] = "inline",
	};
	const struct listing *list = arg;

	if (piece->state != E4Z_MAP_HOLE)
		printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", list->name, piece->lblk,
		       piece->blocks, piece->pblk == E4Z_NONE ? 0 : piece->pblk,
		       names[piece->state]);
	return 0;
}

static int map(struct driver *d, char **names)
{
	struct listing list;
	errcode_t err;

	d->open.write = false;
	err = e4z_open(d->path, &d->open, &d->img);
	if (err)
		return complain(d, "open", err);
	for (; *names; names++) {
		list.name = *names;
		err = e4z_map(d->img, *names, print_piece, &list);
		if (err)
			return complain(d, *names, err);
	}
	return 0;
}

static bool parse_options(struct driver *d, char **args)
{
	for (; *args; args++) {
		if (!strcmp(*args, "data=journal"))
			d->edit.data = E4Z_DATA_JOURNAL;
		else if (!strcmp(*args, "data=ordered"))
			d->edit.data = E4Z_DATA_ORDERED;
		else if (!strncmp(*args, "per=", 4))
			d->per = strtoul(*args + 4, NULL, 10);
		else if (!strcmp(*args, "reopen"))
			d->reopen = true;
		else if (!strncmp(*args, "journal=", 8))
			d->open.journal_device = *args + 8;
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct driver d = {.open.write = true};
	int status = 2;

	if (argc < 3)
		return status;
	d.path = argv[2];
	e4z_init_errors();
	if (!strcmp(argv[1], "map"))
		status = map(&d, argv + 3);
	else if (!parse_options(&d, argv + 3))
		fprintf(stderr, "driver: unknown option\n");
	else if (!strcmp(argv[1], "truncate"))
		status = run_script(&d);
	else if (!strcmp(argv[1], "replay"))
		status = replay(&d);
	e4z_close(d.img);
	return status;
}
