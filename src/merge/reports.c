// SPDX-License-Identifier: GPL-2.0-or-later
// More descriptors may be needed than are usual.

#include "merge/reports.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define OTHERS 64 /* descriptors besides the reports */

static void raise_limit(size_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= count + OTHERS)
		return;
	limit.rlim_cur = limit.rlim_max < count + OTHERS ? limit.rlim_max : count + OTHERS;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

struct source_file *reports_open(const char *const *names, size_t count)
{
	struct source_file *files = calloc(count, sizeof(*files));

	raise_limit(count);
	for (size_t i = 0; files && i < count; i++)
		files[i] = source_find_stream(names[i]);
	return files;
}

void reports_close(struct source_file *files, size_t count)
{
	for (size_t i = 0; files && i < count; i++)
		if (files[i].fd >= 0)
			close(files[i].fd);
	free(files);
}
