#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The file of --report: never replaces one, never half there, and a page that is lost is an error.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

stale_image stale
cp stale edited
remember_image stale

# refused STATUS ERROR FILE ARGUMENTS...
refused() {
	run_e4zero "$1" --report "$3" "${@:4}"
	slurp said err
	[[ $said == "e4zero: $3: writing the report: $2"$'\n' ]] || fail "--report $3: $said"
}
nothing_left() {
	local left
	left=$(find . \( -name '.e4zero*' -o -name '*.html' \))
	[ -z "$left" ] || fail "$1: left $left"
}
mkdir other
echo mine >there
ln -s nowhere dangling
refused 8 'File exists' there stale
same 'the file that was there' "$(<there)" mine
refused 8 'File exists' dangling stale
refused 8 'File exists' other stale
refused 8 'File exists' stale stale
ln -s stale soft
ln stale hard
refused 8 'File exists' soft stale
refused 8 'File exists' hard --fix stale
refused 8 'File exists' same --fix --undo same stale
refused 8 'File exists' same --fix --trace-io same stale
[ ! -e same ] || fail 'an undo file or a trace is left'
refused 8 'No such file or directory' absent/page.html stale
# before anything is written
refused 8 'File exists' there --fix stale
refused 8 'File exists' there --json stale
python3 -c 'import json; r = [json.loads(l) for l in open("out")]
assert [x["type"] for x in r] == ["error", "summary"] and r[1]["exit"] == 8, r
assert r[0]["path"] == "there" and r[0]["name"] == "EEXIST", r' || fail "$(cat out)"
image_unchanged stale
run_e4zero 16 --report '' stale
run_e4zero 16 --map --report page.html stale /tail
run_e4zero 8 --report page.html missing
run_e4zero 8 --report page.html stale /missing
nothing_left 'after failures'

if [ -c /dev/full ]; then
	refused 8 'No space left on device' /dev/full stale
	refused 12 'No space left on device; the image was changed nevertheless' /dev/full --fix edited
	# standard output is lost: no page claims that all is well
	"$E4ZERO" --report page.html --json stale >/dev/full 2>err && fail 'a lost report is no failure'
	has_line 'standard output.*No space left' err || fail "$(cat err)"
fi

# a limit on the size of files is a disk that is full
(ulimit -f 4; run_e4zero 8 -q --report other/page.html stale) || exit 1
has_line 'other/page.html: writing the report: File too large' err || fail "$(cat err)"
nothing_left 'after a full disk'

# a pipe takes it
"$E4ZERO" -q --report /dev/stdout stale 2>err | cat >out
same 'exit with a pipe' "${PIPESTATUS[0]}" 4
has_line '^</html>$' out || fail 'no page on a pipe'
run_e4zero 4 -q --report "other/$(printf 'n%.0s' {1..250}).html" stale
image_unchanged stale
