#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --json: every line is an object with the fields that e4zero(8) names, of the right type, and nothing else is there.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq
stale_image image
run_e4zero 4 --json image

# every line is one object
while IFS= read -r line; do
	printf '%s\n' "$line" | jq -e 'type == "object" and (.type | type) == "string"' >/dev/null ||
		fail "not an object with a type: $line"
done <out
holds() {
	jq -es "$1" out >/dev/null || fail "not true of the report: $1"
}
same types "$(jq -r .type out | tr '\n' ' ')" 'image finding finding summary '
holds '.[0] | .path == "image" and .fs_offset == 0 and .block_size == 4096 and .blocks == 4096
	and (.inodes | type) == "number" and (.features | index("extent")) != null
	and .journal == "clean" and .view == "disk" and .mounted == false'
same uuid "$(jq -r 'select(.type == "image").uuid' out)" \
	"$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')"
holds 'map(select(.type == "finding")) | all(
	([.ino, .size, .lblk, .pblk, .blocks, .first, .last, .nonzero] | all(type == "number"))
	and ([.fixable, .fixed] | all(type == "boolean")) and .fixed == false)'
holds '.[1] | .kind == "stale-tail" and .path == "/tail" and .size == 5000 and .lblk == 1
	and .blocks == 1 and .first == 5000 and .last == 8191 and .nonzero == 3192 and .fixable'
holds '.[2] | .kind == "post-eof-data" and .path == "/past" and .size == 4096 and .lblk == 1
	and .blocks == 1 and .first == 4096 and .last == 8191 and .nonzero == 4096
	and .e2fsck == "blind"'
same pblk "$(jq 'select(.path == "/tail").pblk' out)" "$(physical image tail 1)"
holds '.[-1] | .verb == "check" and .files == 3 and .findings == 2 and .fixed == 0
	and .stale_bytes == 7288 and .transactions == 0 and .barriers == 0 and .bytes_written == 0
	and (.bytes_read | type) == "number" and (.seconds | type) == "number" and .exit == 4'

# an error has a name that a script can compare
truncate -s 1M empty
for refused in 'empty E4Z_ET_NOT_EXT' 'nowhere ENOENT'; do
	run_e4zero 8 --json "${refused% *}"
	same 'types of a refusal' "$(jq -r .type out | tr '\n' ' ')" 'error summary '
	same 'its name' "$(jq -r 'select(.type == "error").name' out)" "${refused#* }"
	same 'its path' "$(jq -r 'select(.type == "error").path' out)" "${refused% *}"
done
run_e4zero 16 --json --no-such-option 5 empty
same 'path of a wrong command line' "$(jq -c 'select(.type == "error") | [.path, .name]' out)" '[null,"EINVAL"]'
