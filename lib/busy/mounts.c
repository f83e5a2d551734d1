// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/self/mountinfo, taken apart. A line is "36 35 98:0 /root /point rw,noatime shared:1 - ext3
 * /dev/root rw,errors=continue": any number of optional fields stands before the dash.
 */
#include "busy/mounts.h"

#include <stdlib.h>
#include <string.h>

void mounts_decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool parse(char *line, struct mount *mount)
{
	char *field[5], *rest = line, *word, *type, *source;
	dev_t dev;

	for (int i = 0; i < 5; i++)
		if (!(field[i] = strsep(&rest, " ")) || !rest)
			return false;
	if (!host_parse_dev(field[2], &dev))
		return false;
	while ((word = strsep(&rest, " ")) && strcmp(word, "-") != 0)
		;
	type = strsep(&rest, " ");
	source = strsep(&rest, " ");
	if (!type || !source)
		return false;
	mounts_decode(field[4]);
	mounts_decode(source);
	*mount = (struct mount){dev, field[4], type, source};
	return true;
}

bool mounts_read(const struct host *host, struct mounts *mounts)
{
	char *line, *rest;
	bool ok;

	*mounts = (struct mounts){.text = host_proc(host, "self/mountinfo")};
	ok = mounts->text && *mounts->text;
	rest = mounts->text;
	while (ok && (line = strsep(&rest, "\n"))) {
		struct mount mount;

		if (parse(line, &mount) && vec_push(mounts, mount))
			ok = false;
	}
	return ok;
}

void mounts_free(struct mounts *mounts)
{
	vec_free(mounts);
	free(mounts->text);
	mounts->text = NULL;
}

bool mount_is_fuse(const struct mount *mount)
{
	return !strncmp(mount->type, "fuse", 4) && strcmp(mount->type, "fusectl") != 0;
}

static const char *type_of(const struct mounts *mounts, dev_t dev)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->items[i].dev == dev)
			return mounts->items[i].type;
	return "";
}

/* Others show what they find elsewhere (overlayfs, FUSE, networks), or are not known to keep it. */
static bool keeps_files(const char *type)
{
	static const char *const types[] = {"tmpfs", "ramfs", "ext2",  "ext3", "ext4",
					    "xfs",   "f2fs",  "btrfs", "vfat", "exfat"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

bool mounts_keep_apart(const struct mounts *mounts, dev_t a, dev_t b)
{
	return a != b && keeps_files(type_of(mounts, a)) && keeps_files(type_of(mounts, b));
}
