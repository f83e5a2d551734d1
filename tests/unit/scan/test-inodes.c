// SPDX-License-Identifier: GPL-2.0-or-later
// scan/inodes: tables that are written here are walked in order, whatever the size of an inode:
// wrong checksums, groups that were never initialised, bitmaps that cannot be believed by their
// checksum or their count, pieces that cannot be read.
#include "../check.h"
#include "../random.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/vec.h"
#include "device/hostfile.h"
#include "image/groups.h"
#include "scan/inodes.h"
#include <unistd.h>

#define BLOCK 4096
#define PIECE 262144 /* as in scan/inodes.c */
#define BITMAPS 1    /* the first of the groups' bitmaps; their tables follow */

enum group_kind { WHOLE, UNINIT, PARTIAL, WRONG_BITMAP, WRONG_COUNT, SICK, NOTHING, CUT, KINDS };

/* What the walk has to meet. */
struct meeting {
	enum inodes_met met;
	uint32_t ino;
	uint16_t mode;
};
VEC(meetings, struct meeting);

struct world {
	struct e4z_image img;
	struct struct_ext2_filsys fs;
	struct ext2_super_block super;
	struct group group[KINDS];
	uint32_t per_group, size;
	int fd;
	struct meetings want;
	uint32_t seed;
};

static void put(const struct world *w, const void *bytes, size_t len, uint64_t off)
{
	CHECK(pwrite(w->fd, bytes, len, (off_t)off) == (ssize_t)len);
}

static void expect(struct world *w, enum inodes_met met, uint32_t ino, uint16_t mode)
{
	CHECK(!vec_push(&w->want, ((struct meeting){met, ino, mode})));
}

/* Inode N of group G: its bit, whether its own fields say that it is used, its checksum. */
static void put_inode(struct world *w, uint32_t g, uint32_t n, bool bit, bool used, bool right)
{
	const struct group *group = &w->group[g];
	uint32_t ino = g * w->per_group + n + 1;
	uint16_t mode = (uint16_t)(LINUX_S_IFREG | (ino & 0777));
	bool believed = g != WRONG_COUNT && (!w->img.metadata_csum || g != WRONG_BITMAP);
	uint8_t raw[1024];

	for (size_t i = 0; i < w->size; i++)
		raw[i] = (uint8_t)next_random(&w->seed);
	put_le16(raw, mode);
	put_le16(raw + 0x1a, used);
	if (w->size > 128)
		put_le16(raw + 0x80, 32); /* i_extra_isize */
	inode_set_checksum(&w->img, ino, raw);
	raw[0x64] ^= !right; /* i_generation */
	put(w, raw, w->size, group->itable * BLOCK + (uint64_t)n * w->size);
	if (group->unreadable || n >= group->used || !(believed ? bit : used))
		return;
	expect(w, right || !w->img.metadata_csum ? INODES_ONE : INODES_UNREADABLE, ino, mode);
}

static void put_bitmap(struct world *w, uint32_t g, const uint8_t *bitmap)
{
	struct group *group = &w->group[g];

	put(w, bitmap, BLOCK, group->inode_bitmap * BLOCK);
	group->bitmap_csum = crc32c(w->img.csum_seed, bitmap, w->per_group / 8);
	group->bitmap_csum ^= g == WRONG_BITMAP;
	group->free = g == WRONG_COUNT;
	for (uint32_t n = 0; n < w->per_group; n++)
		group->free += !(bitmap[n / 8] >> n % 8 & 1);
}

static void fill_group(struct world *w, uint32_t g)
{
	uint32_t pieces = PIECE / w->size, end = w->per_group;
	uint8_t bitmap[BLOCK] = {0};

	if (g == SICK)
		expect(w, INODES_LOST, g * w->per_group + 1, 0);
	/* the last piece of the last table is not there */
	if (g == CUT)
		end = (w->per_group - 1) / pieces * pieces;
	for (uint32_t n = 0; n < end; n++) {
		/* the ends of pieces always */
		bool edge = n % pieces == 0 || n % pieces == pieces - 1 || n == end - 1;
		bool bit = edge || next_random(&w->seed) % 4 == 0;

		bitmap[n / 8] |= (uint8_t)(bit << n % 8);
		if (g != NOTHING)
			put_inode(w, g, n, bit, next_random(&w->seed) % 3,
				  next_random(&w->seed) % 5);
	}
	if (g == NOTHING)
		memset(bitmap, 0, sizeof(bitmap));
	put_bitmap(w, g, bitmap);
	if (g == CUT)
		expect(w, INODES_LOST, g * w->per_group + end + 1, 0);
}

static void make_groups(struct world *w)
{
	uint64_t blocks = ((uint64_t)w->per_group * w->size + BLOCK - 1) / BLOCK;

	for (uint32_t g = 0; g < KINDS; g++)
		w->group[g] = (struct group){
			.itable = BITMAPS + KINDS + g * blocks,
			.inode_bitmap = BITMAPS + g,
			.used = w->per_group,
			.unreadable = g == SICK ? "outside" : NULL,
		};
	w->group[UNINIT].used = 0;
	w->group[PARTIAL].used = PIECE / w->size + 7;
}

static void make(struct world *w, uint32_t size, bool csum)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];

	*w = (struct world){.size = size, .seed = size + csum, .per_group = 2 * PIECE / size + 200};
	CHECK(snprintf(path, sizeof(path), "%s/e4zero-test-XXXXXX", dir ? dir : "/tmp") <
	      (int)sizeof(path));
	w->fd = mkstemp(path);
	CHECK(w->fd >= 0);
	w->super.s_inodes_per_group = w->per_group;
	w->super.s_feature_incompat = EXT4_FEATURE_INCOMPAT_64BIT;
	w->super.s_desc_size = 64;
	w->fs.super = &w->super;
	w->img.fs = &w->fs;
	w->img.block_size = BLOCK;
	w->img.block_bits = 12;
	w->img.blocks = 1 << 20;
	w->img.inode_size = size;
	w->img.inodes = KINDS * w->per_group;
	w->img.groups = KINDS;
	w->img.group = w->group;
	w->img.metadata_csum = w->img.inode_csum = w->img.group_csum = csum;
	w->img.csum_seed = 0x12345678;
	make_groups(w);
	for (uint32_t g = 0; g < KINDS; g++)
		fill_group(w, g);
	CHECK(!hostfile_open(path, &w->img.dev));
	CHECK(!unlink(path));
	CHECK(!capture_new(w->img.dev, BLOCK, &w->img.view));
}

static void walk(uint32_t size, bool csum)
{
	struct world *w = malloc(sizeof(*w));
	uint32_t found[INODES_LOST + 1] = {0};
	struct inodes it;
	struct inode inode;
	enum inodes_met met;
	size_t i = 0;

	CHECK(w);
	make(w, size, csum);
	CHECK(!inodes_open(&w->img, &it));
	for (; (met = inodes_next(&it, &inode)) != INODES_END; i++) {
		const struct meeting *want = &w->want.items[i];

		CHECK(i < w->want.count);
		CHECK(met == want->met && inode.ino == want->ino);
		CHECK(met == INODES_LOST || inode.mode == want->mode);
		found[met]++;
	}
	CHECK(i == w->want.count);
	CHECK(inodes_next(&it, &inode) == INODES_END);
	CHECK(found[INODES_ONE] > 100 && found[INODES_LOST] == 2);
	CHECK(csum ? found[INODES_UNREADABLE] > 50 : !found[INODES_UNREADABLE]);
	inodes_close(&it);
	capture_free(w->img.view);
	blkdev_close(w->img.dev);
	close(w->fd);
	vec_free(&w->want);
	free(w);
}

int main(void)
{
	static const uint32_t sizes[] = {128, 256, 1024};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		walk(sizes[i], true);
		walk(sizes[i], false);
	}
	return 0;
}
