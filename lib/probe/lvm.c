// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LVM2 on the disk (lvm2's lib/format_text/layout.h, as documented in pvck(8) --dump): a label in
 * one of the first four sectors, followed by the header of the physical volume with its UUID and
 * the metadata areas; such an area has a header and a ring of text. The text is nested sections of
 * "key = value".
 */
#include "probe/lvm.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_SECTORS 4
#define LABEL_OFFSET 20 /* of the PV header in the label */
#define LABEL_TYPE 24
#define PV_UUID 32
#define AREAS_MAX 16
#define MDA_HEADER 512
#define MDA_MAGIC 4
#define MDA_TEXT 40 /* where the text begins in the area */
#define MDA_TEXT_LEN 48
#define TEXT_MAX (16u << 20)
#define DEPTH_MAX 4 /* group, logical_volumes, volume, segment */
#define WORD_MAX 128
#define VALUES_MAX 8

/* ---- the text ---- */

struct word {
	char text[WORD_MAX];
};

/* One "key = value" or "key = [ values ]", and the sections around it. */
struct setting {
	struct word sections[DEPTH_MAX];
	unsigned depth;
	struct word key, values[VALUES_MAX];
	unsigned count;
};

struct parser {
	const char *at;
	struct setting now;
	unsigned too_deep; /* sections that are not kept */
	/* called when a setting is complete, and, without a key, when a section ends */
	void (*each)(void *arg, const struct setting *setting);
	void *arg;
};

static void skip_blank(struct parser *p)
{
	for (;;) {
		p->at += strspn(p->at, " \t\r\n,");
		if (*p->at != '#')
			return;
		p->at += strcspn(p->at, "\n");
	}
}

/* A name, a number or a string without its quotes; truncated if too long. */
static void take_word(struct parser *p, struct word *word)
{
	bool quoted = *p->at == '"';
	size_t n = 0;

	for (p->at += quoted; *p->at; p->at++) {
		if (quoted ? *p->at == '"'
			   : !isgraph((unsigned char)*p->at) || strchr("=[]{},#\"", *p->at))
			break;
		if (quoted && *p->at == '\\' && p->at[1])
			p->at++;
		if (n + 1 < WORD_MAX)
			word->text[n++] = *p->at;
	}
	/* characters that cannot be in a name are skipped, too */
	p->at += *p->at && (quoted || !n);
	word->text[n] = '\0';
}

static void take_values(struct parser *p)
{
	struct setting *now = &p->now;
	struct word ignored;
	bool many;

	skip_blank(p);
	many = *p->at == '[';
	p->at += many;
	now->count = 0;
	do {
		skip_blank(p);
		if (!*p->at || strchr("=[]{}", *p->at))
			break;
		take_word(p, now->count < VALUES_MAX ? &now->values[now->count++] : &ignored);
	} while (many);
	p->at += many && *p->at == ']';
}

static void end_section(struct parser *p)
{
	if (p->too_deep) {
		p->too_deep--;
		return;
	}
	p->now.key.text[0] = '\0';
	p->now.count = 0;
	p->each(p->arg, &p->now);
	if (p->now.depth)
		p->now.depth--;
}

static void begin_section(struct parser *p)
{
	if (p->now.depth < DEPTH_MAX)
		p->now.sections[p->now.depth++] = p->now.key;
	else
		p->too_deep++;
}

static void parse(const char *text, void (*each)(void *arg, const struct setting *setting),
		  void *arg)
{
	struct parser p = {.at = text, .each = each, .arg = arg};

	for (skip_blank(&p); *p.at; skip_blank(&p)) {
		if (*p.at == '}') {
			p.at++;
			end_section(&p);
			continue;
		}
		if (strchr("=[]{", *p.at)) {
			p.at++;
			continue;
		}
		take_word(&p, &p.now.key);
		skip_blank(&p);
		if (*p.at == '{') {
			p.at++;
			begin_section(&p);
		} else if (*p.at == '=') {
			p.at++;
			take_values(&p);
			if (!p.too_deep)
				p.each(p.arg, &p.now);
		}
	}
}

static bool in_section(const struct setting *s, unsigned level, const char *name)
{
	return s->depth > level && !strcmp(s->sections[level].text, name);
}

static uint64_t number(const struct setting *s, unsigned i)
{
	return i < s->count ? strtoull(s->values[i].text, NULL, 10) : UINT64_MAX;
}

static bool key_is(const struct setting *s, const char *key)
{
	return !strcmp(s->key.text, key);
}

/* ---- the volume group ---- */

struct volume_group {
	struct blkdev *dev;
	struct parts *parts;
	uint64_t base; /* of the physical volume in the image, bytes */
	char uuid[PV_UUID + 1];
	struct word pv; /* its name in the text */
	struct word last_pv;
	uint64_t pe_start, last_start, extent; /* sectors */

	/* of the current volume */
	bool visible, linear, ours;
	uint64_t first, extents;  /* on the disk */
	uint64_t from, count, at; /* of the current segment */
	bool stripe_is_ours, is_striped;
	errcode_t err;
};

/* TEXT is UUID, with dashes in it. */
static bool same_uuid(const char *uuid, const char *text)
{
	for (; *text; text++)
		if (*text != '-' && *text != *uuid++)
			return false;
	return !*uuid;
}

/* Take sizes, and the name of this physical volume. */
static void take_group(void *arg, const struct setting *s)
{
	struct volume_group *vg = arg;

	if (s->depth == 1 && key_is(s, "extent_size"))
		vg->extent = number(s, 0);
	if (s->depth != 3 || !in_section(s, 1, "physical_volumes"))
		return;
	if (key_is(s, "id") && s->count)
		vg->ours = same_uuid(vg->uuid, s->values[0].text);
	if (key_is(s, "pe_start"))
		vg->last_start = number(s, 0);
	if (*s->key.text)
		return;
	if (vg->ours) {
		vg->pv = s->sections[2];
		vg->pe_start = vg->last_start;
	}
	vg->ours = false;
}

static void take_segment(struct volume_group *vg, const struct setting *s)
{
	if (key_is(s, "start_extent"))
		vg->from = number(s, 0);
	else if (key_is(s, "extent_count"))
		vg->count = number(s, 0);
	else if (key_is(s, "type"))
		vg->is_striped = s->count && (!strcmp(s->values[0].text, "striped") ||
					      !strcmp(s->values[0].text, "linear"));
	else if (key_is(s, "stripes")) {
		vg->stripe_is_ours = s->count == 2 && !strcmp(s->values[0].text, vg->pv.text);
		vg->at = number(s, 1);
	} else if (!*s->key.text) {
		if (!vg->extents)
			vg->first = vg->at;
		vg->linear = vg->linear && vg->is_striped && vg->stripe_is_ours &&
			     vg->from == vg->extents && vg->at == vg->first + vg->extents &&
			     vg->count < UINT32_MAX && vg->first < UINT32_MAX;
		vg->extents += vg->count;
		vg->is_striped = vg->stripe_is_ours = false;
	}
}

static void end_volume(struct volume_group *vg, const struct setting *s)
{
	uint64_t start, len;
	char *name;

	if (vg->visible && vg->linear && vg->extents && !vg->err &&
	    bytes_mul(vg->first, vg->extent, &start) && bytes_add(start, vg->pe_start, &start) &&
	    bytes_mul(start, SECTOR, &start) && bytes_add(start, vg->base, &start) &&
	    bytes_mul(vg->extents, vg->extent, &len) && bytes_mul(len, SECTOR, &len)) {
		if (asprintf(&name, "%s/%s", s->sections[0].text, s->sections[2].text) < 0)
			vg->err = ENOMEM;
		else
			vg->err = parts_add_ext(vg->parts, vg->dev, name, start, len);
	}
	vg->visible = false;
	vg->linear = true;
	vg->extents = 0;
}

static void take_volume(void *arg, const struct setting *s)
{
	struct volume_group *vg = arg;

	if (!in_section(s, 1, "logical_volumes"))
		return;
	if (s->depth == 4 && !strncmp(s->sections[3].text, "segment", 7))
		take_segment(vg, s);
	if (s->depth != 3)
		return;
	if (key_is(s, "status"))
		for (unsigned i = 0; i < s->count; i++)
			vg->visible |= !strcmp(s->values[i].text, "VISIBLE");
	if (!*s->key.text)
		end_volume(vg, s);
}

/* ---- the disk ---- */

/* The text of the metadata area at OFF, terminated, or NULL. */
static char *read_text(struct blkdev *dev, uint64_t off, uint64_t len)
{
	uint8_t header[MDA_HEADER];
	uint64_t at, size, head;
	char *text;

	if (blkdev_read(dev, off, sizeof(header), header) ||
	    memcmp(header + MDA_MAGIC, " LVM2 x[5A%r0N*>", 16))
		return NULL;
	at = get_le64(header + MDA_TEXT);
	size = get_le64(header + MDA_TEXT_LEN);
	if (at < MDA_HEADER || at >= len || !size || size > TEXT_MAX || size > len - MDA_HEADER)
		return NULL;
	text = calloc(1, size + 1);
	/* the text wraps around at the end of the area */
	head = size < len - at ? size : len - at;
	if (text && !blkdev_read(dev, off + at, head, text) &&
	    !blkdev_read(dev, off + MDA_HEADER, size - head, text + head))
		return text;
	free(text);
	return NULL;
}

/* The sector of the label; false: this is not a physical volume. */
static bool read_label(struct blkdev *dev, uint8_t *label)
{
	for (unsigned i = 0; i < LABEL_SECTORS; i++)
		if (!blkdev_read(dev, i * SECTOR, SECTOR, label) && !memcmp(label, "LABELONE", 8) &&
		    !memcmp(label + LABEL_TYPE, "LVM2 001", 8))
			return true;
	return false;
}

/* The text of the first metadata area that has one. */
static char *find_text(struct blkdev *dev, char uuid[PV_UUID + 1])
{
	uint8_t label[SECTOR];
	unsigned list = 0, areas = 0;
	uint32_t at;

	if (!read_label(dev, label))
		return NULL;
	at = get_le32(label + LABEL_OFFSET);
	if (at > SECTOR - PV_UUID - 8)
		return NULL;
	memcpy(uuid, label + at, PV_UUID);
	/* two lists of (offset, size), each ending with zeroes: data areas, then metadata areas */
	for (at += PV_UUID + 8; at + 16 <= SECTOR && list < 2 && areas < AREAS_MAX; at += 16) {
		uint64_t off = get_le64(label + at), len = get_le64(label + at + 8);
		char *text = NULL;

		if (!off && !len) {
			list++;
			continue;
		}
		areas++;
		if (list == 1)
			text = read_text(dev, off, len);
		if (text)
			return text;
	}
	return NULL;
}

errcode_t lvm_add_volumes(struct blkdev *dev, struct parts *parts)
{
	struct volume_group vg = {.dev = dev, .parts = parts, .base = dev->base, .linear = true};
	AUTO_FREE char *text = find_text(dev, vg.uuid);
	errcode_t err;

	if (!text)
		return 0;
	parse(text, take_group, &vg);
	if (!*vg.pv.text || !vg.extent || vg.extent == UINT64_MAX)
		return 0;
	err = blkdev_set_place(dev, 0, dev->size);
	if (err)
		return err;
	parse(text, take_volume, &vg);
	return vg.err;
}
