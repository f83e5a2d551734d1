// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps a bounded part of the results as they come; the page is written when the summary is known.

#include "page/page.h"
#include "page/file.h"
#include "page/ledger.h"
#include "page/list.h"
#include "page/map.h"
#include "page/style.h"
#include "page/text.h"
#include "page/verdict.h"
#include "util.h"
#include <stdlib.h>
#include <string.h>

struct page {
	struct report report;
	struct report *inner;
	struct page_file file;
	struct text_part facts, ledger;
	struct page_map map;
	struct page_list list;
	errcode_t failure; /* of the file */
};

static struct page *page_of(struct report *report)
{
	return (struct page *)report;
}

static errcode_t fail(struct page *page, errcode_t err)
{
	page->failure = err;
	page->report.lost = err != 0;
	return err;
}

errcode_t page_settle(struct report *report, int *fds, size_t *count)
{
	struct page *page = page_of(report);
	errcode_t err = page_file_create(&page->file, report->options->page);

	if (!err)
		err = page_file_delegate(&page->file);
	if (err)
		return fail(page, err);
	fds[(*count)++] = fileno(page->file.stream);
	if (page->file.errands)
		fds[(*count)++] = e4z_errands_descriptor(page->file.errands);
	return 0;
}

/* The file is made before anything is done that the page could be lost for. */
static errcode_t page_image(struct report *report, const struct e4z_image_info *info)
{
	struct page *page = page_of(report);
	errcode_t err = 0;

	/* not yet, unless the process is confined */
	if (!page->file.stream)
		err = fail(page, page_file_create(&page->file, report->options->page));

	if (!err)
		err = page_map_open(&page->map, info);
	if (!err)
		err = page_list_open(&page->list);
	if (!err)
		err = text_part_open(&page->facts);
	if (!err)
		err = text_part_open(&page->ledger);
	if (!err)
		err = page_facts_print(info, page->facts.to);
	return err ? err : page->inner->ops->image(page->inner, info);
}

static errcode_t page_finding(struct report *report, const struct e4z_finding *f,
			      const struct report_sample *sample)
{
	struct page *page = page_of(report);
	errcode_t err = page->inner->ops->finding(page->inner, f, sample);

	page_map_add(&page->map, f);
	return err ? err : page_list_add(&page->list, f);
}

static errcode_t page_skipped(struct report *report, const struct e4z_skipped *skipped)
{
	struct page *page = page_of(report);
	errcode_t err = page->inner->ops->skipped(page->inner, skipped);

	return err ? err : page_list_skip(&page->list, skipped);
}

static errcode_t page_ledger(struct report *report, const struct e4z_ledger *ledger)
{
	struct page *page = page_of(report);
	errcode_t err = page->inner->ops->ledger(page->inner, ledger);

	return err ? err : page_ledger_print(ledger, page->ledger.to);
}

/* ---- what is not on the page ---- */

static errcode_t page_shard(struct report *report, const struct e4z_shard *shard)
{
	struct page *page = page_of(report);

	return page->inner->ops->shard(page->inner, shard);
}

static errcode_t page_claims(struct report *report, const struct e4z_claims *claims)
{
	struct page *page = page_of(report);

	return page->inner->ops->claims(page->inner, claims);
}

static errcode_t page_edit(struct report *report, const struct e4z_edit *edit)
{
	struct report *inner = page_of(report)->inner;

	return inner->ops->edit(inner, edit);
}

static errcode_t page_map(struct report *report, const char *file,
			  const struct e4z_map_piece *piece)
{
	struct report *inner = page_of(report)->inner;

	return inner->ops->map(inner, file, piece);
}

static void page_error(struct report *report, const char *image, const char *context,
		       const char *message, errcode_t code)
{
	struct report *inner = page_of(report)->inner;

	inner->ops->error(inner, image, context, message, code);
}

/* ---- the end ---- */

static errcode_t put_head(const struct options *options, FILE *to)
{
	errcode_t err;

	/* nothing is loaded and no script runs, whatever a name tries */
	fprintf(to,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n"
		"<meta name=\"generator\" content=\"e4zero %s\">\n<title>e4zero: ",
		e4z_version());
	err = text_put_plain(to, options->image);
	fprintf(to, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", page_style);
	return err;
}

static errcode_t put_page(struct page *page, const struct report_summary *summary)
{
	const struct options *options = page->report.options;
	FILE *to = page->file.stream;
	errcode_t err = put_head(options, to);

	if (!err)
		err = page_verdict_print(options, summary, to);
	if (!err)
		err = text_part_put(&page->ledger, to);
	page_map_print(&page->map, to);
	if (!err)
		err = page_list_print(&page->list, to);
	if (!err)
		err = text_part_put(&page->facts, to);
	page_numbers_print(summary, to);
	fputs("</main>\n</body>\n</html>\n", to);
	return err;
}

/* Only what came to its end has a page, as it has a summary line. */
static errcode_t write_page(struct page *page, const struct report_summary *summary)
{
	errcode_t err;

	if (page->failure || !page->file.stream || summary->exit >= EXIT_REFUSED ||
	    util_stdout_flush())
		return page->failure;
	err = put_page(page, summary);
	return fail(page, err ? err : page_file_publish(&page->file));
}

static errcode_t page_summary(struct report *report, const struct report_summary *summary)
{
	struct report_summary own = *summary;
	struct page *page = page_of(report);
	const char *path = report->options->page, *why;
	errcode_t err = write_page(page, summary), inner;

	if (err) {
		why = error_message(err);
		util_say_lost(path, why, report->wrote);
		page_error(report, path, "writing the report", why, err);
		own.exit = report->wrote ? EXIT_BROKEN : EXIT_REFUSED;
	}
	inner = page->inner->ops->summary(page->inner, &own);
	return inner ? inner : err;
}

static void page_close(struct report *report)
{
	struct page *page = page_of(report);

	page_file_drop(&page->file);
	text_part_close(&page->facts);
	text_part_close(&page->ledger);
	page_map_close(&page->map);
	page_list_close(&page->list);
	page->inner->ops->close(page->inner);
	free(page);
}

struct report *page_report_open(const struct options *options, struct report *inner)
{
	static const struct report_ops ops = {
		.image = page_image,
		.finding = page_finding,
		.skipped = page_skipped,
		.ledger = page_ledger,
		.shard = page_shard,
		.claims = page_claims,
		.edit = page_edit,
		.map = page_map,
		.error = page_error,
		.summary = page_summary,
		.close = page_close,
	};
	struct page *page = malloc(sizeof(*page));

	if (!page) {
		inner->ops->close(inner);
		return NULL;
	}
	*page = (struct page){.report = {.ops = &ops, .options = options}, .inner = inner};
	return &page->report;
}
