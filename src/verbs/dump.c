// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps a few bytes of a few findings and prints them in hexadecimal.
#include "verbs/dump.h"

#include "util.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { LINE = 16 };

errcode_t dump_keep(struct dump *dump, const struct e4z_finding *f,
		    const struct report_sample *sample)
{
	char name[32];

	if (!sample || !sample->len || dump->count == DUMP_FINDINGS)
		return 0;
	snprintf(name, sizeof(name), f->ino ? "<%" PRIu32 ">" : "group %" PRIu32,
		 f->ino ? f->ino : f->group);
	dump->items[dump->count].of = util_printable(f->path ? f->path : name);
	if (!dump->items[dump->count].of)
		return ENOMEM;
	dump->items[dump->count].first = f->first;
	/* metadata has no offset in a file; a journal may be on another device */
	dump->items[dump->count].in =
		f->lblk == E4Z_NONE && f->kind != E4Z_JOURNAL ? " of the file system" : "";
	dump->items[dump->count++].sample = *sample;
	return 0;
}

static void print_line(const uint8_t *bytes, size_t len, uint64_t off)
{
	printf("  %08" PRIx64 " ", off);
	for (size_t i = 0; i < LINE; i++) {
		fputs(i == LINE / 2 ? "  " : " ", stdout);
		if (i < len)
			printf("%02x", bytes[i]);
		else
			fputs("  ", stdout);
	}
	fputs("  |", stdout);
	for (size_t i = 0; i < len; i++)
		putchar(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
	puts("|");
}

void dump_print(const struct dump *dump)
{
	for (int n = 0; n < dump->count; n++) {
		const struct report_sample *sample = &dump->items[n].sample;
		uint64_t first = dump->items[n].first;

		printf("%s, byte %" PRIu64 "%s:\n", dump->items[n].of, first, dump->items[n].in);
		for (size_t at = 0; at < sample->len; at += LINE)
			print_line(sample->bytes + at,
				   sample->len - at < LINE ? sample->len - at : LINE, first + at);
	}
}

void dump_free(struct dump *dump)
{
	while (dump->count)
		free(dump->items[--dump->count].of);
}
