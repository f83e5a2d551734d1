// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps edits and skipped files, sorted outside memory, and delivers them with their names.
#include "scan/results.h"

#include "findings/findings.h"
#include "image/image.h"
#include "scan/names.h"
#include "sets/spill.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Edits kept in memory before a sorted run goes to the temporary file. */
#define IN_MEMORY 16384
/* Sentences that are kept; they say nothing that is different for each file. */
#define REASONS_MAX 256

struct results {
	struct findings
		*inos; /* what stands for each, for the names; those skipped have a reason */
	struct spill *edits;
	char *reasons[REASONS_MAX];
	size_t reason_count;
};

static int compare_edits(const void *pa, const void *pb)
{
	const struct e4z_edit *a = pa, *b = pb;

	return (a->ino > b->ino) - (a->ino < b->ino);
}

errcode_t results_new(struct e4z_image *img, struct results **out)
{
	struct results *results = calloc(1, sizeof(*results));
	errcode_t err;

	*out = results;
	if (!results)
		return ENOMEM;
	err = findings_new(img, &results->inos);
	if (!err)
		err = spill_new(sizeof(struct e4z_edit), IN_MEMORY, compare_edits, &img->tmpfiles,
				&results->edits);
	return err;
}

void results_free(struct results *results)
{
	if (!results)
		return;
	findings_free(results->inos);
	spill_free(results->edits);
	for (size_t i = 0; i < results->reason_count; i++)
		free(results->reasons[i]);
	free(results);
}

errcode_t results_edit(struct results *results, const struct e4z_edit *edit)
{
	errcode_t err = spill_add(results->edits, edit);

	return err ? err : findings_skip(results->inos, edit->ino, NULL);
}

errcode_t results_skip(struct results *results, uint32_t ino, const char *why)
{
	return findings_skip(results->inos, ino, why);
}

/* WHY as a string that lives as long as RESULTS; that of ERR where they are too many. */
static const char *keep(struct results *results, errcode_t err, const char *why)
{
	char *copy;

	for (size_t i = 0; i < results->reason_count; i++)
		if (!strcmp(results->reasons[i], why))
			return results->reasons[i];
	copy = results->reason_count < REASONS_MAX ? strdup(why) : NULL;
	if (!copy)
		return error_message(err);
	return results->reasons[results->reason_count++] = copy;
}

errcode_t results_leave(struct results *results, uint32_t ino, errcode_t err, const char *why)
{
	/* what is skipped has no bytes: their number is free for the code */
	const struct e4z_finding finding = {.kind = FINDING_SKIPPED,
					    .ino = ino,
					    .why = keep(results, err, why),
					    .nonzero = (uint64_t)err,
					    .fixable = true};

	return findings_add(results->inos, &finding);
}

errcode_t results_too_large(struct results *results, uint32_t ino, uint64_t need, uint64_t room)
{
	const struct e4z_finding finding = {.kind = FINDING_SKIPPED,
					    .ino = ino,
					    .first = need,
					    .last = room,
					    .blocks = 1,
					    .fixable = true};

	return findings_add(results->inos, &finding);
}

static errcode_t deliver_skipped(const struct e4z_finding *finding, const char *path,
				 const struct results_sink *sink)
{
	struct e4z_skipped skipped = {
		.ino = finding->ino,
		.path = path,
		.why = finding->why,
		.left = finding->fixable,
		.err = (errcode_t)finding->nonzero,
	};
	char why[128];

	if (finding->blocks) {
		snprintf(why, sizeof(why),
			 "it needs %" PRIu64 " journal blocks, and there are %" PRIu64,
			 finding->first, finding->last);
		skipped.why = why;
		skipped.err = E4Z_ET_LOG_FULL;
	}
	return sink->skipped ? sink->skipped(sink->arg, &skipped) : 0;
}

static errcode_t deliver_edit(struct results *results, const char *path,
			      const struct results_sink *sink)
{
	struct e4z_edit edit;
	const void *item;
	errcode_t err = spill_next(results->edits, &item);

	if (err)
		return err;
	edit = *(const struct e4z_edit *)item;
	edit.path = path;
	return sink->edit ? sink->edit(sink->arg, &edit) : 0;
}

static errcode_t deliver(struct results *results, struct names *names,
			 const struct results_sink *sink)
{
	errcode_t err = findings_rewind(results->inos);

	if (!err)
		err = spill_rewind(results->edits);
	while (!err) {
		const struct e4z_finding *finding;
		const char *path = NULL;

		err = findings_next(results->inos, &finding);
		if (err || !finding)
			break;
		if (names && finding->ino)
			err = names_path(names, finding->ino, &path);
		if (err)
			break;
		err = finding->why || finding->blocks ? deliver_skipped(finding, path, sink)
						      : deliver_edit(results, path, sink);
	}
	return err;
}

errcode_t results_deliver(struct results *results, struct e4z_image *img,
			  const struct rangeset *dirs, const struct results_sink *sink)
{
	const struct names_options options = {.stop = NULL};
	struct names *names = NULL;
	const struct e4z_finding *first = NULL;
	errcode_t err = findings_rewind(results->inos);

	if (!err)
		err = findings_next(results->inos, &first);
	if (err || !first)
		return err;
	if (dirs)
		err = names_new(img, results->inos, dirs, &options, &names);
	if (!err)
		err = deliver(results, names, sink);
	names_free(names);
	return err;
}
