/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report as JSON Lines: one object a line, the last one a summary. */
#ifndef E4ZERO_REPORT_JSON_H
#define E4ZERO_REPORT_JSON_H

#include "report/report.h"

/* NULL: no memory. */
struct report *report_json_open(const struct options *options);

#endif
