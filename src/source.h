/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be written: a file of the host, or standard input, which is kept in one first. */
#ifndef E4ZERO_SOURCE_H
#define E4ZERO_SOURCE_H

#include "e4zero.h"

struct source {
	int fd;
	struct e4z_source bytes; /* for e4z_write_from() */
};

/* Open NAME, "-": standard input. An errno value. Give it to source_close() in any case. */
errcode_t source_open(struct source *source, const char *name);
void source_close(struct source *source);

#endif
