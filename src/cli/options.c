// SPDX-License-Identifier: GPL-2.0-or-later
// The option table, and --help and --version, which are made of it; parse.c reads by it.
//
// A verb or an option is one row. Rows with .run are verbs; .flag and .set are for options, .set
// for a verb's argument, too. Long names must be given in full: a prefix that is unique today would
// stop being so with the next row.

#include "cli/options.h"
#include "cli/option_row.h"
#include "cli/values.h"
#include "e4zero.h"
#include "script/script.h"
#include "util.h"
#include "verbs/check.h"
#include "verbs/convert.h"
#include "verbs/edit.h"
#include "verbs/fix.h"
#include "verbs/map.h"
#include <stdio.h>
#include <string.h>

static verb_fn help_run, version_run;

#define FLAG(field) offsetof(struct options, field)

static const struct option_row rows[] = {
	{.name = "check",
	 .run = check_run,
	 .is = V_CHECK,
	 .help = "report stale bytes past EOF, the default;\nwrites nothing, ever"},
	{.name = "fix",
	 .run = fix_run,
	 .is = V_FIX,
	 .help = "scrub what --check reports; no content, size or\ntime of a file changes"},
	{.name = "truncate",
	 .arg = "SIZE",
	 .run = edit_operation_run,
	 .is = V_TRUNCATE,
	 .files = FILES_ONE,
	 .set = value_size,
	 .help = "set the size of FILE; K M G T are powers of 1024,\nKB MB GB TB of 1000"},
	{.name = "zero-range",
	 .run = edit_operation_run,
	 .is = V_ZERO_RANGE,
	 .files = FILES_ONE,
	 .help = "zero -l bytes of FILE from -o on; whole blocks become\n"
		 "unwritten, holes allocated"},
	{.name = "punch-hole",
	 .run = edit_operation_run,
	 .is = V_PUNCH_HOLE,
	 .files = FILES_ONE,
	 .help = "zero -l bytes of FILE from -o on; whole blocks are\nfreed, the size stays"},
	{.name = "allocate",
	 .run = edit_operation_run,
	 .is = V_ALLOCATE,
	 .files = FILES_ONE,
	 .help = "give FILE unwritten blocks where it has none in -l\nbytes from -o on"},
	{.name = "write-zeroes",
	 .run = edit_operation_run,
	 .is = V_WRITE_ZEROES,
	 .files = FILES_ONE,
	 .help = "zero -l bytes of FILE from -o on;\nwhole blocks end written, zero on the disk"},
	{.name = "zero",
	 .run = edit_operation_run,
	 .is = V_ZERO,
	 .files = FILES_ONE,
	 .help = "write zeroes over what is written in -l bytes of FILE\n"
		 "from -o on; nothing is allocated"},
	{.name = "collapse-range",
	 .run = edit_operation_run,
	 .is = V_COLLAPSE_RANGE,
	 .files = FILES_ONE,
	 .help = "take -l bytes of FILE from -o on out of it"},
	{.name = "insert-range",
	 .run = edit_operation_run,
	 .is = V_INSERT_RANGE,
	 .files = FILES_ONE,
	 .help = "open a hole of -l bytes in FILE at -o"},
	{.name = "write",
	 .run = edit_operation_run,
	 .is = V_WRITE,
	 .files = FILES_ONE,
	 .help = "write standard input, or --from, into FILE at -o"},
	{.name = "script",
	 .arg = "SCRIPT",
	 .run = script_run,
	 .is = V_SCRIPT,
	 .files = FILES_NONE,
	 .set = value_script,
	 .help = "do what SCRIPT says in one transaction,\nan operation a line; -: standard input"},
	{.name = "convert",
	 .arg = "TO",
	 .run = convert_run,
	 .is = V_CONVERT,
	 .set = value_convert,
	 .help = "make blocks written (unwritten ones), unwritten\n"
		 "(zeroes) or hole (both); no content changes"},
	{.name = "map",
	 .run = map_run,
	 .is = V_MAP,
	 .files = FILES_SOME,
	 .help = "list where the blocks of each FILE lie"},
	{.name = "replay",
	 .run = edit_replay_run,
	 .is = V_REPLAY,
	 .files = FILES_NONE,
	 .help = "replay the journal, nothing else"},
	{.name = "undo-apply",
	 .arg = "FILE",
	 .run = edit_undo_run,
	 .is = V_UNDO_APPLY,
	 .files = FILES_NONE,
	 .set = value_undo_apply,
	 .help = "take back the edit that wrote the undo file FILE"},
	{.letter = 'h',
	 .name = "help",
	 .run = help_run,
	 .at_once = true,
	 .help = "print this and exit"},
	{.letter = 'V',
	 .name = "version",
	 .run = version_run,
	 .at_once = true,
	 .help = "print the version and exit"},

	{.name = "allow-none",
	 .with = V_SCAN | V_MAP | V_SCRIPT,
	 .flag = FLAG(allow_none),
	 .help = "a pattern that matches no file is no error"},
	{.letter = 'C',
	 .arg = "FD",
	 .with = V_SCAN,
	 .set = value_descriptor,
	 .help = "write progress lines to descriptor FD as e2fsck does;\n0: as --progress"},
	{.name = "data",
	 .with = V_CONTENT,
	 .arg = "HOW",
	 .set = value_data,
	 .help = "journal or ordered: how bytes in sight are changed;\ndefault journal"},
	{.former = 'f',
	 .name = "force",
	 .with = V_FILE_SYSTEM,
	 .flag = FLAG(force),
	 .help = "look at the disk's view of a mounted file system;\nedit one that has errors"},
	{.name = "from",
	 .with = V_WRITE,
	 .arg = "FILE",
	 .set = value_from,
	 .help = "the file of this host that --write writes"},
	{.name = "fsck-codes",
	 .with = V_EVERY,
	 .flag = FLAG(fsck_codes),
	 .help = "add 1 to the exit status when something was changed"},
	{.name = "holes",
	 .with = V_ZEROES,
	 .arg = "WHEN",
	 .set = value_holes,
	 .help = "auto, never or always: zeroes may become holes of a\n"
		 "sparse IMAGE (auto), are written, or become holes"},
	{.letter = 'j',
	 .name = "jobs",
	 .with = V_SCAN,
	 .arg = "N",
	 .set = value_jobs,
	 .help = "threads of --check, --fix and --convert, 1 to 1024;\n"
		 "default: the processors"},
	{.letter = 'J',
	 .name = "json",
	 .with = V_EVERY,
	 .flag = FLAG(json),
	 .help = "JSON Lines on standard output, and nothing else there"},
	{.name = "journal-device",
	 .with = V_FILE_SYSTEM,
	 .arg = "FILE",
	 .set = value_journal_device,
	 .help = "the external journal, where it is neither next to\nIMAGE nor on this host"},
	{.name = "keep-size",
	 .with = V_ZERO_RANGE | V_ALLOCATE,
	 .flag = FLAG(keep_size),
	 .help = "the file does not grow with the range"},
	{.letter = 'l',
	 .name = "length",
	 .with = V_RANGE | V_CONVERT,
	 .arg = "N",
	 .set = value_length,
	 .help = "bytes of FILE, of any size; --convert: default to\nits end"},
	{.letter = 'n',
	 .name = "dry-run",
	 .with = V_WRITES,
	 .flag = FLAG(dry_run),
	 .help = "do all but write, and say what it would take"},
	{.letter = 'o',
	 .name = "offset",
	 .with = V_RANGE | V_WRITE | V_CONVERT,
	 .arg = "N",
	 .set = value_offset,
	 .help = "the byte of FILE to begin with; --convert: default 0"},
	{.name = "only",
	 .with = V_CHECK | V_FIX,
	 .arg = "KINDS",
	 .set = value_kinds,
	 .help = "count and mend only these kinds, a comma list"},
	{.name = "paranoid",
	 .with = V_CHECK | V_FIX,
	 .flag = FLAG(paranoid),
	 .help = "also look for residue that no written block shows"},
	{.name = "partition",
	 .with = V_EVERY,
	 .arg = "X",
	 .set = value_partition,
	 .help = "the file system of a disk image: a number, LABEL,\nUUID, PARTLABEL or PARTUUID"},
	{.name = "policy",
	 .with = V_CONTENT,
	 .arg = "HOW",
	 .set = value_policy,
	 .help = "batch, flush or flush-always: how dirty blocks over\n"
		 "unwritten ones are zeroed; default batch"},
	{.name = "progress",
	 .with = V_SCAN,
	 .arg = "FD",
	 .arg_optional = true,
	 .set = value_progress,
	 .help = "a bar on standard error if that is a terminal;\nwith FD: as -C FD"},
	{.letter = 'q',
	 .name = "quiet",
	 .with = V_EVERY,
	 .flag = FLAG(quiet),
	 .help = "no text report and no notes, only errors"},
	{.name = "split",
	 .with = V_SPLITS,
	 .flag = FLAG(split),
	 .help = "allow several transactions where one is too small"},
	{.name = "trace-io",
	 .with = V_EDIT,
	 .arg = "FILE",
	 .set = value_trace,
	 .help = "a line in FILE for every write, zeroing and barrier"},
	{.letter = 'v',
	 .name = "verbose",
	 .with = V_EDIT | V_CHECK,
	 .flag = FLAG(verbose),
	 .help = "also list what was skipped and what is opaque"},
	{.letter = 'z',
	 .name = "undo",
	 .with = V_EDIT,
	 .arg = "FILE",
	 .set = value_undo,
	 .help = "first keep in the new file FILE what is overwritten"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

_Static_assert(sizeof(rows) <= OPTION_ROWS_MAX * sizeof(rows[0]), "make OPTION_ROWS_MAX larger");

const struct option_row *const option_rows = rows;
const int option_row_count = ROWS;

/* ---- the verbs of this file ---- */

static void help_row(const struct option_row *row)
{
	const char *line = row->help;
	char letter[8] = "   ", left[32];
	size_t len;

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c%s", row->letter, row->name ? "," : "");
	snprintf(left, sizeof(left), "%s%s%s%s%s%s%s", letter, row->name ? " --" : "",
		 row->name ? row->name : "",
		 !row->arg	     ? ""
		 : row->arg_optional ? "[="
				     : " ",
		 row->arg ? row->arg : "", row->arg_optional ? "]" : "", "");
	for (; line; line = line[len] ? line + len + 1 : NULL, left[0] = '\0') {
		len = strcspn(line, "\n");
		printf("  %-22s  %.*s\n", left, (int)len, line);
	}
}

static int help_run(const struct options *options, struct report *report, const volatile int *stop)
{
	static const char *const titles[] = {"\nVerbs, one a call:\n", "\nOptions:\n"};
	int pass, i;

	(void)options, (void)report, (void)stop;
	puts("Usage: e4zero [VERB] [options] IMAGE [FILE...]\n\n"
	     "Find the stale bytes past EOF in an unmounted ext2, ext3 or ext4 image, and edit\n"
	     "its files in transactions of its own journal.\n\n"
	     "IMAGE is a raw image, a whole-disk image or a block device; IMAGE?offset=N names\n"
	     "the byte where the file system starts. FILE is an absolute path inside it, or\n"
	     "<INO>; --check without FILE judges every inode. For --check, --fix, --convert\n"
	     "and --map it may be a directory, for all below it, or a pattern like\n"
	     "'/var/log/**/*.log'.");
	for (pass = 0; pass < 2; pass++) {
		fputs(titles[pass], stdout);
		for (i = 0; i < ROWS; i++)
			if ((rows[i].run == NULL) == pass)
				help_row(&rows[i]);
	}
	puts("\nKINDS (*: looked for with --paranoid, or when named):");
	for (i = 0; i < E4Z_KIND_COUNT; i++)
		printf("%c %-22s  %s\n", E4Z_KIND_BIT(i) & E4Z_KINDS_PARANOID ? '*' : ' ',
		       e4z_kind_name(i), e4z_kind_text(i));
	puts("\nExit status: 0 nothing found, or done; 4 findings, or some were left; 8 refused,\n"
	     "or failed before the first write; 12 failed after it; 16 wrong usage; 32 stopped\n"
	     "by a signal.\n"
	     "See e4zero(8).");
	return EXIT_NONE;
}

static int version_run(const struct options *options, struct report *report,
		       const volatile int *stop)
{
	(void)options, (void)report, (void)stop;
	printf("e4zero %s\n", e4z_version());
	return EXIT_NONE;
}
