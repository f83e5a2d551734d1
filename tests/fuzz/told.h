/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The results of a check as text, to compare them with those of another check. */
#ifndef E4Z_TESTS_FUZZ_TOLD_H
#define E4Z_TESTS_FUZZ_TOLD_H

#include "e4zero.h"
#include <stdio.h>

struct told {
	char *bytes;
	size_t len;
	FILE *file;
};

void told_begin(struct told *told);
/* The sink writes to TOLD, between told_begin() and told_end(). */
struct e4z_check_sink told_sink(struct told *told);
/* ERR is the result of the check. */
void told_end(struct told *told, errcode_t err);
bool told_same(const struct told *a, const struct told *b);
void told_free(struct told *told);

#endif
