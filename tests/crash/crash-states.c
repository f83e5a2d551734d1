// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Crashes one edit of one image in every way that disks allow, and checks each state.
 *
 *   crash-states [options] --workload NAME IMAGE [JOURNAL-DEVICE]
 *   crash-states --verify IMAGE | --list
 *   crash-states --edit [--data D] [--trace FILE] --workload NAME IMAGE [JOURNAL-DEVICE]
 *   crash-states --replay IMAGE [JOURNAL-DEVICE]
 *
 * IMAGE is only read. The last line is "NAME ...: N states ..., N failed" with the counts; the exit
 * status is 0, 1 if a state was not in its class, or 77 if the image does not have the files that
 * the workload edits.
 */
#include "again.h"
#include "judge.h"

#include "image/image.h"
#include "journal/commit.h"
#include "reader/fs.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define S_FEATURE_INCOMPAT 0x60
#define S_LAST_ORPHAN 0xe8

struct options {
	const char *workload, *shape, *keep, *image, *journal, *trace;
	enum e4z_data_mode data;
	enum e4z_policy policy;
	size_t cache; /* blocks; 0: the default */
	bool used, clean, verify, edit, replay;
	size_t limit, random;
	uint64_t seed;
	unsigned outside, nested, overlay, faults, errors, again;
};

static const char *const policies[] = {"-batch", "-flush", "-flush-always"};

static enum e4z_policy policy(const char *name)
{
	for (unsigned i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		if (!strcmp(policies[i] + 1, name))
			return (enum e4z_policy)i;
	die("which policy?");
}

struct run {
	struct options options;
	const struct workload *work;
	struct disks disks;
	struct court court;
	struct record record;
	struct e4z_commit_summary summary;
	uint8_t *base, *before, *after; /* copies of the file system's disk */
	char why[512];
};

static uint8_t *copy_of(const struct disk *disk)
{
	const size_t huge = 2 << 20;
	uint8_t *copy = aligned_alloc(huge, (disk->size + huge - 1) / huge * huge);

	if (!copy)
		die("no memory");
	/* a short row spends most of its time on page faults */
	madvise(copy, disk->size, MADV_HUGEPAGE);
	memcpy(copy, disk->mem, disk->size);
	return copy;
}

/* The device of the log is known once a transaction is begun. */
static void attach(void *arg, struct e4z_image *img)
{
	struct run *run = arg;

	record_attach(&run->record, 0, img->dev);
	if (img->log && img->log->dev != img->dev)
		record_attach(&run->record, 1, img->log->dev);
}

/* Let the library edit the disks. */
static errcode_t edit(struct run *run, const struct workload *work)
{
	const struct e4z_open_options how = {
		.write = true,
		.journal_device = run->disks.disk[1].mem ? run->disks.disk[1].path : NULL,
	};
	const struct work_options options = {
		.data = run->options.data,
		.policy = run->options.policy,
		.cache_blocks = run->options.cache,
		.block_size = 1024u << fs_le32(run->disks.disk[0].mem + 1024 + 0x18),
	};
	struct e4z_image *img;
	errcode_t err = e4z_open(run->disks.disk[0].path, &how, &img);

	run->summary = (struct e4z_commit_summary){.transactions = 0};
	if (!err) {
		img->faults = run->options.faults;
		err = work_run(work, &options, img, attach, run, &run->summary);
	}
	if (err)
		snprintf(run->why, sizeof(run->why), "%s: %s", e4z_message(img, err),
			 e4z_context(img));
	e4z_close(img);
	return err;
}

/* Leave the log as it is just after the commit block of WORK's transaction became durable. */
static void leave_dirty(struct run *run, const struct workload *work)
{
	size_t i = 0;

	if (edit(run, work))
		die("%s: %s", work->name, run->why);
	disks_rewind(&run->disks, 0);
	while (i < run->record.count && strcmp(run->record.steps[i].what, "home"))
		i++;
	if (i == run->record.count)
		die("%s: nothing went home", work->name);
	for (size_t k = 0; k < i; k++)
		record_apply(&run->disks, &run->record.steps[k]);
	record_free(&run->record);
	disks_settle(&run->disks);
}

/* Leave stale transactions in the log. */
static void use_log(struct run *run)
{
	const struct workload *work = work_find("back-and-forth");

	if (edit(run, work))
		die("%s: %s", work->name, run->why);
	/* keep the log, restore everything else */
	for (size_t n = 0; n < DISKS && run->disks.disk[n].mem; n++) {
		struct disk *disk = &run->disks.disk[n];

		for (uint64_t s = 0; s * SECTOR < disk->size; s++)
			if (!disk->ignored[s])
				memcpy(disk->mem + s * SECTOR, run->base + s * SECTOR, SECTOR);
	}
	record_free(&run->record);
	disks_settle(&run->disks);
}

static bool prepare(struct run *run)
{
	struct options *o = &run->options;
	const char *missing;

	disks_load(&run->disks, 0, o->image);
	if (o->journal)
		disks_load(&run->disks, 1, o->journal);
	missing = work_misses(run->work, run->disks.disk[0].mem, run->disks.disk[0].size);
	if (missing) {
		printf("%s: the image has no %s\n", run->work->name, missing);
		return false;
	}
	if (!base_shape(&run->disks, o->shape))
		die("no such shape of a log: %s", o->shape);
	base_fill(&run->disks, o->clean);
	base_ignore_log(&run->disks);
	run->base = copy_of(&run->disks.disk[0]);
	record_init(&run->record, &run->disks);
	if (o->used && base_journal(&run->disks) != JOURNAL_NONE)
		use_log(run);
	if (run->work->dirty_by && base_journal(&run->disks) != JOURNAL_NONE) {
		unsigned faults = o->faults;

		o->faults = 0;
		leave_dirty(run, work_find(run->work->dirty_by));
		o->faults = faults;
	}
	return true;
}

static void note_behind(void *arg, uint64_t block)
{
	struct court *court = arg;

	if (court->behind_count == court->behind_room) {
		court->behind_room = court->behind_room * 2 + 64;
		court->behind = realloc(court->behind, court->behind_room * sizeof(block));
		if (!court->behind)
			die("no memory");
	}
	court->behind[court->behind_count++] = block;
}

/* Record the state before the edit; a dirty image is replayed first. */
static void know_before(struct run *run)
{
	struct record record;
	size_t mark = disks_mark(&run->disks);

	record_init(&record, &run->disks);
	if (run->court.place != JOURNAL_NONE &&
	    court_replay(&run->court, &record, run->why, sizeof(run->why)))
		die("before: %s", run->why);
	record_free(&record);
	run->before = copy_of(&run->disks.disk[0]);
	verify(run->before, run->disks.disk[0].size, &run->court.before);
	/* the blocks that an orphan frees are free space */
	if (run->work->fix && !fs_le32(run->before + 1024 + S_LAST_ORPHAN))
		verify_behind(run->before, run->disks.disk[0].size, note_behind, &run->court);
	if (!run->court.before.ok)
		die("before: %s", run->court.before.why);
	stale_know(&run->court.stale, run->before, run->disks.disk[0].size, &run->court.before,
		   run->disks.disk[0].path,
		   run->disks.disk[1].mem ? run->disks.disk[1].path : NULL);
	disks_rewind(&run->disks, mark);
}

static void know_after(struct run *run)
{
	struct verdict *after = &run->court.after;
	const struct state end = {.kind = STATE_ALL, .text = "the edit itself"};
	struct outcome outcome;

	run->after = copy_of(&run->disks.disk[0]);
	verify(run->after, run->disks.disk[0].size, after);
	if (!after->ok)
		court_complain(&run->court, &end, "after: %s", after->why);
	else if (!work_came_true(run->work, after->block_size, run->base, run->disks.disk[0].size,
				 &run->court.before, after, run->why, sizeof(run->why)))
		court_complain(&run->court, &end, "after: %s", run->why);
	else if (run->work->all && !again_is_clean(&run->disks, run->why, sizeof(run->why)))
		court_complain(&run->court, &end, "after: %s", run->why);
	if (!run->options.outside || !outside_has(OUTSIDE_LOOK) ||
	    (run->court.restless && !run->work->fix))
		return;
	outside_judge(&run->disks, OUTSIDE_LOOK, &outcome);
	if (outcome.status)
		court_complain(&run->court, &end, "after: e2fsck -fn: %d: %s", outcome.status,
			       outcome.said);
	outside_free(&run->disks, &outcome);
}

/* A write or barrier fails: nothing is written after it, and the image can be recovered. */
static void fail_each(struct run *run)
{
	size_t steps = run->record.count, every = run->options.errors;
	struct court *court = &run->court;

	for (size_t at = 0; every && at < steps; at += every) {
		struct state state = {.kind = STATE_ALL, .at = at, .text = "which fails"};
		size_t mark = disks_mark(&run->disks);
		errcode_t err;

		record_free(&run->record);
		record_init(&run->record, &run->disks);
		run->record.fail_at = at;
		err = edit(run, run->work);
		court->counts.write_errors++;
		if (!err)
			court_complain(court, &state, "the failure was not noticed");
		if (run->record.after_failure)
			court_complain(court, &state, "something was done after the failure");
		if (court->place != JOURNAL_NONE)
			court_recover(court, &state, 0, court->references - 1);
		if (court->again_every)
			court_fix_again(court, &state);
		disks_rewind(&run->disks, mark);
	}
}

static void print_counts(const struct run *run)
{
	const struct counts *c = &run->court.counts;

	printf("%s: %llu states, %llu distinct (", run->court.label, (unsigned long long)c->states,
	       (unsigned long long)c->distinct);
	for (int kind = 0; kind < STATE_KINDS; kind++)
		printf("%s%llu %s", kind ? ", " : "", (unsigned long long)c->kind[kind],
		       state_kind_name[kind]);
	printf("); %llu before, %llu between, %llu after, %llu torn-super; %llu overlay, "
	       "%llu nested, %llu write-errors, %llu again; %llu past-EOF, "
	       "%llu past-EOF-written; ",
	       (unsigned long long)c->before, (unsigned long long)c->between,
	       (unsigned long long)c->after, (unsigned long long)c->torn_super,
	       (unsigned long long)c->overlay, (unsigned long long)c->nested,
	       (unsigned long long)c->write_errors, (unsigned long long)c->again,
	       (unsigned long long)c->past, (unsigned long long)c->past_written);
	for (int judge = 0; judge <= OUTSIDE_KERNEL; judge++)
		printf("%llu by %s (%llu torn-super mended), ",
		       (unsigned long long)c->outside[judge], outside_name[judge],
		       (unsigned long long)c->torn_super_mended[judge]);
	printf("%llu failed\n", (unsigned long long)c->failed);
}

static bool has_extents(const uint8_t *image)
{
	return fs_le32(image + 1024 + S_FEATURE_INCOMPAT) & EXT3_FEATURE_INCOMPAT_EXTENTS;
}

static int crash(struct run *run)
{
	const struct options *o = &run->options;
	const struct states_options states = {o->limit, o->seed, o->random};
	struct court *court = &run->court;
	const struct state end = {.kind = STATE_ALL, .text = "the edit itself"};
	char label[256];
	errcode_t err;

	snprintf(label, sizeof(label), "%s %s%s%s%s%s %s %s", o->image, o->shape,
		 o->used ? "-used" : "", o->clean ? "-clean" : "",
		 o->policy ? policies[o->policy] : "", o->cache ? "-small" : "",
		 o->data == E4Z_DATA_ORDERED ? "ordered" : "journal", run->work->name);
	if (!prepare(run))
		return 77;
	*court = (struct court){
		.disks = &run->disks,
		.work = run->work,
		.label = label,
		.place = base_journal(&run->disks),
		.data = o->data,
		.outside_every = o->outside,
		.nested_every = o->nested,
		.overlay_every = o->overlay,
		.again_every = run->work->all ? o->again : 0,
		.keep = o->keep,
		.seed = o->seed,
		.base = run->base,
		.restless = verify_lookup(run->base, run->disks.disk[0].size, "/behind") ||
			    verify_lookup(run->base, run->disks.disk[0].size, "/half"),
	};
	court_open(court);
	know_before(run);
	err = edit(run, run->work);
	/* a refused edit changes nothing: there are no crash states */
	if (err == E4Z_ET_REFUSED && !has_extents(run->base)) {
		printf("%s: %s\n", label, run->why);
		return 77;
	}
	if (err)
		die("%s: %s", label, run->why);
	know_after(run);
	disks_rewind(&run->disks, 0);
	court->references = 1;
	court->reference[0] = o->data == E4Z_DATA_ORDERED ? court->before.meta : court->before.all;
	if (court->place == JOURNAL_NONE)
		court->reference[court->references++] =
			o->data == E4Z_DATA_ORDERED ? court->after.meta : court->after.all;
	states_each(&run->record, &states, court_judge, court);
	if (court->place != JOURNAL_NONE &&
	    court->reference[court->references - 1] !=
		    (o->data == E4Z_DATA_ORDERED ? court->after.meta : court->after.all))
		court_complain(court, &end, "its end is not what crashes lead to");
	if (court->references > 2 && court->references > run->summary.transactions + 1)
		court_complain(court, &end, "%zu states, %llu transactions", court->references,
			       (unsigned long long)run->summary.transactions);
	disks_rewind(&run->disks, 0);
	fail_each(run);
	print_counts(run);
	return court->counts.failed ? 1 : 0;
}

static int verify_only(const char *path)
{
	struct disks disks = {.hash = 0};
	struct verdict v;

	disks_load(&disks, 0, path);
	verify(disks.disk[0].mem, disks.disk[0].size, &v);
	printf("%s: %s%s, %zu files, %016llx %016llx\n", path, v.ok ? "sound" : "unsound: ", v.why,
	       v.file_count, (unsigned long long)v.meta, (unsigned long long)v.all);
	for (size_t i = 0; i < v.file_count; i++)
		printf("inode %u: %llu bytes, %zu blocks, %016llx\n", v.files[i].ino,
		       (unsigned long long)v.files[i].size, v.files[i].blocks,
		       (unsigned long long)v.files[i].content);
	return !v.ok;
}

static void no_attach(void *arg, struct e4z_image *img)
{
	const struct options *o = arg;

	if (o->trace && e4z_trace(img, o->trace))
		die("%s: cannot be written", o->trace);
}

/* The edit itself, or a replay, of a real file: for tests that kill it, or read its trace. */
static int edit_file(struct options *o, const struct workload *work)
{
	const struct e4z_open_options how = {
		.write = true, .repair = o->replay, .journal_device = o->journal};
	struct e4z_commit_summary summary = {.transactions = 0};
	struct e4z_image *img;
	errcode_t err = e4z_open(o->image, &how, &img);

	if (!err && o->replay) {
		no_attach(o, img);
		err = e4z_replay(img, &summary);
	} else if (!err) {
		const struct work_options options = {.data = o->data,
						     .policy = o->policy,
						     .cache_blocks = o->cache,
						     .block_size = e4z_info(img)->block_size};

		err = work_run(work, &options, img, no_attach, o, &summary);
	}
	if (err)
		fprintf(stderr, "crash-states: %s: %s\n", e4z_message(img, err), e4z_context(img));
	e4z_close(img);
	return err ? 1 : 0;
}

static const struct option long_options[] = {
	{"workload", 1, NULL, 'w'}, {"shape", 1, NULL, 's'},   {"data", 1, NULL, 'd'},
	{"used", 0, NULL, 'u'},	    {"limit", 1, NULL, 'l'},   {"random", 1, NULL, 'r'},
	{"seed", 1, NULL, 'S'},	    {"outside", 1, NULL, 'o'}, {"nested", 1, NULL, 'n'},
	{"overlay", 1, NULL, 'O'},  {"faults", 1, NULL, 'f'},  {"keep", 1, NULL, 'k'},
	{"errors", 1, NULL, 'e'},   {"verify", 0, NULL, 'v'},  {"list", 0, NULL, 'L'},
	{"policy", 1, NULL, 'p'},   {"cache", 1, NULL, 'c'},   {"edit", 0, NULL, 'E'},
	{"replay", 0, NULL, 'R'},   {"trace", 1, NULL, 't'},   {"clean", 0, NULL, 'C'},
	{"again", 1, NULL, 'a'},    {NULL, 0, NULL, 0},
};

static void list(void)
{
	const struct workload *work;

	for (size_t n = 0; (work = work_number(n)); n++)
		printf("%s\n", work->name);
	exit(0);
}

static void parse(int argc, char **argv, struct options *o)
{
	int opt;

	*o = (struct options){.shape = "fresh",
			      .limit = 400,
			      .random = 24,
			      .nested = 40,
			      .overlay = 4,
			      .errors = 1,
			      .again = 8};
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		unsigned long n = optarg ? strtoul(optarg, NULL, 0) : 0;

		switch (opt) {
		case 'w': o->workload = optarg; break;
		case 's': o->shape = optarg; break;
		case 'd':
			o->data = strcmp(optarg, "ordered") ? E4Z_DATA_JOURNAL : E4Z_DATA_ORDERED;
			break;
		case 'p': o->policy = policy(optarg); break;
		case 'c': o->cache = n; break;
		case 'u': o->used = true; break;
		case 'C': o->clean = true; break;
		case 'a': o->again = (unsigned)n; break;
		case 'l': o->limit = n; break;
		case 'r': o->random = n; break;
		case 'S': o->seed = n; break;
		case 'o': o->outside = (unsigned)n; break;
		case 'n': o->nested = (unsigned)n; break;
		case 'O': o->overlay = (unsigned)n; break;
		case 'f': o->faults = (unsigned)n; break;
		case 'k': o->keep = optarg; break;
		case 'e': o->errors = (unsigned)n; break;
		case 'v': o->verify = true; break;
		case 'L': list(); break;
		case 'E': o->edit = true; break;
		case 'R': o->replay = true; break;
		case 't': o->trace = optarg; break;
		default: exit(2);
		}
	}
	if (optind >= argc)
		die("which image?");
	o->image = argv[optind];
	o->journal = optind + 1 < argc ? argv[optind + 1] : NULL;
}

int main(int argc, char **argv)
{
	struct run run = {.work = NULL};
	int rc;

	/* every run has the same time */
	setenv("E2FSPROGS_FAKE_TIME", "1700000000", 0);
	setenv("E2FSCK_TIME", "1700000000", 0);
	parse(argc, argv, &run.options);
	e4z_init_errors();
	if (run.options.verify)
		return verify_only(run.options.image);
	if (run.options.replay)
		return edit_file(&run.options, NULL);
	run.work = work_find(run.options.workload ? run.options.workload : "");
	if (!run.work)
		die("which workload? --list tells");
	if (run.options.edit)
		return edit_file(&run.options, run.work);
	rc = crash(&run);
	record_free(&run.record);
	court_close(&run.court);
	verdict_free(&run.court.before);
	verdict_free(&run.court.after);
	disks_free(&run.disks);
	free(run.base);
	free(run.before);
	free(run.after);
	return rc;
}
