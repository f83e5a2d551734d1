/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs that write have in common, and --undo-apply. */
#ifndef E4ZERO_EDIT_H
#define E4ZERO_EDIT_H

#include "e4zero.h"
#include "options.h"

/*
 * Open the image for editing as the options say: locked, judged, its undo file and trace begun
 * (not in a dry run). As e4z_open(): *IMG must be closed after a failure, too.
 */
errcode_t edit_open(const struct options *options, struct e4z_image **img);

verb_fn edit_undo_run;

#endif
