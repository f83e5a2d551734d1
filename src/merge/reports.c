// SPDX-License-Identifier: GPL-2.0-or-later
// Opens all reports, and closes the unread ones.

#include "merge/reports.h"

#include <stdlib.h>
#include <unistd.h>

struct source_file *reports_open(const char *const *names, size_t count)
{
	struct source_file *files = calloc(count, sizeof(*files));

	/* reading a report for which there is no descriptor fails */
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
