/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be written: a file of the host, or standard input, which is kept in one first. */
#ifndef E4ZERO_SOURCE_H
#define E4ZERO_SOURCE_H

#include "e4zero.h"

struct source {
	int fd;
	char *kept;   /* all of it, in memory; NULL: in FD */
	bool spooled; /* FD is a temporary file */
	const volatile int *stop;
	struct e4z_source bytes; /* for e4z_write_from() */
	char why[256];		 /* what was being done when it failed */
};

/* A file of the host that is opened before its bytes are needed. */
struct source_file {
	int fd;	   /* -1: it is not open, or no longer here */
	int error; /* an errno value: why it could not be opened */
};

/* Open NAME, which is not "-". Reading it reports a failure. */
struct source_file source_find(const char *name);

/*
 * Open NAME, "-": standard input; FILE is what source_find() gave of it, whose descriptor becomes
 * SOURCE's, or NULL. What is no regular file is read to its end at once, into a
 * temporary file: BEYOND as soon as it gives more than LIMIT bytes, E4Z_ET_INTERRUPTED as soon as
 * *STOP is set. An errno value else. Give it to source_close() in any case.
 */
errcode_t source_open(struct source *source, const char *name, struct source_file *file,
		      uint64_t limit, errcode_t beyond, const volatile int *stop);

/*
 * What SOURCE, opened as NAME, gives from now on cannot be changed by others: where it is a regular
 * file it is copied, a small one into memory. Errors as source_open().
 */
errcode_t source_hold(struct source *source, const char *name);

/*
 * Open NAME, "-": standard input, for a later source_stream(), which reports a failure.
 */
struct source_file source_find_stream(const char *name);

/*
 * Read FILE once, with source_next() only: the data of a pipe is not kept. The descriptor of FILE
 * becomes SOURCE's. An errno value. Pass SOURCE to source_close() in any case.
 */
errcode_t source_stream(struct source *source, struct source_file *file, const volatile int *stop);

/* The next bytes, up to SIZE; *GOT is 0 at the end. E4Z_ET_INTERRUPTED, or an errno value. */
errcode_t source_next(struct source *source, char *to, size_t size, size_t *got);

void source_close(struct source *source);

/* An unlinked file in *DIR, where temporary files are kept; -1 with errno. */
int source_temporary(const char **dir);
/* It is of no use any more. */
void source_temporary_end(int fd);

enum { SOURCE_TEMPORARIES = 2 };

/*
 * Make all of them now that are in use at once, data and the edits of a script: later no file can
 * be made. Their descriptors; NULL: none can be made, of which source_temporary() gives the cause.
 */
const int *source_reserve(void);

#endif
