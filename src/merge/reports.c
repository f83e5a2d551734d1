// SPDX-License-Identifier: GPL-2.0-or-later
// Opens the reports, and closes those that were not read.

#include "merge/reports.h"

#include <stdlib.h>
#include <unistd.h>

struct source_file *reports_open(const char *const *names, size_t count)
{
	struct source_file *files = calloc(count, sizeof(*files));

	/* the report for which there is no room says so */
	(void)source_room(count);
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
