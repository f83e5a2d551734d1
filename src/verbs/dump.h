/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Some bytes of the first findings, shown after the table. */
#ifndef E4ZERO_DUMP_H
#define E4ZERO_DUMP_H

#include "report/report.h"

/* Enough to see what it is about. */
enum { DUMP_FINDINGS = 4 };

/* All zero is empty. */
struct dump {
	struct {
		char *of; /* safe to print */
		const char *in;
		uint64_t first;
		struct report_sample sample;
	} items[DUMP_FINDINGS];
	int count;
};

/* Keep SAMPLE of F, if there is one and room for it. 0 or ENOMEM. */
errcode_t dump_keep(struct dump *dump, const struct e4z_finding *f,
		    const struct report_sample *sample);
/* As hexdump -C prints; what is not ASCII is a dot. */
void dump_print(const struct dump *dump);
void dump_free(struct dump *dump);

#endif
