// SPDX-License-Identifier: GPL-2.0-or-later
// Prints who owns which bytes: a row for each class, and their sum.

#include "report/ledger_table.h"
#include "report/table.h"
#include <errno.h>

enum { CLASS, PLACES, BYTES, STALE, LEFT, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[CLASS] = {"CLASS", -18}, [PLACES] = {"PLACES", 10}, [BYTES] = {"BYTES", 18},
	[STALE] = {"STALE", 18},  [LEFT] = {"LEFT", 0},
};

static errcode_t add_row(struct table *table, const struct e4z_ledger_class *class)
{
	char numbers[COLUMNS][TABLE_CELL];
	const char *cells[COLUMNS] = {
		[CLASS] = class->name,
		[PLACES] = table_number(numbers[PLACES], class->places),
		[BYTES] = table_number(numbers[BYTES], class->bytes),
		[STALE] = table_number(numbers[STALE], class->stale_bytes),
		[LEFT] = class->left,
	};

	return table_add(table, cells);
}

errcode_t ledger_table_print(const struct e4z_ledger *ledger)
{
	struct e4z_ledger_class all = {.name = "all", .bytes = ledger->size};
	struct table *table = table_open(columns, COLUMNS);
	errcode_t err = table ? 0 : ENOMEM;

	for (size_t i = 0; i < ledger->count && !err; i++) {
		const struct e4z_ledger_class *class = &ledger->classes[i];

		all.places += class->places;
		all.stale_bytes += class->stale_bytes == E4Z_NONE ? 0 : class->stale_bytes;
		err = add_row(table, class);
	}
	if (!err)
		err = add_row(table, &all);
	if (!err && ledger->after.bytes)
		err = add_row(table, &ledger->after);
	if (!err)
		err = table_print(table);
	table_close(table);
	return err;
}
