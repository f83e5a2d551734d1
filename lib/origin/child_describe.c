// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The description of an image in QEMU's json: pseudo-protocol. Every node is specified, so neither
 * the header nor the name of the image decides anything: a file called "nbd:localhost:1" is a file.
 */
#include "origin/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const drivers[E4Z_FORMAT_COUNT] = {
	[E4Z_FORMAT_QCOW2] = "qcow2", [E4Z_FORMAT_VMDK] = "vmdk",
	[E4Z_FORMAT_VHDX] = "vhdx",   [E4Z_FORMAT_VHD] = "vpc",
	[E4Z_FORMAT_VDI] = "vdi",     [E4Z_FORMAT_PARALLELS] = "parallels",
	[E4Z_FORMAT_QED] = "qed",     [E4Z_FORMAT_LUKS] = "luks",
};

/* Enough for everything but the name of the image. */
#define CONSTANT 512

/* Append S as a string of JSON, at most six bytes for each of S; returns the end. */
static char *put_text(char *to, const char *s)
{
	static const char digits[] = "0123456789abcdef";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ') {
			to = stpcpy(to, "\\u00");
			*to++ = digits[c >> 4];
			*to++ = digits[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			*to++ = '\\';
		*to++ = (char)c;
	}
	return to;
}

static char *put_string(char *to, const char *s)
{
	*to++ = '"';
	to = put_text(to, s);
	return stpcpy(to, "\"");
}

/* A leading "./": QEMU would take "nbd:" for a protocol when it resolves relative names. */
static char *put_path(char *to, const char *path)
{
	to = stpcpy(to, *path == '/' ? "\"" : "\"./");
	to = put_text(to, path);
	return stpcpy(to, "\"");
}

/*
 * The image is the descriptor that is open and locked, whichever file has its name by now. Names of
 * other files are relative to its directory, so with these its name is added.
 */
static char *put_file(char *to, const struct child_options *o, int fd)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	to = stpcpy(to, "\"file\":{\"driver\":");
	to = put_string(to, o->host->is_block ? "host_device" : "file");
	to = stpcpy(to, ",\"locking\":\"off\",\"filename\":");
	to = o->backing ? put_path(to, o->host->path) : put_string(to, name);
	return stpcpy(to, "}");
}

static char *put_lock(char *to, const struct child_options *o)
{
	if (o->format == E4Z_FORMAT_LUKS)
		return stpcpy(to, ",\"key-secret\":\"key\"");
	if (o->lock == CHAIN_OPEN)
		return to;
	to = stpcpy(to, ",\"encrypt\":{\"key-secret\":\"key\",\"format\":");
	to = put_string(to, o->lock == CHAIN_AES ? "aes" : "luks");
	return stpcpy(to, "}");
}

char *child_describe(const struct child_options *o, int fd)
{
	char *text = malloc(CONSTANT + 6 * strlen(o->host->path)), *to = text;

	if (!text)
		return NULL;
	to = stpcpy(to, "json:{\"driver\":");
	to = put_string(to, drivers[o->format]);
	to = stpcpy(to, ",");
	to = put_file(to, o, fd);
	to = put_lock(to, o);
	(void)stpcpy(to, o->backing ? "}" : ",\"backing\":null}");
	return text;
}
