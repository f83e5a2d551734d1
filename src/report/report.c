// SPDX-License-Identifier: GPL-2.0-or-later
// The report as text: a table of what was found, a line for each edit, a summary line at the end.

#include "report/report.h"
#include "report/ledger_table.h"
#include "report/table.h"
#include "util.h"
#include "verbs/dump.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KIND, INO, SIZE, LBLK, PBLK, BLOCKS, FIRST, LAST, NONZERO, PATH, NOTE, FINDING_COLUMNS };

static const struct table_column finding_columns[FINDING_COLUMNS] = {
	[KIND] = {"KIND", -18},	 [INO] = {"INO", 10},	[SIZE] = {"SIZE", 14},
	[LBLK] = {"LBLK", 10},	 [PBLK] = {"PBLK", 11}, [BLOCKS] = {"BLOCKS", 8},
	[FIRST] = {"FIRST", 14}, [LAST] = {"LAST", 14}, [NONZERO] = {"NONZERO", 12},
	[PATH] = {"PATH", 0},	 [NOTE] = {"NOTE", 0},
};

enum { MAP_LBLK, MAP_PBLK, MAP_BLOCKS, MAP_STATE, MAP_PAST_EOF, MAP_PATH, MAP_COLUMNS };

static const struct table_column map_columns[MAP_COLUMNS] = {
	[MAP_LBLK] = {"LBLK", 10},   [MAP_PBLK] = {"PBLK", 11},	   [MAP_BLOCKS] = {"BLOCKS", 10},
	[MAP_STATE] = {"STATE", -9}, [MAP_PAST_EOF] = {"EOF", -8}, [MAP_PATH] = {"PATH", 0},
};

struct report_text {
	struct report report;
	struct table *table; /* NULL until there is a row */
	struct dump dump;
};

static struct report_text *text_of(struct report *report)
{
	return (struct report_text *)report;
}

/* ---- rows ---- */

static errcode_t add_row(struct report_text *text, const struct table_column *columns, int count,
			 const char *const *cells)
{
	if (!text->table)
		text->table = table_open(columns, count);
	return text->table ? table_add(text->table, cells) : ENOMEM;
}

static errcode_t add_finding(struct report_text *text, const struct e4z_finding *f)
{
	char numbers[FINDING_COLUMNS][TABLE_CELL];
	const char *cells[FINDING_COLUMNS] = {
		[KIND] = e4z_kind_name(f->kind),
		[INO] = table_number(numbers[INO], f->ino ? f->ino : E4Z_NONE),
		[SIZE] = table_number(numbers[SIZE], f->ino ? f->size : E4Z_NONE),
		[LBLK] = table_number(numbers[LBLK], f->lblk),
		[PBLK] = table_number(numbers[PBLK], f->pblk),
		[BLOCKS] = table_number(numbers[BLOCKS], f->blocks),
		[FIRST] = table_number(numbers[FIRST], f->first),
		[LAST] = table_number(numbers[LAST], f->last),
		[NONZERO] = table_number(numbers[NONZERO], f->nonzero),
		[PATH] = f->path ? f->path : "-",
		[NOTE] = f->why,
	};

	if (!f->ino) {
		snprintf(numbers[PATH], TABLE_CELL, "group %" PRIu32, f->group);
		cells[PATH] = numbers[PATH];
	}
	if (f->fixed) {
		cells[NOTE] = "fixed";
	} else if (!f->why && f->e2fsck == E4Z_E2FSCK_WOULD_GROW) {
		cells[NOTE] = "e2fsck would expose it";
	} else if (!f->why && f->e2fsck == E4Z_E2FSCK_WOULD_CLEAR) {
		cells[NOTE] = "e2fsck would cut it off";
	}
	return add_row(text, finding_columns, FINDING_COLUMNS, cells);
}

static errcode_t text_finding(struct report *report, const struct e4z_finding *f,
			      const struct report_sample *sample)
{
	errcode_t err;

	if (report->options->quiet)
		return 0;
	err = dump_keep(&text_of(report)->dump, f, sample);
	return err ? err : add_finding(text_of(report), f);
}

static errcode_t text_skipped(struct report *report, const struct e4z_skipped *skipped)
{
	const char *cells[FINDING_COLUMNS];
	char ino[TABLE_CELL];
	int column;

	if (report->options->quiet || (!report->options->verbose && !skipped->left))
		return 0;
	for (column = 0; column < PATH; column++)
		cells[column] = "-";
	cells[KIND] = skipped->left ? "left" : "skipped";
	cells[INO] = table_number(ino, skipped->ino ? skipped->ino : E4Z_NONE);
	cells[PATH] = skipped->path ? skipped->path : "-";
	cells[NOTE] = skipped->why;
	return add_row(text_of(report), finding_columns, FINDING_COLUMNS, cells);
}

/* It stands after the table of findings. */
static errcode_t text_ledger(struct report *report, const struct e4z_ledger *ledger)
{
	struct report_text *text = text_of(report);
	errcode_t err = text->table ? table_print(text->table) : 0;

	table_close(text->table);
	text->table = NULL;
	return err || report->options->quiet ? err : ledger_table_print(ledger);
}

/* Only the JSON report can be merged. */
static errcode_t text_shard(struct report *report, const struct e4z_shard *shard)
{
	(void)report, (void)shard;
	return 0;
}

static errcode_t text_claims(struct report *report, const struct e4z_claims *claims)
{
	(void)report, (void)claims;
	return 0;
}

static errcode_t text_map(struct report *report, const char *file,
			  const struct e4z_map_piece *piece)
{
	char numbers[MAP_COLUMNS][TABLE_CELL];
	const char *cells[MAP_COLUMNS] = {
		[MAP_LBLK] = table_number(numbers[MAP_LBLK], piece->lblk),
		[MAP_PBLK] = table_number(numbers[MAP_PBLK], piece->pblk),
		[MAP_BLOCKS] = table_number(numbers[MAP_BLOCKS], piece->blocks),
		[MAP_STATE] = e4z_map_state_name(piece->state),
		[MAP_PAST_EOF] = piece->past_eof ? "past EOF" : NULL,
		[MAP_PATH] = file,
	};

	if (report->options->quiet)
		return 0;
	return add_row(text_of(report), map_columns, MAP_COLUMNS, cells);
}

/* ---- lines ---- */

static void put_count(const char *before, uint64_t count, const char *what)
{
	printf("%s%" PRIu64 " %s%s", before, count, what, count == 1 ? "" : "s");
}

/* "IMAGE: " */
static errcode_t put_image(const struct report *report)
{
	char *image = util_printable(report->options->image);

	if (!image)
		return ENOMEM;
	printf("%s: ", image);
	free(image);
	return 0;
}

/* ", N blocks WHAT", unless there are none. */
static void put_blocks(uint64_t count, const char *what)
{
	if (!count)
		return;
	put_count(", ", count, "block");
	printf(" %s", what);
}

static errcode_t text_edit(struct report *report, const struct e4z_edit *edit)
{
	const char *zeroed = strcmp(edit->op, "truncate") ? ", zeroed" : ", tail zeroed";
	char number[16], *file;
	errcode_t err;

	if (report->options->quiet)
		return 0;
	snprintf(number, sizeof(number), "<%" PRIu32 ">", edit->ino);
	file = util_printable(edit->path ? edit->path : number);
	err = file ? put_image(report) : ENOMEM;
	if (!err) {
		printf("%s %s: %" PRIu64, edit->op, file, edit->size_before);
		if (edit->size_after != edit->size_before)
			printf(" to %" PRIu64, edit->size_after);
		fputs(" bytes", stdout);
		put_blocks(edit->blocks_freed, "freed");
		put_blocks(edit->blocks_allocated, "allocated");
		put_blocks(edit->blocks_converted, "converted");
		fputs(edit->did_zero ? zeroed : "", stdout);
		putchar('\n');
	}
	free(file);
	return err ? err : util_stdout_error();
}

static void put_check(const struct e4z_check_summary *check)
{
	put_count("", check->findings, "finding");
	put_count(" (", check->stale_bytes, "stale byte");
	put_count(") in ", check->files, "file");
	if (check->opaque)
		printf(", %" PRIu64 " opaque", check->opaque);
	if (check->skipped)
		printf(", %" PRIu64 " skipped", check->skipped);
}

/* What a crash had left half done before us. */
static void put_orphans(const struct e4z_commit_summary *commit)
{
	if (commit->orphans_finished)
		put_count("; ", commit->orphans_finished, "interrupted truncate");
	if (commit->orphans_finished)
		fputs(" finished", stdout);
	if (commit->orphans_left)
		put_count("; ", commit->orphans_left, "orphan");
	if (commit->orphans_left)
		fputs(" left to e2fsck", stdout);
}

static void put_commit(const struct e4z_commit_summary *commit)
{
	if (!commit->bytes_written) {
		fputs("nothing to do", stdout);
		return;
	}
	if (commit->replayed) {
		put_count("", commit->replayed, "transaction");
		fputs(" replayed, ", stdout);
	}
	if (commit->transactions)
		put_count("", commit->transactions, "transaction");
	put_count(commit->transactions ? ", " : "", commit->barriers, "barrier");
	put_count(", ", commit->bytes_written, "byte");
	fputs(" written", stdout);
	if (commit->bytes_zeroed_again)
		put_count(", ", commit->bytes_zeroed_again, "byte");
	if (commit->bytes_zeroed_again)
		fputs(" of them again, because the host had not zeroed them", stdout);
	put_orphans(commit);
}

static void put_plan(const struct report_summary *summary)
{
	fputs("dry run, nothing written", stdout);
	if (summary->would_replay)
		fputs("; the journal would be replayed", stdout);
	if (summary->commit.orphans_finished) {
		put_count("; ", summary->commit.orphans_finished, "interrupted truncate");
		fputs(" would be completed", stdout);
	}
	if (!summary->commit.log_blocks)
		return;
	put_count("; ", summary->commit.log_blocks, "journal block");
	printf(" of %" PRIu64 " would be used", summary->log_room);
	if (summary->commit.transactions > 1 || summary->commit.log_blocks > summary->log_room)
		fputs(", in several transactions", stdout);
}

static void put_edit(const struct report *report, const struct report_summary *summary)
{
	if (report->options->dry_run)
		put_plan(summary);
	else
		put_commit(&summary->commit);
}

/* What became of what was found; what it took follows. */
static void put_fix(const struct report_summary *summary)
{
	if (summary->check.fixed)
		printf(", %" PRIu64 " fixed", summary->check.fixed);
	if (summary->left)
		printf(", %" PRIu64 " left", summary->left);
	fputs("; ", stdout);
}

/* What was found before a failure is printed, but only what came to its end has a summary line. */
static errcode_t text_summary(struct report *report, const struct report_summary *summary)
{
	struct report_text *text = text_of(report);
	errcode_t err = text->table ? table_print(text->table) : 0;

	if (err || report->options->quiet || summary->about == ABOUT_NOTHING ||
	    summary->exit >= EXIT_REFUSED)
		return err ? err : util_stdout_error();
	dump_print(&text->dump);
	err = put_image(report);
	if (err)
		return err;
	switch (summary->about) {
	case ABOUT_NOTHING: break;
	case ABOUT_CHECK:
		put_check(&summary->check);
		if (report->options->shards)
			printf(", shard %u of %u", report->options->shard, report->options->shards);
		break;
	case ABOUT_MAP:
		put_count("", summary->pieces, "piece");
		put_count(" in ", summary->check.files, "file");
		break;
	case ABOUT_FIX:
		put_check(&summary->check);
		put_fix(summary);
		put_edit(report, summary);
		break;
	case ABOUT_CONVERT:
		put_count("", summary->check.files, "file");
		if (summary->check.skipped)
			printf(", %" PRIu64 " skipped", summary->check.skipped);
		if (summary->left)
			printf(", %" PRIu64 " left", summary->left);
		fputs("; ", stdout);
		put_edit(report, summary);
		break;
	case ABOUT_EDIT: put_edit(report, summary); break;
	}
	putchar('\n');
	return util_stdout_error();
}

/* ---- the report ---- */

static errcode_t text_image(struct report *report, const struct e4z_image_info *info)
{
	(void)report, (void)info;
	return 0;
}

/* Standard error has it already. */
static void text_error(struct report *report, const char *image, const char *context,
		       const char *message, errcode_t code)
{
	(void)report, (void)image, (void)context, (void)message, (void)code;
}

static void text_close(struct report *report)
{
	dump_free(&text_of(report)->dump);
	table_close(text_of(report)->table);
	free(report);
}

struct report *report_text_open(const struct options *options)
{
	static const struct report_ops ops = {
		.image = text_image,
		.finding = text_finding,
		.skipped = text_skipped,
		.ledger = text_ledger,
		.shard = text_shard,
		.claims = text_claims,
		.edit = text_edit,
		.map = text_map,
		.error = text_error,
		.summary = text_summary,
		.close = text_close,
	};
	struct report_text *text = malloc(sizeof(*text));

	if (!text)
		return NULL;
	*text = (struct report_text){.report = {.ops = &ops, .options = options}};
	return &text->report;
}
