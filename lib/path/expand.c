// SPDX-License-Identifier: GPL-2.0-or-later
// Expands a pattern, or a directory, into the files that it stands for.
#include "path/expansion.h"
#include "path/lookup.h"

#include "base/reserved.h"
#include "image/groups.h"
#include "image/turn.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* NAME leads to INO, and so does the path from now on. */
static struct found found_given(struct expansion *x, const char *name, uint32_t ino, bool plain)
{
	struct found found = {.ino = ino, .plain = plain};
	size_t len = strlen(name);

	while (len && name[len - 1] == '/')
		len--;
	if (*name == '<' || len >= PATH_LIMIT)
		return found;
	memcpy(x->path, name, len);
	x->path[len] = '\0';
	found.path_len = len;
	found.named = true;
	return found;
}

/* NAME exists: it is the only match, or all that is below it is. */
static errcode_t expand_literal(struct expansion *x, const char *name, uint32_t ino, bool plain)
{
	struct found found = found_given(x, name, ino, plain);
	struct inode inode = {0};
	errcode_t err = inode_read(x->img, ino, x->raw, &inode);
	const struct e4z_match match = {.ino = ino,
					.mode = err ? 0 : inode.mode,
					.path = *name == '<' ? NULL : name,
					.plain = plain,
					.literal = true};

	if (x->options->below && found.named && inode_is(&inode, LINUX_S_IFDIR)) {
		pattern_all(&x->pattern);
		return expansion_below(x, &found, &inode);
	}
	return expansion_hand_over(x, &match, name);
}

static bool is_absent(errcode_t err)
{
	return err == E4Z_ET_NOT_FOUND || err == E4Z_ET_LOOP || err == ENOTDIR;
}

static errcode_t no_match(struct expansion *x)
{
	return image_refuse(x->img, E4Z_ET_NO_MATCH, "%.800s: %s%s", x->name,
			    x->others ? "no regular file matches" : "no file matches",
			    x->encrypted ? "; names in encrypted directories are not known" : "");
}

static errcode_t expand_pattern(struct expansion *x)
{
	const char *prefix = x->pattern.prefix, *why = "";
	struct inode inode;
	struct found top;
	bool plain;
	uint32_t ino;
	errcode_t err = pattern_init(&x->pattern, x->name, &why);

	if (err == E4Z_ET_USAGE)
		return image_refuse(x->img, err, "%.800s: %s", x->name, why);
	if (err)
		return err;
	prefix = *x->pattern.prefix ? x->pattern.prefix : "/";
	err = lookup(x->img, &x->work, prefix, &ino, &plain);
	if (is_absent(err))
		return no_match(x);
	if (err)
		return err;
	if (!x->pattern.count)
		return expand_literal(x, prefix, ino, plain);
	err = inode_read(x->img, ino, x->raw, &inode);
	if (err)
		return image_fail(x->img, err, "%s: %s", x->name, prefix);
	top = found_given(x, prefix, ino, plain);
	image_forget(x->img);
	if (inode_is(&inode, LINUX_S_IFDIR))
		err = expansion_below(x, &top, &inode);
	if (!err && !x->matches)
		err = no_match(x);
	return err;
}

static errcode_t expand(struct expansion *x)
{
	const char *name = x->options->name ? x->options->name : x->name;
	uint32_t ino;
	bool plain;
	errcode_t err = lookup(x->img, &x->work, name, &ino, &plain);

	if (!err)
		return expand_literal(x, name, ino, plain);
	if (*x->name != '/' || !is_absent(err) || !pattern_is(x->name))
		return err;
	image_forget(x->img);
	return expand_pattern(x);
}

static void expansion_free(struct expansion *x)
{
	for (size_t i = 0; i < x->levels.count; i++)
		namelist_free(&x->levels.items[i].list);
	vec_free(&x->levels);
	for (size_t i = 0; i < PATTERN_STATES; i++)
		rangeset_free(x->entered[i]);
	rangeset_free(x->delivered);
	pattern_free(&x->pattern);
	map_work_free(&x->work);
	free(x->raw);
	free(x);
}

errcode_t e4z_expand(struct e4z_image *img, const char *pattern,
		     const struct e4z_expand_options *options)
{
	struct expansion *x;
	errcode_t err = turn_check(img, 0);

	if (err)
		return err;
	if (!RESERVED_IS_ZERO(options))
		return image_refuse(img, E4Z_ET_USAGE, RESERVED_WHY);
	x = calloc(1, sizeof(*x));
	if (!x)
		return ENOMEM;
	*x = (struct expansion){.img = img,
				.name = pattern,
				.options = options,
				.work = {.stop = options->stop},
				.raw = malloc(img->inode_size),
				.delivered = rangeset_new((uint64_t)img->inodes + 1),
				.budget = lookup_budget(img) * PATTERN_STATES,
				.link_budget = lookup_budget(img)};
	err = x->raw && x->delivered ? groups_load(img) : ENOMEM;
	if (!err)
		err = map_work_init(img, &x->work);
	img->expanding++;
	if (!err)
		err = expand(x);
	img->expanding--;
	expansion_free(x);
	return err;
}
