// SPDX-License-Identifier: GPL-2.0-or-later
// The option table, and --help and --version, which are made of it; parse.c reads by it.
//
// A verb or an option is one row. Rows with .run are verbs; .flag and .set are for options, .set
// for a verb's argument, too. Long names must be given in full: a prefix that is unique today would
// stop being so with the next row.

#include "cli/options.h"
#include "cli/option_row.h"
#include "cli/values.h"
#include "cli/version.h"
#include "e4zero.h"
#include "script/script.h"
#include "util.h"
#include "verbs/check.h"
#include "verbs/convert.h"
#include "verbs/edit.h"
#include "verbs/fix.h"
#include "verbs/map.h"
#include "verbs/merge.h"
#include <stdio.h>
#include <string.h>

static verb_fn help_run;

#define FLAG(field) offsetof(struct options, field)

static const struct option_row rows[] = {
	{.name = "check",
	 .run = check_run,
	 .is = V_CHECK,
	 .help = "report stale data past EOF (default); never writes"},
	{.name = "fix",
	 .run = fix_run,
	 .is = V_FIX,
	 .help = "scrub what --check reports; no data, size or\n"
		 "timestamp of a file changes"},
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
	 .help = "zero -l bytes of FILE starting at -o; whole blocks\n"
		 "become unwritten, holes are allocated"},
	{.name = "punch-hole",
	 .run = edit_operation_run,
	 .is = V_PUNCH_HOLE,
	 .files = FILES_ONE,
	 .help = "zero -l bytes of FILE starting at -o; whole blocks\n"
		 "are freed, the size does not change"},
	{.name = "allocate",
	 .run = edit_operation_run,
	 .is = V_ALLOCATE,
	 .files = FILES_ONE,
	 .help = "allocate unwritten blocks for the holes in -l bytes\n"
		 "of FILE starting at -o"},
	{.name = "write-zeroes",
	 .run = edit_operation_run,
	 .is = V_WRITE_ZEROES,
	 .files = FILES_ONE,
	 .help = "zero -l bytes of FILE starting at -o; whole blocks\n"
		 "become written, and are zeroed on disk"},
	{.name = "zero",
	 .run = edit_operation_run,
	 .is = V_ZERO,
	 .files = FILES_ONE,
	 .help = "overwrite with zeros the data in -l bytes of FILE\n"
		 "starting at -o; nothing is allocated"},
	{.name = "collapse-range",
	 .run = edit_operation_run,
	 .is = V_COLLAPSE_RANGE,
	 .files = FILES_ONE,
	 .help = "remove -l bytes of FILE starting at -o"},
	{.name = "insert-range",
	 .run = edit_operation_run,
	 .is = V_INSERT_RANGE,
	 .files = FILES_ONE,
	 .help = "insert a hole of -l bytes into FILE at -o"},
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
	 .help = "perform the operations in SCRIPT, one per line, in\n"
		 "one transaction; -: standard input"},
	{.name = "convert",
	 .arg = "TO",
	 .run = convert_run,
	 .is = V_CONVERT,
	 .set = value_convert,
	 .help = "convert unwritten blocks to written, zeroed ones to\n"
		 "unwritten, or both to hole; no data changes"},
	{.name = "map",
	 .run = map_run,
	 .is = V_MAP,
	 .files = FILES_SOME,
	 .help = "list the block map of each FILE"},
	{.name = "merge",
	 .run = merge_run,
	 .is = V_MERGE,
	 .files = FILES_REPORTS,
	 .help = "merge the reports of all shards of an image into\n"
		 "the report of a check of the whole image"},
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
	 .help = "undo the edit that wrote the undo file FILE"},
	{.letter = 'h',
	 .name = "help",
	 .run = help_run,
	 .at_once = true,
	 .help = "display this help and exit"},
	{.letter = 'V',
	 .name = "version",
	 .run = version_run,
	 .at_once = true,
	 .help = "display the version and exit; with --json, also the\n"
		 "capabilities of the program"},

	{.name = "all",
	 .with = V_CHECK | V_FIX,
	 .flag = FLAG(all),
	 .help = "examine the whole file system: --paranoid, and what\n"
		 "belongs to no file; print who owns which bytes"},
	{.name = "allow-none",
	 .with = V_SCAN | V_MAP | V_SCRIPT,
	 .flag = FLAG(allow_none),
	 .help = "a pattern that matches no file is not an error"},
	{.name = "backing",
	 .with = V_EVERY,
	 .flag = FLAG(backing),
	 .help = "allow the other files that IMAGE refers to: backing\n"
		 "files, extents"},
	{.letter = 'C',
	 .arg = "FD",
	 .with = V_SCAN,
	 .set = value_descriptor,
	 .help = "write progress lines to descriptor FD as e2fsck does;\n0: as --progress"},
	{.name = "data",
	 .with = V_CONTENT,
	 .arg = "HOW",
	 .set = value_data,
	 .help = "journal or ordered: how visible data is overwritten;\n"
		 "default journal"},
	{.former = 'f',
	 .name = "force",
	 .with = V_FILE_SYSTEM,
	 .flag = FLAG(force),
	 .help = "examine the disk state of a mounted file system;\n"
		 "edit one that has errors"},
	{.name = "from",
	 .with = V_WRITE,
	 .arg = "FILE",
	 .set = value_from,
	 .help = "read the data for --write from FILE on the host"},
	{.name = "fsck-codes",
	 .with = V_EVERY,
	 .flag = FLAG(fsck_codes),
	 .help = "add 1 to the exit status if the image was changed"},
	{.name = "holes",
	 .with = V_ZEROES,
	 .arg = "WHEN",
	 .set = value_holes,
	 .help = "auto, never or always: punch holes in a sparse IMAGE\n"
		 "(auto), write zeros, or punch holes"},
	{.name = "image-format",
	 .with = V_EVERY,
	 .arg = "FORMAT",
	 .set = value_image_format,
	 .help = "raw, qcow2, vmdk, vhdx, vhd, vdi, parallels, qed,\n"
		 "luks or android-sparse; default: by its header"},
	{.letter = 'j',
	 .name = "jobs",
	 .with = V_SCAN | V_MERGE,
	 .arg = "N",
	 .set = value_jobs,
	 .help = "threads for reading, 1 to 1024; default: number of\n"
		 "CPUs"},
	{.letter = 'J',
	 .name = "json",
	 .with = V_EVERY,
	 .flag = FLAG(json),
	 .help = "JSON Lines on standard output, and nothing else there"},
	{.name = "journal-device",
	 .with = V_FILE_SYSTEM,
	 .arg = "FILE",
	 .set = value_journal_device,
	 .help = "the external journal, if it is neither next to\n"
		 "IMAGE nor on this host"},
	{.name = "keep-size",
	 .with = V_ZERO_RANGE | V_ALLOCATE,
	 .flag = FLAG(keep_size),
	 .help = "do not change the size of the file"},
	{.letter = 'l',
	 .name = "length",
	 .with = V_RANGE | V_CONVERT,
	 .arg = "N",
	 .set = value_length,
	 .help = "length of the range; --convert: default to EOF"},
	{.letter = 'n',
	 .name = "dry-run",
	 .with = V_WRITES,
	 .flag = FLAG(dry_run),
	 .help = "plan and report, but write nothing"},
	{.letter = 'o',
	 .name = "offset",
	 .with = V_RANGE | V_WRITE | V_CONVERT,
	 .arg = "N",
	 .set = value_offset,
	 .help = "offset of the range in FILE; --convert: default 0"},
	{.name = "only",
	 .with = V_CHECK | V_FIX,
	 .arg = "KINDS",
	 .set = value_kinds,
	 .help = "report, count and fix only these kinds, a\n"
		 "comma-separated list"},
	{.name = "paranoid",
	 .with = V_CHECK | V_FIX,
	 .flag = FLAG(paranoid),
	 .help = "also examine residue that no written block exposes"},
	{.name = "partition",
	 .with = V_IMAGE,
	 .arg = "X",
	 .set = value_partition,
	 .help = "select a file system by partition number, LABEL,\n"
		 "UUID, PARTLABEL or PARTUUID"},
	{.name = "passphrase-fd",
	 .with = V_EVERY,
	 .arg = "FD",
	 .set = value_passphrase_fd,
	 .help = "read the passphrase of an encrypted IMAGE from FD"},
	{.name = "passphrase-file",
	 .with = V_EVERY,
	 .arg = "FILE",
	 .set = value_passphrase_file,
	 .help = "read it from FILE"},
	{.name = "policy",
	 .with = V_CONTENT,
	 .arg = "HOW",
	 .set = value_policy,
	 .help = "batch, flush or flush-always: how pending data of\n"
		 "unwritten blocks is zeroed; default batch"},
	{.name = "progress",
	 .with = V_SCAN,
	 .arg = "FD",
	 .arg_optional = true,
	 .set = value_progress,
	 .help = "progress bar on standard error, if it is a terminal;\n"
		 "with FD: as -C FD"},
	{.letter = 'q',
	 .name = "quiet",
	 .with = V_EVERY,
	 .flag = FLAG(quiet),
	 .help = "print no text report and no notes, only errors"},
	{.name = "report",
	 .with = V_CHECK | V_FIX,
	 .arg = "FILE",
	 .set = value_report,
	 .help = "also write the results to the new FILE, an HTML page"},
	{.name = "sandbox",
	 .with = V_EVERY,
	 .arg = "WHEN",
	 .set = value_sandbox,
	 .help = "auto, off or require: give up all rights that are\n"
		 "not needed before IMAGE is interpreted"},
	{.name = "shard",
	 .with = V_CHECK,
	 .arg = "I/N",
	 .set = value_shard,
	 .help = "examine only the inodes of shard I of N; --merge\n"
		 "merges the JSON reports of all shards"},
	{.name = "split",
	 .with = V_SPLITS,
	 .flag = FLAG(split),
	 .help = "allow several transactions if one is too small"},
	{.name = "timeout",
	 .with = V_EVERY,
	 .arg = "SECONDS",
	 .set = value_timeout,
	 .help = "for an answer of an NBD server, 1 to 86400;\ndefault 60"},
	{.name = "trace-io",
	 .with = V_EDIT,
	 .arg = "FILE",
	 .set = value_trace,
	 .help = "write one line to FILE per write, zeroing, barrier"},
	{.letter = 'v',
	 .name = "verbose",
	 .with = V_EDIT | V_CHECK | V_MERGE,
	 .flag = FLAG(verbose),
	 .help = "also list skipped and opaque inodes, and with --all\n"
		 "what is never zeroed"},
	{.letter = 'z',
	 .name = "undo",
	 .with = V_EDIT,
	 .arg = "FILE",
	 .set = value_undo,
	 .help = "save the data that is overwritten to the new FILE"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

_Static_assert(sizeof(rows) <= OPTION_ROWS_MAX * sizeof(rows[0]), "make OPTION_ROWS_MAX larger");

const struct option_row *const option_rows = rows;
const int option_row_count = ROWS;

/* ---- the verb of this file ---- */

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
	static const char *const titles[] = {"\nActions (mutually exclusive):\n", "\nOptions:\n"};
	int pass, i;

	(void)options, (void)report, (void)stop;
	puts("Usage: e4zero [ACTION] [options] IMAGE [FILE...]\n"
	     "       e4zero --merge [options] REPORT...\n\n"
	     "Find and scrub stale data past EOF in an unmounted ext2, ext3 or ext4 image, and\n"
	     "edit its files in transactions of its own journal.\n\n"
	     "IMAGE is an image, raw or in a format that qemu-nbd opens (qcow2, VMDK, ...), a\n"
	     "block device or the URI of an NBD export; IMAGE?offset=N specifies the byte\n"
	     "where the file system starts. FILE is an absolute path in the image, or <INO>;\n"
	     "without FILE, --check examines every inode. For --check, --fix, --convert and\n"
	     "--map it can also be a directory, for all files below it, or a pattern such as\n"
	     "'/var/log/**/*.log'.");
	for (pass = 0; pass < 2; pass++) {
		fputs(titles[pass], stdout);
		for (i = 0; i < ROWS; i++)
			if ((rows[i].run == NULL) == pass)
				help_row(&rows[i]);
	}
	puts("\nKINDS (*: only with --paranoid, +: only with --all; or if named):");
	for (i = 0; i < E4Z_KIND_COUNT; i++)
		printf("%c %-22s  %s\n",
		       E4Z_KIND_BIT(i) & E4Z_KINDS_PARANOID ? '*'
		       : E4Z_KIND_BIT(i) & E4Z_KINDS_LEDGER ? '+'
							    : ' ',
		       e4z_kind_name(i), e4z_kind_text(i));
	puts("  free, metadata          those of what is not in use; within metadata");
	puts("\nExit status: 0 nothing found, or done; 4 findings, or some were not fixed; 8\n"
	     "refused, or failed before the first write; 12 failed after it; 16 usage error;\n"
	     "32 stopped by a signal.\n"
	     "See e4zero(8).");
	return EXIT_NONE;
}
