// SPDX-License-Identifier: GPL-2.0-or-later
// Rows are kept until they are too many for libsmartcols, and from then on printed as they come.

#include "report/table.h"
#include "util.h"
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_ROWS = 1000 };

struct table {
	const struct table_column *columns;
	int count;
	char **rows; /* TABLE_ROWS of them until they are too few, then NULL */
	size_t row_count;
};

/* ---- rows: the cells one after another, each with its NUL ---- */

static const char *row_cell(const char *row, int column)
{
	for (; column; column--)
		row += strlen(row) + 1;
	return row;
}

static char *row_make(const struct table *table, const char *const *cells)
{
	char *texts[TABLE_MAX_COLUMNS] = {NULL}, *row = NULL, *out;
	const char *parts[TABLE_MAX_COLUMNS];
	bool failed = false;
	size_t len = 0;
	int i;

	for (i = 0; i < table->count; i++) {
		parts[i] = cells[i] ? cells[i] : "";
		if (!table->columns[i].width && *parts[i]) {
			parts[i] = texts[i] = util_printable(cells[i]);
			failed |= !texts[i];
		}
		len += parts[i] ? strlen(parts[i]) + 1 : 0;
	}
	if (!failed)
		row = malloc(len);
	for (i = 0, out = row; row && i < table->count; i++)
		out = stpcpy(out, parts[i]) + 1;
	for (i = 0; i < table->count; i++)
		free(texts[i]);
	return row;
}

/* ---- the streamed form ---- */

static void stream_row(const struct table *table, const char *row)
{
	const char *cell;
	int i;

	for (i = 0; i < table->count; i++) {
		cell = row_cell(row, i);
		if (table->columns[i].width)
			printf("%s%*s", i ? " " : "", table->columns[i].width, cell);
		else if (*cell)
			printf("%s%s", !i ? "" : table->columns[i - 1].width ? " " : "  ", cell);
	}
	putchar('\n');
}

static void stream_begin(struct table *table)
{
	size_t n;
	int i;

	for (i = 0; i < table->count; i++)
		printf("%s%*s", i ? " " : "", table->columns[i].width, table->columns[i].name);
	putchar('\n');
	for (n = 0; n < table->row_count; n++) {
		stream_row(table, table->rows[n]);
		free(table->rows[n]);
	}
	free(table->rows);
	table->rows = NULL;
}

/* ---- the fitted form ---- */

static bool column_is_empty(const struct table *table, int column)
{
	size_t i;

	for (i = 0; i < table->row_count; i++)
		if (*row_cell(table->rows[i], column))
			return false;
	return true;
}

static int fit_cells(struct libscols_table *fitted, const struct table *table)
{
	struct libscols_line *line;
	int place[TABLE_MAX_COLUMNS], count = 0, i;
	size_t n;

	for (i = 0; i < table->count; i++) {
		place[i] = -1;
		if (column_is_empty(table, i))
			continue;
		place[i] = count++;
		if (!scols_table_new_column(fitted, table->columns[i].name, 0,
					    table->columns[i].width > 0 ? SCOLS_FL_RIGHT : 0))
			return -ENOMEM;
	}
	for (n = 0; n < table->row_count; n++) {
		line = scols_table_new_line(fitted, NULL);
		if (!line)
			return -ENOMEM;
		for (i = 0; i < table->count; i++)
			if (place[i] >= 0 && scols_line_set_data(line, (size_t)place[i],
								 row_cell(table->rows[n], i)))
				return -ENOMEM;
	}
	return 0;
}

errcode_t table_print(struct table *table)
{
	struct libscols_table *fitted;
	int err = -ENOMEM;

	if (!table->rows || !table->row_count)
		return util_stdout_error();
	scols_init_debug(0);
	fitted = scols_new_table();
	if (fitted) {
		/* the cells are safe already, and a path is never cut to the terminal's width */
		scols_table_enable_noencoding(fitted, 1);
		scols_table_enable_minout(fitted, 1);
		scols_table_set_termforce(fitted, SCOLS_TERMFORCE_NEVER);
		err = fit_cells(fitted, table);
	}
	if (!err)
		err = scols_print_table(fitted);
	scols_unref_table(fitted);
	return err < 0 ? -err : err;
}

/* ---- the table ---- */

struct table *table_open(const struct table_column *columns, int count)
{
	struct table *table = malloc(sizeof(*table));

	if (!table)
		return NULL;
	*table = (struct table){.columns = columns, .count = count};
	table->rows = calloc(TABLE_ROWS, sizeof(*table->rows));
	if (table->rows)
		return table;
	free(table);
	return NULL;
}

errcode_t table_add(struct table *table, const char *const *cells)
{
	char *row = row_make(table, cells);

	if (!row)
		return ENOMEM;
	if (table->rows && table->row_count < TABLE_ROWS) {
		table->rows[table->row_count++] = row;
		return 0;
	}
	if (table->rows)
		stream_begin(table);
	stream_row(table, row);
	free(row);
	return util_stdout_error();
}

void table_close(struct table *table)
{
	size_t i;

	if (!table)
		return;
	for (i = 0; table->rows && i < table->row_count; i++)
		free(table->rows[i]);
	free(table->rows);
	free(table);
}

const char *table_number(char cell[TABLE_CELL], uint64_t value)
{
	if (value == E4Z_NONE)
		strcpy(cell, "-");
	else
		snprintf(cell, TABLE_CELL, "%" PRIu64, value);
	return cell;
}
