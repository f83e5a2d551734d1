/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A row of the option table: a verb or an option, and which of them go together. */
#ifndef E4ZERO_OPTION_ROW_H
#define E4ZERO_OPTION_ROW_H

#include "cli/options.h"
#include "cli/values.h"

enum { OPTION_ROWS_MAX = 64 };

/* The FILEs of a verb; REPORTS: neither IMAGE nor FILE, but reports. */
enum files { FILES_ANY, FILES_NONE, FILES_ONE, FILES_SOME, FILES_REPORTS };

/*
 * The verbs, a bit each, and the sets of them that options have a use for. A verb's row says which
 * bit it .is, an option's row which verbs it goes .with; with every other one it is wrong usage. A
 * new verb is a bit here, in each set that it belongs to. An option's row without .with goes with
 * no verb at all. The same sets are in e4zero(8), and tests/cli/verbs-options.sh tries every pair.
 */
enum verbs {
	V_CHECK = 1 << 0,
	V_FIX = 1 << 1,
	V_TRUNCATE = 1 << 2,
	V_ZERO_RANGE = 1 << 3,
	V_PUNCH_HOLE = 1 << 4,
	V_ALLOCATE = 1 << 5,
	V_WRITE_ZEROES = 1 << 6,
	V_COLLAPSE_RANGE = 1 << 7,
	V_INSERT_RANGE = 1 << 8,
	V_WRITE = 1 << 9,
	V_SCRIPT = 1 << 10,
	V_CONVERT = 1 << 11,
	V_MAP = 1 << 12,
	V_REPLAY = 1 << 13,
	V_UNDO_APPLY = 1 << 14,
	V_ZERO = 1 << 15,
	V_MERGE = 1 << 16,

	V_SCAN = V_CHECK | V_FIX | V_CONVERT, /* threads go through the whole image */
	V_IN_PLACE = V_ZERO_RANGE | V_PUNCH_HOLE | V_ALLOCATE | V_WRITE_ZEROES | V_ZERO,
	V_SHIFT = V_COLLAPSE_RANGE | V_INSERT_RANGE,
	V_RANGE = V_IN_PLACE | V_SHIFT, /* an offset and a length are required */
	V_CONTENT = V_TRUNCATE | V_RANGE | V_WRITE | V_SCRIPT, /* what a file reads as changes */
	V_SPLITS = (V_CONTENT & ~V_SHIFT) | V_CONVERT,
	V_EDIT = V_CONTENT | V_FIX | V_CONVERT | V_REPLAY, /* in transactions */
	V_WRITES = V_EDIT | V_UNDO_APPLY,
	V_ZEROES = V_WRITES & ~V_REPLAY,	  /* whole blocks may become zero */
	V_FILE_SYSTEM = V_EDIT | V_CHECK | V_MAP, /* they open one */
	V_IMAGE = V_FILE_SYSTEM | V_UNDO_APPLY,
	V_EVERY = V_IMAGE | V_MERGE,
};

struct option_row {
	char letter, former; /* one that it had once: the fault names the long one */
	const char *name;
	const char *arg; /* its name in --help; NULL: takes none */
	bool arg_optional;
	const char *help; /* '\n' begins another line */
	verb_fn *run;	  /* the row is a verb */
	enum files files; /* what the verb works on */
	unsigned is;	  /* the verb's bit */
	unsigned with;	  /* V_...: the verbs that have a use for the option */
	bool at_once;	  /* the verb requires no image and overrides every other */
	size_t flag;	  /* offset of a bool to set; no flag stands at offset 0 */
	value_fn *set;	  /* why not, or NULL */
};

extern const struct option_row *const option_rows;
extern const int option_row_count;

#endif
