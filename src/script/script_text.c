// SPDX-License-Identifier: GPL-2.0-or-later
// Cuts a script into lines without holding it.

#include "script/script_text.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXT (256u << 20)
#define MAX_LINE (1u << 20)
#define CHUNK_BYTES (64u << 10)

errcode_t text_open(struct script_text *text, const char *name, const volatile int *stop)
{
	errcode_t err;

	*text = (struct script_text){.off = 0};
	err = source_open(&text->source, name, NULL, MAX_TEXT, EFBIG, stop);
	if (!err && text->source.bytes.len > MAX_TEXT) {
		snprintf(text->source.why, sizeof(text->source.why),
			 "reading more of %.150s than the %" PRIu64 " bytes that are free", name,
			 (uint64_t)MAX_TEXT);
		err = EFBIG;
	}
	if (!err)
		err = source_hold(&text->source, name);
	if (!err) {
		text->chunk = malloc(CHUNK_BYTES);
		err = text->chunk ? 0 : ENOMEM;
	}
	if (!err)
		text->source.why[0] = '\0';
	return err;
}

void text_close(struct script_text *text)
{
	source_close(&text->source);
	free(text->chunk);
	free(text->line);
}

void text_rewind(struct script_text *text)
{
	text->off = 0;
	text->at = text->have = 0;
	text->number = 0;
}

static errcode_t refill(struct script_text *text)
{
	uint64_t left = text->source.bytes.len - text->off;
	errcode_t err;

	text->at = 0;
	text->have = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
	err = text->source.bytes.read(text->source.bytes.arg, text->off, text->chunk, text->have);
	text->off += text->have;
	return err;
}

/* LEN more bytes of the line. */
static errcode_t append(struct script_text *text, const char *bytes, size_t len)
{
	if (text->len + len >= text->room) {
		size_t room = (text->len + len + 1) * 2;
		char *line = realloc(text->line, room);

		if (!line)
			return ENOMEM;
		text->line = line;
		text->room = room;
	}
	memcpy(text->line + text->len, bytes, len);
	text->len += len;
	text->line[text->len] = '\0';
	return 0;
}

/* Editors of another world begin a text with U+FEFF, which is no part of it. */
static void skip_mark(struct script_text *text)
{
	if (text->number == 1 && text->len >= 3 && !memcmp(text->line, "\xef\xbb\xbf", 3)) {
		text->len -= 3;
		memmove(text->line, text->line + 3, text->len + 1);
	}
}

static enum text_met classify(struct script_text *text)
{
	size_t plain = strlen(text->line);

	skip_mark(text);
	if (plain >= MAX_LINE) {
		text->len = MAX_LINE;
		return TEXT_TOO_LONG;
	}
	plain = strlen(text->line);
	if (plain == text->len)
		return TEXT_LINE;
	text->len = plain;
	return TEXT_ZERO_BYTE;
}

errcode_t text_next(struct script_text *text, enum text_met *met)
{
	bool ended = false, any = text->off < text->source.bytes.len || text->at < text->have;
	errcode_t err;

	*met = TEXT_END;
	if (!any)
		return 0;
	text->number++;
	text->len = 0;
	err = append(text, "", 0);
	while (!err && !ended && text->len <= MAX_LINE) {
		const char *from, *end;
		size_t len;

		if (text->at == text->have && text->off == text->source.bytes.len)
			break;
		if (text->at == text->have)
			err = refill(text);
		if (err)
			return err;
		from = text->chunk + text->at;
		end = memchr(from, '\n', text->have - text->at);
		ended = end != NULL;
		len = ended ? (size_t)(end - from) : text->have - text->at;
		err = append(text, from, len);
		text->at += len + ended;
	}
	if (!err)
		*met = classify(text);
	return err;
}
