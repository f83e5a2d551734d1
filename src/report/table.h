/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table on standard output: fitted to its cells while it is small, then fixed columns line by
 * line, so that memory stays bounded whatever there is to list.
 */
#ifndef E4ZERO_TABLE_H
#define E4ZERO_TABLE_H

#include "e4zero.h"

enum { TABLE_MAX_COLUMNS = 16, TABLE_CELL = 24 };

/*
 * The width is the streamed form's, as printf takes it; a table takes what its cells need. A
 * column of width 0 is text of any length from somewhere else: it is made safe to print. They
 * are the last ones.
 */
struct table_column {
	const char *name;
	int width;
};

struct table;

/* NULL: no memory. COLUMNS stay the caller's. */
struct table *table_open(const struct table_column *columns, int count);
/* A row; a cell that is NULL is empty. A column whose cells are all empty is not shown. */
errcode_t table_add(struct table *table, const char *const *cells);
/* Print what is not printed yet. */
errcode_t table_print(struct table *table);
void table_close(struct table *table);

/* The text of a number; E4Z_NONE: a dash. */
const char *table_number(char cell[TABLE_CELL], uint64_t value);

#endif
