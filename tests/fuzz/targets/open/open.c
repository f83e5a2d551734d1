// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The target for opening: a text has the options, the obstacles, and bytes that the disk has
 * besides those of the base.
 *
 * A line is a word and its arguments:
 *   suffix TEXT, uri TEXT            after the name of the base, or in its place
 *   partition TEXT, journal TEXT, format N, holes N, force, repair, write, later: the options
 *   put OFFSET TEXT, hex OFFSET DIGITS, zero OFFSET LEN, super OFFSET AT VALUE     bytes; a word of
 *   the superblock at OFFSET, sealed
 *   mounted, attached, doubts N, noted, locked N, cached     others that have the image
 *   served BYTES, unseen N, short N, mute     a server has it, of so many bytes, and does not give
 *   those from N on; without reasons
 *   refused N [TEXT], gone           the format cannot be opened
 *   twice, undo, calls               notes that are there already, a file that is not needed, what
 *   callbacks must not call
 */
#include "../fuzz.h"
#include "world.h"

#include "../../../unit/failing.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "errors.h"
#include "image/groups.h"
#include "image/image.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SUPER 1024
#define NAME 4096

struct play {
	struct base *base;
	struct e4z_open_options options;
	char spec[NAME], partition[256], journal[256];
	bool twice, undo, calls;
};

/* LEN bytes at OFF of the base; NULL: the base is shorter. */
static uint8_t *bytes_at(const struct play *p, uint64_t off, size_t len)
{
	size_t all = p->base->img.len;

	return off <= all && len <= all - off ? p->base->img.data + off : NULL;
}

static void put_super(const struct play *p, const char *rest)
{
	unsigned long long off = 0, at = 0, value = 0;
	uint8_t *sb;

	(void)!sscanf(rest, "%llu %llu %llu", &off, &at, &value);
	sb = bytes_at(p, off, SUPER);
	if (!sb)
		return;
	put_le32(sb + at % (SUPER - 3), (uint32_t)value);
	put_le32(sb + 0x3fc, crc32c(~0u, sb, 0x3fc));
}

static void put_text(const struct play *p, const char *rest)
{
	char *text;
	unsigned long long off = strtoull(rest, &text, 0);
	size_t len = *text ? strlen(text + 1) : 0;
	uint8_t *to = bytes_at(p, off, len);

	if (to && len)
		memcpy(to, text + 1, len);
}

static void put_hex(const struct play *p, const char *rest)
{
	char *digits;
	unsigned long long off = strtoull(rest, &digits, 0);
	uint8_t *to = bytes_at(p, off, strlen(digits) / 2);
	unsigned value;

	for (digits += *digits != 0; to && sscanf(digits, "%2x", &value) == 1 && digits[1];
	     digits += 2)
		*to++ = (uint8_t)value;
}

static void put_zero(const struct play *p, const char *rest)
{
	char *end;
	unsigned long long off = strtoull(rest, &end, 0), len = strtoull(end, NULL, 0);
	uint8_t *to = bytes_at(p, off, len);

	if (to)
		memset(to, 0, len);
}

static bool option_line(struct play *p, const char *word, const char *rest)
{
	if (!strcmp(word, "suffix"))
		snprintf(p->spec, sizeof(p->spec), "%s%s", p->base->path, rest);
	else if (!strcmp(word, "uri"))
		snprintf(p->spec, sizeof(p->spec), "%s", rest);
	else if (!strcmp(word, "partition"))
		snprintf(p->partition, sizeof(p->partition), "%s", rest);
	else if (!strcmp(word, "journal"))
		snprintf(p->journal, sizeof(p->journal), "%s",
			 !strcmp(rest, "self") ? p->base->path : rest);
	else if (!strcmp(word, "format"))
		p->options.format = (enum e4z_format)atoi(rest);
	else if (!strcmp(word, "holes"))
		p->options.holes = (enum e4z_holes)atoi(rest);
	else if (!strcmp(word, "force"))
		p->options.force = true;
	else if (!strcmp(word, "repair"))
		p->options.repair = true;
	else if (!strcmp(word, "write"))
		p->options.write = true;
	else if (!strcmp(word, "later"))
		p->options.reserved[0] = 1;
	else
		return false;
	return true;
}

static void line(struct play *p, char *word)
{
	size_t len = strcspn(word, " ");
	const char *rest = word[len] ? word + len + 1 : "";

	word[len] = '\0';
	if (option_line(p, word, rest) || world_line(p->base, word, rest))
		return;
	if (!strcmp(word, "put"))
		put_text(p, rest);
	else if (!strcmp(word, "super"))
		put_super(p, rest);
	else if (!strcmp(word, "hex"))
		put_hex(p, rest);
	else if (!strcmp(word, "zero"))
		put_zero(p, rest);
	else if (!strcmp(word, "twice"))
		p->twice = true;
	else if (!strcmp(word, "undo"))
		p->undo = true;
	else if (!strcmp(word, "calls"))
		p->calls = true;
}

/* ---- calls that callbacks must not make ---- */

static errcode_t no_check(void *arg, const struct e4z_map_piece *piece)
{
	(void)piece;
	if (e4z_check(arg, NULL, NULL, NULL) != E4Z_ET_USAGE)
		fuzz_wrong("a check within a map");
	return 0;
}

static errcode_t no_close(void *arg, const struct e4z_match *match)
{
	struct e4z_image *img = arg;

	(void)match;
	e4z_close(img); /* refused */
	return 0;
}

static void call(struct e4z_image *img)
{
	const struct e4z_expand_options options = {.match = no_close, .arg = img};
	errcode_t err = e4z_map(img, "/", no_check, img);

	if (!err)
		err = e4z_expand(img, "/*", &options);
	if (err)
		fuzz_failed(img, err);
}

/* The undo file of this process, which is removed because nothing is written. */
static void keep_undo(struct e4z_image *img)
{
	const char *dir = getenv("TMPDIR");
	char path[NAME];
	errcode_t err;

	snprintf(path, sizeof(path), "%s/fuzz-undo-%d", dir ? dir : "/tmp", (int)getpid());
	err = e4z_keep_undo(img, path);
	if (err)
		fuzz_failed(img, err);
}

static void look(struct play *p, struct e4z_image *img)
{
	char sentence[2048];
	errcode_t err = groups_load(img);

	if (p->twice)
		for (int i = 0; i < 2; i++)
			image_note(img, "a note");
	for (uint32_t g = 0; !err && g < img->groups; g++)
		if (groups_readable(img, g) > img->fs->super->s_inodes_per_group)
			fuzz_wrong("more inodes than a group has");
	if (p->calls)
		call(img);
	if (p->undo)
		keep_undo(img);
	if (world_lose(img->dev) && image_lost(img, 0) != E4Z_ET_TRUNCATED)
		fuzz_wrong("a connection that is lost, and nothing is said");
	image_sentence(img, E4Z_ET_TRUNCATED, sentence, sizeof(sentence));
	if (!*sentence)
		fuzz_wrong("an error without a word");
	image_forget(img);
	if (image_has_message(img) || *e4z_context(NULL) || !*e4z_message(NULL, E4Z_ET_TRUNCATED))
		fuzz_wrong("a message of nothing");
	e4z_close(NULL);
}

/* Only an edit writes: opening an image does not change it. */
static void run(struct base *base, const struct input *in)
{
	struct play p = {.base = base};
	char text[NAME], *rest = text, *one;
	struct e4z_image *img;
	uint8_t *before;
	size_t count;
	errcode_t err;

	world_begin();
	snprintf(p.spec, sizeof(p.spec), "%s", base->path);
	snprintf(text, sizeof(text), "%.*s", (int)in->text_len, (const char *)in->text);
	while ((one = strsep(&rest, "\n")))
		line(&p, one);
	p.options.partition = *p.partition ? p.partition : NULL;
	p.options.journal_device = *p.journal ? p.journal : NULL;
	before = memcpy(fuzz_alloc(base->img.len), base->img.data, base->img.len);
	err = e4z_open(p.spec, &p.options, &img);
	if (err)
		fuzz_failed(img, err);
	else
		look(&p, img);
	if (memcmp(before, base->img.data, base->img.len))
		fuzz_wrong("opening has written");
	for (size_t i = (e4z_places(img, &count), 0); i < count; i++)
		if (e4z_places(img, &count)[i].offset > world_size(base))
			fuzz_wrong("a place past the end");
	e4z_close(img);
	free(before);
	world_end();
}

/* A hash tree at AT, whose size and number of data blocks are at SIZES_AT. */
#define TREE(at, sizes_at, sizes)                                                                  \
	"put " at " verity\nhex " sizes_at " " sizes "\nwrite\npartition 1\n"

static const struct fuzz_text texts[] = {
	FUZZ_TEXT("write\n"),
	FUZZ_TEXT("later\n"),
	FUZZ_TEXT("format 99\n"),
	FUZZ_TEXT("holes 9\n"),
	/* where */
	FUZZ_TEXT("suffix ?offset=32k\nwrite\n"),
	FUZZ_TEXT("suffix ?offset=0X8000\n"),
	FUZZ_TEXT("suffix ?offset=0x8000\n"),
	FUZZ_TEXT("suffix ?offset=0x\n"),
	FUZZ_TEXT("suffix ?offset=64s\n"),
	FUZZ_TEXT("suffix ?offset=\n"),
	FUZZ_TEXT("suffix ?offset=k\n"),
	FUZZ_TEXT("suffix ?offset=7q\n"),
	FUZZ_TEXT("suffix ?offset=99999999999999999999\n"),
	FUZZ_TEXT("suffix ?offset=9000000000000000000K\n"),
	FUZZ_TEXT("suffix ?offset=3T\n"),
	FUZZ_TEXT("suffix ?offset=1536000\n"),
	FUZZ_TEXT("suffix ?offset=1\n"),
	FUZZ_TEXT("suffix ?other=1\n"),
	FUZZ_TEXT("uri /proc/self/cwd?offset=1\n"),
	FUZZ_TEXT("uri /proc/self/no-file\n"),
	FUZZ_TEXT("uri nbd+unix:///?socket=/no-socket&offset=1\n"),
	FUZZ_TEXT("uri nbd+unix:///?socket=/no-socket?offset=1\n"),
	FUZZ_TEXT("suffix ?offset=32k\npartition 1\n"),
	FUZZ_TEXT("partition 1\n"),
	FUZZ_TEXT("partition 2\nwrite\n"),
	FUZZ_TEXT("partition PARTLABEL=root\n"),
	FUZZ_TEXT("partition LABEL=none\n"),
	FUZZ_TEXT("journal self\nwrite\n"),
	FUZZ_TEXT("journal /proc/self/no-file\n"),
	/* who has it */
	FUZZ_TEXT("mounted\n"),
	FUZZ_TEXT("mounted\nforce\n"),
	FUZZ_TEXT("mounted\nforce\nwrite\n"),
	FUZZ_TEXT("attached\n"),
	FUZZ_TEXT("attached\nwrite\n"),
	FUZZ_TEXT("attached\nmounted\nforce\n"),
	FUZZ_TEXT("doubts 6\nnoted\ncached\nattached\n"),
	FUZZ_TEXT("doubts 6\nnoted\ncached\nattached\nwrite\n"),
	FUZZ_TEXT("locked 11\n"),
	FUZZ_TEXT("locked 11\nnoted\nwrite\n"),
	FUZZ_TEXT("twice\n"),
	FUZZ_TEXT("twice\ndoubts 1\n"),
	/* a server has it */
	FUZZ_TEXT("served 1048576\n"),
	FUZZ_TEXT("served 1048576\nunseen 5\n"),
	FUZZ_TEXT("served 999424\nunseen 5\n"),
	FUZZ_TEXT("served 1048576\nmute\nwrite\n"),
	FUZZ_TEXT("served 999424\npartition 1\n"),
	FUZZ_TEXT("served 0\n"),
	FUZZ_TEXT("served 512\n"),
	FUZZ_TEXT("served 1500\n"),
	FUZZ_TEXT("served 1536\nput 1024 xxxx\n"),
	FUZZ_TEXT("served 99999999\n"),
	/* what the superblock says */
	FUZZ_TEXT("super 1024 92 4\nsuper 1024 96 6\nrepair\nwrite\n"),
	FUZZ_TEXT("super 1024 96 6\n"),
	FUZZ_TEXT("super 1024 92 4\nsuper 1024 224 0\n"),
	FUZZ_TEXT("super 1024 4 4096\n"),
	FUZZ_TEXT("super 33792 4 4096\n"),
	FUZZ_TEXT("super 33792 24 99\n"),
	FUZZ_TEXT("put 1080 xx\nput 33848 xx\n"),
	FUZZ_TEXT("super 1024 24 99\nrepair\n"),
	FUZZ_TEXT("undo\nwrite\n"),
	FUZZ_TEXT("calls\n"),
	FUZZ_TEXT("refused 5\n"),
	FUZZ_TEXT("refused 5 reading\n"),
	FUZZ_TEXT("refused 5\ngone\n"),
	FUZZ_TEXT("served 1048576\nshort 512\n"),
	FUZZ_TEXT("served 1048576\nshort 1030\n"),
	FUZZ_TEXT("served 1048576\nhex 1080 0000\nshort 3000\n"),
	FUZZ_TEXT("served 2097152\n"),
	FUZZ_TEXT("served 2097152\npartition 1\nwrite\n"),
	FUZZ_TEXT("served 1200000\npartition 1\nwrite\n"),
	FUZZ_TEXT("zero 0 65536\n"),
	FUZZ_TEXT("put 4 Ext2 Image\n"),
	FUZZ_TEXT("hex 8389722 0200\n"),
	FUZZ_TEXT("suffix ?offset=1M\n"),
	FUZZ_TEXT("partition PARTLABEL=twin\n"),
	FUZZ_TEXT("partition PARTLABEL=root\n"),
	/* what follows it */
	FUZZ_TEXT("hex 1114112 fc4e2ba9\nwrite\n"),
	FUZZ_TEXT("hex 1114112 a92b4efc\nwrite\n"),
	FUZZ_TEXT(TREE("1536000", "1536064", "00100000000000000001000000000000")),
	FUZZ_TEXT(TREE("1536000", "1536064", "0002000000000000e803000000000000")),
	FUZZ_TEXT(TREE("1536000", "1536064", "00100000000000000700000000000000")),
	FUZZ_TEXT(TREE("1536000", "1536064", "ffffffff000000000000000000010000")),
	FUZZ_TEXT(TREE("1536000", "1536064", "00020000000000000008000000000000")),
	FUZZ_TEXT(TREE("1126400", "1126464", "00100000000000000001000000000000")),
	FUZZ_TEXT(TREE("1126400", "1126464", "0002000000000000e803000000000000")),
	FUZZ_TEXT(TREE("1126400", "1126464", "00100000000000000700000000000000")),
	FUZZ_TEXT(TREE("1126400", "1126464", "ffffffff000000000000000000010000")),
	FUZZ_TEXT(TREE("1126400", "1126464", "00020000000000000008000000000000")),
	{NULL, 0},
};

const struct fuzz_target fuzz_open_target = {.name = "open",
					     .bases = "disk-",
					     .texts = texts,
					     .plain = true,
					     .writes = true,
					     .kind = TARGET_SUPER,
					     .run = run};
