// SPDX-License-Identifier: GPL-2.0-or-later
// Finds what a pattern matches below a directory.
//
// One pass over the directories, on a stack of our own: a directory remembers which components of
// the pattern were due in it, and is never entered for the same one again. So neither a directory
// that contains itself nor links that lead back make it endless, and a directory is read no more
// often than the pattern has components.
#include "path/expansion.h"

#include "path/lookup.h"
#include <errno.h>
#include <string.h>

static errcode_t fail(struct expansion *x, const struct found *at, errcode_t err)
{
	if (!at->named)
		return image_fail(x->img, err, "%s: below inode %u", x->name, at->ino);
	return image_fail(x->img, err, "%s: %s", x->name, at->path_len ? x->path : "/");
}

/* ---- delivery ---- */

static const char *type_text(uint16_t mode)
{
	switch (mode & LINUX_S_IFMT) {
	case LINUX_S_IFREG: return "a regular file";
	case LINUX_S_IFDIR: return "a directory";
	case LINUX_S_IFLNK: return "a symbolic link";
	}
	return "a device, pipe or socket";
}

static errcode_t skip(struct expansion *x, const struct found *found, const char *why)
{
	const struct e4z_skipped skipped = {
		.ino = found->ino,
		.path = !found->named	  ? NULL
			: found->path_len ? x->path
					  : "/",
		.why = why,
	};

	return x->options->skipped ? x->options->skipped(x->options->arg, &skipped) : 0;
}

errcode_t expansion_hand_over(struct expansion *x, const struct e4z_match *match, const char *name)
{
	const struct known_name outer = x->img->known;
	errcode_t err;

	x->matches++;
	x->img->known = (struct known_name){name, match->ino, match->plain};
	err = x->options->match(x->options->arg, match);
	x->img->known = outer;
	return err;
}

/* MODE 0: not known. */
static errcode_t deliver(struct expansion *x, const struct found *found, uint16_t mode)
{
	const struct e4z_match match = {
		.ino = found->ino,
		.mode = mode,
		.path = found->named ? x->path : NULL,
		.plain = found->plain,
	};
	/* a link's path leads to somewhere else */
	bool link = (mode & LINUX_S_IFMT) == LINUX_S_IFLNK;
	bool again = false;

	if (rangeset_add(x->delivered, found->ino, 1, &again))
		return ENOMEM;
	return again ? 0 : expansion_hand_over(x, &match, link ? NULL : match.path);
}

static bool is_taken(const struct expansion *x, uint16_t mode)
{
	return !x->options->types || !mode || x->options->types & E4Z_TYPE_BIT(mode);
}

/* ---- directories ---- */

/* Those of STATES for which the directory INO was not entered; it is now. */
static errcode_t enter_once(struct expansion *x, uint32_t ino, uint64_t *states)
{
	for (size_t i = 0; i < PATTERN_STATES; i++) {
		bool again = false;

		if (!(*states >> i & 1))
			continue;
		if (!x->entered[i])
			x->entered[i] = rangeset_new((uint64_t)x->img->inodes + 1);
		if (!x->entered[i] || rangeset_add(x->entered[i], ino, 1, &again))
			return ENOMEM;
		if (again)
			*states &= ~((uint64_t)1 << i);
	}
	return 0;
}

static bool is_dot(const struct dir_entry *entry)
{
	return entry->name[0] == '.' &&
	       (entry->name_len == 1 || (entry->name_len == 2 && entry->name[1] == '.'));
}

static bool can_be_spelt(const char *name, size_t len)
{
	return !memchr(name, '/', len) && !memchr(name, '\0', len);
}

static bool on_entry(void *arg, const struct dir_entry *entry)
{
	struct expansion *x = arg;
	const struct level *level = &x->levels.items[x->levels.count - 1];
	const struct pattern *pattern = &x->pattern;
	struct pattern_step step;

	if (x->options->stop && *x->options->stop)
		x->err = E4Z_ET_INTERRUPTED;
	if (x->err || is_dot(entry) ||
	    (!pattern->all && !can_be_spelt(entry->name, entry->name_len)))
		return !x->err;
	step = pattern_step(pattern, level->states, entry->name, entry->name_len);
	if (step.matches || step.below || step.next)
		x->err = namelist_add(&x->levels.items[x->levels.count - 1].list, entry);
	return !x->err;
}

static errcode_t read_names(struct expansion *x, const struct found *dir, const struct inode *inode)
{
	const struct dir_sink sink = {.entry = on_entry, .arg = x};
	bool corrupt = false;
	errcode_t err = dir_walk(x->img, &x->work, inode, &x->budget, &sink, &corrupt);

	if (x->err)
		return x->err;
	if (!err && corrupt)
		err = E4Z_ET_BAD_DIR;
	if (err)
		return fail(x, dir, err);
	namelist_sort(&x->levels.items[x->levels.count - 1].list);
	return 0;
}

/* Nobody can say whether the name of anything in DIR is asked for. */
static errcode_t skip_encrypted(struct expansion *x, const struct found *dir)
{
	x->encrypted = true;
	return skip(x, dir, "an encrypted directory: no pattern matches the names in it");
}

/* DIR, a directory whose INODE was read, is the next to be worked on. */
static errcode_t enter(struct expansion *x, const struct found *dir, const struct inode *inode,
		       uint64_t states)
{
	struct level level = {.ino = dir->ino,
			      .path_len = dir->path_len,
			      .named = dir->named,
			      .plain = dir->plain};
	errcode_t err = enter_once(x, dir->ino, &states);

	if (err || !states)
		return err;
	if (inode->flags & EXT4_ENCRYPT_FL && !x->pattern.all)
		return skip_encrypted(x, dir);
	level.states = states;
	if (vec_push(&x->levels, level))
		return ENOMEM;
	return read_names(x, dir, inode);
}

/* The link FOUND leads to a directory, perhaps, where STATES are due. */
static errcode_t enter_link(struct expansion *x, uint32_t dir, const struct found *link,
			    uint64_t states)
{
	struct found target = {.path_len = link->path_len, .named = link->named};
	struct inode inode;
	errcode_t err = lookup_link(x->img, &x->work, dir, link->ino, &x->link_budget, &target.ino);

	if (err == E4Z_ET_LOOP && !x->link_budget)
		return image_refuse(x->img, err, "%s: too much to read to follow all links",
				    x->name);
	if (err == E4Z_ET_NOT_FOUND || err == ENOTDIR || err == E4Z_ET_LOOP)
		return 0;
	if (!err)
		err = inode_read(x->img, target.ino, x->raw, &inode);
	if (err)
		return fail(x, link, err);
	return inode_is(&inode, LINUX_S_IFDIR) ? enter(x, &target, &inode, states) : 0;
}

/* ---- names ---- */

/* The path of NAME in LEVEL. */
static struct found found_name(struct expansion *x, const struct level *level,
			       const struct listed_name *name)
{
	struct found found = {.ino = name->ino, .plain = level->plain};
	size_t len = level->path_len + 1 + name->len;

	if (!level->named || name->hidden || len >= PATH_LIMIT ||
	    !can_be_spelt(name->text, name->len))
		return found;
	x->path[level->path_len] = '/';
	memcpy(x->path + level->path_len + 1, name->text, name->len);
	x->path[len] = '\0';
	found.path_len = len;
	found.named = true;
	return found;
}

/* Of what type NAME is the directory says; where it does not, the inode has to be asked. */
static bool may_be(const struct listed_name *name, uint8_t type)
{
	return !name->type || name->type == type;
}

/* FOUND matches; ENTERED: it will be entered if it is a directory. */
static errcode_t take(struct expansion *x, const struct found *found, uint16_t mode, bool entered)
{
	bool dir = (mode & LINUX_S_IFMT) == LINUX_S_IFDIR;

	if (is_taken(x, mode))
		return deliver(x, found, mode);
	x->others = true;
	return dir && entered ? 0 : skip(x, found, type_text(mode));
}

static errcode_t work_on(struct expansion *x, const struct listed_name *name)
{
	const struct level *level = &x->levels.items[x->levels.count - 1];
	struct pattern_step step = pattern_step(&x->pattern, level->states, name->text, name->len);
	bool deep = (step.below | step.next) && may_be(name, EXT2_FT_DIR);
	bool follow = step.next && may_be(name, EXT2_FT_SYMLINK);
	uint32_t dir = level->ino;
	struct found found;
	struct inode inode = {0};
	errcode_t err;

	/* the one that a lookup would find is the first */
	if ((name->hidden && !x->pattern.all) || (!step.matches && !deep && !follow))
		return 0;
	found = found_name(x, level, name);
	err = inode_read(x->img, name->ino, x->raw, &inode);
	if (err && (deep || follow))
		return fail(x, &found, err);
	if (x->pattern.dirs_only && !inode_is(&inode, LINUX_S_IFDIR))
		step.matches = false;
	err = step.matches ? take(x, &found, err ? 0 : inode.mode, deep) : 0;
	if (err)
		return err;
	if (deep && inode_is(&inode, LINUX_S_IFDIR))
		return enter(x, &found, &inode, step.below | step.next);
	if (follow && inode_is(&inode, LINUX_S_IFLNK))
		return enter_link(x, dir, &found, step.next);
	return 0;
}

static errcode_t work_on_levels(struct expansion *x)
{
	errcode_t err = 0;

	while (x->levels.count && !err) {
		struct level *level = &x->levels.items[x->levels.count - 1];

		if (level->next == level->list.names.count) {
			namelist_free(&level->list);
			x->levels.count--;
			continue;
		}
		if (x->options->stop && *x->options->stop)
			return E4Z_ET_INTERRUPTED;
		err = work_on(x, &level->list.names.items[level->next++]);
	}
	return err;
}

errcode_t expansion_below(struct expansion *x, const struct found *top, const struct inode *inode)
{
	errcode_t err = enter(x, top, inode, pattern_start(&x->pattern));

	return err ? err : work_on_levels(x);
}
