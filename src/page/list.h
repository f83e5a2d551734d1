/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The findings on the page, and what was left out: the first of them, and how many there are. */
#ifndef E4ZERO_PAGE_LIST_H
#define E4ZERO_PAGE_LIST_H

#include "page/text.h"

enum {
	PAGE_LIST_ROWS = 1000,
	PAGE_LIST_BYTES = 4 << 20, /* whatever the names are */
};

struct page_tally {
	uint64_t findings, fixed, stale_bytes;
};

struct page_list {
	struct text_part findings, skipped; /* rows */
	uint64_t listed, listed_skipped;
	uint64_t total, total_skipped;
	struct page_tally kinds[E4Z_KIND_COUNT];
};

errcode_t page_list_open(struct page_list *list);
errcode_t page_list_add(struct page_list *list, const struct e4z_finding *f);
errcode_t page_list_skip(struct page_list *list, const struct e4z_skipped *skipped);
errcode_t page_list_print(struct page_list *list, FILE *to);
void page_list_close(struct page_list *list);

#endif
