// SPDX-License-Identifier: GPL-2.0-or-later
// What helps: options of this program and commands of e2fsprogs, with the names that were given.

#include "cli/advice.h"
#include "errors.h"
#include "util.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TEXT as a shell takes it; AFTER is a part of the word. */
static void put_word(FILE *to, const char *text, const char *after)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+=:,./-";

	if (*text && !text[strspn(text, plain)] && !after[strspn(after, plain)]) {
		fprintf(to, "%s%s", text, after);
		return;
	}
	putc('\'', to);
	for (; *text; text++)
		fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, to);
	fprintf(to, "%s'", after);
}

static void put_name(FILE *to, const char *name)
{
	fputs(*name == '-' ? "./" : "", to);
	put_word(to, name, "");
}

/*
 * "; "e2fsck HOW IMAGE" WHAT", with the external journal where there is one. At an offset e2fsck
 * (1.47) replays the journal and then does not find the file system any more: a loop device helps.
 */
static void put_e2fsck(FILE *to, const struct options *options, const struct e4z_image *img,
		       const char *how, const char *what)
{
	const struct e4z_image_info *info = e4z_info(img);
	const char *journal = info->journal_path ? info->journal_path : options->journal_device;

	fprintf(to, "; \"e2fsck %s ", how);
	if (journal) {
		fputs("-j ", to);
		put_name(to, journal);
		putc(' ', to);
	}
	if (info->fs_offset)
		fputs("DEVICE", to);
	else
		put_name(to, info->path);
	fprintf(to, "\" %s", what);
	if (!info->fs_offset)
		return;
	fprintf(to, "; DEVICE is what \"losetup --find --show --offset %" PRIu64 " ",
		info->fs_offset);
	put_name(to, info->path);
	fputs("\" prints", to);
}

/* ---- places to choose from ---- */

static void put_size(FILE *to, uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t unit = 0;

	for (; value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		value /= 1024;
	fprintf(to, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void put_label(FILE *to, const char *key, const char *label)
{
	char *safe = label ? util_printable(label) : NULL;

	if (safe)
		fprintf(to, " %s \"%s\"", key, safe);
	free(safe);
}

static void put_remark(FILE *to, const struct e4z_place *place)
{
	fputs("   # ", to);
	if (!place->len) {
		fputs("the whole image, not a partition", to);
		return;
	}
	put_size(to, place->len);
	fprintf(to, " %s", place->type ? place->type : "ext (corrupt?)");
	put_label(to, "label", place->label);
	put_label(to, "name", place->name);
}

/* How many words from argv[I] on are a --partition. */
static int partition_words(const struct options *options, int i)
{
	const char *word = options->argv[i];

	if (!strcmp(word, "--partition"))
		return 2;
	return !strncmp(word, "--partition=", strlen("--partition="));
}

/* The command line once more, with PLACE in it. */
static void put_command(FILE *to, const struct options *options, const char *path,
			const struct e4z_place *place)
{
	int words = options->first_word, i, left_out;
	bool dashes = words > 1 && !strcmp(options->argv[words - 1], "--");
	char after[32] = "";

	fputs("\ne4zero", to);
	for (i = 1; i < words - dashes; i++) {
		left_out = partition_words(options, i);
		if (left_out) {
			i += left_out - 1;
			continue;
		}
		putc(' ', to);
		put_word(to, options->argv[i], "");
	}
	if (place->partition)
		fprintf(to, " --partition %d", place->partition);
	else
		snprintf(after, sizeof(after), "?offset=%" PRIu64, place->offset);
	fputs(dashes ? " -- " : " ", to);
	put_word(to, path, after);
	for (i = words + 1; i < options->argc; i++) {
		putc(' ', to);
		put_word(to, options->argv[i], "");
	}
	put_remark(to, place);
}

/* ---- by cause ---- */

/* *LIST: where the commands begin, 0: nowhere. */
static void put_choice(FILE *to, const struct options *options, const struct e4z_image *img,
		       errcode_t err, long *list)
{
	size_t count;
	const struct e4z_place *places = e4z_places(img, &count);

	/* the place is known: it is the external journal that is not */
	if (!count && err == E4Z_ET_AMBIGUOUS)
		fputs("; --journal-device FILE selects one", to);
	if (count)
		fputs(err == E4Z_ET_NOT_EXT ? "; or select a linear volume of it:"
					    : "; select one:",
		      to);
	*list = count ? ftell(to) : 0;
	for (size_t i = 0; i < count; i++)
		put_command(to, options, e4z_info(img)->path, &places[i]);
}

static void put_advice(FILE *to, const struct options *options, const struct e4z_image *img,
		       errcode_t err, long *list)
{
	if (err == E4Z_ET_LOG_FULL && options_may_split(options))
		fputs("; --split allows several transactions", to);
	if (!img)
		return;
	switch (err) {
	case E4Z_ET_AMBIGUOUS:
	case E4Z_ET_NOT_EXT:
	case E4Z_ET_NO_PARTITION: put_choice(to, options, img, err, list); break;
	case E4Z_ET_FAST_COMMIT:
		put_e2fsck(to, options, img, "-p", "replays them, and so does a mount");
		break;
	case E4Z_ET_BAD_JOURNAL:
		put_e2fsck(to, options, img, "-fy",
			   "repairs it; changes that only the journal holds may be lost");
		break;
	case E4Z_ET_HAS_ERRORS:
		put_e2fsck(to, options, img, "-fy", "repairs it, --force edits it anyway");
		break;
	case E4Z_ET_FORMAT_DOUBT: fputs("; select one of the two with --image-format", to); break;
	case E4Z_ET_OTHER_FILE: fputs("; --backing allows it to be opened", to); break;
	case E4Z_ET_PASSPHRASE:
		if (!options->passphrase_file && !options->passphrase_fd)
			fputs("; --passphrase-file FILE supplies it", to);
		break;
	case E4Z_ET_NO_MATCH: fputs("; --allow-none permits this", to); break;
	case E4Z_ET_NO_JOURNAL: fputs("; --journal-device FILE names it", to); break;
	case E4Z_ET_MOUNTED:
		if (options_only_look(options))
			fputs("; --force examines the state on disk", to);
		break;
	default: break;
	}
}

char *advice_add(const struct options *options, const struct e4z_image *img, errcode_t err,
		 const char *why, const char **list)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	long at = 0;

	*list = NULL;
	if (!to)
		return NULL;
	fputs(why, to);
	put_advice(to, options, img, err, &at);
	/* this succeeds even if memory ran out: then there is no text, or less of it */
	if (fclose(to) == 0 && text && at >= 0 && (size_t)at <= size) {
		*list = at ? text + at : NULL;
		return text;
	}
	free(text);
	return NULL;
}
