/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fuzz target is, and what it gets. */
#ifndef E4Z_TESTS_FUZZ_FUZZ_H
#define E4Z_TESTS_FUZZ_FUZZ_H

#include "base.h"
#include "e4zero.h"

struct fuzz_text {
	const char *bytes;
	uint32_t len;
};
#define FUZZ_TEXT(string)                                                                          \
	{                                                                                          \
		string, sizeof(string) - 1                                                         \
	}

struct fuzz_target {
	const char *name;
	const char *bases; /* their names begin with it; NULL: all is in the text */
	/* of the first inputs; one without bytes ends the list */
	const struct fuzz_text *texts;
	bool writes;	       /* to the file */
	enum target_kind kind; /* of metadata that it is about, and is changed more often */
	/* Makes checksums right that no target_repair() knows. NULL: there are none. */
	void (*repair)(uint8_t *data, size_t len);
	void (*run)(struct base *base, const struct input *in);
};

extern const struct fuzz_target fuzz_super, fuzz_groups, fuzz_maps, fuzz_dirs, fuzz_xattrs,
	fuzz_check, fuzz_log, fuzz_fix, fuzz_script, fuzz_undo, fuzz_headers, fuzz_map, fuzz_nbd;

/* The one that runs, and its bases. */
extern const struct fuzz_target *fuzz_target;
extern struct base_vec fuzz_bases;

/* Something that must not be: a sentence, and the end. */
_Noreturn __attribute__((format(printf, 1, 2))) void fuzz_wrong(const char *format, ...);

/* Open BASE for looking; NULL: it is refused, in words. */
struct e4z_image *fuzz_open(const struct base *base, const struct e4z_open_options *options);
/* ERR is a failure that an image may cause, and there are words for it. */
void fuzz_failed(const struct e4z_image *img, errcode_t err);

#endif
