/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz targets and their environment. */
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
	const char *bases; /* prefix of the names of its bases; NULL: all input is in the text */
	/* texts of the first inputs; an empty one ends the list */
	const struct fuzz_text *texts;
	bool plain;	       /* its options are in the text */
	bool writes;	       /* to its base */
	enum target_kind kind; /* metadata that is changed more often */
	/* Repairs checksums that target_repair() does not know. NULL: there are none. */
	void (*repair)(uint8_t *data, size_t len);
	/* Before the first input; or NULL. */
	void (*prepare)(void);
	void (*run)(struct base *base, const struct input *in);
};

extern const struct fuzz_target fuzz_super, fuzz_open_target, fuzz_groups, fuzz_maps, fuzz_dirs,
	fuzz_xattrs, fuzz_check, fuzz_log, fuzz_journal, fuzz_fix, fuzz_script, fuzz_undo,
	fuzz_headers, fuzz_map, fuzz_nbd, fuzz_convert;

/* The target that runs, and its bases. */
extern const struct fuzz_target *fuzz_target;
extern struct base_vec fuzz_bases;

/* An allocation, a read or a step of writing fails, at some point of this input. */
extern bool fuzz_failing;
/* ERR says that an allocation failed, as one did: it needs no other words. */
bool fuzz_no_memory(errcode_t err);
/* LEN bytes that there are, whatever fails. */
void *fuzz_alloc(size_t len);

/* Among the options of an input: the kind that fails, and its number, from 1 on. */
enum { OPTION_KIND = 4, OPTION_NUMBER = 5 };

/* Run the target on BASE, as it is, with the options and the text of IN. */
void fuzz_run(struct base *base, const struct input *in);
/*
 * Write the first inputs to FOLDER. SWEEP is FUZZ_SWEEP, 0: no failing inputs; FIELDS is
 * FUZZ_FIELDS, 0: no changed fields.
 */
void seeds_write(const char *folder, unsigned sweep, unsigned fields);
/* A failure ends the program. */
void fuzz_write_file(const char *path, const uint8_t *data, size_t len);

/* Report a fault in a sentence, and abort. */
_Noreturn __attribute__((format(printf, 1, 2))) void fuzz_wrong(const char *format, ...);

/* Open BASE with OPTIONS; NULL: it was refused with a message. */
struct e4z_image *fuzz_open(const struct base *base, const struct e4z_open_options *options);
/* Check that ERR is a failure that an image may cause, and that it has a message. */
void fuzz_failed(const struct e4z_image *img, errcode_t err);

#endif
