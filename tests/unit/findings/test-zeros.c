// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * findings/zeros: what is found is what a look at every single block finds, whatever the order, the
 * number of threads, the holes of the host and the places that cannot be read.
 */
// of the host and the places that cannot be read.
#include "findings/zeros.h"

#include "../check.h"
#include "../random.h"
#include "../tree/fake-disk.h"
#include <fcntl.h>

#define BLOCKS 1500
#define PIECES 200

static bool zero[BLOCKS];
static uint64_t readable; /* blocks */
static struct run pieces[PIECES];
static uint32_t seed;

/* Stretches of holes, of written zeroes and of data; data is anywhere in its block. */
static void fill(struct disk *disk)
{
	uint32_t bs = disk->img.block_size, len;
	uint8_t *block = calloc(1, bs);
	int fd = disk->img.dev->fd;

	CHECK(block && ftruncate(fd, 0) == 0 && ftruncate(fd, (off_t)bs * BLOCKS) == 0);
	for (uint32_t at = 0; at < BLOCKS; at += len) {
		uint32_t kind = next_random(&seed) % 3;

		len = 1 + next_random(&seed) % 40;
		for (uint32_t i = at; i < at + len && i < BLOCKS; i++) {
			uint32_t where = next_random(&seed) % bs;

			zero[i] = kind != 2;
			block[where] = kind == 2;
			CHECK(!kind || pwrite(fd, block, bs, (off_t)i * bs) == (ssize_t)bs);
			block[where] = 0;
		}
	}
	free(block);
}

/* Pieces of files, sorted by place, or not and in each other's place. */
static size_t cut(bool sorted)
{
	uint32_t at = 0;
	size_t count;

	for (count = 0; count < PIECES; count++) {
		uint32_t len = 1 + next_random(&seed) % 300;

		at = sorted ? at + next_random(&seed) % 20 : next_random(&seed) % BLOCKS;
		if (at + len > BLOCKS)
			len = BLOCKS - at;
		if (sorted && at + len >= BLOCKS)
			break;
		pieces[count] = (struct run){
			.pblk = at, .len = len, .unwritten = next_random(&seed) % 8 == 0};
		at += len;
	}
	return count;
}

/* The next stretch of zero blocks of PIECE at or after *START, or false. */
static bool next_stretch(const struct run *piece, uint64_t *start, uint64_t *len)
{
	uint64_t end;

	while (*start < piece->len && !(piece->unwritten || zero[piece->pblk + *start]))
		++*start;
	for (end = *start; end < piece->len && (piece->unwritten || zero[piece->pblk + end]);)
		end++;
	*len = end - *start;
	return *len;
}

/* Is what was found of each piece right? Of what cannot be read whole it is only said so. */
static void judge(const struct zeros_vec *found, size_t count)
{
	size_t k = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t start = 0, len;
		bool lost = false;

		if (!pieces[i].unwritten && pieces[i].pblk + pieces[i].len > readable) {
			for (; k < found->count && found->items[k].piece == i; k++)
				lost = lost || !found->items[k].len;
			CHECK(lost);
			continue;
		}
		for (; next_stretch(&pieces[i], &start, &len); start += len, k++) {
			CHECK(k < found->count && found->items[k].piece == i);
			CHECK(found->items[k].start == start && found->items[k].len == len);
		}
	}
	CHECK(k == found->count);
}

static void skip_holes(const struct disk *disk)
{
	struct zeros_hint hint = {.known = false};

	for (uint32_t n = 0; n < 500; n++) {
		uint64_t at = next_random(&seed) % BLOCKS, end = at + next_random(&seed) % 300,
			 stop;
		uint64_t data;

		end = end < BLOCKS ? end : BLOCKS;
		data = zeros_skip_hole(&disk->img, &hint, at, end, &stop);
		CHECK(data >= at && data <= end);
		for (; at < data; at++)
			CHECK(zero[at]);
		CHECK(data == end || (stop > data && stop <= end));
	}
}

static errcode_t with(struct disk *disk, size_t count, unsigned workers, const volatile int *stop,
		      struct zeros_vec *found)
{
	struct zeros_options options = {.workers = workers, .stop = stop};

	found->count = 0;
	return zeros_find(&disk->img, pieces, count, &options, found);
}

static void one_size(uint32_t block_size)
{
	struct disk *disk = disk_new(block_size, true);
	struct zeros_vec found = {NULL, 0, 0};
	const volatile int stop = 1;

	for (int round = 0; round < 4; round++) {
		size_t count;

		fill(disk);
		disk->img.dev->host_holes = round % 2;
		/* a file that got shorter: what is past its end cannot be read */
		readable = round % 2 ? BLOCKS : BLOCKS - 200;
		CHECK(ftruncate(disk->img.dev->fd, (off_t)(block_size * readable)) == 0);
		disk->img.dev->len = disk->img.dev->size = (uint64_t)block_size * BLOCKS;
		count = cut(round < 2);
		for (unsigned workers = 1; workers <= 3; workers++) {
			CHECK(!with(disk, count, workers, NULL, &found));
			judge(&found, count);
		}
		CHECK(with(disk, count, 1, &stop, &found) == E4Z_ET_INTERRUPTED);
		skip_holes(disk);
	}
	CHECK(!with(disk, 0, 2, NULL, &found) && !found.count);
	vec_free(&found);
	disk_free(disk);
}

int main(void)
{
	seed = 7;
	for (uint32_t bs = 1024; bs <= 65536; bs *= 4)
		one_size(bs);
	return 0;
}
