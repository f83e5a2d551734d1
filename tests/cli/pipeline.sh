#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The recipe of the README: fix, check, free blocks, compress; under set -e, in make, in GNU parallel, over many images.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

mkdir bin
ln -s "$E4ZERO" bin/e4zero
PATH=$PWD/bin:$PATH
for image in a.img b.img c.img; do
	stale_image $image
done
cp a.img dirty.img

# set -e: every step ends with 0 where there is something to do, and where there is nothing
for round in 1 2; do
	bash -e -c 'e4zero -q --fix a.img; e4zero -q --check a.img; echo done' >out 2>err || fail "round $round: $(cat err)"
	[ "$(cat out)" = 'done' ] || fail "round $round says $(cat out)"
done
# and what is found stops it
! bash -e -c 'e4zero -q --check dirty.img; echo done' >out 2>err || fail 'findings do not stop set -e'
[ ! -s out ] || fail 'it went on behind findings'

if command -v make >/dev/null && command -v gzip >/dev/null; then
	printf '%%.img.gz: %%.img\n\te4zero -q --fix $< && e4zero -q --check $< && gzip -c $< >$@\n' >Makefile
	env -u MAKEFLAGS -u MAKELEVEL make -s b.img.gz >out 2>&1 || fail "make: $(cat out)"
	gzip -t b.img.gz || fail 'nothing was compressed'
fi
if command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q GNU; then
	parallel --will-cite --halt now,fail=1 'e4zero -q --fix {} && e4zero -q --check {}' ::: ./*.img >out 2>&1 </dev/null ||
		fail "parallel: $(cat out)"
else
	printf '%s\n' ./*.img | xargs -P 2 -I {} sh -c 'e4zero -q --fix {} && e4zero -q --check {}' || fail 'xargs'
fi
for image in *.img; do
	run_e4zero 0 -q $image
done
if command -v zerofree >/dev/null; then
	zerofree a.img || fail 'zerofree'
	run_e4zero 0 -q a.img
fi
