// SPDX-License-Identifier: GPL-2.0-or-later
// base/glob: what POSIX says of patterns, the same in every locale, and how long it may take.
#include "../check.h"
#include "base/glob.h"
#include "errors.h"
#include <errno.h>
#include <locale.h>
#include <string.h>

/* What is to come of a pattern that is understood, or not. */
static const struct {
	const char *pattern, *yes, *no; /* names, each of them ends with a slash */
} cases[] = {
	{"*", "a/abc/a.b/*/\xff/", ".a/./"},
	{"?", "a/*/\xc3\xa9/\xe2\x82\xac/\xf0\x9f\x98\x80/\xff/\x80/",
	 "ab/./\xc3\xa9\xc3\xa9/\xff\xff/"},
	{"??", "ab/\xc3\xa9x/\xff\xff/\xc3\xff/", "a/\xc3\xa9/"},
	{"a*b*c", "abc/aXbXc/abbcc/abcbc/", "ab/abcd/acb/"},
	{".*", "./.a/..a/", "a/a.b/"},
	{"\\.a", ".a/", "a/xa/"},
	{"[.]a", "", ".a/"},
	{"[!x]a", "ba/", ".a/xa/a/"},
	{"*.log", "a.log/b.c.log/", "log/a.logs/.log/"},
	{"[abc]", "a/b/c/", "d/A/ab/-/"},
	{"[a-c]x", "ax/bx/cx/", "dx/-x/"},
	{"[c-a]", "", "a/b/c/-/"},
	{"[a-]", "a/-/", "b/"},
	{"[-a]", "a/-/", "b/"},
	{"[]a]", "]/a/", "b/"},
	{"[!]a]", "b/", "]/a/"},
	{"[^a]", "b/^/", "a/"},
	{"[a^]", "a/^/", "b/"},
	{"[a\\-c]", "a/-/c/", "b/\\/"},
	{"[\\!a]", "!/a/", "b/\\/"},
	{"[a\\]]", "a/]/", "\\/b/"},
	{"[--0]", "-/0/", "./a/,/"},
	{"[[:digit:]a]", "0/9/a/", "b/:/[/"},
	{"[![:alpha:]]", "0/-/\xc3\xa9/", "a/Z/"},
	{"[[:punct:]]", "!/-/~/[/", "a/0/\xe2\x82\xac/"},
	{"[[:space:]]", " /\t/\n/\r/", "a/"},
	{"[[.a.]-c]", "a/b/c/", "d/-/"},
	{"[[=a=]]", "a/", "A/=/"},
	{"[[.-.]]", "-/", "./"},
	{"[\xc3\xa9]", "\xc3\xa9/", "\xc3/\xa9/e/"},
	{"[!\xc3\xa9]", "e/\xc3/\xa9/\xc3\xa8/", "\xc3\xa9/"},
	{"[\xc3\xa0-\xc3\xbf]", "\xc3\xa9/", "z/\xe2\x82\xac/"},
	{"[!a]", "\xff/\xe2\x82\xac/", "a/\xe2\x82/"}, /* the last one is two stray bytes */
	{"[a", "[a/", "a/"},
	{"[", "[/", "a/"},
	{"[]", "[]/", "[/]/"},
	{"[!]", "[!]/", "a/"},
	{"[[:alpha:]", "[:/[a/", ""},
	{"[[:a[:alpha:]x", "[[:alx/[[:aax/", "[[:azx/x/"},
	{"[[:a:][[:", "[a[[:/[:[[:/", "[b[[:/"},
	{"a\\*b", "a*b/", "aXb/a\\*b/"},
	{"a\\", "a\\/", "a/"},
	{"\\a\\b", "ab/", "\\a\\b/"},
	{"***a", "a/aa/", "b/"},
	{"{a,b}", "{a,b}/", "a/b/"},
	{"+(a)", "+(a)/", "a/aa/"},
};

/* Every name in NAMES comes out as RIGHT. */
static void all_are(const struct glob *glob, const char *pattern, const char *names, bool right)
{
	for (const char *end; (end = strchr(names, '/')); names = end + 1) {
		bool is = glob_match(glob, names, (size_t)(end - names));

		if (is != right)
			fprintf(stderr, "'%s' and '%.*s'\n", pattern, (int)(end - names), names);
		CHECK(is == right);
	}
}

static void as_posix_says(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *pattern = cases[i].pattern, *why = "";
		struct glob *glob;

		CHECK(!glob_new(pattern, strlen(pattern), &glob, &why));
		all_are(glob, pattern, cases[i].yes, true);
		all_are(glob, pattern, cases[i].no, false);
		glob_free(glob);
	}
}

static void refused(void)
{
	static const char *const wrong[] = {
		"[[:nope:]]", "[[::]]", "[[.ab.]]", "[[==]]", "[[:alpha:]-z]", "[a-[:alpha:]]",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *why = NULL;
		struct glob *glob;

		CHECK(glob_new(wrong[i], strlen(wrong[i]), &glob, &why) == E4Z_ET_USAGE);
		CHECK(why && *why);
		glob_free(glob);
	}
}

static void text_of_literals(void)
{
	const char *why;
	struct glob *glob;

	CHECK(!glob_new("a\\*\\b[", 6, &glob, &why));
	CHECK(!strcmp(glob_text(glob), "a*b["));
	glob_free(glob);
	CHECK(!glob_new("a[b]", 4, &glob, &why));
	CHECK(!glob_text(glob));
	glob_free(glob);
}

/* It would take longer than there is time if every star was tried again for every other. */
static void stars_without_end(void)
{
	char pattern[4096], name[256];
	const char *why;
	struct glob *glob;
	size_t len = 0;

	memset(name, 'a', sizeof(name));
	for (int i = 0; i < 1000; i++)
		len += (size_t)sprintf(pattern + len, "a*");
	pattern[len++] = 'b';
	CHECK(!glob_new(pattern, len, &glob, &why));
	CHECK(!glob_match(glob, name, 255));
	glob_free(glob);
	CHECK(!glob_new(pattern, 201, &glob, &why));
	CHECK(pattern[200] == 'a' && !glob_match(glob, name, 100) && glob_match(glob, name, 101));
	glob_free(glob);
}

/* The same if the end of "[: :]" was looked for again from every bracket for every other. */
static void brackets_without_end(void)
{
	static char pattern[16384];
	const char *why;
	struct glob *glob;

	for (size_t i = 0; i < sizeof(pattern); i += 2)
		memcpy(pattern + i, "[:", 2);
	CHECK(!glob_new(pattern, sizeof(pattern), &glob, &why));
	CHECK(glob_text(glob) && strlen(glob_text(glob)) == sizeof(pattern));
	CHECK(!memcmp(glob_text(glob), pattern, sizeof(pattern)));
	glob_free(glob);
}

int main(void)
{
	as_posix_says();
	refused();
	text_of_literals();
	stars_without_end();
	brackets_without_end();
	/* a locale with other classes, and one of single bytes, if there are any */
	if (setlocale(LC_ALL, "C.UTF-8") || setlocale(LC_ALL, "en_US.ISO-8859-1"))
		as_posix_says();
	return 0;
}
