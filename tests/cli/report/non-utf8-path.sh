#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A name that is not UTF-8 is path_hex in JSON; no raw control character of a name reaches the text report.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq
make_image image 16M
head -c 4096 /dev/zero | tr '\0' x >four
n=0
for file in $'\xff\xfeodd' $'esc\033[31m' $'\xc3\xa9t\xc3\xa9' $'c1\xc2\x9b2J' $'back\\x41'; do
	printf 'write four f%d\nsif f%d size 1\nln f%d "%s"\nunlink f%d\n' $n $n $n "$file" $n
	n=$((n + 1))
done | debugfs_script image

run_e4zero 4 --json image
iconv -f UTF-8 -t UTF-8 out >/dev/null || fail 'the report is not UTF-8'
same findings "$(records finding kind | grep -c stale-tail)" 5
same path_hex "$(jq -r 'select(.path_hex).path_hex' out)" "$(printf '/\xff\xfeodd' | od -An -tx1 | tr -d ' \n')"
same paths "$(jq -r 'select(.type == "finding" and .path_hex == null).path' out | sort | od -An -c)" \
	"$(printf '/%s\n' $'esc\033[31m' $'\xc3\xa9t\xc3\xa9' $'c1\xc2\x9b2J' $'back\\x41' | sort | od -An -c)"

run_e4zero 4 image
! tr -d '\n' <out | grep -q '[[:cntrl:]]' || fail 'a raw control character is in the table'
for text in '/\xff\xfeodd' '/esc\x1b[31m' $'/\xc3\xa9t\xc3\xa9' '/c1\xc2\x9b2J' '/back\\x41'; do
	grep -qF -e "$text" out || fail "'$text' is not in: $(cat out)"
done
