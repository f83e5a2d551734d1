#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is wrong on the command line is named, exit 16; what is right in an unusual form is taken.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

make_image image 8M

# wrong WORD ARGUMENTS...: one line of message that holds WORD, and the one that names --help
wrong() {
	run_e4zero 16 "${@:2}"
	same "lines of message about ${*:2}" "$(wc -l <err)" 2
	head -1 err | grep -qF -e "$1" || fail "'$1' is not in: $(cat err)"
}
wrong IMAGE
wrong IMAGE --json --check
wrong -x image -x
wrong -x image -qx
wrong --bogus image --bogus
wrong --jso image --jso
wrong --json=1 image --json=1
wrong "'-x'" --check -qx image
wrong "'-qj'" image --check -qj
wrong --quiet=1 --check --quiet=1 image
wrong argument image -j
wrong argument image --only
wrong "'0'" image -j 0
wrong "'1025'" image --jobs=1025
wrong "'2x'" image -j 2x
wrong "'-1'" image -j -1
wrong "''" image --jobs=
wrong "'stale'" image --only stale
wrong "'stale-tail,'" image --only stale-tail,
wrong "''" image --only=
wrong "''" image --partition=
wrong "'etc'" image etc
wrong "'<12'" image '<12'
wrong "'<>'" image '<>'
wrong "'77'" image -C 77
wrong "'-1'" image -C -1
wrong output --json -C 1 image

run_e4zero 0 image -qvj2 --check
run_e4zero 0 --check -qvj2 image
run_e4zero 0 --check -qj 2 image
run_e4zero 0 --version --check -qJ image
has_line '"type":"version"' out || fail 'no JSON'
run_e4zero 0 --check -- image
run_e4zero 0 --check --check --jobs=3 image --json
cp image ./-image
run_e4zero 0 -q -- -image
run_e4zero 0 --help --no-such-thing
run_e4zero 16 --no-such-thing --help
