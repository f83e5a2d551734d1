/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --report: a page for people, made of what another report prints. */
#ifndef E4ZERO_PAGE_H
#define E4ZERO_PAGE_H

#include "report/report.h"

/* INNER gets everything, too; it is closed with the page, or now. NULL: no memory. */
struct report *page_report_open(const struct options *options, struct report *inner);

/*
 * The process is about to be confined: make the file, and the child that gives it its name at the
 * end. FDS, room for PAGE_OUTPUTS more, *COUNT so far: descriptors that are written to.
 */
enum { PAGE_OUTPUTS = 2 };
errcode_t page_settle(struct report *report, int *fds, size_t *count);

#endif
