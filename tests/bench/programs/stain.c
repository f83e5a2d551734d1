// SPDX-License-Identifier: GPL-2.0-or-later
// Writes non-zero bytes into listed ranges of an unmounted image, behind the file system's back.
/* Standard input has a line "offset length" for each range; one byte up to all of it is set. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned char bytes[65536];
	uint64_t off, len, count = 0;
	int fd;

	if (argc != 2) {
		fputs("usage: stain IMAGE < LIST\n", stderr);
		return 2;
	}
	fd = open(argv[1], O_WRONLY);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	while (scanf("%" SCNu64 " %" SCNu64, &off, &len) == 2) {
		uint64_t from = off * 2654435761u / 512 % (len ? len : 1);
		uint64_t n = 1 + off / 4096 * 40503u % (len - from ? len - from : 1);

		if (!len || len > sizeof(bytes)) {
			fprintf(stderr, "stain: %" PRIu64 " is no length of a tail\n", len);
			return 1;
		}
		memset(bytes, 0x41 + (int)(count % 26), n);
		if (pwrite(fd, bytes, n, (off_t)(off + from)) != (ssize_t)n) {
			perror(argv[1]);
			return 1;
		}
		count++;
	}
	if (!feof(stdin) || fsync(fd) || close(fd)) {
		fputs("stain: the list or the image failed\n", stderr);
		return 1;
	}
	printf("%" PRIu64 "\n", count);
	return 0;
}
