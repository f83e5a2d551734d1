#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The recipe of the README: fix and check all, compress; under set -e, in make, in GNU parallel, over many images. What was
# deleted is nowhere in the result, which is not larger than what zerofree leaves.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

mkdir bin
ln -s "$E4ZERO" bin/e4zero
PATH=$PWD/bin:$PATH
{ echo deleted-body; head -c 100000 /dev/urandom; } >body
for image in a.img b.img c.img; do
	stale_image $image
	debugfs_script $image <<-'END'
		write body deleted-name.txt
		ea_set deleted-name.txt user.key deleted-value
		rm deleted-name.txt
	END
done
cp a.img dirty.img
cp a.img peer
# deleted IMAGE: what of the deleted file is in the raw image
deleted() {
	grep -aoE 'deleted-(body|name|value)' "$1" | sort -u | tr '\n' ' '
}
same 'before' "$(deleted a.img)" 'deleted-body deleted-name deleted-value '

# set -e: every step ends with 0 where there is something to do, and where there is nothing
for round in 1 2; do
	bash -e -c 'e4zero -q --fix --all a.img; e4zero -q --check --all a.img; echo done' >out 2>err || fail "round $round: $(cat err)"
	[ "$(cat out)" = 'done' ] || fail "round $round says $(cat out)"
done
# and what is found stops it
! bash -e -c 'e4zero -q --check --all dirty.img; echo done' >out 2>err || fail 'findings do not stop set -e'
[ ! -s out ] || fail 'it went on behind findings'

if command -v make >/dev/null && command -v gzip >/dev/null; then
	printf '%%.img.gz: %%.img\n\te4zero -q --fix --all $< && e4zero -q --check --all $< && gzip -c $< >$@\n' >Makefile
	env -u MAKEFLAGS -u MAKELEVEL make -s b.img.gz >out 2>&1 || fail "make: $(cat out)"
	gzip -t b.img.gz || fail 'nothing was compressed'
fi
if command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q GNU; then
	parallel --will-cite --halt now,fail=1 'e4zero -q --fix --all {} && e4zero -q --check --all {}' ::: ./*.img >out 2>&1 </dev/null ||
		fail "parallel: $(cat out)"
else
	printf '%s\n' ./*.img | xargs -P 2 -I {} sh -c 'e4zero -q --fix --all {} && e4zero -q --check --all {}' || fail 'xargs'
fi
for image in [abc].img; do
	run_e4zero 0 -q --all $image
	same "$image after it" "$(deleted $image)" ''
done
if command -v zerofree >/dev/null && command -v gzip >/dev/null; then
	run_e4zero 0 -q --fix peer
	zerofree peer || fail 'zerofree'
	same 'after zerofree' "$(deleted peer)" 'deleted-name deleted-value '
	(($(gzip -c a.img | wc -c) <= $(gzip -c peer | wc -c))) || fail 'larger than what zerofree leaves'
fi
