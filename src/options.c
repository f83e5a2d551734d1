// SPDX-License-Identifier: GPL-2.0-or-later
// The option table and what is made of it: the parse, --help, --version and the usage errors.
//
// A verb or an option is one row. Rows with .run are verbs; .flag and .set are for options, .set
// for a verb's argument, too. Long names must be given in full: a prefix that is unique today would
// stop being so with the next row.

#include "options.h"
#include "check.h"
#include "convert.h"
#include "e4zero.h"
#include "edit.h"
#include "fix.h"
#include "map.h"
#include "operation.h"
#include "script.h"
#include "util.h"
#include "values.h"
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LONG_ONLY = 256 };

/* The FILEs of a verb. */
enum files { FILES_ANY, FILES_NONE, FILES_ONE, FILES_SOME };

enum takes {
	TAKES_UNDO = 1, /* --undo and --trace-io */
	TAKES_DATA = 2, /* --data */
	TAKES_SPLIT = 4,
	TAKES_RANGE = 8, /* --offset and --length */
};

struct option_row {
	char letter;
	const char *name;
	const char *arg; /* its name in --help; NULL: takes none */
	bool arg_optional;
	const char *help; /* '\n' begins another line */
	verb_fn *run;	  /* the row is a verb */
	enum files files; /* what the verb works on */
	unsigned takes;	  /* TAKES_... of options that the verb has a use for */
	bool at_once;	  /* the verb wants no image and overrides every other */
	size_t flag;	  /* offset of a bool to set; no flag stands at offset 0 */
	value_fn *set;	  /* why not, or NULL */
};

static verb_fn help_run, version_run;

#define FLAG(field) offsetof(struct options, field)

static const struct option_row rows[] = {
	{.name = "check",
	 .run = check_run,
	 .help = "report stale bytes past EOF, the default;\nwrites nothing, ever"},
	{.name = "fix",
	 .run = fix_run,
	 .takes = TAKES_UNDO,
	 .help = "scrub what --check reports; no content, size or\ntime of a file changes"},
	{.name = "truncate",
	 .arg = "SIZE",
	 .run = edit_operation_run,
	 .files = FILES_ONE,
	 .takes = TAKES_UNDO | TAKES_DATA | TAKES_SPLIT,
	 .set = value_size,
	 .help = "set the size of FILE; K M G T are powers of 1024,\nKB MB GB TB of 1000"},
	{.name = "zero-range",
	 .run = edit_operation_run,
	 .files = FILES_ONE,
	 .takes = TAKES_UNDO | TAKES_DATA | TAKES_SPLIT,
	 .help = "zero -l bytes of FILE from -o on; whole blocks become\n"
		 "unwritten, holes allocated"},
	{.name = "punch-hole",
	 .run = edit_operation_run,
	 .files = FILES_ONE,
	 .takes = TAKES_UNDO | TAKES_DATA | TAKES_SPLIT,
	 .help = "zero -l bytes of FILE from -o on; whole blocks are\nfreed, the size stays"},
	{.name = "allocate",
	 .run = edit_operation_run,
	 .files = FILES_ONE,
	 .takes = TAKES_UNDO | TAKES_DATA | TAKES_SPLIT,
	 .help = "give FILE unwritten blocks where it has none in -l\nbytes from -o on"},
	{.name = "write-zeroes",
	 .run = edit_operation_run,
	 .files = FILES_ONE,
	 .takes = TAKES_UNDO | TAKES_DATA | TAKES_SPLIT,
	 .help = "zero -l bytes of FILE from -o on;\nwhole blocks end written, zero on the disk"},
	{.name = "collapse-range",
	 .run = edit_operation_run,
	 .files = FILES_ONE,
	 .takes = TAKES_UNDO | TAKES_DATA,
	 .help = "take -l bytes of FILE from -o on out of it"},
	{.name = "insert-range",
	 .run = edit_operation_run,
	 .files = FILES_ONE,
	 .takes = TAKES_UNDO | TAKES_DATA,
	 .help = "open a hole of -l bytes in FILE at -o"},
	{.name = "write",
	 .run = edit_operation_run,
	 .files = FILES_ONE,
	 .takes = TAKES_UNDO | TAKES_DATA | TAKES_SPLIT,
	 .help = "write standard input, or --from, into FILE at -o"},
	{.name = "script",
	 .arg = "SCRIPT",
	 .run = script_run,
	 .files = FILES_NONE,
	 .takes = TAKES_UNDO | TAKES_DATA | TAKES_SPLIT,
	 .set = value_script,
	 .help = "do what SCRIPT says in one transaction,\nan operation a line; -: standard input"},
	{.name = "convert",
	 .arg = "TO",
	 .run = convert_run,
	 .takes = TAKES_UNDO | TAKES_SPLIT | TAKES_RANGE,
	 .set = value_convert,
	 .help = "make blocks written (unwritten ones), unwritten\n"
		 "(zeroes) or hole (both); no content changes"},
	{.name = "map",
	 .run = map_run,
	 .files = FILES_SOME,
	 .help = "list where the blocks of each FILE lie"},
	{.name = "replay",
	 .run = edit_replay_run,
	 .files = FILES_NONE,
	 .takes = TAKES_UNDO,
	 .help = "replay the journal, nothing else"},
	{.name = "undo-apply",
	 .arg = "FILE",
	 .run = edit_undo_run,
	 .files = FILES_NONE,
	 .set = value_undo_apply,
	 .help = "take back the edit that wrote the undo file FILE"},
	{.name = "help", .run = help_run, .at_once = true, .help = "print this and exit"},
	{.letter = 'V',
	 .name = "version",
	 .run = version_run,
	 .at_once = true,
	 .help = "print the version and exit"},

	{.letter = 'C',
	 .arg = "FD",
	 .set = value_descriptor,
	 .help = "write progress lines to descriptor FD as e2fsck does;\n0: as --progress"},
	{.name = "data",
	 .arg = "HOW",
	 .set = value_data,
	 .help = "journal or ordered: how bytes in sight are changed;\ndefault journal"},
	{.letter = 'f',
	 .name = "force",
	 .flag = FLAG(force),
	 .help = "look at the disk's view of a mounted file system;\nedit one that has errors"},
	{.name = "from",
	 .arg = "FILE",
	 .set = value_from,
	 .help = "the file of this host that --write writes"},
	{.name = "fsck-codes",
	 .flag = FLAG(fsck_codes),
	 .help = "add 1 to the exit status when something was changed"},
	{.letter = 'j',
	 .name = "jobs",
	 .arg = "N",
	 .set = value_jobs,
	 .help = "threads of --check, --fix and --convert, 1 to 1024;\n"
		 "default: the processors"},
	{.letter = 'J',
	 .name = "json",
	 .flag = FLAG(json),
	 .help = "JSON Lines on standard output, and nothing else there"},
	{.name = "journal-device",
	 .arg = "FILE",
	 .set = value_journal_device,
	 .help = "the external journal, where it is neither next to\nIMAGE nor on this host"},
	{.name = "keep-size",
	 .flag = FLAG(keep_size),
	 .help = "the file does not grow with the range"},
	{.letter = 'l',
	 .name = "length",
	 .arg = "N",
	 .set = value_length,
	 .help = "bytes of FILE, of any size; --convert: default to\nits end"},
	{.letter = 'n',
	 .name = "dry-run",
	 .flag = FLAG(dry_run),
	 .help = "do all but write, and say what it would take"},
	{.letter = 'o',
	 .name = "offset",
	 .arg = "N",
	 .set = value_offset,
	 .help = "the byte of FILE to begin with; --convert: default 0"},
	{.name = "only",
	 .arg = "KINDS",
	 .set = value_kinds,
	 .help = "count and mend only these kinds, a comma list"},
	{.name = "paranoid",
	 .flag = FLAG(paranoid),
	 .help = "also look for residue that no written block shows"},
	{.name = "partition",
	 .arg = "X",
	 .set = value_partition,
	 .help = "the file system of a disk image: a number, LABEL,\nUUID, PARTLABEL or PARTUUID"},
	{.name = "policy",
	 .arg = "HOW",
	 .set = value_policy,
	 .help = "batch, flush or flush-always: how dirty blocks over\n"
		 "unwritten ones are zeroed; default batch"},
	{.name = "progress",
	 .arg = "FD",
	 .arg_optional = true,
	 .set = value_progress,
	 .help = "a bar on standard error if that is a terminal;\nwith FD: as -C FD"},
	{.letter = 'q',
	 .name = "quiet",
	 .flag = FLAG(quiet),
	 .help = "no text report and no notes, only errors"},
	{.name = "split",
	 .flag = FLAG(split),
	 .help = "allow several transactions where one is too small"},
	{.name = "trace-io",
	 .arg = "FILE",
	 .set = value_trace,
	 .help = "a line in FILE for every write, zeroing and barrier"},
	{.letter = 'v',
	 .name = "verbose",
	 .flag = FLAG(verbose),
	 .help = "also list what was skipped and what is opaque"},
	{.letter = 'z',
	 .name = "undo",
	 .arg = "FILE",
	 .set = value_undo,
	 .help = "first keep in the new file FILE what is overwritten"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

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
	     "<INO>; --check without FILE judges every inode.");
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
	puts(PACKAGE_STRING);
	return EXIT_NONE;
}

/* ---- the parse ---- */

/* The first fault is the one that is told. */
static void __attribute__((format(printf, 2, 3)))
fault(struct options *options, const char *format, ...)
{
	va_list args;

	if (options->fault[0])
		return;
	va_start(args, format);
	vsnprintf(options->fault, sizeof(options->fault), format, args);
	va_end(args);
}

static int row_value(const struct option_row *row)
{
	return row->letter ? row->letter : LONG_ONLY + (int)(row - rows);
}

static const struct option_row *row_by_value(int value)
{
	int i;

	for (i = 0; i < ROWS; i++)
		if (value == row_value(&rows[i]))
			return &rows[i];
	return NULL;
}

static void make_getopt(char *letters, struct option *longs)
{
	int i;

	*letters++ = ':'; /* tell a missing argument from an unknown option */
	for (i = 0; i < ROWS; i++) {
		if (rows[i].letter) {
			*letters++ = rows[i].letter;
			if (rows[i].arg)
				*letters++ = ':';
		}
		if (rows[i].name)
			*longs++ = (struct option){.name = rows[i].name,
						   .has_arg = !rows[i].arg ? no_argument
							      : rows[i].arg_optional
								      ? optional_argument
								      : required_argument,
						   .val = row_value(&rows[i])};
	}
	*letters = '\0';
	*longs = (struct option){0};
}

/* getopt takes unique prefixes of long names; scripts that use them break when a row is added. */
static bool name_in_full(const struct option_row *row, const char *word)
{
	size_t len;

	if (strncmp(word, "--", 2) || !word[2])
		return true;
	word += 2;
	len = strcspn(word, "=");
	return row->name && !row->name[len] && !strncmp(row->name, word, len);
}

static void take(struct options *options, const struct option_row *row, const char *arg)
{
	const char *why;

	if (row->flag)
		*(bool *)((char *)options + row->flag) = true;
	if (row->run && options->verb && strcmp(options->verb_name, row->name) && !row->at_once)
		fault(options, "--%s and --%s: one verb a call", options->verb_name, row->name);
	if (row->run) {
		options->verb = row->run;
		options->verb_name = row->name;
	}
	why = row->set ? row->set(options, arg) : NULL;
	if (why && row->name)
		fault(options, "--%s '%s': %s", row->name, arg, why);
	else if (why)
		fault(options, "-%c '%s': %s", row->letter, arg, why);
}

static void take_words(struct options *options, char **words, int count)
{
	const char *file;
	size_t digits;
	int i;

	if (!options->verb) {
		options->verb = rows[0].run;
		options->verb_name = rows[0].name;
	}
	if (count == 0) {
		fault(options, "no IMAGE is given; see e4zero --help");
		return;
	}
	options->image = words[0];
	options->files = (const char *const *)words + 1;
	options->file_count = (size_t)count - 1;
	for (i = 1; i < count; i++) {
		file = words[i];
		digits = *file == '<' ? strspn(file + 1, "0123456789") : 0;
		if (*file != '/' && !(digits && !strcmp(file + 1 + digits, ">")))
			fault(options, "'%s': a FILE is an absolute path in the image, or <INO>",
			      file);
	}
}

static void check_files(struct options *options, enum files wanted)
{
	size_t count = options->file_count;

	if (!options->image)
		return;
	if (wanted == FILES_NONE && count)
		fault(options, "--%s takes no FILE", options->verb_name);
	else if (wanted == FILES_ONE && count != 1)
		fault(options, "--%s wants one FILE", options->verb_name);
	else if (wanted == FILES_SOME && !count)
		fault(options, "--%s wants a FILE", options->verb_name);
}

/* A range of bytes, and what goes with it: asked for where it is wanted, and nowhere else. */
static void check_range(struct options *options, bool may)
{
	const struct operation_row *op = operation_find(options->verb_name);
	unsigned wants = op ? op->wants : 0, allowed = may ? WANTS_OFFSET | WANTS_LENGTH : wants;

	if (wants & WANTS_OFFSET && !options->offset_given)
		fault(options, "--%s wants an --offset", options->verb_name);
	if (wants & WANTS_LENGTH && !options->length_given)
		fault(options, "--%s wants a --length", options->verb_name);
	if (!(allowed & WANTS_OFFSET) && options->offset_given)
		fault(options, "--offset: --%s takes no range", options->verb_name);
	if (!(allowed & WANTS_LENGTH) && options->length_given)
		fault(options, "--length: --%s takes no range", options->verb_name);
	if (!(wants & WANTS_BYTES) && options->from)
		fault(options, "--from: --%s has no use for it", options->verb_name);
	if (!(wants & MAY_KEEP) && options->keep_size)
		fault(options, "--keep-size: --%s has no use for it", options->verb_name);
	if (may && (options->offset_given || options->length_given) && !options->file_count)
		fault(options, "--offset and --length want a FILE");
}

static const struct option_row *verb_row(const struct options *options)
{
	const struct option_row *verb = rows;

	while (!verb->name || strcmp(verb->name, options->verb_name))
		verb++;
	return verb;
}

bool options_may_split(const struct options *options)
{
	return !options->split && verb_row(options)->takes & TAKES_SPLIT;
}

/* What only makes sense with some verbs. */
static void check_verb(struct options *options)
{
	const struct option_row *verb = verb_row(options);

	check_files(options, verb->files);
	check_range(options, verb->takes & TAKES_RANGE);
	if (options->undo && !(verb->takes & TAKES_UNDO))
		fault(options, "--undo: --%s keeps no undo file", verb->name);
	if (options->trace && !(verb->takes & TAKES_UNDO))
		fault(options, "--trace-io: --%s is not traced", verb->name);
	if (options->data_given && !(verb->takes & TAKES_DATA))
		fault(options, "--data: --%s changes no file", verb->name);
	if (options->policy_given && !(verb->takes & TAKES_DATA))
		fault(options, "--policy: --%s changes no file", verb->name);
	if (options->split && !(verb->takes & TAKES_SPLIT))
		fault(options, "--split: --%s is never split", verb->name);
}

/*
 * WORD is what getopt stopped at; a single letter may hide in a cluster, so getopt names it. True:
 * there is no such option, and what follows may have been meant as its argument.
 */
static bool bad_option(struct options *options, int value, const char *word)
{
	bool letter = optopt && optopt < LONG_ONLY && strncmp(word, "--", 2);

	if (value == ':')
		fault(options, "'%s': the option wants an argument", word);
	else if (letter)
		fault(options, "'-%c': no such option; see e4zero --help", optopt);
	else if (optopt)
		fault(options, "'%s': the option takes no argument", word);
	else
		fault(options, "'%s': no such option; see e4zero --help", word);
	return value != ':' && (letter || !optopt);
}

bool options_parse(int argc, char **argv, struct options *options)
{
	struct option longs[ROWS + 1];
	char letters[2 * ROWS + 2];
	const struct option_row *row;
	bool astray = false;
	const char *word;
	int value;

	*options = (struct options){0};
	make_getopt(letters, longs);
	opterr = 0;
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		row = row_by_value(value);
		/* a separate argument stands between the option and optind */
		word = argv[optind - 1];
		if (row && optarg == word)
			word = argv[optind - 2];
		if (!row) {
			astray |= bad_option(options, value, word);
		} else if (!name_in_full(row, word)) {
			fault(options, "'%s': no such option; write --%s in full", word, row->name);
		} else if (row->at_once && !options->fault[0]) {
			take(options, row, optarg);
			return true;
		} else {
			take(options, row, optarg);
		}
	}
	take_words(options, argv + optind, argc - optind);
	check_verb(options);
	if (astray)
		options->image = NULL;
	if (options->json && options->progress == PROGRESS_LINES &&
	    options->progress_fd == STDOUT_FILENO)
		fault(options, "--json leaves no room for progress on standard output");
	if (options->kinds & E4Z_KINDS_PARANOID)
		options->paranoid = true;
	return !options->fault[0];
}
