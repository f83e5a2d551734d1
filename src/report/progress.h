/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a check is: a bar on a terminal, or lines on a descriptor as e2fsck -C writes them. */
#ifndef E4ZERO_PROGRESS_H
#define E4ZERO_PROGRESS_H

#include "cli/options.h"
#include "e4zero.h"

struct progress {
	enum progress_mode mode;
	int fd;
	const char *image;
	enum e4z_pass pass; /* 0: none yet */
	int step;	    /* of STEPS in the pass; the last that was shown */
	int shown;	    /* columns that the bar takes now */
};

void progress_start(struct progress *progress, const struct options *options);
void progress_update(struct progress *progress, enum e4z_pass pass, uint64_t current, uint64_t max);
/* Take the bar away: other text follows. */
void progress_hide(struct progress *progress);

#endif
