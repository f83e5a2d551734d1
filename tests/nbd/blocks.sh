#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A server whose minimum block size is larger than a sector. An incomplete block at the end of the export cannot be read,
# which a note reports. An edit reserves space by at least as many bytes of writes as with blocks of 512 bytes.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/nbd/servers.sh"

stale_image model.img
printf 'more than the file system' >>model.img
truncate -s %512 model.img
export SOURCE_DATE_EPOCH=1700000000
cp model.img raw.img
run_e4zero 0 --fix raw.img
for block in 512 4096 8192 65536; do
	cp model.img work.img
	our_server work.img block=$block
	run_e4zero 4 --check "$uri"
	if [ $block -gt 512 ]; then
		has_line 'the last 512 bytes of the NBD export cannot be read: they are less than a block of its server' err ||
			fail "$(cat err)"
	else
		! has_line 'the last' err || fail "$(cat err)"
	fi
	end_server
	our_server work.img block=$block
	run_e4zero 0 --fix "$uri"
	end_server
	cmp raw.img work.img || fail "blocks of $block bytes: the images differ"
	# bytes written before the first flush
	room=$(awk '$2 == "write" { n += $4 } $2 == "flush" { exit } END { print n + 0 }' server.log)
	[ $block -gt 512 ] || least=$room
	[ "$room" -ge "$least" ] && [ "$room" -gt 0 ] || fail "blocks of $block bytes: room was made for $room bytes, not for $least"
done

# an incomplete block that is part of the file system
make_image small.img 8191K -b 1024
our_server small.img block=4096
for verb in --check --fix; do
	run_e4zero 8 $verb "$uri"
	has_line 'shorter than its file system; the last 3072 bytes of the NBD export cannot be read' err || fail "$verb: $(cat err)"
done
end_server
