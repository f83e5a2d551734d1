// SPDX-License-Identifier: GPL-2.0-or-later
// The report as JSON Lines. The fields are e4zero(8)'s: they may be added to, never renamed.

#include "report/report_json.h"

#include "report/json_line.h"
#include "util.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

static errcode_t json_image(struct report *report, const struct e4z_image_info *info)
{
	static const char *const journals[] = {
		[E4Z_JOURNAL_NONE] = "none",
		[E4Z_JOURNAL_CLEAN] = "clean",
		[E4Z_JOURNAL_NEEDS_REPLAY] = "needs-replay",
		[E4Z_JOURNAL_EXTERNAL] = "external",
	};
	struct json_line line = json_begin("image");
	char uuid[UUID_STR_LEN];

	(void)report;
	uuid_unparse_lower(info->uuid, uuid);
	json_add_path(&line, info->path);
	json_add_number(&line, "fs_offset", info->fs_offset);
	json_add_number(&line, "block_size", info->block_size);
	json_add_number(&line, "blocks", info->blocks);
	json_add_number(&line, "inodes", info->inodes);
	json_add_ascii(&line, "uuid", uuid);
	json_add_list(&line, "features", info->features);
	json_add_ascii(&line, "journal", journals[info->journal]);
	json_add_ascii(&line, "view", info->replayed ? "replayed" : "disk");
	json_add_bool(&line, "mounted", info->mounted);
	json_add_bool(&line, "mmp", info->mmp);
	json_add_list(&line, "notes", info->notes);
	return json_end(&line);
}

static errcode_t json_finding(struct report *report, const struct e4z_finding *f,
			      const struct report_sample *sample)
{
	static const char *const e2fsck[] = {[E4Z_E2FSCK_BLIND] = "blind",
					     [E4Z_E2FSCK_WOULD_GROW] = "would-grow",
					     [E4Z_E2FSCK_WOULD_CLEAR] = "would-clear"};
	struct json_line line = json_begin("finding");

	(void)report;
	json_add_ascii(&line, "kind", e4z_kind_name(f->kind));
	json_add_ino(&line, f->ino);
	if (!f->ino)
		json_add_number(&line, "group", f->group);
	json_add_path(&line, f->path);
	json_add_number(&line, "size", f->size);
	json_add_place(&line, "lblk", f->lblk);
	json_add_place(&line, "pblk", f->pblk);
	json_add_number(&line, "blocks", f->blocks);
	json_add_place(&line, "first", f->first);
	json_add_place(&line, "last", f->last);
	json_add_number(&line, "nonzero", f->nonzero);
	if (f->e2fsck != E4Z_E2FSCK_NA)
		json_add_ascii(&line, "e2fsck", e2fsck[f->e2fsck]);
	if (f->why)
		json_add_text(&line, "why", f->why);
	json_add_bool(&line, "fixable", f->fixable);
	json_add_bool(&line, "fixed", f->fixed);
	if (sample && sample->len)
		json_add_hex(&line, "bytes_hex", sample->bytes, sample->len);
	return json_end(&line);
}

static errcode_t json_edit(struct report *report, const struct e4z_edit *edit)
{
	struct json_line line = json_begin("edit");

	json_add_ascii(&line, "op", edit->op);
	json_add_ino(&line, edit->ino);
	json_add_file(&line, edit->path);
	json_add_number(&line, "requested", edit->requested);
	json_add_number(&line, "hole", edit->hole);
	json_add_number(&line, "unwritten_clean", edit->unwritten_clean);
	json_add_number(&line, "dirty_unwritten", edit->dirty_unwritten);
	json_add_number(&line, "written_disk", edit->written_disk);
	json_add_number(&line, "written_dirty", edit->written_dirty);
	json_add_number(&line, "already_zero", edit->already_zero);
	json_add_number(&line, "inline", edit->inline_bytes);
	json_add_bool(&line, "did_zero", edit->did_zero);
	json_add_bool(&line, "zero_written", edit->zero_written);
	json_add_number(&line, "flushes", edit->flushes);
	json_add_number(&line, "retries", edit->retries);
	json_add_number(&line, "batches_full", edit->batches_full);
	json_add_number(&line, "blocks_converted", edit->blocks_converted);
	json_add_number(&line, "blocks_allocated", edit->blocks_allocated);
	json_add_number(&line, "blocks_freed", edit->blocks_freed);
	json_add_number(&line, "size_before", edit->size_before);
	json_add_number(&line, "size_after", edit->size_after);
	json_add_text(&line, "note", edit->note);
	json_add_bool(&line, "dry_run", report->options->dry_run);
	return json_end(&line);
}

static errcode_t json_map(struct report *report, const char *file,
			  const struct e4z_map_piece *piece)
{
	struct json_line line = json_begin("map");

	(void)report;
	json_add_ino(&line, piece->ino);
	json_add_file(&line, file);
	json_add_number(&line, "lblk", piece->lblk);
	json_add_place(&line, "pblk", piece->pblk);
	json_add_number(&line, "blocks", piece->blocks);
	json_add_ascii(&line, "state", e4z_map_state_name(piece->state));
	json_add_bool(&line, "past_eof", piece->past_eof);
	return json_end(&line);
}

static errcode_t json_skipped(struct report *report, const struct e4z_skipped *skipped)
{
	struct json_line line = json_begin("skipped");

	(void)report;
	json_add_ino(&line, skipped->ino);
	json_add_path(&line, skipped->path);
	json_add_text(&line, "why", skipped->why);
	json_add_bool(&line, "left", skipped->left);
	return json_end(&line);
}

static void add_class(struct json_line *line, const struct e4z_ledger_class *class);

static errcode_t json_ledger(struct report *report, const struct e4z_ledger *ledger)
{
	struct json_line line = json_begin("ledger");

	(void)report;
	json_add_number(&line, "size", ledger->size);
	json_add_rows(&line, "classes");
	for (size_t i = 0; i < ledger->count; i++)
		add_class(&line, &ledger->classes[i]);
	json_add_rows(&line, "beside");
	if (ledger->after.bytes)
		add_class(&line, &ledger->after);
	return json_end(&line);
}

/* Below the object whose fields they are, where the lints look for them. */
static void add_class(struct json_line *line, const struct e4z_ledger_class *class)
{
	struct json_line row = json_begin_row();

	json_add_ascii(&row, "class", class->name);
	json_add_number(&row, "places", class->places);
	json_add_number(&row, "bytes", class->bytes);
	json_add_place(&row, "stale_bytes", class->stale_bytes);
	json_add_text(&row, "left", class->left);
	json_add_row(line, &row);
}

static errcode_t json_shard(struct report *report, const struct e4z_shard *shard)
{
	const struct options *options = report->options;
	const char *only[E4Z_KIND_COUNT + 1] = {NULL};
	struct json_line line = json_begin("shard");

	for (unsigned kind = 0, n = 0; kind < E4Z_KIND_COUNT; kind++)
		if (options->kinds & E4Z_KIND_BIT(kind))
			only[n++] = e4z_kind_name((enum e4z_finding_kind)kind);
	json_add_number(&line, "shard", options->shard);
	json_add_number(&line, "shards", options->shards);
	json_add_ascii(&line, "version", e4z_version());
	json_add_path(&line, options->image);
	json_add_name(&line, "partition", "partition_hex", options->partition);
	json_add_name(&line, "journal_device", "journal_device_hex", options->journal_device);
	json_add_bool(&line, "force", options->force);
	json_add_bool(&line, "paranoid", options->paranoid);
	json_add_bool(&line, "verbose", options->verbose);
	json_add_list(&line, "only", only);
	json_add_number(&line, "fingerprint", shard->fingerprint);
	json_add_number(&line, "cluster_blocks", shard->cluster_blocks);
	json_add_number(&line, "first_group", shard->first_group);
	json_add_number(&line, "groups", shard->groups);
	json_add_bool(&line, "data", shard->data);
	json_add_bool(&line, "holes", shard->holes);
	json_add_bool(&line, "whole", shard->whole);
	return json_end(&line);
}

static char *put_decimal(char *at, uint64_t value)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n)
		*at++ = digits[--n];
	return at;
}

/*
 * Ranges as distances from the end of the one before, with "+" and the length if that is not 1:
 * there can be millions, and most of these numbers are short.
 */
static char *ranges_text(const struct e4z_claims *claims)
{
	/* two numbers of 20 digits, and what is around them */
	char *text = malloc(claims->count * 42 + 1), *at = text;
	uint64_t end = 0;

	for (size_t i = 0; text && i < claims->count; i++) {
		const struct e4z_range *range = &claims->ranges[i];

		if (i)
			*at++ = ',';
		at = put_decimal(at, range->start - end);
		if (range->len > 1) {
			*at++ = '+';
			at = put_decimal(at, range->len);
		}
		end = range->start + range->len;
	}
	if (text)
		*at = '\0';
	return text;
}

static errcode_t json_claims(struct report *report, const struct e4z_claims *claims)
{
	static const char *const of[] = {
		[E4Z_CLAIMS_CLUSTERS] = "clusters", [E4Z_CLAIMS_XATTR] = "xattr"};
	char *ranges = ranges_text(claims);
	struct json_line line = json_begin("claims");

	(void)report;
	json_add_ascii(&line, "of", of[claims->of]);
	json_add_text(&line, "ranges", ranges);
	line.failed |= !ranges;
	free(ranges);
	return json_end(&line);
}

static void json_error(struct report *report, const char *image, const char *context,
		       const char *message, errcode_t code)
{
	struct json_line line = json_begin("error");

	(void)report;
	json_add_path(&line, image);
	json_add_text(&line, "context", context);
	json_add_text(&line, "message", message);
	json_add_number(&line, "code", (uint64_t)code);
	json_add_text(&line, "name", e4z_error_name(code));
	if (json_end(&line) == ENOMEM)
		util_say(image, "writing the report", strerror(ENOMEM));
}

static errcode_t json_summary(struct report *report, const struct report_summary *summary)
{
	const struct e4z_check_summary *check = &summary->check;
	struct json_line line = json_begin("summary");

	json_add_text(&line, "verb", summary->verb);
	json_add_number(&line, "files", check->files);
	json_add_number(&line, "findings", check->findings);
	json_add_number(&line, "fixed", check->fixed);
	json_add_number(&line, "left", summary->left);
	json_add_number(&line, "verified", summary->verified);
	json_add_number(&line, "opaque", check->opaque);
	json_add_number(&line, "skipped", check->skipped);
	json_add_number(&line, "stale_bytes", check->stale_bytes);
	if (check->only_holes)
		json_add_bool(&line, "only_holes", true);
	json_add_number(&line, "transactions", summary->commit.transactions);
	json_add_number(&line, "barriers", summary->commit.barriers);
	json_add_number(&line, "bytes_read", summary->commit.bytes_read);
	json_add_number(&line, "bytes_written", summary->commit.bytes_written);
	json_add_number(&line, "bytes_zeroed_again", summary->commit.bytes_zeroed_again);
	json_add_number(&line, "replayed", summary->commit.replayed);
	json_add_number(&line, "log_blocks", summary->commit.log_blocks);
	json_add_number(&line, "orphans_finished", summary->commit.orphans_finished);
	json_add_number(&line, "orphans_left", summary->commit.orphans_left);
	json_add_bool(&line, "dry_run", report->options->dry_run);
	json_add_seconds(&line, "seconds", summary->seconds);
	json_add_number(&line, "exit", (uint64_t)summary->exit);
	return json_end(&line);
}

static void json_close(struct report *report)
{
	free(report);
}

struct report *report_json_open(const struct options *options)
{
	static const struct report_ops ops = {
		.image = json_image,
		.finding = json_finding,
		.skipped = json_skipped,
		.ledger = json_ledger,
		.shard = json_shard,
		.claims = json_claims,
		.edit = json_edit,
		.map = json_map,
		.error = json_error,
		.summary = json_summary,
		.close = json_close,
	};
	struct report *report = malloc(sizeof(*report));

	if (report)
		*report = (struct report){.ops = &ops, .options = options};
	return report;
}
