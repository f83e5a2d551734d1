// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The invariants of editing as properties of every short sequence of operations on a file of a few
 * blocks. props --all runs all sequences of two operations, and of three from a small alphabet, in
 * memory, each in every way (policy, batch, bound of the cache, data mode): I1 to I5, I7, I8, I13.
 * Some are committed (durable.c): I14 to I18, I20, I21, I23 to I25, I27, I29. Without an argument
 * it is a bounded sample. tests/README.md says which test shows the others.
 */
#include "props.h"

#include "../unit/check.h"
#include "edit/session.h"
#include "file/cache_row.h"
#include "txn/txn.h"
#include <string.h>

static const struct start starts[] = {
	{"wwww", 14},	{"wu-w", 14}, {"-zuw", 10}, {"uuuuuu", 6}, {"wwww", 8},
	{"wzuw-w", 12}, {"w", 1},     {"", 0},	    {"-u", 7},
};

static const struct e4z_edit_options ways[] = {
	{.policy = E4Z_POLICY_BATCH, .batch = 1},
	{.policy = E4Z_POLICY_FLUSH},
	{.policy = E4Z_POLICY_FLUSH_ALWAYS, .data = E4Z_DATA_ORDERED},
	{.policy = E4Z_POLICY_BATCH, .batch = 2, .cache_blocks = 1},
	{.policy = E4Z_POLICY_BATCH, .batch = SIZE_MAX, .data = E4Z_DATA_ORDERED},
	{.policy = E4Z_POLICY_FLUSH, .cache_blocks = 1, .data = E4Z_DATA_ORDERED},
	{.policy = E4Z_POLICY_FLUSH_ALWAYS, .cache_blocks = 2},
	{.policy = E4Z_POLICY_BATCH, .batch = 3, .cache_blocks = 3},
	{.policy = E4Z_POLICY_FLUSH, .cache_blocks = SIZE_MAX},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

void props_broken(const struct props *p, const struct sequence *seq, int n, const char *what,
		  const char *file, int line)
{
	fprintf(stderr, "%s:%d: I%d is broken: %s\n", file, line, n, what);
	fprintf(stderr,
		"blocks of %u, \"%s\", %llu bytes, policy %d, batch %zu, cache %zu, data %d:\n",
		p->small.block_size, seq->start->states, (unsigned long long)p->before.size,
		seq->way->policy, seq->way->batch, seq->way->cache_blocks, seq->way->data);
	for (unsigned i = 0; i < seq->length; i++)
		fprintf(stderr, "  %s %llu %llu\n", act_name(&seq->act[i]),
			(unsigned long long)seq->act[i].off, (unsigned long long)seq->act[i].len);
	for (uint64_t i = 0; i < MODEL_BYTES; i++)
		if (p->content.data[i] != p->model.data[i]) {
			fprintf(stderr,
				"sizes %llu and %llu, first byte that is not the model's: %llu\n",
				(unsigned long long)p->content.size,
				(unsigned long long)p->model.size, (unsigned long long)i);
			break;
		}
	exit(1);
}

bool props_as_said(const struct props *p, const struct act *act, bool legal, errcode_t err)
{
	/* where there are no zeroes it is not asked if they could become unwritten */
	if (!err && p->before.indirect && act->kind == ACT_TO_UNWRITTEN)
		return true;
	return legal == (err == 0);
}

/* ---- in memory ---- */

static bool adds_up(const struct e4z_edit *e)
{
	return e->requested == e->hole + e->unwritten_clean + e->dirty_unwritten + e->written_disk +
				       e->written_dirty + e->already_zero + e->inline_bytes;
}

static bool only_zeroes(enum act_kind kind)
{
	return kind == ACT_PUNCH || kind == ACT_TRUNCATE;
}

static void check_edit(struct props *p, const struct sequence *seq, const struct act *act,
		       const struct e4z_edit *edit)
{
	INVARIANT(p, seq, 1, edit->op == NULL || edit->size_after == p->model.size);
	INVARIANT(p, seq, 8, adds_up(edit) && (!edit->zero_written || edit->did_zero));
	/* over a small bound what can be seen moves to new blocks */
	if (act->kind == ACT_ZERO_MAPPED || (only_zeroes(act->kind) && !seq->way->cache_blocks))
		INVARIANT(p, seq, 5, edit->blocks_allocated == 0);
	if (act->kind == ACT_ZERO_MAPPED)
		INVARIANT(p, seq, 5, edit->blocks_freed == 0);
	if (seq->way->policy == E4Z_POLICY_BATCH)
		INVARIANT(p, seq, 7, edit->flushes == 0 && edit->retries == 0);
}

/* All of SEQ, and the model with it. */
static void do_acts(struct props *p, struct e4z_image *img, const struct sequence *seq)
{
	struct e4z_edit edit;

	p->model = p->before;
	for (unsigned i = 0; i < seq->length; i++) {
		bool legal = model_act(&p->model, &seq->act[i], i);
		errcode_t err = act_do(img, &seq->act[i], i, &edit);

		INVARIANT(p, seq, 1, props_as_said(p, &seq->act[i], legal, err));
		if (!err)
			check_edit(p, seq, &seq->act[i], &edit);
	}
}

static void check_flush(struct props *p, struct e4z_image *img, const struct sequence *seq)
{
	size_t homes;

	CHECK(e4z_flush(img) == 0);
	homes = txn_homes(img);
	CHECK(e4z_flush(img) == 0);
	INVARIANT(p, seq, 4, txn_homes(img) == homes);
}

/* Zeroing what was zeroed last finds nothing to do. */
static void check_again(struct props *p, struct e4z_image *img, const struct sequence *seq)
{
	const struct act *last = &seq->act[seq->length - 1];
	struct e4z_edit edit;
	bool any = last->kind == ACT_PUNCH || last->kind == ACT_ZERO_MAPPED;

	if (!any && last->kind != ACT_ZERO && last->kind != ACT_ZERO_KEEP)
		return;
	if (p->before.indirect && !any)
		return;
	INVARIANT(p, seq, 3, act_do(img, last, 0, &edit) == 0);
	INVARIANT(p, seq, 3,
		  !edit.did_zero && !edit.zero_written && !edit.blocks_converted &&
			  !edit.blocks_allocated && !edit.blocks_freed);
	INVARIANT(p, seq, 3, session_settle(img) == 0);
	INVARIANT(p, seq, 3, content_of_session(img, p->ino, &p->content));
	INVARIANT(p, seq, 3, content_is(&p->content, &p->model));
}

static void run_in_memory(struct props *p, struct e4z_image *img, const struct sequence *seq)
{
	uint64_t written = img->dev->bytes_written;
	size_t most = seq->way->cache_blocks;

	p->sequences++;
	CHECK(e4z_begin(img, seq->way) == 0);
	do_acts(p, img, seq);
	if (p->sequences % 2)
		check_flush(p, img, seq);
	if (most && most < SIZE_MAX && img->session)
		INVARIANT(p, seq, 2, img->session->shared.cache->most <= most + 1);
	INVARIANT(p, seq, 1, content_of_session(img, p->ino, &p->content));
	INVARIANT(p, seq, seq->way == ways ? 1 : 2, content_is(&p->content, &p->model));
	INVARIANT(p, seq, 1, session_settle(img) == 0);
	INVARIANT(p, seq, 1, content_of_session(img, p->ino, &p->content));
	INVARIANT(p, seq, seq->way == ways ? 1 : 2, content_is(&p->content, &p->model));
	check_again(p, img, seq);
	INVARIANT(p, seq, 13, img->dev->bytes_written == written && !e4z_has_written(img));
	e4z_abort(img);
}

/* ---- all of them ---- */

static void note_past(struct props *p)
{
	struct e4z_image *img;

	CHECK(e4z_open(p->small.path, NULL, &img) == 0);
	CHECK(content_read(img, "/f", p->ino, &p->content));
	memcpy(p->past, p->content.past, sizeof(p->past));
	e4z_close(img);
}

static void props_open(struct props *p, uint32_t bs, const struct start *start, bool indirect)
{
	const struct small_options options = {
		.block_size = bs,
		.blocks = 1300,
		.inodes = 32,
		.journal = true,
		.no_extents = indirect,
		.no_csum = indirect,
	};
	uint64_t size = (uint64_t)start->quarters * (bs / 4);

	small_begin(&p->small, &options);
	p->ino = small_file(&p->small, "f", start->states, size);
	small_file(&p->small, "other", "ww-w", 3 * bs + 5);
	small_end(&p->small);
	p->fresh = malloc(p->small.size);
	CHECK(p->fresh);
	memcpy(p->fresh, p->small.mem, p->small.size);
	model_init(&p->before, bs, start->states, size);
	p->before.indirect = indirect;
	note_past(p);
}

static void props_close(struct props *p)
{
	free(p->fresh);
	small_free(&p->small);
}

/* How much of what there is: of so many sequences one. */
struct work {
	unsigned memory_step, durable_step;
	uint64_t met, durable_met, durable_done;
};

/* In memory, in all ways, where IMG is open; else committed, each in another way. */
static void one_sequence(struct props *p, struct e4z_image *img, struct sequence *seq,
			 struct work *work)
{
	if (img && work->met++ % work->memory_step == 0)
		for (size_t i = 0; i < WAYS; i++) {
			seq->way = &ways[i];
			run_in_memory(p, img, seq);
		}
	if (img || work->durable_met++ % work->durable_step)
		return;
	seq->way = &ways[work->durable_done % WAYS];
	durable_run(p, seq, work->durable_done++ % 4 == 0);
}

/* All sequences of LENGTH acts out of COUNT. */
static void every_sequence(struct props *p, struct e4z_image *img, struct sequence *seq,
			   const struct act *acts, size_t count, struct work *work)
{
	uint64_t all = 1;

	for (unsigned i = 0; i < seq->length; i++)
		all *= count;
	for (uint64_t n = 0; n < all; n++) {
		uint64_t left = n;

		for (unsigned i = 0; i < seq->length; i++, left /= count)
			seq->act[i] = acts[left % count];
		one_sequence(p, img, seq, work);
	}
}

static void every_length(struct props *p, struct e4z_image *img, const struct start *start,
			 struct work *work)
{
	struct sequence seq = {.start = start};
	struct act acts[ACTS];
	size_t count = model_alphabet(acts, ACTS, p->before.bs, p->before.size, false);

	for (seq.length = 1; seq.length <= 2; seq.length++)
		every_sequence(p, img, &seq, acts, count, work);
	count = model_alphabet(acts, ACTS, p->before.bs, p->before.size, true);
	every_sequence(p, img, &seq, acts, count, work);
}

static void one_start(struct props *p, uint32_t bs, const struct start *start, bool indirect,
		      struct work *work)
{
	const struct e4z_open_options writing = {.write = true};
	struct e4z_image *img;

	props_open(p, bs, start, indirect);
	CHECK(e4z_open(p->small.path, &writing, &img) == 0);
	every_length(p, img, start, work);
	e4z_close(img);
	every_length(p, NULL, start, work);
	props_close(p);
}

static void report(const struct props *p)
{
	printf("%llu sequences in memory, %llu committed, %llu crash states; checks of",
	       (unsigned long long)p->sequences, (unsigned long long)p->committed,
	       (unsigned long long)p->states);
	for (int n = 1; n <= PROPS; n++)
		if (p->checks[n])
			printf(" I%d:%llu", n, (unsigned long long)p->checks[n]);
	printf("\n");
}

int main(int argc, char **argv)
{
	static struct props p;
	bool all = argc > 1 && !strcmp(argv[1], "--all");
	struct work work = {.memory_step = all ? 1 : 997, .durable_step = all ? 499 : 4999};

	e4z_init_errors();
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		one_start(&p, 1024, &starts[i], false, &work);
		if (i < 3)
			one_start(&p, 4096, &starts[i], false, &work);
		if (!strchr(starts[i].states, SMALL_UNWRITTEN))
			one_start(&p, 1024, &starts[i], true, &work);
	}
	report(&p);
	return 0;
}
