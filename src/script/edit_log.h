/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operations did, until it may be reported: many of them wait in a temporary file. */
#ifndef E4ZERO_EDIT_LOG_H
#define E4ZERO_EDIT_LOG_H

#include "report/report.h"

/* All zero is empty; give it to edit_log_free() in any case. */
struct edit_log {
	int file;     /* one more than its descriptor; 0: there is none yet */
	char *buffer; /* what comes after the file's content */
	size_t used;
	uint64_t filed;	  /* bytes in the file */
	uint32_t *inodes; /* of those that were reported, in no order */
	size_t count, room;
	char why[256]; /* what was being done when it failed */
};

/* Keep EDIT and a copy of its path. ENOMEM, or an errno value of the temporary file. */
errcode_t edit_log_add(struct edit_log *log, const struct e4z_edit *edit);

/* Report all that is kept, in its order, and forget it. */
errcode_t edit_log_report(struct edit_log *log, struct report *report);

/* Files that reported edits were of. */
uint64_t edit_log_files(struct edit_log *log);

void edit_log_free(struct edit_log *log);

#endif
