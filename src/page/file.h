/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of the page: a temporary one beside it, which takes its name once it is complete. */
#ifndef E4ZERO_PAGE_FILE_H
#define E4ZERO_PAGE_FILE_H

#include "e4zero.h"
#include <stdio.h>

struct page_file {
	FILE *stream;		     /* NULL: not open */
	char *temporary;	     /* NULL: a pipe or a device is written directly */
	const char *path;	     /* the caller's */
	struct e4z_errands *errands; /* a child that names and removes it; NULL: we can */
};

/* EEXIST: there is a file of that name, which stays. */
errcode_t page_file_create(struct page_file *file, const char *path);
/* Names of files will be of no use to us: a child gives FILE its name, or removes it. */
errcode_t page_file_delegate(struct page_file *file);
/* All was written: give the file its name. Closed in either case. */
errcode_t page_file_publish(struct page_file *file);
/* Close and remove what was written, unless it was published. */
void page_file_drop(struct page_file *file);

#endif
