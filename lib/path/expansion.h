/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pattern that is being expanded: one pass over the directories below where it begins. */
#ifndef E4Z_PATH_EXPANSION_H
#define E4Z_PATH_EXPANSION_H

#include "path/namelist.h"
#include "path/pattern.h"
#include "sets/rangeset.h"

/* PATH_MAX with its zero byte: a longer path is of no use to anybody. */
#define PATH_LIMIT 4096

/* A directory on the way down. */
struct level {
	uint32_t ino;
	uint64_t states;
	size_t path_len;
	bool named, plain; /* it has a path; with no link on the way */
	struct namelist list;
	size_t next;
};

struct expansion {
	struct e4z_image *img;
	const char *name; /* as given, for messages */
	const struct e4z_expand_options *options;
	struct pattern pattern;
	struct map_work work;
	uint8_t *raw;
	VEC(, struct level) levels;
	struct rangeset *entered[PATTERN_STATES]; /* directories, by state; NULL: none */
	struct rangeset *delivered;		  /* inodes */
	uint64_t budget, link_budget;		  /* blocks of directories that may be read */
	uint64_t matches;
	bool encrypted; /* a directory of names that cannot be matched was met */
	bool others;	/* there were matches of types that are not asked for */
	errcode_t err;
	char path[PATH_LIMIT];
};

/* What a name is, and what is in it. */
struct found {
	uint32_t ino;
	size_t path_len;
	bool named, plain;
};

/* Deliver MATCH; NAME leads to it, and is known to the image until that is done. */
errcode_t expansion_hand_over(struct expansion *x, const struct e4z_match *match, const char *name);

/* Everything that the pattern finds in the directory TOP, whose INODE was read. */
errcode_t expansion_below(struct expansion *x, const struct found *top, const struct inode *inode);

#endif
