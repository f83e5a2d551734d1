/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --report: a page for people, made of what another report prints. */
#ifndef E4ZERO_PAGE_H
#define E4ZERO_PAGE_H

#include "report/report.h"

/* INNER gets everything, too; it is closed with the page, or now. NULL: no memory. */
struct report *page_report_open(const struct options *options, struct report *inner);

#endif
