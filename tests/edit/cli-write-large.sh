#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Writing over more bytes in sight than the journal holds: whole blocks get new places and the map changes in one
# transaction, where there are extents, space and no quota; else it is refused with both numbers, or split.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/cli-common.sh"

head -c 3000000 /dev/urandom >old
head -c 3000000 /dev/urandom >new
# large SIZE [mke2fs options]: /big holds 3 MB in blocks of 1 KiB, the journal has 1,024 of them
large() {
	rm -f image
	truncate -s "$1" image
	mke2fs -q -F -t ext4 -b 1024 -J size=1 "${@:2}" image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	debugfs_script image <<<'write old big'
}

# places: of the blocks of /big
places() {
	"$E4ZERO" --json --map image /big |
		jq -r 'select(.type == "map" and .pblk) | range(.blocks) as $i | .pblk + $i'
}

for features in extent bigalloc ^metadata_csum; do
	large 32M -O $features
	places | sort >before
	run_e4zero 0 --json --write -o 500 --from new --trace-io trace image /big
	{ head -c 500 old; cat new; } >model
	holds image /big model
	sound image
	same 'transactions' "$(field transactions summary)" 1
	# the data are durable before the commit block, and no block that could be seen is written before it
	sed '/# commit/,$d' trace | awk '$1 == "write" && $NF == "data" { for (i = 0; i < $3 / 1024; i++) print $2 / 1024 + i }' |
		sort >written
	[ "$(wc -l <written)" -ge 2800 ] || fail "$features: $(wc -l <written) blocks of data went home"
	same "$features: seen blocks written before the commit" "$(comm -12 before written | wc -l)" 0
done
large 32M
run_e4zero 0 --write -o 0 --data ordered --from new image /big
holds image /big new

# what fits is journaled, in its place
places >before
head -c 500000 old >half
run_e4zero 0 --write -o 0 --from half image /big
places | cmp - before || fail 'blocks moved that could be journaled'

for why in 6M '32M -O ^extent,^64bit' ; do
	# shellcheck disable=SC2086 # words
	large $why
	untouched 8 'needs [0-9]+ journal blocks, and there are [0-9]+' image --write -o 0 --from new image /big
	run_e4zero 0 --json --split --write -o 0 --from new image /big
	[ "$(field transactions summary)" -gt 1 ] || fail "split, $why: $(field transactions summary) transactions"
	holds image /big new
	sound image
done
