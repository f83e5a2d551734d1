// SPDX-License-Identifier: GPL-2.0-or-later
// The report as JSON Lines. The fields are e4zero(8)'s: they may be added to, never renamed.

#include "report/report_json.h"
#include "util.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* An object in the making; the first failure to add to it sticks. */
struct line {
	struct json_object *object;
	bool failed;
};

/* ---- fields; the names are literals ---- */

static void add(struct line *line, const char *name, struct json_object *value, bool made)
{
	const unsigned how = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;

	if (made && !line->failed && !json_object_object_add_ex(line->object, name, value, how))
		return;
	json_object_put(value);
	line->failed = true;
}

static void add_null(struct line *line, const char *name)
{
	add(line, name, NULL, true);
}

static void add_bool(struct line *line, const char *name, bool value)
{
	struct json_object *object = json_object_new_boolean(value);

	add(line, name, object, object);
}

static void add_number(struct line *line, const char *name, uint64_t value)
{
	struct json_object *object = json_object_new_uint64(value);

	add(line, name, object, object);
}

/* E4Z_NONE: null. */
static void add_place(struct line *line, const char *name, uint64_t value)
{
	if (value == E4Z_NONE)
		add_null(line, name);
	else
		add_number(line, name, value);
}

static void add_seconds(struct line *line, const char *name, double value)
{
	struct json_object *object;
	char text[32];

	snprintf(text, sizeof(text), "%.3f", value);
	object = json_object_new_double_s(value, text);
	add(line, name, object, object);
}

static void add_ascii(struct line *line, const char *name, const char *value)
{
	struct json_object *object = json_object_new_string(value);

	add(line, name, object, object);
}

/* For sentences: bytes that are not UTF-8 are written out as \xNN. */
static void add_text(struct line *line, const char *name, const char *value)
{
	char *text;

	if (!value) {
		add_null(line, name);
	} else if (util_is_utf8(value)) {
		add_ascii(line, name, value);
	} else {
		text = util_sentence(value);
		if (text)
			add_ascii(line, name, text);
		else
			line->failed = true;
		free(text);
	}
}

/* For names, which must come back as they were: "path", or "path_hex" when it is not UTF-8. */
static void add_path(struct line *line, const char *value)
{
	char *hex;

	if (!value) {
		add_null(line, "path");
	} else if (util_is_utf8(value)) {
		add_ascii(line, "path", value);
	} else {
		hex = util_hex(value);
		if (hex)
			add_ascii(line, "path_hex", hex);
		else
			line->failed = true;
		free(hex);
	}
}

static void add_hex(struct line *line, const char *name, const uint8_t *bytes, size_t len)
{
	char hex[2 * sizeof(((struct report_sample *)0)->bytes) + 1];

	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	add_ascii(line, name, hex);
}

/* A FILE of the command line, or a path that was found, or none: "<INO>" is no path. */
static void add_file(struct line *line, const char *file)
{
	add_path(line, file && *file == '/' ? file : NULL);
}

static void add_list(struct line *line, const char *name, const char *const *values)
{
	struct json_object *list = json_object_new_array(), *item;

	for (; list && values && *values; values++) {
		item = json_object_new_string(*values);
		if (item && !json_object_array_add(list, item))
			continue;
		json_object_put(item);
		line->failed = true;
	}
	add(line, name, list, list);
}

/* 0: null. */
static void add_ino(struct line *line, uint32_t ino)
{
	add_place(line, "ino", ino ? ino : E4Z_NONE);
}

/* ---- lines ---- */

static struct line begin(const char *type)
{
	struct line line = {.object = json_object_new_object()};

	line.failed = !line.object;
	add_ascii(&line, "type", type);
	return line;
}

/*
 * Bytes at P of a character that can steer a terminal, or turn what is read around, although JSON
 * lets it stand: DEL, C1 controls, bidirectional overrides and isolates. 0: none; *CODE: which.
 */
static size_t steers(const char *p, unsigned *code)
{
	const unsigned char *b = (const unsigned char *)p;

	*code = b[0];
	if (b[0] == 0x7f)
		return 1;
	if (b[0] == 0xc2 && b[1] >= 0x80 && b[1] <= 0x9f) {
		*code = b[1];
		return 2;
	}
	if (b[0] != 0xe2 || (b[1] != 0x80 && b[1] != 0x81))
		return 0;
	*code = 0x2000u | (b[1] & 1u) << 6 | (b[2] & 0x3fu);
	if (*code == 0x200e || *code == 0x200f || (*code >= 0x202a && *code <= 0x202e) ||
	    (*code >= 0x2066 && *code <= 0x2069))
		return 3;
	return 0;
}

/* Such characters stand in strings only, where \u means the same. */
static void put_text(const char *text)
{
	const char *from = text;

	while (*text) {
		unsigned code;
		size_t len = steers(text, &code);

		if (!len) {
			text++;
			continue;
		}
		fwrite(from, 1, (size_t)(text - from), stdout);
		printf("\\u%04x", code);
		text += len;
		from = text;
	}
	fputs(from, stdout);
}

static errcode_t end(struct line *line)
{
	const int how = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = NULL;

	if (!line->failed)
		text = json_object_to_json_string_ext(line->object, how);
	if (text) {
		put_text(text);
		putchar('\n');
	}
	json_object_put(line->object);
	return text ? util_stdout_error() : ENOMEM;
}

static errcode_t json_image(struct report *report, const struct e4z_image_info *info)
{
	static const char *const journals[] = {
		[E4Z_JOURNAL_NONE] = "none",
		[E4Z_JOURNAL_CLEAN] = "clean",
		[E4Z_JOURNAL_NEEDS_REPLAY] = "needs-replay",
		[E4Z_JOURNAL_EXTERNAL] = "external",
	};
	struct line line = begin("image");
	const uint8_t *u = info->uuid;
	char uuid[40];

	(void)report;
	snprintf(uuid, sizeof(uuid),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
		 u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
		 u[15]);
	add_path(&line, info->path);
	add_number(&line, "fs_offset", info->fs_offset);
	add_number(&line, "block_size", info->block_size);
	add_number(&line, "blocks", info->blocks);
	add_number(&line, "inodes", info->inodes);
	add_ascii(&line, "uuid", uuid);
	add_list(&line, "features", info->features);
	add_ascii(&line, "journal", journals[info->journal]);
	add_ascii(&line, "view", info->replayed ? "replayed" : "disk");
	add_bool(&line, "mounted", info->mounted);
	add_bool(&line, "mmp", info->mmp);
	add_list(&line, "notes", info->notes);
	return end(&line);
}

static errcode_t json_finding(struct report *report, const struct e4z_finding *f,
			      const struct report_sample *sample)
{
	static const char *const e2fsck[] = {[E4Z_E2FSCK_BLIND] = "blind",
					     [E4Z_E2FSCK_WOULD_GROW] = "would-grow",
					     [E4Z_E2FSCK_WOULD_CLEAR] = "would-clear"};
	struct line line = begin("finding");

	(void)report;
	add_ascii(&line, "kind", e4z_kind_name(f->kind));
	add_ino(&line, f->ino);
	if (!f->ino)
		add_number(&line, "group", f->group);
	add_path(&line, f->path);
	add_number(&line, "size", f->size);
	add_place(&line, "lblk", f->lblk);
	add_place(&line, "pblk", f->pblk);
	add_number(&line, "blocks", f->blocks);
	add_place(&line, "first", f->first);
	add_place(&line, "last", f->last);
	add_number(&line, "nonzero", f->nonzero);
	if (f->e2fsck != E4Z_E2FSCK_NA)
		add_ascii(&line, "e2fsck", e2fsck[f->e2fsck]);
	if (f->why)
		add_text(&line, "why", f->why);
	add_bool(&line, "fixable", f->fixable);
	add_bool(&line, "fixed", f->fixed);
	if (sample && sample->len)
		add_hex(&line, "bytes_hex", sample->bytes, sample->len);
	return end(&line);
}

static errcode_t json_edit(struct report *report, const struct e4z_edit *edit)
{
	struct line line = begin("edit");

	add_ascii(&line, "op", edit->op);
	add_ino(&line, edit->ino);
	add_file(&line, edit->path);
	add_number(&line, "requested", edit->requested);
	add_number(&line, "hole", edit->hole);
	add_number(&line, "unwritten_clean", edit->unwritten_clean);
	add_number(&line, "dirty_unwritten", edit->dirty_unwritten);
	add_number(&line, "written_disk", edit->written_disk);
	add_number(&line, "written_dirty", edit->written_dirty);
	add_number(&line, "already_zero", edit->already_zero);
	add_number(&line, "inline", edit->inline_bytes);
	add_bool(&line, "did_zero", edit->did_zero);
	add_bool(&line, "zero_written", edit->zero_written);
	add_number(&line, "flushes", edit->flushes);
	add_number(&line, "retries", edit->retries);
	add_number(&line, "batches_full", edit->batches_full);
	add_number(&line, "blocks_converted", edit->blocks_converted);
	add_number(&line, "blocks_allocated", edit->blocks_allocated);
	add_number(&line, "blocks_freed", edit->blocks_freed);
	add_number(&line, "size_before", edit->size_before);
	add_number(&line, "size_after", edit->size_after);
	add_text(&line, "note", edit->note);
	add_bool(&line, "dry_run", report->options->dry_run);
	return end(&line);
}

static errcode_t json_map(struct report *report, const char *file,
			  const struct e4z_map_piece *piece)
{
	struct line line = begin("map");

	(void)report;
	add_ino(&line, piece->ino);
	add_file(&line, file);
	add_number(&line, "lblk", piece->lblk);
	add_place(&line, "pblk", piece->pblk);
	add_number(&line, "blocks", piece->blocks);
	add_ascii(&line, "state", e4z_map_state_name(piece->state));
	add_bool(&line, "past_eof", piece->past_eof);
	return end(&line);
}

static errcode_t json_skipped(struct report *report, const struct e4z_skipped *skipped)
{
	struct line line = begin("skipped");

	(void)report;
	add_ino(&line, skipped->ino);
	add_path(&line, skipped->path);
	add_text(&line, "why", skipped->why);
	add_bool(&line, "left", skipped->left);
	return end(&line);
}

static void json_error(struct report *report, const char *image, const char *context,
		       const char *message, errcode_t code)
{
	struct line line = begin("error");

	(void)report;
	add_path(&line, image);
	add_text(&line, "context", context);
	add_text(&line, "message", message);
	add_number(&line, "code", (uint64_t)code);
	add_text(&line, "name", e4z_error_name(code));
	if (end(&line) == ENOMEM)
		util_say(image, "writing the report", strerror(ENOMEM));
}

static errcode_t json_summary(struct report *report, const struct report_summary *summary)
{
	const struct e4z_check_summary *check = &summary->check;
	struct line line = begin("summary");

	add_text(&line, "verb", summary->verb);
	add_number(&line, "files", check->files);
	add_number(&line, "findings", check->findings);
	add_number(&line, "fixed", check->fixed);
	add_number(&line, "left", summary->left);
	add_number(&line, "opaque", check->opaque);
	add_number(&line, "skipped", check->skipped);
	add_number(&line, "stale_bytes", check->stale_bytes);
	if (check->only_holes)
		add_bool(&line, "only_holes", true);
	add_number(&line, "transactions", summary->commit.transactions);
	add_number(&line, "barriers", summary->commit.barriers);
	add_number(&line, "bytes_read", summary->commit.bytes_read);
	add_number(&line, "bytes_written", summary->commit.bytes_written);
	add_number(&line, "bytes_zeroed_again", summary->commit.bytes_zeroed_again);
	add_number(&line, "replayed", summary->commit.replayed);
	add_number(&line, "log_blocks", summary->commit.log_blocks);
	add_number(&line, "orphans_finished", summary->commit.orphans_finished);
	add_number(&line, "orphans_left", summary->commit.orphans_left);
	add_bool(&line, "dry_run", report->options->dry_run);
	add_seconds(&line, "seconds", summary->seconds);
	add_number(&line, "exit", (uint64_t)summary->exit);
	return end(&line);
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
