// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the rows of the first findings as they come, and counts all of them by kind.

#include "page/list.h"
#include "page/map.h"
#include <inttypes.h>

errcode_t page_list_open(struct page_list *list)
{
	errcode_t err;

	*list = (struct page_list){.total = 0};
	err = text_part_open(&list->findings);
	return err ? err : text_part_open(&list->skipped);
}

/* Whether PART takes another row; it counts the row then. */
static errcode_t admit(struct text_part *part, uint64_t *listed, bool *is_listed)
{
	errcode_t err = *listed < PAGE_LIST_ROWS ? text_part_flush(part) : 0;

	*is_listed = !err && *listed < PAGE_LIST_ROWS && part->len < PAGE_LIST_BYTES;
	*listed += *is_listed;
	return err;
}

/* What became of it, or would become of it. */
static errcode_t put_note(FILE *to, const struct e4z_finding *f)
{
	if (f->fixed)
		fputs("fixed", to);
	else if (f->why)
		return text_put_sentence(to, f->why);
	else if (f->e2fsck == E4Z_E2FSCK_WOULD_GROW)
		fputs("e2fsck would expose it", to);
	else if (f->e2fsck == E4Z_E2FSCK_WOULD_CLEAR)
		fputs("e2fsck would cut it off", to);
	else if (!f->fixable)
		fputs("cannot be fixed", to);
	return 0;
}

static errcode_t put_owner(FILE *to, const struct e4z_finding *f)
{
	if (f->path)
		return text_put_name(to, f->path);
	if (f->ino)
		fprintf(to, "inode %" PRIu32 ", no name is known", f->ino);
	else
		fprintf(to, "group %" PRIu32, f->group);
	return 0;
}

errcode_t page_list_add(struct page_list *list, const struct e4z_finding *f)
{
	struct page_tally *tally = &list->kinds[f->kind];
	enum page_area area = page_area_of(f->kind);
	FILE *to = list->findings.to;
	bool is_listed;
	errcode_t err = admit(&list->findings, &list->listed, &is_listed);

	list->total++;
	tally->findings++;
	tally->fixed += f->fixed;
	tally->stale_bytes += f->nonzero;
	if (err || !is_listed)
		return err;
	fprintf(to, "<tr class=\"finding\"><td>%c</td><td>%s</td><td>", page_area_letter(area),
		e4z_kind_name(f->kind));
	err = put_owner(to, f);
	fputs("</td>", to);
	text_put_cell(to, f->ino ? f->ino : E4Z_NONE);
	text_put_cell(to, f->pblk);
	text_put_cell(to, f->blocks);
	text_put_cell(to, f->first);
	text_put_cell(to, f->last);
	text_put_cell(to, f->nonzero);
	fputs("<td>", to);
	if (!err)
		err = put_note(to, f);
	fputs("</td></tr>\n", to);
	return err;
}

errcode_t page_list_skip(struct page_list *list, const struct e4z_skipped *skipped)
{
	FILE *to = list->skipped.to;
	bool is_listed;
	errcode_t err = admit(&list->skipped, &list->listed_skipped, &is_listed);

	list->total_skipped++;
	if (err || !is_listed)
		return err;
	fprintf(to, "<tr><td>%s</td><td>", skipped->left ? "left" : "skipped");
	if (skipped->path)
		err = text_put_name(to, skipped->path);
	else if (skipped->ino)
		fprintf(to, "inode %" PRIu32, skipped->ino);
	else
		fputs("the file system", to);
	fputs("</td><td>", to);
	if (!err)
		err = text_put_sentence(to, skipped->why);
	fputs("</td></tr>\n", to);
	return err;
}

static void put_kinds(const struct page_list *list, FILE *to)
{
	fputs("<div class=\"wide\">\n<table>\n<caption>Findings by kind</caption>\n<thead><tr>"
	      "<th scope=\"col\">Kind</th><th scope=\"col\">Meaning</th>"
	      "<th scope=\"col\" class=\"n\">Findings</th>"
	      "<th scope=\"col\" class=\"n\">Fixed</th>"
	      "<th scope=\"col\" class=\"n\">Stale bytes</th></tr></thead>\n<tbody>\n",
	      to);
	for (int kind = 0; kind < E4Z_KIND_COUNT; kind++) {
		const struct page_tally *tally = &list->kinds[kind];

		if (!tally->findings)
			continue;
		fprintf(to, "<tr data-kind=\"%s\"><th scope=\"row\">%s</th><td>%s</td>",
			e4z_kind_name(kind), e4z_kind_name(kind), e4z_kind_text(kind));
		text_put_cell(to, tally->findings);
		text_put_cell(to, tally->fixed);
		text_put_cell(to, tally->stale_bytes);
		fputs("</tr>\n", to);
	}
	fputs("</tbody>\n</table>\n</div>\n", to);
}

static void put_rest(uint64_t count, FILE *to)
{
	if (count)
		fprintf(to,
			"<p class=\"rest\"><b data-field=\"left-out\">%" PRIu64
			"</b> more of them are not listed here; the JSON report has all.</p>\n",
			count);
}

static errcode_t put_skipped(struct page_list *list, FILE *to)
{
	errcode_t err;

	if (!list->total_skipped)
		return 0;
	fputs("<section aria-labelledby=\"skipped\">\n"
	      "<h2 id=\"skipped\">Skipped or left</h2>\n<div class=\"wide\">\n<table>\n"
	      "<thead><tr><th scope=\"col\">What</th><th scope=\"col\">File</th>"
	      "<th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
	      to);
	err = text_part_put(&list->skipped, to);
	fputs("</tbody>\n</table>\n</div>\n", to);
	if (list->total_skipped > list->listed_skipped)
		fprintf(to, "<p>%" PRIu64 " more of them are not listed here.</p>\n",
			list->total_skipped - list->listed_skipped);
	fputs("</section>\n", to);
	return err;
}

errcode_t page_list_print(struct page_list *list, FILE *to)
{
	errcode_t err;

	fputs("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n", to);
	if (!list->total) {
		fputs("<p>There are none.</p>\n</section>\n", to);
		return put_skipped(list, to);
	}
	put_kinds(list, to);
	fputs("<div class=\"wide\">\n<table>\n<caption>Findings by inode and block; the letters "
	      "are those of the map</caption>\n<thead><tr><th scope=\"col\">In</th>"
	      "<th scope=\"col\">Kind</th><th scope=\"col\">File or group</th>"
	      "<th scope=\"col\" class=\"n\">Inode</th><th scope=\"col\" class=\"n\">Block</th>"
	      "<th scope=\"col\" class=\"n\">Blocks</th><th scope=\"col\" class=\"n\">First</th>"
	      "<th scope=\"col\" class=\"n\">Last</th>"
	      "<th scope=\"col\" class=\"n\">Stale bytes</th><th scope=\"col\">Note</th></tr>"
	      "</thead>\n<tbody>\n",
	      to);
	err = text_part_put(&list->findings, to);
	fputs("</tbody>\n</table>\n</div>\n", to);
	put_rest(list->total - list->listed, to);
	fputs("</section>\n", to);
	return err ? err : put_skipped(list, to);
}

void page_list_close(struct page_list *list)
{
	text_part_close(&list->findings);
	text_part_close(&list->skipped);
}
