#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A script with a fault is refused before the image is opened: exit 16, the line and the column, in JSON with a summary.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image
remember_image image

# bad COLUMN PATTERN LINE: the second line of a script
bad() {
	printf '# a comment\n%b\ntruncate /file 0\n' "$3" >script
	run_e4zero 16 --json --script script image
	same "message of $3" "$(wc -l <err)" 1
	grep -Eq "^e4zero: script: line 2, column $1: .*$2" err || fail "$3: $(cat err)"
	same "lines of $3" "$(jq -c '[.type, .name // .exit, .context]' out | paste -sd' ')" \
		"[\"error\",\"E4Z_ET_USAGE\",\"line 2, column $1\"] [\"summary\",16,null]"
	run_e4zero 16 --script script nothing
	[ ! -s out ] || fail "a report of $3"
	image_unchanged image
}
bad 1 "'frobnicate': unknown operation" 'frobnicate /file 0 1'
bad 1 'unknown operation' '--truncate /file 0'
bad 9 'absolute path' 'truncate'
bad 10 "'file': expected an absolute path" 'truncate file 0'
bad 10 "'<x>': expected an absolute path" 'truncate <x> 0'
bad 15 'a size is missing' 'truncate /file'
bad 16 "'x': not a number of bytes" 'truncate /file x'
bad 16 "'-1': not a number" 'truncate /file -1'
bad 18 "'7': unexpected argument" 'truncate /file 0 7'
bad 17 'an offset is missing' 'zero-range /file'
bad 19 'a length is missing' 'zero-range /file 0'
bad 20 'the length must not be 0' 'zero-range /file 0 0'
bad 22 "'keepsize': unexpected argument" 'zero-range /file 0 5 keepsize'
bad 22 "'keep-size': unexpected argument" 'punch-hole /file 0 5 keep-size'
bad 14 'expected from=HOSTFILE' 'write /file 0'
bad 15 "'to=x': expected from=HOSTFILE" 'write /file 0 to=x'
bad 15 'expected from=HOSTFILE' 'write /file 0 from='
bad 15 'standard input is not a file' 'write /file 0 from=-'
bad 7 "'1': unexpected argument" 'flush 1'
bad 8 "'1': unexpected argument" 'commit 1'
bad 12 'a quote is not closed' "  truncate '/file 0"
bad 10 'a quote is not closed' 'truncate "/file 0'
bad 16 'ends with a backslash' 'truncate /file \\'
bad 17 'too many words' '1 2 3 4 5 6 7 8 9'
bad 10 'a zero byte' 'truncate \0/file 0'

# what cannot be read is no wrong usage
untouched 8 'image: reading nothing: No such file' image --script nothing image
untouched 8 'image: reading \.: .*directory' image --script . image
untouched 16 '.' image --script script image /file
untouched 16 '.' image --script script --truncate 0 image /file

# a byte order mark before the first line, and nowhere else
edit_image image
printf '\xef\xbb\xbftruncate /file 5\n' >script
run_e4zero 0 --script script image
same 'size' "$(debugfs -R 'stat /file' image 2>/dev/null | grep -o '^User.* Size: [0-9]*' | grep -o '[0-9]*$')" 5
printf '\xef\xbb\xbf' >script
run_e4zero 0 --script script image
printf 'truncate /file 4\n\xef\xbb\xbftruncate /file 3\n' >script
untouched 16 'line 2, column 1' image --script script image
