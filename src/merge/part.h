/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of one shard: read once, its findings kept in a file, its claims in memory. */
#ifndef E4ZERO_PART_H
#define E4ZERO_PART_H

#include "merge/overlap.h"
#include "merge/record.h"
#include "script/source.h"
#include <stdio.h>

/* Lines of the file in which findings are kept. */
struct part_lines {
	uint64_t off, len, count;
	uint32_t first, last; /* group or inode of the first and of the last one */
};

struct part {
	const char *name; /* of the report */
	unsigned shard, shards;
	struct json_object *image, *facts; /* the objects, as far as they are the same in all */
	struct json_object *notes;	   /* NULL, as these: another part has them */
	uint32_t first_group, groups, cluster_blocks, inodes; /* inodes of the image */
	uint64_t blocks;
	bool data, holes, whole, verbose;
	struct part_lines of_groups, of_inodes, of_names; /* findings and skipped ones */
	uint64_t names_sum;				  /* a checksum of the last of these */
	struct e4z_check_summary check;			  /* without those skipped for names */
	uint64_t bytes_read, replayed;
	double seconds;
};

/* What is read into, one report after the other. */
struct part_reader {
	struct record record;
	struct overlap overlap;
	FILE *kept; /* the findings of all reports */
	uint64_t kept_len;
	const volatile int *stop;
	char why[512]; /* a sentence, if a report cannot be read or is not valid */
};

/* ENOMEM, or an errno value; give it to part_reader_close() in any case. */
errcode_t part_reader_open(struct part_reader *reader, const volatile int *stop);
void part_reader_close(struct part_reader *reader);

/*
 * Read the report NAME, which is open as FILE. EINVAL or another errno value, with reader->why,
 * E4Z_ET_INTERRUPTED, or ENOMEM. PART must be freed in any case.
 */
errcode_t part_read(struct part_reader *reader, const char *name, struct source_file *file,
		    struct part *part);
void part_free(struct part *part);

/* Free the objects of PART, which FIRST has, too; its notes only if FIRST has the same. */
void part_forget(struct part *part, const struct part *first);

/* The record is a finding, or an inode that was passed over; its strings stay the record's. */
void part_finding(struct record *record, struct e4z_finding *finding);
void part_skipped(struct record *record, struct e4z_skipped *skipped);

#endif
