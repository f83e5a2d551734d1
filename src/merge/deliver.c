// SPDX-License-Identifier: GPL-2.0-or-later
// Hands the findings that were kept to the report, and adds up the summaries.

#include "merge/deliver.h"

#include "errors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct deliver {
	struct part_reader *reader;
	const struct options *options;
	struct report *report;
	char *line; /* of getline() */
	size_t room;
};

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The bytes of the finding, if there are any. */
static void read_sample(struct record *r, struct report_sample *sample)
{
	const char *hex = record_some_text(r, "bytes_hex");
	size_t len = hex ? strlen(hex) : 0;

	sample->len = 0;
	if (!len || len % 2 || len > 2 * sizeof(sample->bytes) ||
	    strspn(hex, "0123456789abcdef") != len)
		return;
	for (; sample->len < len / 2; sample->len++)
		sample->bytes[sample->len] = (uint8_t)(digit(hex[2 * sample->len]) << 4 |
						       digit(hex[2 * sample->len + 1]));
}

/* A check lists what is encrypted only if it is asked for. */
static bool is_listed(const struct options *options, const struct e4z_finding *f)
{
	return f->kind != E4Z_OPAQUE || options->verbose ||
	       options->kinds & E4Z_KIND_BIT(E4Z_OPAQUE);
}

static errcode_t deliver_one(struct deliver *d)
{
	struct record *r = &d->reader->record;
	struct report_sample sample = {.len = 0};
	struct e4z_skipped skipped;
	struct e4z_finding f;

	if (!strcmp(r->type, "skipped")) {
		part_skipped(r, &skipped);
		return d->report->ops->skipped(d->report, &skipped);
	}
	part_finding(r, &f);
	if (d->options->verbose)
		read_sample(r, &sample);
	return is_listed(d->options, &f) ? d->report->ops->finding(d->report, &f, &sample) : 0;
}

static errcode_t deliver_lines(struct deliver *d, const struct part_lines *lines)
{
	FILE *kept = d->reader->kept;

	if (lines->count && fseeko(kept, (off_t)lines->off, SEEK_SET))
		return errno;
	for (uint64_t i = 0; i < lines->count; i++) {
		ssize_t len = getline(&d->line, &d->room, kept);
		errcode_t err;

		if (*d->reader->stop)
			return E4Z_ET_INTERRUPTED;
		/* they were read before */
		if (len < 1 || !record_read(&d->reader->record, d->line, (size_t)len - 1))
			return errno ? errno : EIO;
		err = deliver_one(d);
		if (err)
			return err;
	}
	return 0;
}

static void add(struct report_summary *summary, const struct part *part)
{
	struct e4z_check_summary *sum = &summary->check;

	sum->files += part->check.files;
	sum->findings += part->check.findings;
	sum->opaque += part->check.opaque;
	sum->skipped += part->check.skipped;
	sum->stale_bytes += part->check.stale_bytes;
	summary->commit.bytes_read += part->bytes_read;
	summary->commit.replayed = part->replayed;
	summary->seconds += part->seconds;
}

errcode_t deliver_parts(struct part_reader *reader, const struct part *parts, size_t count,
			const struct facts *facts, struct report *report,
			struct report_summary *summary)
{
	struct deliver d = {.reader = reader, .options = &facts->options, .report = report};
	const struct part_lines *names = &parts[0].of_names;
	bool data = false, holes = false;
	errcode_t err = fflush(reader->kept) ? errno : 0;

	if (!err)
		err = report_image(report, &facts->info);
	for (size_t i = 0; i < count && !err; i++)
		err = deliver_lines(&d, &parts[i].of_groups);
	for (size_t i = 0; i < count && !err; i++) {
		err = deliver_lines(&d, &parts[i].of_inodes);
		add(summary, &parts[i]);
		data |= parts[i].data;
		holes |= parts[i].holes;
		if (parts[i].of_names.count)
			names = &parts[i].of_names;
	}
	/* each shard that had to find names has come across the same directories */
	if (!err)
		err = deliver_lines(&d, names);
	summary->check.skipped += names->count;
	summary->check.only_holes = holes && !data;
	free(d.line);
	return err;
}
