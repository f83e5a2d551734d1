/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of all reports, opened before any of them is read. */
#ifndef E4ZERO_REPORTS_H
#define E4ZERO_REPORTS_H

#include "script/source.h"

/* Open the COUNT files NAMES with source_find_stream(). NULL: no memory. */
struct source_file *reports_open(const char *const *names, size_t count);

/* Close the files that were not read; FILES may be NULL. */
void reports_close(struct source_file *files, size_t count);

#endif
