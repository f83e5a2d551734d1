// SPDX-License-Identifier: GPL-2.0-or-later
// The arguments of options: each function puts one into its field, or says why it cannot.

#include "cli/values.h"
#include "e4zero.h"
#include "util.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { MAX_JOBS = 1024, MAX_TIMEOUT = 86400 };

const char *value_jobs(struct options *options, const char *arg)
{
	uint64_t jobs;

	if (!util_number(arg, 1, MAX_JOBS, &jobs))
		return "not a number from 1 to 1024";
	options->jobs = (unsigned)jobs;
	return NULL;
}

const char *value_shard(struct options *options, const char *arg)
{
	const char *slash = strchr(arg, '/');
	char first[16];
	uint64_t shard, shards;

	snprintf(first, sizeof(first), "%.*s", slash ? (int)(slash - arg) : 0, arg);
	if (!slash || slash - arg >= (ptrdiff_t)sizeof(first) ||
	    !util_number(slash + 1, 1, E4Z_SHARDS_MAX, &shards) ||
	    !util_number(first, 1, shards, &shard))
		return "not I/N with I from 1 to N, and N up to 65536";
	options->shard = (unsigned)shard;
	options->shards = (unsigned)shards;
	return NULL;
}

const char *value_timeout(struct options *options, const char *arg)
{
	uint64_t seconds;

	if (!util_number(arg, 1, MAX_TIMEOUT, &seconds))
		return "not a number from 1 to 86400";
	options->timeout_s = (unsigned)seconds;
	return NULL;
}

const char *value_kinds(struct options *options, const char *arg)
{
	char name[32];
	uint64_t kinds;
	size_t len;

	for (;; arg += len + 1) {
		len = strcspn(arg, ",");
		snprintf(name, sizeof(name), "%.*s", len < sizeof(name) ? (int)len : 0, arg);
		kinds = e4z_kinds_by_name(name);
		if (!kinds)
			return "no such kind of finding; --help lists them";
		options->kinds |= kinds;
		if (!arg[len])
			return NULL;
	}
}

const char *value_size(struct options *options, const char *arg)
{
	if (!util_size(arg, &options->size))
		return "not a number of bytes";
	return NULL;
}

const char *value_offset(struct options *options, const char *arg)
{
	options->offset_given = true;
	return util_size(arg, &options->offset) ? NULL : "not a number of bytes";
}

const char *value_length(struct options *options, const char *arg)
{
	options->length_given = true;
	if (!util_size(arg, &options->length) || !options->length)
		return "must be at least 1 byte";
	return NULL;
}

/* Which of the COUNT words ARG is; COUNT: not one of them. */
static size_t word_index(const char *const *words, size_t count, const char *arg)
{
	size_t i = 0;

	while (i < count && strcmp(words[i], arg))
		i++;
	return i;
}

const char *value_policy(struct options *options, const char *arg)
{
	static const char *const words[] = {
		[E4Z_POLICY_BATCH] = "batch",
		[E4Z_POLICY_FLUSH] = "flush",
		[E4Z_POLICY_FLUSH_ALWAYS] = "flush-always",
	};
	size_t i = word_index(words, COUNT(words), arg);

	if (i == COUNT(words))
		return "neither batch, flush nor flush-always";
	options->policy = (enum e4z_policy)i;
	return NULL;
}

const char *value_sandbox(struct options *options, const char *arg)
{
	static const char *const words[] = {
		[SANDBOX_AUTO] = "auto",
		[SANDBOX_OFF] = "off",
		[SANDBOX_REQUIRE] = "require",
	};
	size_t i = word_index(words, COUNT(words), arg);

	if (i == COUNT(words))
		return "neither auto, off nor require";
	options->sandbox = (enum sandbox_mode)i;
	return NULL;
}

const char *value_holes(struct options *options, const char *arg)
{
	static const char *const words[] = {
		[E4Z_HOLES_AUTO] = "auto",
		[E4Z_HOLES_NEVER] = "never",
		[E4Z_HOLES_ALWAYS] = "always",
	};
	size_t i = word_index(words, COUNT(words), arg);

	if (i == COUNT(words))
		return "neither auto, never nor always";
	options->holes = (enum e4z_holes)i;
	return NULL;
}

const char *value_convert(struct options *options, const char *arg)
{
	static const char *const words[] = {
		[E4Z_TO_WRITTEN] = "written",
		[E4Z_TO_UNWRITTEN] = "unwritten",
		[E4Z_TO_HOLE] = "hole",
	};
	size_t i = word_index(words, COUNT(words), arg);

	if (i == COUNT(words))
		return "neither written, unwritten nor hole";
	options->convert_to = (enum e4z_convert_to)i;
	return NULL;
}

const char *value_data(struct options *options, const char *arg)
{
	if (!strcmp(arg, "journal"))
		options->data = E4Z_DATA_JOURNAL;
	else if (!strcmp(arg, "ordered"))
		options->data = E4Z_DATA_ORDERED;
	else
		return "neither journal nor ordered";
	return NULL;
}

/* A file name into *FIELD. */
static const char *name_into(const char **field, const char *arg)
{
	*field = arg;
	return *arg ? NULL : "empty file name";
}

const char *value_journal_device(struct options *options, const char *arg)
{
	return name_into(&options->journal_device, arg);
}

const char *value_passphrase_file(struct options *options, const char *arg)
{
	options->passphrase_fd = 0;
	return name_into(&options->passphrase_file, arg);
}

const char *value_passphrase_fd(struct options *options, const char *arg)
{
	uint64_t fd;

	if (!util_number(arg, 0, INT_MAX, &fd) || fcntl((int)fd, F_GETFL) < 0)
		return "not an open file descriptor";
	/* the library has 0 for none */
	options->passphrase_file = fd ? NULL : "/dev/stdin";
	options->passphrase_fd = (int)fd;
	return NULL;
}

const char *value_image_format(struct options *options, const char *arg)
{
	options->format = e4z_format_by_name(arg);
	return options->format == E4Z_FORMAT_AUTO ? "not the name of a format; --help lists them"
						  : NULL;
}

const char *value_trace(struct options *options, const char *arg)
{
	return name_into(&options->trace, arg);
}

const char *value_report(struct options *options, const char *arg)
{
	return name_into(&options->page, arg);
}

const char *value_from(struct options *options, const char *arg)
{
	return name_into(&options->from, arg);
}

const char *value_script(struct options *options, const char *arg)
{
	return name_into(&options->script, arg);
}

const char *value_undo(struct options *options, const char *arg)
{
	return name_into(&options->undo, arg);
}

const char *value_undo_apply(struct options *options, const char *arg)
{
	return name_into(&options->undo_apply, arg);
}

const char *value_partition(struct options *options, const char *arg)
{
	if (!*arg)
		return "empty partition name";
	options->partition = arg;
	return NULL;
}

const char *value_progress(struct options *options, const char *arg)
{
	if (arg)
		return value_descriptor(options, arg);
	options->progress = PROGRESS_BAR;
	return NULL;
}

const char *value_descriptor(struct options *options, const char *arg)
{
	uint64_t fd;
	int flags;

	if (!util_number(arg, 0, INT_MAX, &fd))
		return "not a file descriptor";
	if (fd == 0)
		return value_progress(options, NULL);
	flags = fcntl((int)fd, F_GETFL);
	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return "not a descriptor that is open for writing";
	options->progress = PROGRESS_LINES;
	options->progress_fd = (int)fd;
	return NULL;
}
