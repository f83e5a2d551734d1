// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a command line by the option table: getopt's tables, the order of words, the usage errors.

#include "cli/option_row.h"
#include "verbs/operation.h"
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	LONG_ONLY = 256,
	FEW = 4, /* verbs that a message lists */
};

/* The first fault is the one that is reported. */
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
	return row->letter ? row->letter : LONG_ONLY + (int)(row - option_rows);
}

static const struct option_row *row_by_value(int value)
{
	int i;

	for (i = 0; i < option_row_count; i++)
		if (value == row_value(&option_rows[i]))
			return &option_rows[i];
	return NULL;
}

static void make_getopt(char *letters, struct option *longs)
{
	int i;

	*letters++ = ':'; /* tell a missing argument from an unknown option */
	for (i = 0; i < option_row_count; i++) {
		if (option_rows[i].letter) {
			*letters++ = option_rows[i].letter;
			if (option_rows[i].arg)
				*letters++ = ':';
		}
		if (option_rows[i].name)
			*longs++ = (struct option){.name = option_rows[i].name,
						   .has_arg = !option_rows[i].arg ? no_argument
							      : option_rows[i].arg_optional
								      ? optional_argument
								      : required_argument,
						   .val = row_value(&option_rows[i])};
	}
	*letters = '\0';
	*longs = (struct option){0};
}

/*
 * getopt takes unique prefixes of long names; scripts that use them break when a row is added. WORD
 * has the long name that getopt took for ROW.
 */
static bool name_in_full(const struct option_row *row, const char *word)
{
	size_t len = strcspn(word + 2, "=");

	return !row->name[len] && !strncmp(row->name, word + 2, len);
}

static void take(struct options *options, const struct option_row *row, const char *arg)
{
	const char *why;

	if (row->flag)
		*(bool *)((char *)options + row->flag) = true;
	if (row->run && options->verb && strcmp(options->verb_name, row->name) && !row->at_once)
		fault(options, "--%s and --%s are mutually exclusive", options->verb_name,
		      row->name);
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

static const struct option_row *row_by_name(const char *name)
{
	const struct option_row *row = option_rows;

	while (!row->name || strcmp(row->name, name))
		row++;
	return row;
}

static void take_words(struct options *options, char **words, int count)
{
	const char *file;
	size_t digits;
	int i;

	if (!options->verb) {
		options->verb = option_rows[0].run;
		options->verb_name = option_rows[0].name;
	}
	if (row_by_name(options->verb_name)->files == FILES_REPORTS) {
		options->reports = (const char *const *)words;
		options->report_count = (size_t)count;
		if (!count)
			fault(options, "--%s requires a REPORT", options->verb_name);
		return;
	}
	if (count == 0) {
		fault(options, "no IMAGE specified");
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
		fault(options, "--%s requires exactly one FILE", options->verb_name);
	else if (wanted == FILES_SOME && !count)
		fault(options, "--%s requires a FILE", options->verb_name);
}

/* What the operation cannot do without. */
static void check_range(struct options *options)
{
	const struct operation_row *op = operation_find(options->verb_name);
	unsigned wants = op ? op->wants : 0;

	if (wants & WANTS_OFFSET && !options->offset_given)
		fault(options, "--%s requires --offset", options->verb_name);
	if (wants & WANTS_LENGTH && !options->length_given)
		fault(options, "--%s requires --length", options->verb_name);
	if ((options->offset_given || options->length_given) && !options->file_count)
		fault(options, "--offset and --length require a FILE");
}

static bool goes_with(const struct option_row *option, const struct option_row *verb)
{
	return option->with & verb->is;
}

bool options_may_split(const struct options *options)
{
	return !options->split && goes_with(row_by_name("split"), row_by_name(options->verb_name));
}

bool options_may_write(const struct options *options)
{
	return row_by_name(options->verb_name)->is & V_WRITES;
}

bool options_only_look(const struct options *options)
{
	return !options->force &&
	       row_by_name(options->verb_name)->is & V_FILE_SYSTEM & ~(unsigned)V_EDIT;
}

/* "; it goes with --check and --fix", where it is a few. */
static const char *list_verbs(const struct option_row *option, char *list, size_t size)
{
	int i, count = 0, left = __builtin_popcount(option->with);
	size_t at;

	*list = '\0';
	if (left > FEW)
		return list;
	at = (size_t)snprintf(list, size, "; it goes with ");
	for (i = 0; i < option_row_count && at < size; i++)
		if (goes_with(option, &option_rows[i]))
			at += (size_t)snprintf(list + at, size - at, "%s--%s",
					       !count++	       ? ""
					       : count == left ? " and "
							       : ", ",
					       option_rows[i].name);
	return list;
}

/* What only makes sense with some verbs; GIVEN has a bool for each row. */
static void check_verb(struct options *options, const bool *given)
{
	const struct option_row *verb = row_by_name(options->verb_name);
	char list[128], letter[3] = "-?";
	int i;

	for (i = 0; i < option_row_count; i++) {
		if (!given[i] || option_rows[i].run || goes_with(&option_rows[i], verb))
			continue;
		letter[1] = option_rows[i].letter;
		fault(options, "%s%s cannot be used with --%s%s", option_rows[i].name ? "--" : "",
		      option_rows[i].name ? option_rows[i].name : letter, verb->name,
		      list_verbs(&option_rows[i], list, sizeof(list)));
	}
	check_files(options, verb->files);
	check_range(options);
}

/* Which options exclude or imply each other, whatever the verb. */
static void check_together(struct options *options)
{
	if (options->json && options->progress == PROGRESS_LINES &&
	    options->progress_fd == STDOUT_FILENO)
		fault(options, "--json and progress on standard output are mutually exclusive");
	if (options->kinds & E4Z_KINDS_PARANOID)
		options->paranoid = true;
	if (options->all && options->undo && !options->force)
		fault(options, "--undo would keep what --all removes; --force allows it");
	if (options->file_count && (options->all || options->kinds & E4Z_KINDS_LEDGER))
		fault(options, "--all, and kinds that require it, examine the whole file system: "
			       "no FILE can be given");
	if (options->shards && (options->all || options->kinds & E4Z_KINDS_LEDGER))
		fault(options, "--all, and kinds that require it, examine the whole file system: "
			       "--shard cannot be used with them");
	if (options->shards && options->file_count)
		fault(options, "--shard selects a part of all inodes: no FILE can be given");
	if (options->shards && options->page)
		fault(options, "--report requires the whole image: --shard cannot be used with it");
}

static const struct option_row *row_by_former(int letter)
{
	int i;

	for (i = 0; i < option_row_count; i++)
		if (option_rows[i].former == letter)
			return &option_rows[i];
	return NULL;
}

/* WORD is what getopt stopped at; a single letter may hide in a cluster, so getopt names it. */
static void bad_option(struct options *options, int value, const char *word)
{
	/* an option with a row has something else wrong */
	bool letter = optopt && !row_by_value(optopt);
	const struct option_row *former = letter ? row_by_former(optopt) : NULL;

	if (value == ':')
		fault(options, "'%s': option requires an argument", word);
	else if (former)
		fault(options, "'-%c': unrecognized option; the long name is --%s", optopt,
		      former->name);
	else if (letter)
		fault(options, "'-%c': unrecognized option", optopt);
	else if (optopt)
		fault(options, "'%s': option does not take an argument", word);
	else
		fault(options, "'%s': unrecognized option", word);
}

/* Is there a --json in the rest of the command line? The verb overrides all other options. */
static bool json_follows(int argc, char **argv, const char *letters, const struct option *longs)
{
	const struct option_row *row;
	int value, name = -1;

	for (; (value = getopt_long(argc, argv, letters, longs, &name)) != -1; name = -1) {
		row = row_by_value(value);
		if (row && row->flag == offsetof(struct options, json) &&
		    (name < 0 || name_in_full(row, argv[optind - 1])))
			return true;
	}
	return false;
}

bool options_parse(int argc, char **argv, struct options *options)
{
	struct option longs[OPTION_ROWS_MAX + 1];
	char letters[2 * OPTION_ROWS_MAX + 2];
	const struct option_row *row;
	bool given[OPTION_ROWS_MAX] = {false};
	const char *word;
	int value, name = -1; /* an index of LONGS, if it is one of those */

	*options = (struct options){0};
	make_getopt(letters, longs);
	opterr = 0;
	for (; (value = getopt_long(argc, argv, letters, longs, &name)) != -1; name = -1) {
		row = row_by_value(value);
		/* a separate argument stands between the option and optind */
		word = argv[optind - 1];
		if (row && optarg == word)
			word = argv[optind - 2];
		if (!row) {
			bad_option(options, value, word);
		} else if (name >= 0 && !name_in_full(row, word)) {
			fault(options, "'%s': unrecognized option; write --%s in full", word,
			      row->name);
		} else if (row->at_once && !options->fault[0]) {
			take(options, row, optarg);
			options->json = options->json || json_follows(argc, argv, letters, longs);
			return true;
		} else {
			take(options, row, optarg);
			given[row - option_rows] = true;
		}
	}
	options->argv = argv;
	options->argc = argc;
	options->first_word = optind;
	take_words(options, argv + optind, argc - optind);
	check_verb(options, given);
	check_together(options);
	return !options->fault[0];
}
