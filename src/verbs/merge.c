// SPDX-License-Identifier: GPL-2.0-or-later
// --merge: read the reports, check that they are the shards of one image, deliver the findings.
//
// If two shards claim the same blocks, the whole image is checked instead.
//
// The reports may be untrusted: a confined child process reads them. It does everything but the
// check, for which it could not open the image.

#include "verbs/merge.h"

#include "errors.h"
#include "merge/apart.h"
#include "merge/deliver.h"
#include "merge/facts.h"
#include "merge/flat.h"
#include "merge/part.h"
#include "report/report.h"
#include "sandbox.h"
#include "script/source_list.h"
#include "util.h"
#include "verbs/check.h"
#include "verbs/verb.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

struct merge {
	const struct options *options;
	struct report *report;
	const volatile int *stop;
	struct part_reader reader;
	struct source_list files; /* of the reports; none: each is opened when it is read */
	struct flat *flat;	  /* takes the facts for the check; NULL: it is done here */
	struct part *parts;
	size_t count;
	bool certain; /* no two shards claim the same blocks */
	struct facts facts;
	const char *where; /* the report that is at fault; NULL: all together */
	char why[512];
};

/* ---- do they belong together? ---- */

static int by_shard(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;

	return (a->shard > b->shard) - (a->shard < b->shard);
}

static errcode_t __attribute__((format(printf, 3, 4)))
refuse(struct merge *m, const struct part *part, const char *format, ...)
{
	va_list args;

	m->where = part ? part->name : NULL;
	va_start(args, format);
	vsnprintf(m->why, sizeof(m->why), format, args);
	va_end(args);
	return EINVAL;
}

/* PART is of the same check as FIRST. */
static errcode_t compare(struct merge *m, const struct part *first, const struct part *part)
{
	if (part->shards != first->shards)
		return refuse(m, part, "this is a shard of %u, and %.200s one of %u", part->shards,
			      first->name, first->shards);
	if (!json_object_equal(part->image, first->image))
		return refuse(m, part, "the image is not that of %.200s", first->name);
	if (!json_object_equal(part->facts, first->facts))
		return refuse(m, part,
			      "the options, or the state of the image, are not those of %.200s",
			      first->name);
	return 0;
}

/* PART follows LAST (NULL: nothing) as its shard does. */
static errcode_t follow(struct merge *m, const struct part *last, const struct part *part)
{
	unsigned due = last ? last->shard + 1 : 1;

	if (last && last->shard == part->shard)
		return refuse(m, part, "%.200s is also a report of shard %u", last->name,
			      part->shard);
	if (part->shard != due)
		return refuse(m, NULL, "the report of shard %u of %u is missing", due,
			      part->shards);
	if (part->first_group != (last ? last->first_group + last->groups : 0))
		return refuse(m, part, "the shard does not begin where the one before it ends");
	return 0;
}

/* LINES of PART are of the numbers [first, end); what has none is of number 0. */
static errcode_t inside(struct merge *m, const struct part *part, const struct part_lines *lines,
			uint64_t first, uint64_t end)
{
	if (!lines->count || (lines->first >= first && lines->last < end))
		return 0;
	return refuse(m, part, "findings are of inodes of another shard");
}

/* All parts follow each other: what PART has found is in its own groups. */
static errcode_t stay_inside(struct merge *m, const struct part *part, uint32_t inodes_per_group)
{
	uint64_t first = part->first_group, end = first + part->groups;
	errcode_t err = inside(m, part, &part->of_groups, first, end);

	if (!err)
		err = inside(m, part, &part->of_inodes, first * inodes_per_group + 1,
			     end * inodes_per_group + 1);
	return err ? err : inside(m, part, &part->of_names, 1, (uint64_t)part->inodes + 1);
}

static errcode_t fit(struct merge *m)
{
	const struct part *last = &m->parts[m->count - 1];
	uint32_t groups;
	errcode_t err = 0;

	qsort(m->parts, m->count, sizeof(*m->parts), by_shard);
	for (size_t i = 0; i < m->count && !err; i++)
		err = follow(m, i ? &m->parts[i - 1] : NULL, &m->parts[i]);
	if (!err && last->shard != last->shards)
		err = refuse(m, NULL, "the report of shard %u of %u is missing", last->shard + 1,
			     last->shards);
	groups = last->first_group + last->groups;
	if (!err && (!groups || last->inodes % groups))
		err = refuse(m, last, "the groups of all shards are not those of the image");
	for (size_t i = 0; i < m->count && !err; i++)
		err = stay_inside(m, &m->parts[i], last->inodes / groups);
	if (!err && m->options->verbose && !m->parts[0].verbose)
		err = refuse(m, &m->parts[0],
			     "--verbose was not given when the shards were "
			     "checked");
	return err;
}

/* Blocks that two shards claim can only be examined in the image. */
static errcode_t see_whether_certain(struct merge *m)
{
	bool any = false;
	errcode_t err = 0;

	for (size_t i = 0; i < m->count && m->count > 1; i++)
		any |= m->parts[i].whole;
	if (!any && m->count > 1)
		err = overlap_any(&m->reader.overlap, m->parts[0].cluster_blocks, &any);
	m->certain = !any;
	return err;
}

/*
 * The directories of which names are missing are the same for all that looked for names, unless
 * blocks are claimed twice.
 */
static errcode_t compare_names(struct merge *m)
{
	const struct part *names = NULL;

	for (size_t i = 0; i < m->count; i++) {
		const struct part *part = &m->parts[i];

		if (!part->of_names.count)
			continue;
		if (names && (part->of_names.count != names->of_names.count ||
			      part->names_sum != names->names_sum))
			return refuse(m, part,
				      "the directories that cannot be read are not those of "
				      "another shard");
		names = part;
	}
	return 0;
}

/* The next report, which must be like the first one, and need not be kept twice then. */
static errcode_t read_part(struct merge *m)
{
	const char *name = m->options->reports[m->count];
	struct source_file now = {.fd = -1}, *file = source_list_next(&m->files);
	struct part *part = &m->parts[m->count++];
	errcode_t err;

	if (!file)
		now = source_find_stream(name);
	err = part_read(&m->reader, name, file ? file : &now, part);
	m->where = name;
	snprintf(m->why, sizeof(m->why), "%s", m->reader.why);
	if (err || m->count == 1)
		return err;
	err = compare(m, &m->parts[0], part);
	if (!err)
		part_forget(part, &m->parts[0]);
	return err;
}

static errcode_t confine(struct merge *m)
{
	const char *why;
	errcode_t err =
		sandbox_enter_bare(m->options, fileno(m->reader.kept), m->files.later, &why);

	if (err == E4Z_ET_UNCONFINED)
		snprintf(m->why, sizeof(m->why), "the process cannot be confined: %s", why);
	return err;
}

static errcode_t read_parts(struct merge *m)
{
	errcode_t err = part_reader_open(&m->reader, m->stop);

	snprintf(m->why, sizeof(m->why), "%s", m->reader.why);
	m->parts = calloc(m->options->report_count, sizeof(*m->parts));
	if (!err && !m->parts)
		err = ENOMEM;
	if (!err && m->flat)
		err = confine(m);
	for (size_t i = 0; i < m->options->report_count && !err; i++)
		err = read_part(m);
	if (!err)
		err = fit(m);
	if (!err)
		err = see_whether_certain(m);
	if (!err && m->certain)
		err = compare_names(m);
	if (err)
		return err;
	m->where = m->parts[0].name;
	err = facts_make(&m->facts, m->parts, m->count, m->options);
	if (err == EINVAL)
		err = refuse(m, &m->parts[0], "\"%s\" is missing or not valid",
			     m->facts.shard.bad ? m->facts.shard.bad : m->facts.image.bad);
	return err;
}

/* ---- the result ---- */

struct again {
	struct check_face face;
	const struct facts *facts;
};

static errcode_t look_again(void *arg, struct e4z_image *img, struct report_summary *result)
{
	struct again *again = arg;

	if (facts_hold(again->facts, img))
		return check_look(&again->face, img, result);
	result->why = "shards claim the same blocks, and the image is no longer the one that was "
		      "checked: check it again";
	return E4Z_ET_STATE;
}

static int check_again(struct merge *m)
{
	struct again again = {.face = {.report = m->report, .stop = m->stop}, .facts = &m->facts};

	m->facts.options.purpose = "checking the whole image, because shards claim the same blocks";
	return verb_look(m->report, m->stop, ABOUT_CHECK, look_again, &again);
}

static int deliver(struct merge *m)
{
	struct report_summary summary = {.verb = "check", .about = ABOUT_CHECK};
	const struct check_face face = {.report = m->report, .stop = m->stop};
	errcode_t err =
		deliver_parts(&m->reader, m->parts, m->count, &m->facts, m->report, &summary);

	summary.exit = summary.check.findings ? EXIT_FINDINGS : EXIT_NONE;
	if (err)
		summary.exit = *m->stop ? EXIT_SIGNAL : EXIT_REFUSED;
	if (err)
		verb_tell_failure(m->report, NULL, err, "merging", error_message(err));
	else
		check_face_warn(&face, &summary.check);
	return report_end(m->report, &summary);
}

static int fail(struct merge *m, errcode_t err)
{
	const struct report_summary summary = {.verb = m->options->verb_name,
					       .exit = *m->stop ? EXIT_SIGNAL : EXIT_REFUSED};

	if (*m->stop)
		report_failure(m->report, m->where, "", "stopped by a signal", NULL,
			       E4Z_ET_INTERRUPTED);
	else
		report_failure(m->report, m->where, m->why[0] ? "" : "merging",
			       m->why[0] ? m->why : error_message(err), NULL, err);
	return report_end(m->report, &summary);
}

/* The child leaves the check to its parent. */
static int leave_check(struct merge *m)
{
	if (flat_fill(m->flat, &m->facts))
		return EXIT_NONE;
	m->where = m->parts[0].name;
	snprintf(m->why, sizeof(m->why), "the name of the image is too long");
	return fail(m, ENAMETOOLONG);
}

static int merge(struct merge *m)
{
	errcode_t err = read_parts(m);
	int status;

	if (err)
		return fail(m, err);
	/* from here on the report is that of a check */
	m->report->options = &m->facts.options;
	if (m->certain)
		status = deliver(m);
	else
		status = m->flat ? leave_check(m) : check_again(m);
	m->report->options = m->options;
	return status;
}

/* ---- the two processes ---- */

/* The child has ended with STATUS: do the check that it left. */
static int follow_child(struct merge *m, int status, const struct flat *flat)
{
	if (status >= 128) {
		snprintf(m->why, sizeof(m->why),
			 "the process that reads the reports was ended by signal %d", status - 128);
		return fail(m, ECHILD);
	}
	if (!flat->filled)
		return status;
	if (!flat_read(flat, m->options, &m->facts)) {
		snprintf(m->why, sizeof(m->why), "the reports are not valid");
		return fail(m, EINVAL);
	}
	m->report->options = &m->facts.options;
	status = check_again(m);
	m->report->options = m->options;
	return status;
}

static int merge_apart(struct merge *m)
{
	const struct options *o = m->options;
	struct apart apart;
	errcode_t err = source_list_begin(&m->files, o->report_count);
	int status;

	for (size_t i = 0; i < o->report_count && !err; i++)
		source_list_add(&m->files, o->reports[i]);
	if (!err)
		err = apart_start(&apart, sizeof(struct flat));
	if (err)
		return fail(m, err);
	if (!apart.pid) {
		m->flat = apart.shared;
		return merge(m);
	}
	source_list_end(&m->files);
	status = apart_wait(&apart, m->stop);
	status = follow_child(m, status, apart.shared);
	apart_free(&apart);
	return status;
}

int merge_run(const struct options *options, struct report *report, const volatile int *stop)
{
	struct merge m = {.options = options, .report = report, .stop = stop};
	int status = sandbox_wanted(options) ? merge_apart(&m) : merge(&m);

	facts_free(&m.facts);
	for (size_t i = 0; i < m.count; i++)
		part_free(&m.parts[i]);
	free(m.parts);
	source_list_end(&m.files);
	part_reader_close(&m.reader);
	return status;
}
