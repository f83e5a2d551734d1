/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the steps of image_open() share. */
#ifndef E4Z_IMAGE_OPENING_H
#define E4Z_IMAGE_OPENING_H

#include "busy/busy.h"
#include "format/super.h"
#include "image/image.h"
#include "image/place.h"

#define WHY_SIZE 1024
#define NOTES_MAX 8
#define NOTE_SIZE 320

/* What one call of image_open() knows beside the handle. */
struct opening {
	struct e4z_image *img;
	const struct e4z_open_options *options;
	struct place_spec spec;
	int partition; /* number, 0: none */
	struct busy busy;
	_Alignas(struct ext2_super_block) uint8_t raw[SUPER_SIZE];
	char notes[NOTES_MAX][NOTE_SIZE];
	size_t note_count;
};

/* Read the superblock into O->raw; refuse what is not ext, with what it is instead. */
errcode_t opening_read_super(struct opening *o);

/* Validate it; with options->repair a torn one is repaired in O->raw. */
errcode_t opening_check_super(struct opening *o);

/* Have libext2fs read the superblock and the descriptors through the view. */
errcode_t image_attach_fs(struct e4z_image *img);

/* The names of the features in info; they stay where they are as long as they are the same. */
errcode_t image_keep_features(struct e4z_image *img);

/* Free an array of info, unless it is the static one that is empty. */
void image_strings_free(const char *const *strings);

#endif
