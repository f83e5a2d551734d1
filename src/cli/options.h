/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line asks for; one table feeds getopt, --help and the usage errors. */
#ifndef E4ZERO_OPTIONS_H
#define E4ZERO_OPTIONS_H

#include "e4zero.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options;
struct report;

/* Does what a verb says and returns the exit status. STOP becomes non-zero when a signal came. */
typedef int verb_fn(const struct options *options, struct report *report, const volatile int *stop);

enum sandbox_mode { SANDBOX_AUTO, SANDBOX_OFF, SANDBOX_REQUIRE };

enum progress_mode { PROGRESS_NONE, PROGRESS_BAR, PROGRESS_LINES };

struct options {
	char **argv; /* as getopt left it: options, then from first_word on the others */
	int argc, first_word;
	const char *image; /* never NULL after a good parse, unless the verb requires none */
	const char *const *files;
	size_t file_count;
	const char *const *reports; /* of --merge, instead of an image */
	size_t report_count;
	verb_fn *verb;
	const char *verb_name;

	const char *partition;
	const char *journal_device;
	enum e4z_format format; /* of the image */
	const char *passphrase_file;
	int passphrase_fd;	  /* 0: none */
	const char *trace, *undo; /* files to write; only with a verb that edits */
	const char *page;	  /* the file of the report for people */
	const char *script;	  /* the operations to do, "-": standard input */
	const char *from;	  /* what --write writes; NULL: standard input */
	const char *undo_apply;	  /* the undo file to take back */
	uint64_t size;		  /* what --truncate sets */
	uint64_t offset, length;  /* bytes of a file; length 0: to the end */
	bool offset_given, length_given, keep_size;
	enum e4z_holes holes;
	enum e4z_policy policy;
	enum e4z_convert_to convert_to;
	enum e4z_data_mode data;
	uint64_t kinds;		/* E4Z_KIND_BIT()s, 0: all */
	unsigned jobs;		/* 0: the processors there are */
	unsigned timeout_s;	/* 0: the library's default */
	unsigned shard, shards; /* 0: all of the image */
	enum sandbox_mode sandbox;
	enum progress_mode progress;
	int progress_fd;
	bool all;	 /* what belongs to no file, too */
	bool allow_none; /* a pattern may match nothing */
	bool backing;	 /* follow the image to other files */
	bool dry_run;
	bool force;
	bool fsck_codes;
	bool json;
	bool paranoid;
	bool quiet;
	bool split;
	bool verbose;

	const char *purpose; /* why the image is opened, where that is not what was asked for */
	char fault[512];     /* what is wrong with the command line, a sentence; "": nothing */
};

/* False: see the fault. The other fields hold what could be understood, json among them. */
bool options_parse(int argc, char **argv, struct options *options);

/* Would --split make several transactions of what the verb does in one? It was not given. */
bool options_may_split(const struct options *options);

/* Is it a verb that may write to the image? */
bool options_may_write(const struct options *options);

/* Is it a verb that looks at a mounted file system with --force, which was not given? */
bool options_only_look(const struct options *options);

#endif
