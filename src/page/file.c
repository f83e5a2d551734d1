// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the temporary file of a page, and renames it without replacing anything.

#include "page/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY ".e4zero-report-XXXXXX"

/* Beside PATH, under a short name: PATH's own may be as long as a name can be. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash + 1 - path) : 0;
	char *name = malloc(len + sizeof(TEMPORARY));

	if (name) {
		memcpy(name, path, len);
		memcpy(name + len, TEMPORARY, sizeof(TEMPORARY));
	}
	return name;
}

/* mkstemp() hides the file from everybody else; a report is as public as any other output. */
static int create_temporary(char *name)
{
	int fd = mkostemp(name, O_CLOEXEC);
	mode_t mask = umask(0);

	umask(mask);
	if (fd < 0)
		return -1;
	/* a file system without modes has its own */
	(void)!fchmod(fd, 0666 & ~mask);
	return fd;
}

/* A terminal, a pipe or /dev/null only takes what is written; everything else stays. */
static int open_special(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode) &&
	    !S_ISDIR(st.st_mode))
		return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	errno = EEXIST;
	return -1;
}

errcode_t page_file_create(struct page_file *file, const char *path)
{
	struct stat st;
	errcode_t err;
	int fd;

	*file = (struct page_file){.path = path};
	if (lstat(path, &st) == 0) {
		fd = open_special(path);
	} else if (errno != ENOENT) {
		return errno;
	} else {
		file->temporary = temporary_name(path);
		if (!file->temporary)
			return ENOMEM;
		fd = create_temporary(file->temporary);
	}
	if (fd >= 0)
		file->stream = fdopen(fd, "w");
	if (file->stream)
		return 0;
	err = errno;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && file->temporary)
		unlink(file->temporary);
	free(file->temporary);
	file->temporary = NULL;
	return err;
}

/* What a file system without the flag does in two steps. */
static errcode_t rename_new(const char *from, const char *to)
{
	struct stat st;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (lstat(to, &st) == 0)
		return EEXIST;
	return rename(from, to) == 0 ? 0 : errno;
}

/* ---- what requires names ---- */

enum { ERRAND_NAME, ERRAND_REMOVE, ERRANDS };

static errcode_t give_name(void *arg)
{
	const struct page_file *file = arg;

	return rename_new(file->temporary, file->path);
}

static errcode_t remove_file(void *arg)
{
	const struct page_file *file = arg;

	return unlink(file->temporary) ? errno : 0;
}

static const struct e4z_errand errands[ERRANDS] = {{.run = give_name}, {.run = remove_file}};

errcode_t page_file_delegate(struct page_file *file)
{
	struct e4z_errand list[ERRANDS];

	if (!file->temporary)
		return 0;
	for (int i = 0; i < ERRANDS; i++)
		list[i] = (struct e4z_errand){.run = errands[i].run, .arg = file};
	return e4z_errands_start(list, ERRANDS, &file->errands);
}

static errcode_t run(struct page_file *file, int number)
{
	return file->errands ? e4z_errands_run(file->errands, (size_t)number)
			     : errands[number].run(file);
}

static void forget(struct page_file *file)
{
	e4z_errands_end(file->errands);
	free(file->temporary);
	file->temporary = NULL;
	file->errands = NULL;
}

errcode_t page_file_publish(struct page_file *file)
{
	bool failed = ferror(file->stream);
	errcode_t err = failed && errno ? errno : 0;

	if (fclose(file->stream) != 0)
		err = errno;
	file->stream = NULL;
	if (!err && failed)
		err = EIO;
	if (!err && file->temporary)
		err = run(file, ERRAND_NAME);
	if (err && file->temporary)
		(void)!run(file, ERRAND_REMOVE);
	forget(file);
	return err;
}

void page_file_drop(struct page_file *file)
{
	if (file->stream)
		fclose(file->stream);
	if (file->temporary)
		(void)!run(file, ERRAND_REMOVE);
	forget(file);
	*file = (struct page_file){.stream = NULL};
}
