// SPDX-License-Identifier: GPL-2.0-or-later
// Runs --fix --all on the disks after a crash, and checks the result.
#include "again.h"

#include "image/image.h"
#include "journal/log.h"
#include <stdio.h>
#include <string.h>

#define BOOT 1024     /* bytes that are left by nature */
#define CANARY_RUN 16 /* such a run is not a checksum, nor a bitmap of these small images */

/* ---- a check ---- */

struct look {
	char *why;
	size_t size;
	bool left; /* bytes besides the boot block are left by nature */
};

static errcode_t on_finding(void *arg, const struct e4z_finding *finding)
{
	const struct look *look = arg;

	snprintf(look->why, look->size, "a check finds %s in inode %u, group %u",
		 e4z_kind_name(finding->kind), finding->ino, finding->group);
	return 0;
}

static errcode_t on_ledger(void *arg, const struct e4z_ledger *ledger)
{
	struct look *look = arg;

	for (size_t i = 0; i < ledger->count; i++)
		look->left |= ledger->classes[i].left &&
			      strcmp(ledger->classes[i].name, "boot-block") != 0;
	return 0;
}

static errcode_t open_disks(const struct disks *disks, bool writing, struct e4z_image **img)
{
	const struct e4z_open_options how = {
		.write = writing,
		.journal_device = disks->disk[1].mem ? disks->disk[1].path : NULL,
	};

	return e4z_open(disks->disk[0].path, &how, img);
}

/* Files have no canary. */
static bool has_canary(const struct disks *disks, char *why, size_t size)
{
	for (unsigned n = 0; n < DISKS && disks->disk[n].mem; n++) {
		const struct disk *disk = &disks->disk[n];
		uint64_t run = 0;

		for (uint64_t at = BOOT; at < disk->size; at++) {
			run = disk->mem[at] == CANARY ? run + 1 : 0;
			if (run < CANARY_RUN)
				continue;
			snprintf(why, size, "a canary at %llu of disk %u",
				 (unsigned long long)(at + 1 - run), n);
			return true;
		}
	}
	return false;
}

bool again_is_clean(const struct disks *disks, char *why, size_t size)
{
	const struct e4z_check_options options = {.jobs = 1, .all = true};
	struct look look = {.why = why, .size = size};
	const struct e4z_check_sink sink = {
		.arg = &look, .finding = on_finding, .ledger = on_ledger};
	struct e4z_image *img;
	errcode_t err = open_disks(disks, false, &img);

	*why = '\0';
	if (!err)
		err = e4z_check(img, &options, &sink, NULL);
	if (err)
		snprintf(why, size, "a check: %s: %s", e4z_message(img, err), e4z_context(img));
	e4z_close(img);
	return !*why && (look.left || !has_canary(disks, why, size));
}

/* ---- a fix ---- */

/* Record the fix, so that it can be rolled back. */
static void attach(void *record, struct e4z_image *img)
{
	record_attach(record, 0, img->dev);
	if (img->log && img->log->dev != img->dev)
		record_attach(record, 1, img->log->dev);
}

static errcode_t fix(struct court *court, char *why, size_t size)
{
	const struct work_options options = {.block_size = court->before.block_size};
	struct e4z_commit_summary summary;
	struct record record;
	struct e4z_image *img;
	errcode_t err = open_disks(court->disks, true, &img);

	record_init(&record, court->disks);
	if (!err)
		err = work_run(work_find("fix-all"), &options, img, attach, &record, &summary);
	if (err)
		snprintf(why, size, "%s: %s", e4z_message(img, err), e4z_context(img));
	e4z_close(img);
	record_free(&record);
	return err;
}

/* The inode whose file has changed, or 0. A truncate that was pending in the log is done. */
static uint32_t changed_file(const struct court *court, const struct verdict *now)
{
	for (size_t i = 0; i < court->before.file_count; i++) {
		const struct file *old = &court->before.files[i];
		const struct file *new = verdict_file(now, old->ino);

		if (!new || new->size != old->size || new->content != old->content)
			return old->ino;
	}
	return 0;
}

static void look(struct court *court, const struct state *state)
{
	struct verdict now;
	char why[160];
	uint32_t ino;

	verify(court->disks->disk[0].mem, court->disks->disk[0].size, &now);
	ino = changed_file(court, &now);
	if (!now.ok)
		court_complain(court, state, "fixed again: %s", now.why);
	else if (ino)
		court_complain(court, state, "fixed again: inode %u is another file", ino);
	else if (!again_is_clean(court->disks, why, sizeof(why)))
		court_complain(court, state, "fixed again: %s", why);
	verdict_free(&now);
}

void again_fix(struct court *court, const struct state *state)
{
	size_t mark = disks_mark(court->disks);
	char why[160];

	court->counts.again++;
	if (fix(court, why, sizeof(why)))
		court_complain(court, state, "fixed again: %s", why);
	else
		look(court, state);
	disks_rewind(court->disks, mark);
}
