// SPDX-License-Identifier: GPL-2.0-or-later
// Translates the message of a failed program of QEMU to an error.
#include "errors.h"
#include "origin/child.h"
#include <stdio.h>
#include <string.h>

/* QEMU's message begins with its arguments; the reason comes after them. */
static const char *without_start(const char *said)
{
	const char *text = strstr(said, "}': ");

	return text ? text + 4 : said;
}

static const char of_backing[] = "Could not open backing file: ";

/* The same of a file that a chain of backing files leads to, however long it is. */
static const char *without_chain(const char *said)
{
	const size_t len = sizeof(of_backing) - 1;

	while (!strncmp(said, of_backing, len) && !strncmp(said + len, of_backing, len))
		said += len;
	return said;
}

/* There were more files than words: what is left of them was cut off. */
static bool is_of_chain(const char *said)
{
	const size_t len = sizeof(of_backing) - 1;

	return !strncmp(said, of_backing, len) &&
	       !strncmp(said + len, of_backing, strlen(said + len));
}

static bool is_of_lock(const char *said)
{
	return strstr(said, "Failed to get") && strstr(said, "lock");
}

/* The passphrase is wrong. */
static bool is_of_key(const char *said)
{
	return strstr(said, "Invalid password") || strstr(said, "invalid password");
}

static bool is_of_log(const char *said)
{
	return strstr(said, "contains a log that needs to be replayed");
}

/* Nothing else in what child_describe() makes can be wrong. */
static bool is_of_name(const char *said)
{
	return strstr(said, "Could not parse the JSON options");
}

errcode_t child_blame(const char *program, const char *said, char *why, size_t why_size)
{
	said = without_chain(without_start(said));
	if (is_of_key(said)) {
		snprintf(why, why_size, "the passphrase does not open the image");
		return E4Z_ET_PASSPHRASE;
	}
	if (is_of_name(said)) {
		snprintf(why, why_size,
			 "the name of the image is not UTF-8: QEMU, which looks for backing files "
			 "beside it, cannot take it");
		return E4Z_ET_IMAGE_FORMAT;
	}
	if (is_of_chain(said)) {
		snprintf(why, why_size, "the chain of backing files is too long, or a loop");
		return E4Z_ET_IMAGE_FORMAT;
	}
	if (is_of_log(said)) {
		snprintf(why, why_size,
			 "the log of the VHDX image has to be replayed, which \"qemu-img check "
			 "-r all\" does");
		return E4Z_ET_IMAGE_FORMAT;
	}
	snprintf(why, why_size, "%s%s says: %s", is_of_lock(said) ? "in use: " : "", program, said);
	return is_of_lock(said) ? E4Z_ET_BUSY : E4Z_ET_IMAGE_FORMAT;
}
