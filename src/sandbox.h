/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --sandbox: the process gives up what it does not need once all its files are open. */
#ifndef E4ZERO_SANDBOX_H
#define E4ZERO_SANDBOX_H

#include "report/report.h"

struct sandbox {
	struct report *report;
	bool reading;	/* the verb opens files of the host later */
	bool temporary; /* it keeps something in temporary files of its own */
};

/* The callback `opened` of e4z_open(); ARG is a struct sandbox. */
errcode_t sandbox_enter(void *arg, struct e4z_image *img);

/* Do OPTIONS ask for a confined process? */
bool sandbox_wanted(const struct options *options);

/*
 * Confine a process without an image: it keeps its open files, and writes to OUTPUT, too. READING:
 * it can also open files for reading.
 * E4Z_ET_UNCONFINED, with WHY: the end of a sentence.
 */
errcode_t sandbox_enter_bare(const struct options *options, int output, bool reading,
			     const char **why);

#endif
