// SPDX-License-Identifier: GPL-2.0-or-later
// The report as text: a table while it is small, then fixed columns line by line, so that memory
// stays bounded whatever is found. A summary line ends it.

#include "report.h"
#include "util.h"
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_ROWS = 1000 };

enum column { KIND, INO, SIZE, LBLK, PBLK, BLOCKS, FIRST, LAST, NONZERO, PATH, NOTE, COLUMNS };

/* The width is the streamed form's, as printf takes it; a table takes what its cells need. */
static const struct {
	const char *name;
	int width;
	int flags;
} columns[COLUMNS] = {
	[KIND] = {"KIND", -17, 0},
	[INO] = {"INO", 10, SCOLS_FL_RIGHT},
	[SIZE] = {"SIZE", 14, SCOLS_FL_RIGHT},
	[LBLK] = {"LBLK", 10, SCOLS_FL_RIGHT},
	[PBLK] = {"PBLK", 11, SCOLS_FL_RIGHT},
	[BLOCKS] = {"BLOCKS", 8, SCOLS_FL_RIGHT},
	[FIRST] = {"FIRST", 14, SCOLS_FL_RIGHT},
	[LAST] = {"LAST", 14, SCOLS_FL_RIGHT},
	[NONZERO] = {"NONZERO", 12, SCOLS_FL_RIGHT},
	[PATH] = {"PATH", 0, 0},
	[NOTE] = {"NOTE", 0, 0},
};

struct row {
	char number[PATH][24]; /* the columns before PATH, the kind too */
	char *path, *note;     /* safe to print; NOTE may be NULL */
};

struct report_text {
	struct report report;
	const struct options *options;
	struct row *rows; /* TABLE_ROWS of them until they are too few, then NULL */
	size_t row_count;
};

/* ---- rows ---- */

static void row_free(struct row *row)
{
	free(row->path);
	free(row->note);
}

static const char *row_cell(const struct row *row, int column)
{
	if (column < PATH)
		return row->number[column];
	if (column == PATH)
		return row->path;
	return row->note ? row->note : "";
}

static void put_number(struct row *row, enum column column, uint64_t value)
{
	if (value == E4Z_NONE)
		strcpy(row->number[column], "-");
	else
		snprintf(row->number[column], sizeof(row->number[column]), "%" PRIu64, value);
}

static errcode_t row_texts(struct row *row, const char *path, const char *note)
{
	row->path = util_printable(path ? path : "-");
	row->note = note ? util_printable(note) : NULL;
	if (row->path && (row->note || !note))
		return 0;
	row_free(row);
	return ENOMEM;
}

static errcode_t row_of_finding(struct row *row, const struct e4z_finding *f)
{
	const char *note = f->why;
	char group[160];

	snprintf(row->number[KIND], sizeof(row->number[KIND]), "%s", e4z_kind_name(f->kind));
	put_number(row, INO, f->ino ? f->ino : E4Z_NONE);
	put_number(row, SIZE, f->ino ? f->size : E4Z_NONE);
	put_number(row, LBLK, f->lblk);
	put_number(row, PBLK, f->pblk);
	put_number(row, BLOCKS, f->blocks);
	put_number(row, FIRST, f->first);
	put_number(row, LAST, f->last);
	put_number(row, NONZERO, f->nonzero);
	if (!f->ino) {
		snprintf(group, sizeof(group), "group %" PRIu32 "%s%s", f->group, note ? ": " : "",
			 note ? note : "");
		note = group;
	} else if (!note && f->e2fsck == E4Z_E2FSCK_WOULD_GROW) {
		note = "e2fsck would publish it";
	} else if (!note && f->e2fsck == E4Z_E2FSCK_WOULD_CLEAR) {
		note = "e2fsck would cut it off";
	}
	return row_texts(row, f->path, note);
}

static errcode_t row_of_skipped(struct row *row, const struct e4z_skipped *skipped)
{
	int column;

	for (column = 0; column < PATH; column++)
		put_number(row, column, E4Z_NONE);
	strcpy(row->number[KIND], "skipped");
	put_number(row, INO, skipped->ino ? skipped->ino : E4Z_NONE);
	return row_texts(row, skipped->path, skipped->why);
}

/* ---- the streamed form ---- */

static void stream_cell(int column, const char *text)
{
	printf("%s%*s", column ? " " : "", columns[column].width, text);
}

static void stream_row(const struct row *row)
{
	int column;

	for (column = 0; column < PATH; column++)
		stream_cell(column, row->number[column]);
	printf(" %s%s%s\n", row->path, row->note ? "  " : "", row->note ? row->note : "");
}

static void stream_begin(struct report_text *text)
{
	size_t i;
	int column;

	for (column = 0; column < COLUMNS; column++)
		stream_cell(column, columns[column].name);
	putchar('\n');
	for (i = 0; i < text->row_count; i++) {
		stream_row(&text->rows[i]);
		row_free(&text->rows[i]);
	}
	free(text->rows);
	text->rows = NULL;
}

/* ---- the table ---- */

static bool column_is_empty(const struct report_text *text, int column)
{
	size_t i;

	for (i = 0; i < text->row_count; i++)
		if (*row_cell(&text->rows[i], column))
			return false;
	return true;
}

static int table_fill(struct libscols_table *table, const struct report_text *text)
{
	struct libscols_line *line;
	int place[COLUMNS], count = 0, column;
	size_t i;

	for (column = 0; column < COLUMNS; column++) {
		place[column] = -1;
		if (column_is_empty(text, column))
			continue;
		place[column] = count++;
		if (!scols_table_new_column(table, columns[column].name, 0, columns[column].flags))
			return -ENOMEM;
	}
	for (i = 0; i < text->row_count; i++) {
		line = scols_table_new_line(table, NULL);
		if (!line)
			return -ENOMEM;
		for (column = 0; column < COLUMNS; column++)
			if (place[column] >= 0 &&
			    scols_line_set_data(line, (size_t)place[column],
						row_cell(&text->rows[i], column)))
				return -ENOMEM;
	}
	return 0;
}

static errcode_t table_print(const struct report_text *text)
{
	struct libscols_table *table;
	int err = -ENOMEM;

	scols_init_debug(0);
	table = scols_new_table();
	if (table) {
		/* the cells are safe already, and a path is never cut to the terminal's width */
		scols_table_enable_noencoding(table, 1);
		scols_table_enable_minout(table, 1);
		scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
		err = table_fill(table, text);
	}
	if (!err)
		err = scols_print_table(table);
	scols_unref_table(table);
	return err < 0 ? -err : err;
}

/* ---- the report ---- */

static struct report_text *text_of(struct report *report)
{
	return (struct report_text *)report;
}

/* Takes what ROW holds. */
static errcode_t text_add(struct report_text *text, struct row *row)
{
	if (text->rows && text->row_count < TABLE_ROWS) {
		text->rows[text->row_count++] = *row;
		return 0;
	}
	if (text->rows)
		stream_begin(text);
	stream_row(row);
	row_free(row);
	return util_stdout_error();
}

static errcode_t text_image(struct report *report, const struct e4z_image_info *info)
{
	(void)report, (void)info;
	return 0;
}

static errcode_t text_finding(struct report *report, const struct e4z_finding *finding)
{
	struct report_text *text = text_of(report);
	struct row row = {.path = NULL};
	errcode_t err;

	if (text->options->quiet)
		return 0;
	err = row_of_finding(&row, finding);
	return err ? err : text_add(text, &row);
}

static errcode_t text_skipped(struct report *report, const struct e4z_skipped *skipped)
{
	struct report_text *text = text_of(report);
	struct row row = {.path = NULL};
	errcode_t err;

	if (text->options->quiet || !text->options->verbose)
		return 0;
	err = row_of_skipped(&row, skipped);
	return err ? err : text_add(text, &row);
}

/* Standard error has it already. */
static void text_error(struct report *report, const char *image, const char *context,
		       const char *message, errcode_t code)
{
	(void)report, (void)image, (void)context, (void)message, (void)code;
}

static void put_count(const char *before, uint64_t count, const char *what)
{
	printf("%s%" PRIu64 " %s%s", before, count, what, count == 1 ? "" : "s");
}

/* What was found before a failure is printed, but only a finished check has a summary line. */
static errcode_t text_summary(struct report *report, const struct report_summary *summary)
{
	const struct e4z_check_summary *check = summary->check;
	struct report_text *text = text_of(report);
	errcode_t err = 0;
	char *image;

	if (text->rows && text->row_count)
		err = table_print(text);
	if (err || text->options->quiet ||
	    (summary->exit != EXIT_NONE && summary->exit != EXIT_FINDINGS))
		return err ? err : util_stdout_error();
	image = util_printable(text->options->image);
	if (!image)
		return ENOMEM;
	printf("%s: ", image);
	free(image);
	put_count("", check->findings, "finding");
	put_count(" (", check->stale_bytes, "stale byte");
	put_count(") in ", check->files, "file");
	if (check->opaque)
		printf(", %" PRIu64 " opaque", check->opaque);
	if (check->skipped)
		printf(", %" PRIu64 " skipped", check->skipped);
	putchar('\n');
	return util_stdout_error();
}

static void text_close(struct report *report)
{
	struct report_text *text = text_of(report);
	size_t i;

	for (i = 0; text->rows && i < text->row_count; i++)
		row_free(&text->rows[i]);
	free(text->rows);
	free(text);
}

struct report *report_text_open(const struct options *options)
{
	static const struct report_ops ops = {
		.image = text_image,
		.finding = text_finding,
		.skipped = text_skipped,
		.error = text_error,
		.summary = text_summary,
		.close = text_close,
	};
	struct report_text *text = calloc(1, sizeof(*text));

	if (!text)
		return NULL;
	text->report.ops = &ops;
	text->options = options;
	text->rows = calloc(TABLE_ROWS, sizeof(*text->rows));
	if (text->rows)
		return &text->report;
	free(text);
	return NULL;
}

/* ---- failures, whatever the form ---- */

void report_failure(struct report *report, const char *image, const char *context,
		    const char *message, errcode_t code)
{
	util_say(image, context, message);
	report->ops->error(report, image, context, message, code);
}
