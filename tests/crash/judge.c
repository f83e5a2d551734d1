// SPDX-License-Identifier: GPL-2.0-or-later
// Checks a crash state: it is replayed, verified, read through an overlay, and crashed again.
#include "judge.h"

#include "again.h"
#include "image/image.h"
#include "journal/log.h"
#include "journal/replay.h"
#include "reader/fs.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPLAINTS 12 /* printed per run */
#define NESTED_STATES 24

void court_open(struct court *court)
{
	court->memory = calloc(MEMORY, sizeof(*court->memory));
	court->seen_room = 1 << 12;
	court->seen = calloc(court->seen_room, sizeof(*court->seen));
	if (!court->memory || !court->seen)
		die("no memory");
	court->log_super = base_log_super(court->disks);
}

void court_close(struct court *court)
{
	free(court->memory);
	free(court->seen);
	stale_forget(&court->stale);
}

void court_complain(struct court *court, const struct state *state, const char *format, ...)
{
	char path[512];
	va_list ap;

	court->counts.failed++;
	if (court->complaints++ >= COMPLAINTS)
		return;
	printf("%s: group %zu, step %zu, %s %s: ", court->label, state->group, state->at,
	       state_kind_name[state->kind], state->text);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	if (!court->keep)
		return;
	for (unsigned n = 0; n < DISKS && court->disks->disk[n].mem; n++) {
		snprintf(path, sizeof(path), "%s/state%u.disk%u", court->keep, court->complaints,
			 n);
		disks_store(court->disks, n, path);
	}
}

/* ---- the state of a file system ---- */

static bool byte_ok(const struct file *file, const uint8_t *block, uint32_t len, uint32_t i,
		    uint8_t have)
{
	/* past EOF, in a hole, or in a file that does not exist: zero */
	return have == (file && block && i < len ? block[i] : 0);
}

/* Each visible byte of a file is the old one or the new one. */
static bool bytes_old_or_new(const struct court *court, const struct verdict *v)
{
	for (size_t i = 0; i < v->shown_count; i++) {
		const struct shown *s = &v->shown[i];
		const struct file *old = verdict_file(&court->before, s->ino);
		const struct file *new = verdict_file(&court->after, s->ino);
		uint32_t old_len = 0, new_len = 0;
		const uint8_t *b = old ? verdict_block(&court->before, old, s->lblk, &old_len)
				       : NULL;
		const uint8_t *a = new ? verdict_block(&court->after, new, s->lblk, &new_len)
				       : NULL;

		for (uint32_t k = 0; k < s->len; k++)
			if (!byte_ok(old, b, old_len, k, s->data[k]) &&
			    !byte_ok(new, a, new_len, k, s->data[k]))
				return false;
	}
	return true;
}

/* Without a journal: files that the edit does not touch are unchanged. */
static bool others_intact(const struct court *court, const struct verdict *v)
{
	for (size_t i = 0; i < court->before.file_count; i++) {
		const struct file *old = &court->before.files[i];
		const struct file *now = verdict_file(v, old->ino);

		if (work_touches(court->work, court->base, court->disks->disk[0].size, old->ino))
			continue;
		if (!now || now->damaged || now->content != old->content ||
		    (now->inode_hash != old->inode_hash && !court->work->all))
			return false;
	}
	return true;
}

static const char *journal_path(const struct court *court)
{
	return court->disks->disk[1].mem ? court->disks->disk[1].path : NULL;
}

/* IMAGE is also the contents of PATH. */
static struct result result_of(const struct court *court, const uint8_t *image, const char *path)
{
	struct result result = {.known = true};
	struct verdict v;

	verify(image, court->disks->disk[0].size, &v);
	result.ok = v.ok;
	result.recover = v.recover;
	result.canary = v.canary;
	result.valid = v.valid;
	result.digest = court->data == E4Z_DATA_ORDERED ? v.meta : v.all;
	result.content_ok = bytes_old_or_new(court, &v);
	result.none_ok = others_intact(court, &v);
	memcpy(result.why, v.why, sizeof(result.why));
	stale_compare(&court->stale, image, &v, path, journal_path(court), &result.fresh);
	verdict_free(&v);
	return result;
}

struct result court_look(struct court *court)
{
	struct result *slot = &court->memory[court->disks->content % MEMORY];

	if (slot->known && slot->content == court->disks->content)
		return *slot;
	*slot = result_of(court, court->disks->disk[0].mem, court->disks->disk[0].path);
	slot->content = court->disks->content;
	return *slot;
}

/* ---- recovery ---- */

static errcode_t open_image(struct court *court, bool writing, struct e4z_image **img)
{
	const struct e4z_open_options options = {
		.write = writing,
		.repair = writing,
		.journal_device = journal_path(court),
	};

	return e4z_open(court->disks->disk[0].path, &options, img);
}

static errcode_t explain(struct e4z_image *img, const char *doing, errcode_t err, char *why,
			 size_t size)
{
	snprintf(why, size, "%s: %s: %s", doing, e4z_message(img, err), e4z_context(img));
	return err;
}

errcode_t court_replay(struct court *court, struct record *record, char *why, size_t size)
{
	struct e4z_commit_summary summary = {.transactions = 0};
	struct e4z_image *img;
	errcode_t err = open_image(court, true, &img);

	if (err) {
		explain(img, "opening", err, why, size);
		e4z_close(img);
		return err;
	}
	record_attach(record, 0, img->dev);
	if (img->log && img->log->dev != img->dev)
		record_attach(record, 1, img->log->dev);
	err = e4z_replay(img, &summary);
	if (err)
		explain(img, "replaying", err, why, size);
	e4z_close(img);
	return err;
}

static int reference_of(const struct court *court, uint64_t digest, size_t low, size_t high)
{
	for (size_t i = low; i <= high && i < court->references; i++)
		if (court->reference[i] == digest)
			return (int)i;
	return -1;
}

/* A fix zeroes bytes before it hides them. */
static bool has_residue(const struct court *court)
{
	const uint8_t *image = court->disks->disk[0].mem;
	uint32_t bs = court->before.block_size;

	for (size_t i = 0; i < court->behind_count; i++)
		if (memchr(image + court->behind[i] * bs, CANARY, bs))
			return true;
	return false;
}

/*
 * No byte is past EOF that was not there before: I29. Ordered data, and data without a journal, are
 * written to the last block of the file before its size, as by the kernel: these are counted.
 */
static void judge_past(struct court *court, const struct state *state, const char *who,
		       const struct fresh *fresh)
{
	bool none = court->place == JOURNAL_NONE;
	bool lenient = none || court->data == E4Z_DATA_ORDERED;
	/* an insert half done: bytes of the file are past the size that it still has */
	uint64_t strange = fresh->strange + (none ? 0 : fresh->moved);

	court->counts.past++;
	court->counts.past_written += fresh->written != 0;
	if (lenient ? strange != 0 : *fresh->why != '\0')
		court_complain(court, state, "%s: %s", who, fresh->why);
}

/* Check disks that do not need the log any more. */
static int settle(struct court *court, const struct state *state, const char *who, size_t low,
		  size_t high)
{
	struct result result = court_look(court);
	int index = reference_of(court, result.digest, low, high);

	judge_past(court, state, who, &result.fresh);
	if (!result.ok)
		court_complain(court, state, "%s: %s", who, result.why);
	else if (result.recover || fs_le32(court->log_super + 0x1c))
		court_complain(court, state, "%s: the log is not empty", who);
	else if (index < 0)
		court_complain(court, state, "%s: neither before nor after (%016llx)", who,
			       (unsigned long long)result.digest);
	else if (court->data == E4Z_DATA_ORDERED && !result.content_ok)
		court_complain(court, state, "%s: a byte is neither old nor new", who);
	else if (index && court->references > 1 && index + 1 == (int)court->references &&
		 has_residue(court))
		court_complain(court, state, "%s: nothing is past EOF, but its bytes are there",
			       who);
	else
		return index;
	return -1;
}

static bool super_torn(const struct court *court)
{
	const uint8_t *image = court->disks->disk[0].mem;
	struct verdict v = {.ok = false};
	struct fs fs;
	bool ok = fs_open(&fs, image, court->disks->disk[0].size, &v);

	fs_close(&fs);
	return !ok;
}

/* All torn superblocks that are not repaired are alike: only the first one is reported. */
static void not_replayed(struct court *court, const struct state *state, bool torn, const char *why)
{
	if (torn && court->counts.torn_super_refused++)
		court->counts.failed++;
	else
		court_complain(court, state, "%s%s", torn ? "torn superblock: " : "", why);
}

/* The same through the log, which is not replayed. */
static errcode_t put_block(void *arg, uint64_t block, const void *data)
{
	struct court *court = arg;
	uint32_t bs = court->before.block_size;

	disks_write(court->disks, 0, block * bs, bs, data);
	return 0;
}

static void look_through(struct court *court, const struct state *state, int index)
{
	size_t mark = disks_mark(court->disks);
	struct e4z_image *img;
	char why[400];
	errcode_t err = open_image(court, false, &img);
	struct result result;

	court->counts.overlay++;
	if (!err)
		err = overlay_each(capture_overlay(img->view), put_block, court);
	if (err) {
		explain(img, "looking through the log", err, why, sizeof(why));
		court_complain(court, state, "%s", why);
	} else {
		result = court_look(court);
		judge_past(court, state, "looked through the log", &result.fresh);
		if (!result.ok || result.digest != court->reference[index])
			court_complain(court, state, "the overlay is not what replaying makes: %s",
				       result.why);
	}
	e4z_close(img);
	disks_rewind(court->disks, mark);
}

struct nested {
	struct court *court;
	const struct state *outer;
	int index;
};

static void judge_nested(void *arg, const struct state *state)
{
	struct nested *nested = arg;
	struct court *court = nested->court;
	struct state both = *nested->outer;
	struct record record;
	char why[400];
	bool torn;

	snprintf(both.text, sizeof(both.text), "%.40s, and replaying: %s %.24s",
		 nested->outer->text, state_kind_name[state->kind], state->text);
	court->counts.nested++;
	record_init(&record, court->disks);
	torn = super_torn(court);
	court->counts.torn_super += torn;
	if (court_replay(court, &record, why, sizeof(why)))
		not_replayed(court, &both, torn, why);
	else
		settle(court, &both, "replaying again", (size_t)nested->index,
		       (size_t)nested->index);
	record_free(&record);
}

/* The power fails during the replay. RECORD is of the replay, the disks are as before it. */
static void crash_again(struct court *court, const struct state *state, const struct record *record,
			int index)
{
	const struct states_options options = {
		.limit = NESTED_STATES, .seed = court->seed + state->at, .random = 4};
	struct nested nested = {court, state, index};
	size_t mark = disks_mark(court->disks);

	states_each(record, &options, judge_nested, &nested);
	disks_rewind(court->disks, mark);
}

int court_recover(struct court *court, const struct state *state, size_t low, size_t high)
{
	bool torn = super_torn(court);
	bool recover = fs_le32(court->disks->disk[0].mem + 1024 + 0x60) &
		       EXT3_FEATURE_INCOMPAT_RECOVER;
	size_t mark = disks_mark(court->disks);
	struct record record;
	int index = -1;
	char why[400];

	court->counts.torn_super += torn;
	if (!recover && fs_le32(court->log_super + 0x1c))
		court_complain(court, state, "the log is in use, the superblock does not say so");
	record_init(&record, court->disks);
	if (court_replay(court, &record, why, sizeof(why)))
		not_replayed(court, state, torn, why);
	else
		index = settle(court, state, "replayed", low, high);
	disks_rewind(court->disks, mark);
	if (index >= 0 && recover && !torn && court->overlay_every &&
	    court->counts.distinct % court->overlay_every == 0)
		look_through(court, state, index);
	if (index >= 0 && record.count && court->nested_every &&
	    court->counts.distinct % court->nested_every == 0)
		crash_again(court, state, &record, index);
	record_free(&record);
	return index;
}

/* ---- states ---- */

/* Without a journal: nothing leaks, other files are intact, and a partial edit is marked. */
static void judge_bare(struct court *court, const struct state *state)
{
	struct result result = court_look(court);
	int index = reference_of(court, result.digest, 0, court->references);

	if (super_torn(court)) {
		court->counts.torn_super++;
		return;
	}
	judge_past(court, state, "as it is", &result.fresh);
	/* the state between two transactions is consistent, too */
	if (index < 0 && state->kind <= STATE_ALL && result.valid && result.ok &&
	    court->references < REFERENCES) {
		index = (int)court->references;
		court->reference[court->references++] = result.digest;
	}
	court->counts.before += index == 0;
	court->counts.after += index == 1;
	court->counts.between += index < 0 || index > 1;
	if (result.canary)
		court_complain(court, state, "a file shows a canary");
	else if (!result.none_ok)
		court_complain(court, state, "a file that is none of its business is changed");
	else if (result.valid && (index < 0 || !result.ok))
		court_complain(court, state, "half done, and marked as clean: %s", result.why);
	if (court->outside_every &&
	    (court->counts.distinct + court->seed) % court->outside_every == 0)
		court_ask_outside(court, state, -1, 0, 0);
}

static bool seen_before(struct court *court)
{
	uint64_t hash = court->disks->hash | 1;
	size_t mask, at;

	if (court->seen_count * 2 > court->seen_room) {
		uint64_t *old = court->seen;
		size_t room = court->seen_room;

		court->seen_room *= 2;
		court->seen = calloc(court->seen_room, sizeof(*court->seen));
		if (!court->seen)
			die("no memory");
		mask = court->seen_room - 1;
		for (size_t i = 0; i < room; i++) {
			if (!old[i])
				continue;
			for (at = old[i] >> 7 & mask; court->seen[at]; at = (at + 1) & mask)
				;
			court->seen[at] = old[i];
		}
		free(old);
	}
	mask = court->seen_room - 1;
	for (at = hash >> 7 & mask; court->seen[at]; at = (at + 1) & mask)
		if (court->seen[at] == hash)
			return true;
	court->seen[at] = hash;
	court->seen_count++;
	return false;
}

/* The result of a whole group may be a new state: that after the next transaction. */
static void learn(struct court *court)
{
	struct record record;
	struct result result;
	size_t mark = disks_mark(court->disks);
	char why[400];

	record_init(&record, court->disks);
	if (!court_replay(court, &record, why, sizeof(why))) {
		result = court_look(court);
		if (result.ok && court->references < REFERENCES &&
		    reference_of(court, result.digest, 0, court->references) < 0)
			court->reference[court->references++] = result.digest;
	}
	record_free(&record);
	disks_rewind(court->disks, mark);
}

static void judge_logged(struct court *court, const struct state *state)
{
	bool edge = state->kind == STATE_NONE || state->kind == STATE_ALL;
	size_t low = court->low, high = court->high;
	int index;

	if (state->kind == STATE_NONE) {
		low = court->group ? court->high : 0;
		high = court->references - 1;
	}
	if (state->kind == STATE_ALL) {
		learn(court);
		high = court->references - 1;
	}
	index = court_recover(court, state, low, high);
	if (edge && index >= 0) {
		court->high = (size_t)index;
		if (state->kind == STATE_NONE)
			court->low = (size_t)index;
	}
	if (index == 0)
		court->counts.before++;
	else if (index >= 0 && (size_t)index + 1 == court->references)
		court->counts.after++;
	else if (index > 0)
		court->counts.between++;
	if (court->outside_every &&
	    (court->counts.distinct + court->seed) % court->outside_every == 0)
		court_ask_outside(court, state, index, court->low, court->high);
}

void court_fix_again(struct court *court, const struct state *state)
{
	/* an edit refuses both */
	bool half_done = court->place == JOURNAL_NONE && !court_look(court).valid;

	if (!super_torn(court) && !half_done)
		again_fix(court, state);
}

void court_judge(void *arg, const struct state *state)
{
	struct court *court = arg;
	bool edge = state->kind == STATE_NONE || state->kind == STATE_ALL;

	court->group = state->group;
	court->counts.states++;
	if (seen_before(court) && !edge)
		return;
	court->counts.distinct++;
	court->counts.kind[state->kind]++;
	if (court->place != JOURNAL_NONE)
		judge_logged(court, state);
	else
		judge_bare(court, state);
	if (court->again_every && court->counts.distinct % court->again_every == 0)
		court_fix_again(court, state);
}

/* ---- from outside ---- */

static void judge_outcome(struct court *court, const struct state *state, enum outside_judge judge,
			  const struct outcome *outcome, int index)
{
	struct result result = result_of(court, outcome->image, outcome->path);
	bool status_ok = outcome->status >= 0 && outcome->status <= 1;

	if (status_ok)
		judge_past(court, state, outside_name[judge], &result.fresh);
	if (!status_ok)
		court_complain(court, state, "%s: %d: %s", outside_name[judge], outcome->status,
			       outcome->said);
	else if (court->restless && judge != OUTSIDE_KERNEL)
		return;
	else if (court->place == JOURNAL_NONE && (result.canary || !result.none_ok))
		court_complain(court, state, "%s: %s", outside_name[judge],
			       result.canary ? "a file shows a canary" : "another file is changed");
	else if (court->place != JOURNAL_NONE && !result.ok)
		court_complain(court, state, "%s: %s", outside_name[judge], result.why);
	else if (court->place != JOURNAL_NONE && !court->restless &&
		 (index < 0 || result.digest != court->reference[index] || !result.content_ok))
		court_complain(court, state, "%s sees it as another state (%d) than we (%d)",
			       outside_name[judge],
			       reference_of(court, result.digest, 0, court->references), index);
}

void court_ask_outside(struct court *court, const struct state *state, int index, size_t low,
		       size_t high)
{
	bool torn = super_torn(court);

	(void)low;
	(void)high;
	for (enum outside_judge judge = 0; judge <= OUTSIDE_KERNEL; judge++) {
		struct outcome outcome;

		if (!outside_has(judge) || (court->place == JOURNAL_NONE && judge != OUTSIDE_FIX))
			continue;
		outside_judge(court->disks, judge, &outcome);
		court->counts.outside[judge]++;
		if (!torn)
			judge_outcome(court, state, judge, &outcome, index);
		else
			court->counts.torn_super_mended[judge] += outcome.status >= 0 &&
								  outcome.status <= 1;
		outside_free(court->disks, &outcome);
	}
}
