// SPDX-License-Identifier: GPL-2.0-or-later
// Records of a structure and a path, in a buffer, and in a file when that is full.

#include "script/edit_log.h"
#include "script/source.h"
#include "util.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (256u << 10)

struct record {
	struct e4z_edit edit;
	size_t len; /* of the path after it, with its end; 0: there is none */
};

/* ---- the file ---- */

static errcode_t file_failed(struct edit_log *log, const char *what, const char *dir, int error)
{
	snprintf(log->why, sizeof(log->why), "%s the results in %.200s", what, dir);
	return error ? error : EIO;
}

static errcode_t flush(struct edit_log *log)
{
	const char *dir = "the temporary file";
	size_t done = 0;

	if (!log->file)
		log->file = source_temporary(&dir) + 1;
	if (!log->file)
		return file_failed(log, "storing", dir, errno);
	while (done < log->used) {
		ssize_t n = pwrite(log->file - 1, log->buffer + done, log->used - done,
				   (off_t)log->filed);

		if (n <= 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return file_failed(log, "storing", dir, errno);
		done += (size_t)n;
		log->filed += (uint64_t)n;
	}
	log->used = 0;
	return 0;
}

static errcode_t put(struct edit_log *log, const void *data, size_t len)
{
	const char *p = data;

	if (!log->buffer)
		log->buffer = malloc(BUFFER_BYTES);
	if (!log->buffer)
		return ENOMEM;
	while (len) {
		size_t n = BUFFER_BYTES - log->used < len ? BUFFER_BYTES - log->used : len;
		errcode_t err;

		memcpy(log->buffer + log->used, p, n);
		log->used += n;
		p += n;
		len -= n;
		err = log->used == BUFFER_BYTES ? flush(log) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* ---- keeping ---- */

errcode_t edit_log_add(struct edit_log *log, const struct e4z_edit *edit)
{
	struct record record;
	errcode_t err;

	/* its gaps, too: they go into a file */
	memset(&record, 0, sizeof(record));
	record.edit = *edit;
	record.len = edit->path ? strlen(edit->path) + 1 : 0;
	err = put(log, &record, sizeof(record));
	return err ? err : put(log, edit->path, record.len);
}

/* ---- reporting ---- */

/* Where the reading is. */
struct reading {
	struct edit_log *log;
	uint64_t at;
};

static errcode_t get(struct reading *r, void *to, size_t len)
{
	struct edit_log *log = r->log;
	char *p = to;

	while (len && r->at < log->filed) {
		size_t most = log->filed - r->at < len ? (size_t)(log->filed - r->at) : len;
		ssize_t n = pread(log->file - 1, p, most, (off_t)r->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return file_failed(log, "reading", "the temporary file", n ? errno : 0);
		p += n;
		len -= (size_t)n;
		r->at += (uint64_t)n;
	}
	if (len)
		memcpy(p, log->buffer + (r->at - log->filed), len);
	r->at += len;
	return 0;
}

static errcode_t remember(struct edit_log *log, uint32_t ino)
{
	if (log->count == log->room) {
		size_t room = log->room ? log->room * 2 : 64;
		uint32_t *inodes = realloc(log->inodes, room * sizeof(*inodes));

		if (!inodes)
			return ENOMEM;
		log->inodes = inodes;
		log->room = room;
	}
	/* mostly one file after the other */
	if (!log->count || log->inodes[log->count - 1] != ino)
		log->inodes[log->count++] = ino;
	return 0;
}

static errcode_t report_next(struct reading *r, struct report *report, char **path, size_t *room)
{
	struct record record;
	errcode_t err = get(r, &record, sizeof(record));

	if (!err && record.len > *room) {
		char *larger = realloc(*path, record.len);

		if (!larger)
			return ENOMEM;
		*path = larger;
		*room = record.len;
	}
	if (!err)
		err = get(r, *path, record.len);
	if (err)
		return err;
	record.edit.path = record.len ? *path : NULL;
	err = remember(r->log, record.edit.ino);
	return err ? err : report_edit(report, &record.edit);
}

errcode_t edit_log_report(struct edit_log *log, struct report *report)
{
	struct reading r = {.log = log};
	char *path = NULL;
	size_t room = 0;
	errcode_t err = 0;

	while (!err && r.at < log->filed + log->used)
		err = report_next(&r, report, &path, &room);
	free(path);
	log->used = 0;
	log->filed = 0;
	return err;
}

static int by_number(const void *pa, const void *pb)
{
	const uint32_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

uint64_t edit_log_files(struct edit_log *log)
{
	uint64_t files = 0;

	if (log->count)
		qsort(log->inodes, log->count, sizeof(*log->inodes), by_number);
	for (size_t i = 0; i < log->count; i++)
		files += !i || log->inodes[i] != log->inodes[i - 1];
	return files;
}

void edit_log_free(struct edit_log *log)
{
	if (log->file)
		source_temporary_end(log->file - 1);
	free(log->buffer);
	free(log->inodes);
}
