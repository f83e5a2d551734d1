// SPDX-License-Identifier: GPL-2.0-or-later
// What a committed sequence wrote and in which order, and what is left when it is cut short.
#include "../crash/reader/verify.h"
#include "../unit/check.h"
#include "file/inode.h"
#include "props.h"
#include <string.h>

/* A write, zeroing or barrier, and what it was for. */
struct note {
	enum blkdev_op_type type;
	uint64_t off;
	size_t len;
	uint8_t *data; /* of a write */
	const char *what;
};

struct notes {
	struct note *items;
	size_t count, room;
	bool committing;
	size_t early; /* before the commit */
};

static errcode_t take_note(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	struct notes *notes = arg;
	struct note *note;
	uint8_t *to;

	(void)dev;
	notes->early += !notes->committing;
	if (notes->count == notes->room) {
		notes->room = notes->room ? 2 * notes->room : 64;
		notes->items = realloc(notes->items, notes->room * sizeof(*note));
		CHECK(notes->items);
	}
	note = &notes->items[notes->count++];
	*note = (struct note){op->type, op->off, op->len, NULL, op->what};
	if (op->type != BLKDEV_WRITE)
		return 0;
	note->data = to = malloc(op->len + !op->len);
	CHECK(to);
	for (size_t i = 0; i < op->count; to += op->pieces[i++].iov_len)
		memcpy(to, op->pieces[i].iov_base, op->pieces[i].iov_len);
	return 0;
}

static void notes_free(struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free(notes->items[i].data);
	free(notes->items);
}

/* ---- the order ---- */

static char letter(const struct note *note)
{
	static const struct {
		const char *what;
		char letter;
	} kinds[] = {{"data", 'D'}, {"super", 'S'},  {"log-super", 'L'},
		     {"log", 'G'},  {"commit", 'C'}, {"home", 'H'}};

	if (note->type == BLKDEV_SYNC)
		return '|';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].what, note->what))
			return kinds[i].letter;
	return '?';
}

/* The order as a word, several writes for one purpose as one letter. */
static void spell(const struct notes *notes, char *word, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < notes->count; i++) {
		char c = letter(&notes->items[i]);

		if (n && word[n - 1] == c && c != '|')
			continue;
		CHECK(n + 1 < size);
		word[n++] = c;
	}
	word[n] = '\0';
}

/*
 * Data, with barriers between; then the flag, the log, the commit block, home, the log is empty,
 * the flag goes. The barrier behind the flag is the data's too.
 */
static bool is_in_order(const char *word)
{
	while (*word == 'D' || *word == '|')
		word++;
	return !*word || !strcmp(word, "S|LG|C|H|L|S|");
}

/* What went home is durable before the commit block is written: nothing but a barrier between. */
static bool data_before_commit(const char *word)
{
	const char *commit = strchr(word, 'C'), *data = strrchr(word, 'D');

	if (!commit)
		return !data || strchr(data, '|');
	return !data || (data < commit && memchr(data, '|', (size_t)(commit - data)));
}

/* ---- a state ---- */

/* The image as it is in memory, seen through its log: 0 before, 1 after, -1 neither. */
static int recovered(struct props *p, const struct sequence *seq, bool *settled)
{
	static struct content other;
	struct e4z_image *img;
	struct verdict verdict = {.ok = false};
	errcode_t err = e4z_open(p->small.path, NULL, &img);
	int state = -1;

	if (!err && content_read(img, "/f", p->ino, &p->content)) {
		bool same = content_is(&p->content, &p->before);

		if (content_is(&p->content, &p->model))
			state = same ? 2 : 1;
		else if (same)
			state = 0;
	}
	INVARIANT(p, seq, 1, !err && content_read(img, "/other", p->ino + 1, &other));
	INVARIANT(p, seq, 1, other.size == 3 * p->before.bs + 5 && other.written == 3);
	for (uint64_t i = 0; i < other.size; i++)
		INVARIANT(p, seq, 1, other.data[i] == (i / p->before.bs == 2 ? 0 : small_byte(i)));
	/* without a log in the way the whole file system can be judged */
	*settled = !err && e4z_info(img)->journal == E4Z_JOURNAL_CLEAN;
	e4z_close(img);
	if (!*settled)
		return state;
	verify(p->small.mem, p->small.size, &verdict);
	if (!verdict.ok)
		fprintf(stderr, "%s\n", verdict.why);
	INVARIANT(p, seq, 23, verdict.ok);
	INVARIANT(p, seq, 21, !verdict.canary);
	verdict_free(&verdict);
	return state;
}

/*
 * Ordered data overwrite a visible byte in its place, before the commit: the old file then has
 * the byte that its block has in the new one, wherever the block is there.
 */
static bool is_between(const struct props *p)
{
	const struct content *c = &p->content;
	uint32_t bs = p->before.bs;

	if (c->size != p->before.size)
		return false;
	for (uint64_t i = 0; i < c->size; i++) {
		unsigned at = p->at[i / bs];

		if (c->data[i] != p->before.data[i] &&
		    (at == MODEL_BLOCKS || c->data[i] != p->model.data[at * bs + i % bs]))
			return false;
	}
	return true;
}

static void apply(struct props *p, const struct note *note)
{
	if (note->type == BLKDEV_WRITE)
		memcpy(p->small.mem + note->off, note->data, note->len);
	else if (note->type == BLKDEV_ZERO)
		memset(p->small.mem + note->off, 0, note->len);
}

/* The first COUNT of NOTES came through; ALONE: of those after the last barrier only the last. */
static void make_state(struct props *p, const struct notes *notes, size_t count, bool alone)
{
	size_t sync = 0;

	for (size_t i = 0; i < count; i++)
		if (notes->items[i].type == BLKDEV_SYNC)
			sync = i + 1;
	memcpy(p->small.mem, p->fresh, p->small.size);
	for (size_t i = 0; i < count; i++)
		if (i < sync || !alone || i + 1 == count)
			apply(p, &notes->items[i]);
	p->states++;
}

static bool commit_is_in(const struct notes *notes, size_t count, bool synced)
{
	for (size_t i = 0; i < count; i++)
		if (letter(&notes->items[i]) == 'C' && (!synced || i + 1 < count))
			return true;
	return false;
}

/* Nothing past EOF that was not there: before the commit in its place, after it moved at most. */
static bool nothing_new_past_eof(const struct props *p, bool before)
{
	const struct content *c = &p->content;

	for (uint64_t i = c->size; i < MODEL_BYTES; i++)
		if (c->past[i] && c->past[i] != (before ? p->past[i] : SMALL_STALE))
			return false;
	return true;
}

static void check_state(struct props *p, const struct sequence *seq, const struct notes *notes,
			size_t count, bool alone)
{
	bool ordered = seq->way->data == E4Z_DATA_ORDERED, settled, in, must;
	int state;

	make_state(p, notes, count, alone);
	in = commit_is_in(notes, count, false);
	must = commit_is_in(notes, count, true);
	state = recovered(p, seq, &settled);
	if (ordered && state < 0 && is_between(p))
		state = 0;
	if (!ordered && state >= 0)
		INVARIANT(p, seq, 29, nothing_new_past_eof(p, state == 0));
	/* old before the commit block, new after it */
	INVARIANT(p, seq, 20, state >= 0);
	INVARIANT(p, seq, 15, state != 1 || in || ordered);
	INVARIANT(p, seq, 16, p->content.size <= p->before.size || in);
	if (!must)
		return;
	INVARIANT(p, seq, 14, state >= 1);
	if (p->model.size != p->before.size)
		INVARIANT(p, seq, 17, p->content.size == p->model.size && !p->content.tail_nonzero);
}

/* ---- after it ---- */

struct found {
	uint64_t findings;
};

static errcode_t on_finding(void *arg, const struct e4z_finding *finding)
{
	struct found *found = arg;

	(void)finding;
	found->findings++;
	return 0;
}

/* A fix of what was committed changes no byte of the file, and leaves nothing. */
static void check_fix(struct props *p, const struct sequence *seq)
{
	struct found found = {.findings = 0};
	const struct e4z_check_sink sink = {.arg = &found, .finding = on_finding};
	const struct e4z_fix_options options = {.check = {.jobs = 1}};
	const struct e4z_open_options writing = {.write = true};
	struct e4z_fix_summary done;
	struct e4z_check_summary sum;
	struct e4z_image *img;
	uint8_t *was = malloc(p->small.size);
	bool settled;

	CHECK(was && e4z_open(p->small.path, &writing, &img) == 0);
	INVARIANT(p, seq, 24, e4z_fix(img, &options, &sink, &done) == 0 && done.left == 0);
	e4z_close(img);
	INVARIANT(p, seq, 24, recovered(p, seq, &settled) >= 1 && settled);
	INVARIANT(p, seq, 27, !p->content.past_eof && !p->content.tail_nonzero);
	found.findings = 0;
	memcpy(was, p->small.mem, p->small.size);
	CHECK(e4z_open(p->small.path, NULL, &img) == 0);
	INVARIANT(p, seq, 24, e4z_check(img, &options.check, &sink, &sum) == 0 && !found.findings);
	e4z_close(img);
	INVARIANT(p, seq, 25, memcmp(was, p->small.mem, p->small.size) == 0);
	free(was);
}

/* With the log in the way, too. */
static void check_look(struct props *p, const struct sequence *seq)
{
	struct found found = {.findings = 0};
	const struct e4z_check_sink sink = {.arg = &found, .finding = on_finding};
	const struct e4z_check_options options = {.jobs = 1};
	struct e4z_check_summary sum;
	struct e4z_image *img;
	uint8_t *was = malloc(p->small.size);

	CHECK(was);
	memcpy(was, p->small.mem, p->small.size);
	INVARIANT(p, seq, 25, e4z_open(p->small.path, NULL, &img) == 0);
	INVARIANT(p, seq, 25, e4z_check(img, &options, &sink, &sum) == 0);
	e4z_close(img);
	INVARIANT(p, seq, 25, memcmp(was, p->small.mem, p->small.size) == 0);
	free(was);
}

/* The blocks of the old file follow what ACT shifts. */
static void follow_shift(struct props *p, const struct act *act)
{
	unsigned first = act->off / p->before.bs, count = act->len / p->before.bs;

	if (act->kind != ACT_INSERT && act->kind != ACT_COLLAPSE)
		return;
	for (unsigned i = 0; i < MODEL_BLOCKS; i++) {
		if (p->at[i] == MODEL_BLOCKS || p->at[i] < first)
			continue;
		if (act->kind == ACT_COLLAPSE && p->at[i] < first + count)
			p->at[i] = MODEL_BLOCKS;
		else if (act->kind == ACT_COLLAPSE)
			p->at[i] -= count;
		else
			p->at[i] = p->at[i] + count < MODEL_BLOCKS ? p->at[i] + count
								   : MODEL_BLOCKS;
	}
}

static void commit(struct props *p, const struct sequence *seq, struct notes *notes)
{
	const struct e4z_open_options writing = {.write = true};
	const struct blkdev_observer observer = {take_note, notes};
	struct e4z_commit_summary sum;
	struct e4z_edit edit;
	struct e4z_image *img;

	memcpy(p->small.mem, p->fresh, p->small.size);
	CHECK(e4z_open(p->small.path, &writing, &img) == 0);
	CHECK(blkdev_observe(img->dev, &observer) == 0 && e4z_begin(img, seq->way) == 0);
	p->model = p->before;
	for (unsigned i = 0; i < MODEL_BLOCKS; i++)
		p->at[i] = i;
	for (unsigned i = 0; i < seq->length; i++) {
		bool legal = model_act(&p->model, &seq->act[i], i);
		errcode_t err = act_do(img, &seq->act[i], i, &edit);

		INVARIANT(p, seq, 1, props_as_said(p, &seq->act[i], legal, err));
		if (legal)
			follow_shift(p, &seq->act[i]);
	}
	notes->committing = true;
	INVARIANT(p, seq, 1, e4z_commit(img, &sum) == 0 && sum.transactions <= 1);
	INVARIANT(p, seq, 13, notes->early == 0);
	e4z_close(img);
	p->committed++;
}

void durable_run(struct props *p, const struct sequence *seq, bool every_state)
{
	struct notes notes = {.count = 0};
	char word[256];
	bool settled;

	commit(p, seq, &notes);
	spell(&notes, word, sizeof(word));
	INVARIANT(p, seq, 14, data_before_commit(word));
	INVARIANT(p, seq, 18, is_in_order(word));
	INVARIANT(p, seq, 23, recovered(p, seq, &settled) >= 1 && settled);
	if (p->model.size != p->before.size)
		INVARIANT(p, seq, 17, !p->content.tail_nonzero);
	check_fix(p, seq);
	for (size_t n = 0; every_state && n <= notes.count; n++) {
		check_state(p, seq, &notes, n, false);
		if (n == notes.count / 2)
			check_look(p, seq);
		check_state(p, seq, &notes, n, true);
	}
	notes_free(&notes);
}
