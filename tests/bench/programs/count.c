// SPDX-License-Identifier: GPL-2.0-or-later
// Reads standard input to its end and prints how many bytes there were and how many were not zero.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	static unsigned char buf[256 * 1024];
	uint64_t bytes = 0, nonzero = 0;
	ssize_t got;

	while ((got = read(0, buf, sizeof(buf))) > 0) {
		uint32_t here = 0;

		for (ssize_t i = 0; i < got; i++)
			here += buf[i] != 0;
		bytes += (uint64_t)got;
		nonzero += here;
	}
	if (got < 0) {
		perror("count");
		return 1;
	}
	printf("bytes %" PRIu64 " nonzero %" PRIu64 "\n", bytes, nonzero);
	return fflush(stdout) ? 1 : 0;
}
