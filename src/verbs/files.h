/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The FILEs that a verb works on: each may be a directory or a pattern, and stand for many. */
#ifndef E4ZERO_FILES_H
#define E4ZERO_FILES_H

#include "report/report.h"

struct file_walk {
	struct report *report;
	const volatile int *stop;
	bool links; /* symbolic links are taken, too */
	bool below; /* a directory stands for what is below it */
	/*
	 * Do what the verb does with the file MATCH, which is called NAME: a path, or "<INO>" where
	 * it has none. NAME may be given to the library, and is gone when this returns.
	 */
	errcode_t (*one)(void *arg, const struct e4z_match *match, const char *name);
	void *arg;

	uint64_t skipped;  /* how many there were; each is reported */
	const char *given; /* the FILE that is being expanded */
};

/* Everything that the FILE GIVEN stands for; LITERAL: it is spelt so if it is no pattern, NULL. */
errcode_t files_expand(struct file_walk *files, struct e4z_image *img, const char *given,
		       const char *literal);

/* All FILEs of the command line, one after the other. */
errcode_t files_each(struct file_walk *files, struct e4z_image *img);

/* What they stand for, kept: the paths, too. All zero is empty. */
struct file_list {
	struct e4z_match *items;
	size_t count, room;
};

errcode_t file_list_gather(struct file_list *list, struct file_walk *files, struct e4z_image *img);
void file_list_free(struct file_list *list);

#endif
