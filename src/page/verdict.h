/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The head of the page: the verdict in a sentence, what it is about, the numbers of the summary. */
#ifndef E4ZERO_PAGE_VERDICT_H
#define E4ZERO_PAGE_VERDICT_H

#include "report/report.h"
#include <stdio.h>

errcode_t page_verdict_print(const struct options *options, const struct report_summary *summary,
			     FILE *to);
/* The image, as it was opened. */
errcode_t page_facts_print(const struct e4z_image_info *info, FILE *to);
void page_numbers_print(const struct report_summary *summary, FILE *to);

#endif
