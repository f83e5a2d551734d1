// SPDX-License-Identifier: GPL-2.0-or-later
// Draws who owns which bytes: each class has the number of its row in the bar, too.

#include "page/ledger.h"
#include "page/style.h"
#include "page/text.h"

enum { NUMBERED = 3 }; /* percent of the bar that a number needs */

static double percent(const struct e4z_ledger *ledger, uint64_t bytes)
{
	return ledger->size ? 100.0 * (double)bytes / (double)ledger->size : 0;
}

static void put_bar(const struct e4z_ledger *ledger, FILE *to)
{
	fputs("<div class=\"bar\" role=\"img\" aria-label=\"The classes of bytes by their size; "
	      "the table below lists them\">\n",
	      to);
	for (size_t i = 0; i < ledger->count; i++) {
		double part = percent(ledger, ledger->classes[i].bytes);

		if (!ledger->classes[i].bytes)
			continue;
		fprintf(to, "<span class=\"p%zu\" style=\"width:%.3f%%\" title=\"%zu: %s\">",
			i % PAGE_PATTERNS, part, i + 1, ledger->classes[i].name);
		if (part >= NUMBERED)
			fprintf(to, "<b>%zu</b>", i + 1);
		fputs("</span>", to);
	}
	fputs("\n</div>\n", to);
}

static errcode_t put_row(const struct e4z_ledger *ledger, size_t i, FILE *to)
{
	const struct e4z_ledger_class *class = &ledger->classes[i];
	errcode_t err = 0;

	fprintf(to,
		"<tr data-class=\"%s\"><td class=\"n\">%zu <span class=\"key p%zu\"></span></td>"
		"<th scope=\"row\">%s</th>",
		class->name, i + 1, i % PAGE_PATTERNS, class->name);
	text_put_cell(to, class->places);
	text_put_cell(to, class->bytes);
	fprintf(to, "<td class=\"n\">%.2f %%</td>", percent(ledger, class->bytes));
	text_put_cell(to, class->stale_bytes);
	fputs("<td>", to);
	if (class->left)
		err = text_put_sentence(to, class->left);
	fputs("</td></tr>\n", to);
	return err;
}

static void put_sum(const struct e4z_ledger *ledger, FILE *to)
{
	uint64_t places = 0, stale = 0;

	for (size_t i = 0; i < ledger->count; i++) {
		const struct e4z_ledger_class *class = &ledger->classes[i];

		places += class->places;
		stale += class->stale_bytes == E4Z_NONE ? 0 : class->stale_bytes;
	}
	fputs("</tbody>\n<tfoot><tr data-class=\"all\"><td></td><th scope=\"row\">all</th>", to);
	text_put_cell(to, places);
	text_put_cell(to, ledger->size);
	fputs("<td></td>", to);
	text_put_cell(to, stale);
	fputs("<td></td></tr>\n", to);
}

/* What follows the file system, beside the sum. */
static errcode_t put_after(const struct e4z_ledger_class *after, FILE *to)
{
	errcode_t err = 0;

	if (after->bytes) {
		fprintf(to, "<tr data-class=\"%s\"><td></td><th scope=\"row\">%s</th>", after->name,
			after->name);
		text_put_cell(to, after->places);
		text_put_cell(to, after->bytes);
		fputs("<td></td>", to);
		text_put_cell(to, after->stale_bytes);
		fputs("<td>", to);
		if (after->left)
			err = text_put_sentence(to, after->left);
		fputs("</td></tr>", to);
	}
	fputs("</tfoot>\n</table>\n</div>\n</section>\n", to);
	return err;
}

errcode_t page_ledger_print(const struct e4z_ledger *ledger, FILE *to)
{
	errcode_t err = 0;

	fputs("<section aria-labelledby=\"ledger\">\n<h2 id=\"ledger\">Ledger</h2>\n"
	      "<p>Every byte of the file system has one owner.</p>\n",
	      to);
	put_bar(ledger, to);
	fputs("<div class=\"wide\">\n<table>\n<caption>Classes of bytes</caption>\n<thead><tr>"
	      "<th scope=\"col\" class=\"n\">Key</th><th scope=\"col\">Class</th>"
	      "<th scope=\"col\" class=\"n\">Findings</th><th scope=\"col\" class=\"n\">Bytes</th>"
	      "<th scope=\"col\" class=\"n\">Share</th>"
	      "<th scope=\"col\" class=\"n\">Stale bytes</th>"
	      "<th scope=\"col\">Why it is not examined</th></tr></thead>\n<tbody>\n",
	      to);
	for (size_t i = 0; i < ledger->count && !err; i++)
		err = put_row(ledger, i, to);
	put_sum(ledger, to);
	return err ? err : put_after(&ledger->after, to);
}
