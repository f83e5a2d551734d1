// SPDX-License-Identifier: GPL-2.0-or-later
// Checked standard output, text that is safe to print, and messages on standard error.

#include "util.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <wchar.h>

static int stdout_errno;

void util_guard_descriptors(void)
{
	static char buffer[1 << 16];
	int fd;

	/* open() takes the lowest free number; opened the wrong way, using it stays an error */
	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(EXIT_REFUSED);
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
}

int util_stdout_error(void)
{
	if (!stdout_errno && ferror(stdout))
		stdout_errno = errno ? errno : EIO;
	return stdout_errno;
}

int util_stdout_flush(void)
{
	if (fflush(stdout) != 0 && !stdout_errno)
		stdout_errno = errno ? errno : EIO;
	return util_stdout_error();
}

void util_say_lost(const char *where, const char *why, bool wrote)
{
	char text[256];

	snprintf(text, sizeof(text), "%.160s%s", why,
		 wrote ? "; the image was changed nevertheless" : "");
	util_say(where, "writing the report", text);
}

bool util_close_stdout(bool wrote)
{
	util_stdout_error();
	if (fclose(stdout) != 0 && !stdout_errno)
		stdout_errno = errno ? errno : EIO;
	if (!stdout_errno)
		return true;
	util_say_lost("standard output", strerror(stdout_errno), wrote);
	return false;
}

/* The length of the well-formed UTF-8 sequence at S and its code point; 0: there is none. */
static size_t utf8_next(const unsigned char *s, uint32_t *code)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	size_t i;

	if (!len || s[0] > 0xf4)
		return 0;
	*code = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < lowest[len] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return len;
}

bool util_is_utf8(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t code;
	size_t len;

	for (; *p; p += len) {
		len = utf8_next(p, &code);
		if (!len)
			return false;
	}
	return true;
}

void util_prepare_text(void)
{
	static bool is_set;

	if (!is_set)
		setlocale(LC_CTYPE, "C.UTF-8");
	is_set = true;
}

/*
 * Names in an image are UTF-8 or bytes, whatever the caller's locale. Few are not ASCII, and to
 * find the locale takes a dozen system calls: it is set when the first one comes, or before no file
 * can be opened any more.
 */
static bool is_printable(uint32_t code)
{
	util_prepare_text();
	return MB_CUR_MAX > 1 && wcwidth((wchar_t)code) >= 0;
}

/*
 * Controls, separators, what is invisible or reorders the text around it, what the locale cannot
 * print (libsmartcols does not return from a cell whose width it cannot tell).
 */
static bool is_unsafe(uint32_t code)
{
	if (code < 0x80)
		return code < 0x20 || code == 0x7f;
	if (!is_printable(code))
		return true;
	return code < 0xa0 || code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff;
}

/* Whether the backslash at P is escaped itself. */
static bool is_doubtful(const unsigned char *p, bool sentence)
{
	return p[0] == '\\' && (!sentence || p[1] == 'x');
}

static char *escape(const char *s, bool sentence)
{
	const unsigned char *p = (const unsigned char *)s;
	char *text = malloc(strlen(s) * 4 + 1), *out = text;
	uint32_t code = 0;
	size_t len;

	if (!text)
		return NULL;
	while (*p) {
		len = utf8_next(p, &code);
		if (len && !is_unsafe(code)) {
			if (is_doubtful(p, sentence))
				*out++ = '\\';
			memcpy(out, p, len);
			out += len;
			p += len;
			continue;
		}
		for (len = len ? len : 1; len; len--)
			out += sprintf(out, "\\x%02x", *p++);
	}
	*out = '\0';
	return text;
}

char *util_printable(const char *s)
{
	return escape(s, false);
}

char *util_sentence(const char *s)
{
	return escape(s, true);
}

char *util_hex(const char *s)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(strlen(s) * 2 + 1), *out = text;

	if (!text)
		return NULL;
	for (; *s; s++) {
		*out++ = digits[(unsigned char)*s >> 4];
		*out++ = digits[(unsigned char)*s & 15];
	}
	*out = '\0';
	return text;
}

bool util_number(const char *s, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t n = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return false;
	}
	*value = n;
	return n >= min && n <= max;
}

/* The factor that the end of a size stands for; 0: none. The case does not matter. */
static uint64_t suffix_factor(const char *s)
{
	static const char units[] = "KMGTPE";
	const char *unit = *s ? strchr(units, toupper((unsigned char)*s)) : NULL;
	uint64_t base, factor = 1;
	const char *u;

	if (!*s)
		return 1;
	if (!unit)
		return 0;
	if (!s[1] || !strcasecmp(s + 1, "iB"))
		base = 1024;
	else if (!strcasecmp(s + 1, "B"))
		base = 1000;
	else
		return 0;
	for (u = units; u <= unit; u++)
		factor *= base;
	return factor;
}

bool util_size(const char *s, uint64_t *bytes)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	unsigned long long number;
	uint64_t factor;
	char *end;

	/* no sign and no blank, which strtoull() would take */
	if (!isdigit((unsigned char)s[0]) || (hex && !isxdigit((unsigned char)s[2])))
		return false;
	errno = 0;
	number = strtoull(s, &end, hex ? 16 : 10);
	factor = suffix_factor(end);
	return !errno && factor && !__builtin_mul_overflow((uint64_t)number, factor, bytes);
}

double util_seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void put_part(const char *s, size_t len, bool sentence)
{
	char *part = strndup(s, len);
	char *text = part ? escape(part, sentence) : NULL;

	fputs(text ? text : "?", stderr);
	free(text);
	free(part);
}

void util_say(const char *where, const char *what, const char *why)
{
	util_say_list(where, what, why, NULL);
}

void util_say_list(const char *where, const char *what, const char *why, const char *list)
{
	const char *const parts[] = {where, what, why};
	const char *line;
	size_t i;

	fputs("e4zero", stderr);
	/* the name that was given is an empty one */
	if (where && !*where)
		fputs(": ''", stderr);
	for (i = 0; i < 3; i++) {
		if (!parts[i] || !*parts[i])
			continue;
		fputs(": ", stderr);
		put_part(parts[i], i == 2 && list ? (size_t)(list - why) : strlen(parts[i]), i > 0);
	}
	fputc('\n', stderr);
	for (line = list; line && line[1]; line = strchr(line, '\n')) {
		line++;
		put_part(line, strcspn(line, "\n"), true);
		fputc('\n', stderr);
	}
}
