// SPDX-License-Identifier: GPL-2.0-or-later
// Remembers for each inode with a finding, and for each directory, its first name and where that
// stands.
#include "scan/names_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The name at AT into BUF; *LEN its length. */
static errcode_t load_name(const struct names *names, uint64_t at, char *buf, size_t *len)
{
	ssize_t n;

	if (at >= names->in_file) {
		const char *p = names->store + (at - names->in_file);

		*len = (uint8_t)*p;
		memcpy(buf, p + 1, *len);
		return 0;
	}
	do
		n = pread(names->fd, buf, NAME_MAX_BYTES, (off_t)at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	*len = (uint8_t)buf[0];
	if (n < 1 || (size_t)n < *len + 1)
		return EIO;
	memmove(buf, buf + 1, *len);
	return 0;
}

static errcode_t know(struct names *names, uint64_t first, uint64_t len)
{
	for (uint64_t ino = first; ino < first + len && ino < first + DIR_SIEVE_BITS; ino++)
		dir_sieve_add(names->sieve, (uint32_t)ino);
	return rangeset_add(names->known, first, len, NULL);
}

static errcode_t collect_wanted(struct names *names, struct findings *findings)
{
	const struct e4z_finding *finding;
	uint32_t last = 0;
	errcode_t err = findings_rewind(findings);

	while (!err) {
		struct link link;

		err = findings_next(findings, &finding);
		if (err || !finding)
			break;
		if (!finding->ino || finding->ino == last)
			continue;
		last = finding->ino;
		link = (struct link){.ino = last};
		if (vec_push(&names->wanted, link))
			return ENOMEM;
		err = know(names, last, 1);
	}
	return err;
}

static errcode_t collect_dirs(struct names *names)
{
	uint64_t from = 0, start, len;

	while (rangeset_next(names->dir_set, &from, &start, &len)) {
		for (uint64_t i = 0; i < len; i++) {
			struct link link = {.ino = (uint32_t)(start + i)};

			if (vec_push(&names->dirs, link))
				return ENOMEM;
		}
		if (know(names, start, len))
			return ENOMEM;
	}
	return 0;
}

errcode_t names_new(struct e4z_image *img, struct findings *findings, const struct rangeset *dirs,
		    const struct names_options *options, struct names **out)
{
	struct names *names = malloc(sizeof(*names));
	errcode_t err;

	*out = names;
	if (!names)
		return ENOMEM;
	memset(names, 0, offsetof(struct names, path));
	names->img = img;
	names->findings = findings;
	names->options = *options;
	pthread_mutex_init(&names->lock, NULL);
	names->fd = -1;
	names->dir_set = dirs;
	names->known = rangeset_new((uint64_t)img->inodes + 1);
	names->store = malloc(STORE_MEMORY);
	names->sieve = calloc(1, sizeof(*names->sieve));
	if (!names->known || !names->store || !names->sieve)
		return ENOMEM;
	err = collect_wanted(names, findings);
	if (!err)
		err = collect_dirs(names);
	return err ? err : names_read_dirs(names);
}

void names_free(struct names *names)
{
	if (!names)
		return;
	pthread_mutex_destroy(&names->lock);
	vec_free(&names->wanted);
	vec_free(&names->dirs);
	vec_free(&names->unread);
	rangeset_free(names->known);
	free(names->sieve);
	free(names->store);
	tmpfiles_give(&names->img->tmpfiles, names->fd);
	free(names);
}

const uint32_t *names_unread(const struct names *names, size_t *count)
{
	*count = names->unread.count;
	return names->unread.items;
}

errcode_t names_path(struct names *names, uint32_t ino, const char **path)
{
	char *at = names->path + PATH_LIMIT - 1;
	const struct link *link = names_find(&names->wanted, ino);
	char name[NAME_MAX_BYTES];

	*path = NULL;
	*at = '\0';
	if (ino == EXT2_ROOT_INO)
		*--at = '/';
	while (ino != EXT2_ROOT_INO) {
		size_t len = 0;
		errcode_t err;

		if (!link || !link->dir)
			return 0;
		err = load_name(names, link->name, name, &len);
		if (err)
			return err;
		if ((size_t)(at - names->path) < len + 1)
			return 0;
		at -= len;
		memcpy(at, name, len);
		*--at = '/';
		ino = link->dir;
		link = names_find(&names->dirs, ino);
	}
	*path = at;
	return 0;
}
