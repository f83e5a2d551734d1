/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The findings of all shards, in the order of a check of the whole image. */
#ifndef E4ZERO_DELIVER_H
#define E4ZERO_DELIVER_H

#include "merge/facts.h"
#include "report/report.h"

/* COUNT parts, in the order of shards, to REPORT; what they add up to into SUMMARY. */
errcode_t deliver_parts(struct part_reader *reader, const struct part *parts, size_t count,
			const struct facts *facts, struct report *report,
			struct report_summary *summary);

#endif
