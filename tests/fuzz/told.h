/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a check told, as text that another one can be compared with. */
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
/* Writes to TOLD, which has begun, as long as the sink is used. */
struct e4z_check_sink told_sink(struct told *told);
/* ERR is what the check ended with. */
void told_end(struct told *told, errcode_t err);
bool told_same(const struct told *a, const struct told *b);
void told_free(struct told *told);

#endif
