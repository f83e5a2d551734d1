// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the report of a shard: its objects in their order, and that it is complete.

#include "merge/part.h"

#include "errors.h"
#include "merge/lines.h"
#include "report/json_line.h"
#include "util.h"
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A check has a few notes. */
#define NOTES_MAX 1000

/* What was read last: the objects come in this order, those in the middle any number of times. */
enum where { START, IMAGE, FINDING, SHARD, CLAIMS, NAMES, SUMMARY };

struct reading {
	struct part_reader *reader;
	struct record *record;
	struct part *part;
	struct lines lines;
	const char *line; /* that is at hand */
	size_t len;
	enum where where;
	uint64_t findings, opaque, stale_bytes; /* that came */
};

errcode_t part_reader_open(struct part_reader *reader, const volatile int *stop)
{
	const char *dir;
	int fd;

	*reader = (struct part_reader){.stop = stop};
	fd = source_temporary(&dir);
	reader->kept = fd < 0 ? NULL : fdopen(fd, "w+");
	if (reader->kept)
		return record_init(&reader->record);
	snprintf(reader->why, sizeof(reader->why), "keeping findings in %.300s: %s", dir,
		 strerror(errno));
	if (fd >= 0)
		close(fd);
	return errno;
}

void part_reader_close(struct part_reader *reader)
{
	record_free(&reader->record);
	overlap_free(&reader->overlap);
	if (reader->kept)
		fclose(reader->kept);
}

void part_free(struct part *part)
{
	json_object_put(part->image);
	json_object_put(part->facts);
	json_object_put(part->notes);
}

void part_forget(struct part *part, const struct part *first)
{
	json_object_put(part->image);
	json_object_put(part->facts);
	part->image = part->facts = NULL;
	if (!json_object_equal(part->notes, first->notes))
		return;
	json_object_put(part->notes);
	part->notes = NULL;
}

/* The report is not valid, because of the current line. */
static errcode_t __attribute__((format(printf, 2, 3)))
bad(struct reading *r, const char *format, ...)
{
	char *why = r->reader->why;
	size_t size = sizeof(r->reader->why);
	int n = snprintf(why, size, "line %" PRIu64 ": ", r->lines.number);
	va_list args;

	va_start(args, format);
	vsnprintf(why + n, size - (size_t)n, format, args);
	va_end(args);
	return EINVAL;
}

/* A record that is not what it should be. */
static errcode_t judge(struct reading *r)
{
	return r->record->bad ? bad(r, "\"%s\" of %s is missing or not valid", r->record->bad,
				    r->record->type)
			      : 0;
}

/* ---- the objects ---- */

static errcode_t on_image(struct reading *r)
{
	struct part *part = r->part;
	struct json_object *image = r->record->object, *notes;
	size_t count = 0;

	part->blocks = record_number(r->record, "blocks", UINT64_MAX >> 16);
	part->inodes = (uint32_t)record_number(r->record, "inodes", UINT32_MAX);
	while (record_item(r->record, "notes", count))
		count++;
	if (count > NOTES_MAX && !r->record->bad)
		r->record->bad = "notes";
	(void)record_item(r->record, "features", 0);
	if (r->record->bad)
		return judge(r);
	/* each host has notes of its own */
	json_object_object_get_ex(image, "notes", &notes);
	part->notes = json_object_get(notes);
	json_object_object_del(image, "notes");
	part->image = json_object_get(image);
	return 0;
}

/* The line at hand is kept as one of LINES, whose number is N. */
static errcode_t keep(struct reading *r, struct part_lines *lines, uint32_t n)
{
	struct part_reader *reader = r->reader;

	if (lines->count && n < lines->last)
		return bad(r, "the findings are not in ascending order");
	if (!lines->count) {
		lines->off = reader->kept_len;
		lines->first = n;
	}
	lines->last = n;
	lines->count++;
	if (fwrite(r->line, 1, r->len, reader->kept) != r->len || putc('\n', reader->kept) == EOF) {
		snprintf(reader->why, sizeof(reader->why), "keeping findings: %s", strerror(errno));
		return errno;
	}
	lines->len += r->len + 1;
	reader->kept_len += r->len + 1;
	return 0;
}

static errcode_t on_finding(struct reading *r)
{
	struct e4z_finding f;

	part_finding(r->record, &f);
	(void)record_some_text(r->record, "bytes_hex");
	if (r->record->bad)
		return judge(r);
	if (!f.ino && r->part->of_inodes.count)
		return bad(r, "the findings are not in ascending order");
	r->findings += f.kind != E4Z_OPAQUE;
	r->opaque += f.kind == E4Z_OPAQUE;
	r->stale_bytes += f.kind == E4Z_OPAQUE ? 0 : f.nonzero;
	return f.ino ? keep(r, &r->part->of_inodes, f.ino) : keep(r, &r->part->of_groups, f.group);
}

/* Before the shard it is one of its inodes, after it a directory that was read for names. */
static errcode_t on_skipped(struct reading *r)
{
	struct e4z_skipped s;

	part_skipped(r->record, &s);
	if (r->record->bad)
		return judge(r);
	if (!s.ino && (r->where != FINDING || r->part->of_inodes.count))
		return bad(r, "the findings are not in ascending order");
	if (r->where == FINDING)
		return keep(r, s.ino ? &r->part->of_inodes : &r->part->of_groups, s.ino);
	for (size_t i = 0; i < r->len; i++)
		r->part->names_sum = (r->part->names_sum ^ (uint8_t)r->line[i]) * 0x100000001b3;
	return keep(r, &r->part->of_names, s.ino);
}

static errcode_t on_shard(struct reading *r)
{
	static const char *const own[] = {"shard", "first_group", "groups",
					  "data",  "holes",	  "whole"};
	struct record *record = r->record;
	struct part *part = r->part;

	if (!record->bad && strcmp(record_text(record, "version"), e4z_version()))
		return bad(r, "it was written by e4zero %.20s, this is %s",
			   record_text(record, "version"), e4z_version());
	part->shards = (unsigned)record_number(record, "shards", E4Z_SHARDS_MAX);
	part->shard = (unsigned)record_number(record, "shard", part->shards);
	part->first_group = (uint32_t)record_number(record, "first_group", UINT32_MAX);
	part->groups = (uint32_t)record_number(record, "groups", UINT32_MAX - part->first_group);
	part->cluster_blocks = (uint32_t)record_number(record, "cluster_blocks", 1u << 20);
	part->data = record_bool(record, "data");
	part->holes = record_bool(record, "holes");
	part->whole = record_bool(record, "whole");
	part->verbose = record_bool(record, "verbose");
	if (!record->bad && !part->shard)
		record->bad = "shard";
	if (!record->bad && !part->cluster_blocks)
		record->bad = "cluster_blocks";
	if (record->bad)
		return judge(r);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		json_object_object_del(record->object, own[i]);
	part->facts = json_object_get(record->object);
	overlap_next_shard(&r->reader->overlap);
	return 0;
}

static errcode_t on_claims(struct reading *r)
{
	const char *of = record_text(r->record, "of"), *ranges = record_text(r->record, "ranges");
	bool xattr = !strcmp(of, "xattr");
	errcode_t err;

	if (!xattr && strcmp(of, "clusters") && !r->record->bad)
		r->record->bad = "of";
	if (r->record->bad)
		return judge(r);
	err = overlap_add(&r->reader->overlap, xattr ? E4Z_CLAIMS_XATTR : E4Z_CLAIMS_CLUSTERS,
			  ranges, r->part->blocks + 1);
	return err == EINVAL ? bad(r, "\"ranges\" of claims are not valid") : err;
}

/* The numbers must be those of what came. */
static errcode_t on_summary(struct reading *r)
{
	struct record *record = r->record;
	struct part *part = r->part;
	struct e4z_check_summary *check = &part->check;
	uint64_t status = record_number(record, "exit", UINT32_MAX);
	/* the sum over all shards is a number, too */
	const uint64_t most = UINT64_MAX / E4Z_SHARDS_MAX;

	if (!record->bad && status >= EXIT_REFUSED)
		return bad(r, "the check of this shard failed, with exit status %" PRIu64, status);
	check->files = record_number(record, "files", most);
	check->findings = record_number(record, "findings", most);
	check->opaque = record_number(record, "opaque", most);
	check->skipped = record_number(record, "skipped", most);
	check->stale_bytes = record_number(record, "stale_bytes", most);
	part->bytes_read = record_number(record, "bytes_read", most);
	part->replayed = record_number(record, "replayed", most);
	part->seconds = record_seconds(record, "seconds");
	if (record->bad)
		return judge(r);
	if (check->findings != r->findings || check->stale_bytes != r->stale_bytes ||
	    check->opaque < r->opaque ||
	    part->of_groups.count + part->of_inodes.count + part->of_names.count !=
		    r->findings + r->opaque + check->skipped)
		return bad(r, "the findings and the summary do not match");
	check->skipped -= part->of_names.count;
	return 0;
}

/* ---- their order ---- */

static const struct object {
	const char *type;
	enum where from, to; /* between what it may stand */
	enum where is;
	errcode_t (*fn)(struct reading *r);
} objects[] = {
	{"image", START, START, IMAGE, on_image},
	{"finding", IMAGE, FINDING, FINDING, on_finding},
	{"skipped", IMAGE, FINDING, FINDING, on_skipped},
	{"shard", IMAGE, FINDING, SHARD, on_shard},
	{"claims", SHARD, CLAIMS, CLAIMS, on_claims},
	{"skipped", SHARD, NAMES, NAMES, on_skipped},
	{"summary", SHARD, NAMES, SUMMARY, on_summary},
};

static errcode_t on_line(struct reading *r)
{
	const char *type;

	if (!record_read(r->record, r->line, r->len))
		return bad(r, "it is not an object of a JSON report");
	if (record_number(r->record, "schema", UINT64_MAX) != JSON_SCHEMA || r->record->bad)
		return bad(r, "the report is not of schema %d", JSON_SCHEMA);
	type = r->record->type;
	if (!strcmp(type, "error"))
		return bad(r, "the check of this shard failed");
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		const struct object *o = &objects[i];

		if (strcmp(o->type, type) || r->where < o->from || r->where > o->to)
			continue;
		r->where = o->is;
		return o->fn(r);
	}
	if (!strcmp(type, "summary"))
		return bad(r, "it is not the report of a shard");
	return bad(r, "\"%.40s\" is not expected here", type);
}

static errcode_t read_lines(struct reading *r)
{
	errcode_t err = 0;

	while (!err) {
		if (*r->reader->stop)
			return E4Z_ET_INTERRUPTED;
		err = lines_next(&r->lines, &r->line, &r->len);
		if (err || !r->line)
			break;
		err = on_line(r);
	}
	if (err == E2BIG || err == EPIPE || (!err && r->where != SUMMARY)) {
		snprintf(r->reader->why, sizeof(r->reader->why), "%s",
			 err == E2BIG ? "a line is too long for a report"
				      : "it is truncated: a report ends with a summary");
		return EINVAL;
	}
	return err;
}

errcode_t part_read(struct part_reader *reader, const char *name, struct source_file *file,
		    struct part *part)
{
	struct reading r = {.reader = reader, .record = &reader->record, .part = part};
	errcode_t err;

	reader->why[0] = '\0';
	*part = (struct part){.name = name};
	err = lines_open(&r.lines, file, reader->stop);
	if (!err)
		err = read_lines(&r);
	if (err && !reader->why[0] && err != E4Z_ET_INTERRUPTED && err != ENOMEM)
		snprintf(reader->why, sizeof(reader->why), "%s", strerror((int)err));
	lines_close(&r.lines);
	return err;
}
