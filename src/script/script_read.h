/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A script as lines that are understood. */
#ifndef E4ZERO_SCRIPT_READ_H
#define E4ZERO_SCRIPT_READ_H

#include "script/edit_log.h"
#include "script/script_text.h"
#include "script/source_list.h"
#include "verbs/operation.h"
#include <stdbool.h>

enum line_kind { LINE_OPERATION, LINE_FLUSH, LINE_COMMIT };

struct line {
	enum line_kind kind;
	unsigned number;
	struct operation op;
	char *pattern; /* what op.file is, unless it is the name of a file; NULL: always that */
};

struct script {
	const char *name;
	struct script_text text;
	struct edit_log log;
	unsigned last;	/* number of the last line that is one */
	char where[64]; /* in it a fault is */
	char why[256];
	bool no_memory;
	size_t froms;		  /* lines that name a file of the host */
	bool reads;		  /* at least one file is opened when its line is run */
	struct source_list files; /* in the order of the lines; none if one has a pattern */
};

/* The next line that is one; *END: there is none. False: why not is said, or in *ERR. */
bool script_next_line(struct script *s, struct line *line, bool *end, errcode_t *err);

/* The first reading: all of it is understood. */
bool script_understand(struct script *s, errcode_t *err);

/*
 * Open the files of the host that the lines name. s->reads becomes true if a file is left for
 * later. If a line has a pattern, it also becomes true, and no file is opened: each match needs a
 * separate descriptor.
 */
errcode_t script_open_files(struct script *s);
void script_close_files(struct script *s);

#endif
