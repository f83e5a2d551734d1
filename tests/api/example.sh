#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The example of libe4zero(3) is doc/example.c, builds outside the tree, as C and as C++, with the shared
# library and with the archive, and does what the page says.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/api/outside.sh"
requires pkg-config
requires readelf
[ -f "$builddir/Makefile" ] || skip 'not in a build tree'

sed -n '/^\.SH EXAMPLE/,$p' "$srcdir/man/libe4zero.3" | sed -n '/^\.EX/,/^\.EE/p' | sed '/^\.EE/,$d; 1d' |
	sed 's/^\\&//; s/\\-/-/g; s/\\e/\\/g' >page.c
expand "$srcdir/doc/example.c" | diff - page.c || fail 'the page shows another program'
[ "$(wc -l <page.c)" -le 40 ] || fail "an example of $(wc -l <page.c) lines"

mkdir installed
install_below "$tmp/installed" || fail 'make install'
example=$(find installed -name example.c)

# example PROGRAM: a file with old bytes past its end is scrubbed, and another one edited
example() {
	edit_image image
	debugfs_script image <<<'sif small size 50'
	! "$E4ZERO" -q --check image || fail 'nothing to scrub'
	"./$1" image /file >out 2>err || fail "$1: exit $?: $(cat err)"
	same said "$(cat out)" '/small: fixed'
	{ head -c 4096 /dev/zero; tail -c +4097 ten; } | head -c 4096 >want
	holds image /file want
	head -c 50 small >want
	holds image /small want
	sound image
}

build_outside "$example" archive "$static_flags" || fail 'it does not build with the archive'
! readelf -d archive | grep -q 'NEEDED.*libe4zero' || fail 'the archive is not used'
example archive
build_outside "$example" example || fail 'it does not build with the shared library'
readelf -d example | grep -q 'NEEDED.*\[libe4zero\.so\.0\]' || fail 'the shared library is not used'
example example
# and as C++
cp "$example" example.cc
compiler=${COMPILE:-cc}
if echo 'int main() {}' | "${compiler%% *}" -fsyntax-only -x c++ - 2>/dev/null; then
	build_outside example.cc archive-plus "-std=c++20 $static_flags" || fail 'it does not build with the archive as C++'
	example archive-plus
	build_outside example.cc example-plus "-std=c++20 $outside_flags" || fail 'it does not build as C++'
	example example-plus
else
	echo 'no C++ compiler: not built as C++'
fi

# what cannot be done is said, and leaves nothing behind
remember_image image
! ./example image /missing >out 2>err || fail 'edited what is not there'
grep -q '/missing.*No such file' err || fail "$(cat err)"
! ./example nothing /file 2>err || fail 'opened what is not there'
grep -q 'No such file' err || fail "$(cat err)"
image_unchanged image
