// SPDX-License-Identifier: GPL-2.0-or-later
// scan/tables: one sweep over the disk, many, and any number of threads find the same; progress
// goes up to its end and never back.
#include "../check.h"
#include "scan/tables.h"
#include <string.h>
#include <unistd.h>

#define FILES 700
#define SIZE 1500
#define CUT 100 /* bytes past EOF that stay */

static char image[] = "tables.XXXXXX";

static void clean(void)
{
	(void)unlink(image);
}

static void run(const char *command)
{
	CHECK(system(command) == 0);
}

/* Files whose last bytes are past EOF, in 16 groups. */
static void make_image(void)
{
	char line[256], dir[] = "tables-files.XXXXXX", path[64];
	char text[SIZE];
	ext2_filsys fs;
	int fd = mkstemp(image);

	CHECK(!atexit(clean) && fd >= 0 && mkdtemp(dir) && !close(fd));
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < FILES; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%d", dir, i);
		f = fopen(path, "w");
		CHECK(f && fwrite(text, 1, SIZE, f) == SIZE && !fclose(f));
	}
	snprintf(line, sizeof(line),
		 "mke2fs -q -F -t ext4 -b 1024 -g 1024 -N 1024 -O ^flex_bg -d %s %s 16M", dir,
		 image);
	run(line);
	snprintf(line, sizeof(line), "rm -r %s", dir);
	run(line);
	CHECK(!ext2fs_open(image, EXT2_FLAG_RW, 0, 0, unix_io_manager, &fs));
	for (ext2_ino_t ino = 12; ino <= fs->super->s_inodes_count; ino++) {
		struct ext2_inode inode;

		CHECK(!ext2fs_read_inode(fs, ino, &inode));
		if (inode.i_size != SIZE || !LINUX_S_ISREG(inode.i_mode))
			continue;
		inode.i_size -= CUT;
		CHECK(!ext2fs_write_inode(fs, ino, &inode));
	}
	CHECK(!ext2fs_close_free(&fs));
}

struct seen {
	uint64_t current, max;
};

static errcode_t watch(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	struct seen *seen = arg;

	CHECK(pass == E4Z_PASS_TABLES && current >= seen->current && current <= max);
	*seen = (struct seen){current, max};
	return 0;
}

static void judge(unsigned workers, size_t tails)
{
	struct seen seen = {0};
	const struct tables_options options = {.workers = workers,
					       .kinds = UINT64_MAX,
					       .tails = tails,
					       .watch = watch,
					       .arg = &seen};
	const struct e4z_finding *finding;
	struct e4z_image *img;
	struct findings *findings;
	struct tables *tables;
	uint32_t last = 0;
	size_t count = 0;

	CHECK(!e4z_open(image, NULL, &img));
	CHECK(!findings_new(img, &findings));
	CHECK(!tables_new(img, &options, findings, &tables));
	CHECK(!tables_examine(tables));
	CHECK(tables_files(tables) == FILES);
	CHECK(!findings_rewind(findings));
	for (;;) {
		CHECK(!findings_next(findings, &finding));
		if (!finding)
			break;
		CHECK(finding->kind == E4Z_STALE_TAIL && finding->ino > last);
		CHECK(finding->size == SIZE - CUT && finding->nonzero == CUT);
		last = finding->ino;
		count++;
	}
	CHECK(count == FILES);
	CHECK(seen.max == 2 * (uint64_t)img->inodes && seen.current > seen.max / 2);
	tables_free(tables);
	findings_free(findings);
	e4z_close(img);
}

int main(void)
{
	if (system("mke2fs -V >/dev/null 2>&1")) {
		puts("SKIP: mke2fs is not installed");
		return 77;
	}
	make_image();
	for (unsigned workers = 1; workers <= 3; workers++) {
		judge(workers, 0);
		/* a group has 64 inodes: one sweep for each, and one for two */
		judge(workers, 1);
		judge(workers, 150);
	}
	return 0;
}
