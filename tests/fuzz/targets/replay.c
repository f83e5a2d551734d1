// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a target once on each input, without a fuzzer, in a build for coverage.
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char running[4096];

/* Report the input. */
static void on_abort(int sig)
{
	(void)sig;
	if (write(STDERR_FILENO, running, strlen(running)) < 0)
		_exit(2);
}

static void run(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(2);
	}
	snprintf(running, sizeof(running), "%s\n", path);
	LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), f));
	fclose(f);
}

/* fuzz-NAME DIRECTORY... */
int main(int argc, char **argv)
{
	signal(SIGABRT, on_abort);
	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);
		struct dirent *entry;
		char path[4096];

		while (folder && (entry = readdir(folder))) {
			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			if (entry->d_name[0] != '.')
				run(path);
		}
		if (folder)
			closedir(folder);
	}
	return 0;
}
