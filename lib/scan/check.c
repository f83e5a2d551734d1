// SPDX-License-Identifier: GPL-2.0-or-later
// Tables and tails are examined, findings sorted, names found, results delivered.
#include "scan/check.h"

#include "base/cleanup.h"
#include "base/pool.h"
#include "exam/exam.h"
#include "format/system.h"
#include "image/groups.h"
#include "path/lookup.h"
#include "scan/names.h"
#include "scan/tables.h"
#include "shard/shard.h"
#include <errno.h>
#include <stdlib.h>

/* More threads than this would only wait for memory. */
#define JOBS_MAX 1024

/* A file that was asked for. */
struct asked {
	uint32_t ino;
	size_t order;
	const char *given; /* a name of it; NULL: it was none */
};
VEC(asked_vec, struct asked);

struct check {
	struct e4z_image *img;
	struct e4z_check_options options;
	bool whole; /* every inode is looked at */
	const struct check_after *after;
	const struct e4z_check_sink *sink;
	struct e4z_check_summary *summary;
	struct findings *findings;
	struct tables *tables;
	struct names *names;
	struct e4z_shard shard; /* what there is to say of it */
	struct claims *claims;	/* of a shard */
	struct asked_vec asked; /* the files asked for, sorted */
	uint32_t *inos;		/* of them; NULL: all */
	size_t skipped;		/* of them */
};

static errcode_t watch(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	const struct check *check = arg;

	if (check->sink->progress)
		check->sink->progress(check->sink->arg, pass, current, max);
	return 0;
}

static int compare_asked(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	if (x->ino != y->ino)
		return (x->ino > y->ino) - (x->ino < y->ino);
	return (x->order > y->order) - (x->order < y->order);
}

/* One inode each, in their order, under the name by which it was asked for first. */
static errcode_t sort_asked(struct check *check)
{
	struct asked *asked = check->asked.items;
	size_t count = 0;

	if (check->asked.count)
		qsort(asked, check->asked.count, sizeof(*asked), compare_asked);
	for (size_t i = 0; i < check->asked.count; i++)
		if (!count || asked[count - 1].ino != asked[i].ino)
			asked[count++] = asked[i];
	check->asked.count = count;
	check->inos = malloc((count + 1) * sizeof(*check->inos));
	for (size_t i = 0; check->inos && i < count; i++)
		check->inos[i] = asked[i].ino;
	return check->inos ? 0 : ENOMEM;
}

static errcode_t ask_for(struct check *check, uint32_t ino, const char *name, bool plain)
{
	const struct asked asked = {ino, check->asked.count, plain ? name : NULL};

	return vec_push(&check->asked, asked);
}

static errcode_t lookup_files(struct check *check)
{
	const struct e4z_check_options *options = &check->options;
	struct map_work work = {.stop = options->stop};
	errcode_t err = map_work_init(check->img, &work);

	for (size_t i = 0; i < options->file_count && !err; i++) {
		uint32_t ino;
		bool plain;

		err = lookup(check->img, &work, options->files[i], &ino, &plain);
		if (!err)
			err = ask_for(check, ino, options->files[i], plain);
	}
	for (size_t i = 0; i < options->match_count && !err; i++)
		err = ask_for(check, options->matches[i].ino, options->matches[i].path,
			      options->matches[i].plain);
	map_work_free(&work);
	return err ? err : sort_asked(check);
}

/* One inode that was asked for: it counts as a file, or why it is not checked is noted. */
static errcode_t note_one(struct check *check, const struct inode *inode)
{
	if (is_system_inode(check->img->fs->super, inode->ino))
		return findings_skip(check->findings, inode->ino,
				     "a system inode: its contents are not checked");
	/* a deleted one was noted when it was looked at */
	if (!inode->links && inode->mode)
		return 0;
	if (inode_is(inode, LINUX_S_IFREG))
		check->summary->files++;
	else if (!inode_is(inode, LINUX_S_IFLNK))
		return findings_skip(check->findings, inode->ino, "not a regular file");
	return 0;
}

/* The same whether they alone were examined, or every inode was. */
static errcode_t note_given(struct check *check)
{
	AUTO_FREE uint8_t *raw = malloc(check->img->inode_size);
	errcode_t err = raw ? 0 : ENOMEM;

	for (size_t i = 0; i < check->asked.count && !err; i++) {
		struct inode inode;

		if (!inode_read(check->img, check->inos[i], raw, &inode))
			err = note_one(check, &inode);
	}
	return err;
}

static errcode_t examine(struct check *check)
{
	const struct e4z_check_options *options = &check->options;
	const struct tables_options tables_options = {
		.workers = options->jobs,
		.paranoid = options->paranoid || options->all,
		.account = check->after != NULL,
		.kinds = options->kinds,
		.shard = options->shard,
		.shards = options->shards,
		.stop = options->stop,
		.watch = watch,
		.arg = check,
	};
	errcode_t err = findings_new(check->img, &check->findings);

	if (!err)
		err = tables_new(check->img, &tables_options, check->findings, &check->tables);
	if (!err && options->files)
		err = lookup_files(check);
	if (err)
		return err;
	if (options->files && !check->whole)
		err = tables_examine_some(check->tables, check->inos, check->asked.count);
	else
		err = tables_examine(check->tables);
	if (!err && check->after)
		err = check->after->fn(check->after->arg, check->tables, check->findings);
	check->summary->only_holes = !options->shards && tables_only_holes(check->tables);
	if (!options->files)
		check->summary->files = tables_files(check->tables);
	else if (!err)
		err = note_given(check);
	return err;
}

static int compare_ino(const void *ino, const void *asked)
{
	uint32_t a = *(const uint32_t *)ino, b = ((const struct asked *)asked)->ino;

	return (a > b) - (a < b);
}

static const struct asked *find_asked(const struct check *check, uint32_t ino)
{
	const struct asked_vec *v = &check->asked;

	return v->count ? bsearch(&ino, v->items, v->count, sizeof(*v->items), compare_ino) : NULL;
}

/* The name that was asked for, if the file was asked for by a name of its own. */
static const char *given_name(const struct check *check, uint32_t ino)
{
	const struct asked *asked = find_asked(check, ino);

	return asked ? asked->given : NULL;
}

static bool is_wanted(const struct check *check, const struct e4z_finding *finding)
{
	/* what has no inode concerns everybody */
	if (check->options.files && finding->ino && !find_asked(check, finding->ino))
		return false;
	return finding->kind == FINDING_SKIPPED ||
	       check->options.kinds & E4Z_KIND_BIT(finding->kind);
}

/* Something is to be delivered under a name that nobody gave. */
static errcode_t needs_names(const struct check *check, bool *needs)
{
	const struct e4z_finding *finding;
	errcode_t err = findings_rewind(check->findings);

	*needs = false;
	while (!err && !*needs) {
		err = findings_next(check->findings, &finding);
		if (err || !finding)
			break;
		*needs = finding->ino && is_wanted(check, finding) &&
			 !given_name(check, finding->ino);
	}
	return err;
}

static errcode_t find_names(struct check *check)
{
	const struct names_options options = {check->options.jobs, check->options.stop, watch,
					      check};
	bool needs;
	errcode_t err = needs_names(check, &needs);

	if (err || !needs)
		return err;
	if (check->options.shards || (check->inos && !check->whole))
		err = tables_find_dirs(check->tables);
	if (err)
		return err;
	return names_new(check->img, check->findings, tables_dirs(check->tables), &options,
			 &check->names);
}

errcode_t check_next_any(struct check *check, struct e4z_finding *finding, bool *wanted)
{
	const struct e4z_finding *next;
	errcode_t err = findings_next(check->findings, &next);

	*wanted = true;
	*finding = (struct e4z_finding){.kind = CHECK_END};
	if (err || !next)
		return err;
	*wanted = is_wanted(check, next);
	*finding = *next;
	if (check->after)
		check->after->amend(check->after->arg, finding);
	return 0;
}

errcode_t check_next(struct check *check, struct e4z_finding *finding)
{
	bool wanted;
	errcode_t err;

	do
		err = check_next_any(check, finding, &wanted);
	while (!err && !wanted);
	return err;
}

errcode_t check_rewind(struct check *check)
{
	return findings_rewind(check->findings);
}

/* By its name, or with all that is not examined. */
static bool is_asked_for(const struct check *check, enum e4z_finding_kind kind)
{
	return check->options.opaque ||
	       (check->options.kinds != UINT64_MAX && check->options.kinds & E4Z_KIND_BIT(kind));
}

static errcode_t deliver_one(struct check *check, struct e4z_finding *finding)
{
	const struct e4z_check_sink *sink = check->sink;
	struct e4z_check_summary *summary = check->summary;
	errcode_t err = 0;

	finding->path = given_name(check, finding->ino);
	if (!finding->path && check->names && finding->ino)
		err = names_path(check->names, finding->ino, &finding->path);
	if (err)
		return err;
	if (finding->kind == FINDING_SKIPPED) {
		const struct e4z_skipped skipped = {
			.ino = finding->ino, .path = finding->path, .why = finding->why};

		summary->skipped++;
		check->skipped += find_asked(check, finding->ino) != NULL;
		return sink->skipped ? sink->skipped(sink->arg, &skipped) : 0;
	}
	if (finding->kind == E4Z_OPAQUE) {
		summary->opaque++;
		if (!check->options.opaque)
			return 0;
	} else if (findings_by_nature(finding)) {
		if (!is_asked_for(check, finding->kind))
			return 0;
	} else {
		summary->findings++;
		summary->fixed += finding->fixed;
		summary->stale_bytes += finding->nonzero;
	}
	return sink->finding ? sink->finding(sink->arg, finding) : 0;
}

/* Names that are missing for a reason: the directories, last. */
static errcode_t deliver_unread(struct check *check)
{
	size_t count = 0;
	const uint32_t *inos = check->names ? names_unread(check->names, &count) : NULL;
	errcode_t err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		struct e4z_finding finding = {
			.kind = FINDING_SKIPPED,
			.ino = inos[i],
			.why = "the directory cannot be read completely; names are missing",
		};

		err = deliver_one(check, &finding);
	}
	return err;
}

errcode_t check_deliver(struct check *check, check_outcome *outcome, void *arg)
{
	errcode_t err = check_rewind(check);

	while (!err) {
		struct e4z_finding finding;

		err = check_next(check, &finding);
		if (err || finding.kind == CHECK_END)
			break;
		if (outcome)
			outcome(arg, &finding);
		err = deliver_one(check, &finding);
	}
	check->summary->none_checked = check->skipped && check->skipped == check->asked.count;
	if (!err && check->claims)
		err = shard_deliver(check->img, &check->shard, check->claims, check->sink);
	return err ? err : deliver_unread(check);
}

errcode_t check_new(struct e4z_image *img, const struct e4z_check_options *options, bool whole,
		    const struct check_after *after, const struct e4z_check_sink *sink,
		    struct e4z_check_summary *summary, struct check **out)
{
	static const struct e4z_check_sink nothing;
	struct check *check = calloc(1, sizeof(*check));
	errcode_t err;

	*out = check;
	*summary = (struct e4z_check_summary){0};
	if (!check)
		return ENOMEM;
	*check = (struct check){.img = img,
				.options = options ? *options : (struct e4z_check_options){0},
				.whole = whole,
				.after = after,
				.sink = sink ? sink : &nothing,
				.summary = summary};
	if (check->options.jobs > JOBS_MAX)
		check->options.jobs = JOBS_MAX;
	if (!check->options.jobs)
		check->options.jobs = pool_processors();
	if (!check->options.kinds)
		check->options.kinds = UINT64_MAX;
	image_forget(img);
	err = examine(check);
	err = image_lost(img, err ? err : find_names(check));
	if (!err && check->options.shards)
		check->claims = tables_take_shard(check->tables, &check->shard);
	/* what they hold is in the findings and the names now */
	tables_free(check->tables);
	check->tables = NULL;
	return err;
}

void check_free(struct check *check)
{
	if (!check)
		return;
	names_free(check->names);
	tables_free(check->tables);
	findings_free(check->findings);
	claims_free(check->claims);
	vec_free(&check->asked);
	free(check->inos);
	free(check);
}
