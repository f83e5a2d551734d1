// SPDX-License-Identifier: GPL-2.0-or-later
// The floor of a check through NBD: a list of reads, by libnbd alone, a few in flight, for nothing.
#include <inttypes.h>
#include <libnbd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH 4
#define LONGEST (1u << 20)

static int failed;

static int done(void *busy, int *error)
{
	failed |= *error;
	*(int *)busy = 0;
	return 1;
}

static int give_up(const char *what)
{
	fprintf(stderr, "floor-nbd: %s: %s\n", what, nbd_get_error());
	return 1;
}

int main(int argc, char **argv)
{
	static int busy[DEPTH];
	char *buf[DEPTH];
	struct nbd_handle *nbd = nbd_create();
	uint64_t off, len, bytes = 0;
	FILE *list = argc == 3 ? fopen(argv[2], "r") : NULL;

	if (!list || !nbd) {
		fputs("usage: floor-nbd URI LIST\n", stderr);
		return 2;
	}
	for (int i = 0; i < DEPTH; i++)
		if (!(buf[i] = aligned_alloc(4096, LONGEST)))
			return 1;
	if (nbd_connect_uri(nbd, argv[1]) < 0)
		return give_up("connecting");
	for (unsigned n = 0; fscanf(list, "%" SCNu64 " %" SCNu64, &off, &len) == 2; n++) {
		int *mine = &busy[n % DEPTH];

		while (*mine)
			if (nbd_poll(nbd, -1) < 0)
				return give_up("waiting");
		*mine = 1;
		if (len > LONGEST ||
		    nbd_aio_pread(nbd, buf[n % DEPTH], len, off,
				  (nbd_completion_callback){.callback = done, .user_data = mine},
				  0) < 0)
			return give_up("reading");
		bytes += len;
	}
	while (nbd_aio_in_flight(nbd) > 0)
		if (nbd_poll(nbd, -1) < 0)
			return give_up("waiting");
	printf("%" PRIu64 " bytes read\n", bytes);
	nbd_shutdown(nbd, 0);
	nbd_close(nbd);
	return failed ? 1 : 0;
}
