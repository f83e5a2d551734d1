// SPDX-License-Identifier: GPL-2.0-or-later
// Says how a check or a fix ended, and what that rests on. No times: equal results, equal pages.

#include "page/verdict.h"
#include "page/text.h"
#include <inttypes.h>
#include <uuid/uuid.h>

static bool is_clean(const struct options *options, const struct report_summary *summary)
{
	if (summary->check.only_holes)
		return false;
	/* a dry run leaves everything where it is */
	return summary->about == ABOUT_CHECK || options->dry_run ? !summary->check.findings
								 : !summary->left;
}

static const char *headline(const struct options *options, const struct report_summary *summary)
{
	/* less than everything is not the same verdict */
	bool part = options->kinds || options->file_count;

	if (summary->check.only_holes)
		return "This proves nothing";
	if (summary->about == ABOUT_CHECK && summary->check.findings)
		return "Not clean";
	if (summary->about != ABOUT_CHECK && options->dry_run)
		return "Dry run, nothing was written";
	if (summary->about != ABOUT_CHECK && summary->left)
		return "Not clean: some findings were not fixed";
	if (summary->check.fixed)
		return part ? "Everything found was fixed"
			    : "Clean now: everything found was fixed";
	return part ? "Nothing found" : "Clean";
}

static errcode_t put_scope(const struct options *options, FILE *to)
{
	errcode_t err = 0;
	size_t i;

	fputs("<p>Examined: ", to);
	if (options->file_count)
		fputs("only these files, and those below these directories:", to);
	else if (!options->kinds)
		fputs(options->all	  ? "the whole file system, free blocks included."
		      : options->paranoid ? "the contents of all files, unused blocks included."
					  : "the contents of all files.",
		      to);
	for (i = 0; i < options->file_count && i < 20 && !err; i++) {
		putc(' ', to);
		err = text_put_name(to, options->files[i]);
	}
	if (i < options->file_count)
		fprintf(to, " and %zu more", options->file_count - i);
	if (options->kinds) {
		fputs(options->file_count ? "; only for findings of these kinds:"
					  : "only for findings of these kinds:",
		      to);
		for (int kind = 0; kind < E4Z_KIND_COUNT; kind++)
			if (options->kinds & E4Z_KIND_BIT(kind))
				fprintf(to, " %s", e4z_kind_name(kind));
	}
	fputs("</p>\n", to);
	return err;
}

static void put_sentence(const struct options *options, const struct report_summary *summary,
			 FILE *to)
{
	const struct e4z_check_summary *check = &summary->check;

	fputs("<p>", to);
	text_put_count(to, check->findings, "finding");
	fputs(" with ", to);
	text_put_count(to, check->stale_bytes, "stale byte");
	fputs("; ", to);
	text_put_count(to, check->files, "regular file");
	fputs(check->files == 1 ? " was checked" : " were checked", to);
	if (summary->about == ABOUT_FIX && !options->dry_run)
		fprintf(to, "; %" PRIu64 " fixed, %" PRIu64 " left", check->fixed, summary->left);
	fputs(".</p>\n", to);
	if (summary->verified) {
		fputs("<p>", to);
		text_put_count(to, summary->verified, "byte");
		fputs(" of free space and metadata zeroed in place, then read again as zero.</p>\n",
		      to);
	}
	if (check->fixed && !options->dry_run)
		fputs("<p>What is below was found before the fix.</p>\n", to);
	if (check->opaque)
		fprintf(to, "<p>Not checked, because encrypted: %" PRIu64 ".</p>\n", check->opaque);
	if (check->skipped)
		fprintf(to, "<p>Skipped: %" PRIu64 ".</p>\n", check->skipped);
	if (check->only_holes)
		fputs("<p>Every data block that was examined is a hole of the image file, as in a "
		      "copy of metadata: this says nothing about the original.</p>\n",
		      to);
}

errcode_t page_verdict_print(const struct options *options, const struct report_summary *summary,
			     FILE *to)
{
	bool clean = is_clean(options, summary);
	errcode_t err;

	fputs("<h1>e4zero: ", to);
	err = text_put_name(to, options->image);
	fprintf(to,
		"</h1>\n<div class=\"verdict %s\" id=\"verdict\" role=\"status\">\n"
		"<strong><span aria-hidden=\"true\">%s</span> %s</strong>\n",
		clean ? "ok" : "bad", clean ? "\u2713" : "\u2717", headline(options, summary));
	put_sentence(options, summary, to);
	if (!err)
		err = put_scope(options, to);
	fputs("</div>\n", to);
	return err;
}

static void put_fact(FILE *to, const char *name, const char *value)
{
	fprintf(to, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", name, value);
}

errcode_t page_facts_print(const struct e4z_image_info *info, FILE *to)
{
	static const char *const journals[] = {
		[E4Z_JOURNAL_NONE] = "none",
		[E4Z_JOURNAL_CLEAN] = "clean",
		[E4Z_JOURNAL_NEEDS_REPLAY] = "needs to be replayed",
		[E4Z_JOURNAL_EXTERNAL] = "external",
	};
	const char *const *note = info->notes;
	char uuid[UUID_STR_LEN], text[128];
	errcode_t err;

	uuid_unparse_lower(info->uuid, uuid);
	fputs("<section aria-labelledby=\"image\">\n<h2 id=\"image\">The image</h2>\n<table>\n"
	      "<tbody>\n<tr><th scope=\"row\">File</th><td>",
	      to);
	err = text_put_name(to, info->path);
	fputs("</td></tr>\n", to);
	put_fact(to, "UUID", uuid);
	snprintf(text, sizeof(text), "%" PRIu64 " blocks of %" PRIu32 " bytes", info->blocks,
		 info->block_size);
	put_fact(to, "Size", text);
	if (info->fs_offset) {
		snprintf(text, sizeof(text), "byte %" PRIu64 " of the image", info->fs_offset);
		put_fact(to, "Starts at", text);
	}
	put_fact(to, "Journal", journals[info->journal]);
	put_fact(to, "State",
		 info->mounted	  ? "on the disk; it is mounted, which can be newer"
		 : info->replayed ? "as a mount would see it, after the journal is replayed"
				  : "on the disk");
	snprintf(text, sizeof(text), "e4zero %s", e4z_version());
	put_fact(to, "Examined by", text);
	for (; note && *note && !err; note++) {
		fputs("<tr><th scope=\"row\">Note</th><td>", to);
		err = text_put_sentence(to, *note);
		fputs("</td></tr>\n", to);
	}
	fputs("</tbody>\n</table>\n", to);
	return err;
}

void page_numbers_print(const struct report_summary *summary, FILE *to)
{
	const struct e4z_check_summary *check = &summary->check;
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"files", check->files},
		{"findings", check->findings},
		{"stale_bytes", check->stale_bytes},
		{"fixed", check->fixed},
		{"left", summary->left},
		{"verified", summary->verified},
		{"opaque", check->opaque},
		{"skipped", check->skipped},
		{"transactions", summary->commit.transactions},
		{"bytes_written", summary->commit.bytes_written},
		{"exit", (uint64_t)summary->exit},
	};

	fputs("<table>\n<caption>The summary, as in the JSON report</caption>\n<tbody>\n", to);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		fprintf(to,
			"<tr><th scope=\"row\">%s</th><td class=\"n\" data-field=\"%s\">%" PRIu64
			"</td></tr>\n",
			numbers[i].name, numbers[i].name, numbers[i].value);
	fputs("</tbody>\n</table>\n</section>\n", to);
}
