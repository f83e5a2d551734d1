#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The reports of an Android sparse image are those of the raw image that it expands to, for all sizes of chunks and headers.
# Edits of it are refused. An image whose headers are inconsistent is refused with one sentence.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/source/looks.sh"

sparse() { python3 "$srcdir/tests/source/sparse.py" "$@"; }

stale_image raw
python3 - <<-END
	with open('raw', 'r+b') as f:
	    f.truncate(16 << 20)
	    f.seek((12 << 20) + 4096)
	    f.write(b'abcd' * 3072)
END
run_e4zero 4 --check raw

# seed, block size, size of the file header, size of a chunk header
for row in '1 4096 28 12' '2 4096 32 16' '3 1024 28 12' '4 65536 100 12' '5 512 5000 40'; do
	read -r seed block file_header chunk_header <<<"$row"
	sparse make raw "sparse-$seed" "$seed" "$block" "$file_header" "$chunk_header" || fail "make $row"
	remember_image "sparse-$seed"
	looks_same raw "sparse-$seed"
	image_unchanged "sparse-$seed"
done

# images written by img2simg
if type -P img2simg >/dev/null; then
	img2simg raw other >/dev/null || fail img2simg
	looks_same raw other
	simg2img sparse-1 expanded && cmp raw expanded || fail 'simg2img expands it to something else'
fi

# a small file system on a medium of 16 TiB, the rest of which is one "don't care" chunk
python3 - <<-END
	import struct
	raw = open('raw', 'rb').read()
	n = len(raw) // 4096
	with open('huge', 'wb') as f:
	    f.write(struct.pack('<IHHHHIIII', 0xed26ff3a, 1, 0, 28, 12, 4096, 0xffffffff, 2, 0))
	    f.write(struct.pack('<HHII', 0xcac1, 0, n, 12 + len(raw)) + raw)
	    f.write(struct.pack('<HHII', 0xcac3, 0, 0xffffffff - n, 12))
END
run_e4zero 4 --check huge
grep -q '/tail' out || fail "huge: $(cat out)"
run_e4zero 4 --check --all huge

# edits are refused with one sentence
for edit in --fix '--fix --all' '--truncate 0 sparse-1 /tail' '--replay' '--fix --dry-run'; do
	# shellcheck disable=SC2086 # verb, image and file
	[[ $edit == *sparse-1* ]] && run_e4zero 8 $edit || run_e4zero 8 $edit sparse-1
	same "$edit" "$(cat err)" 'e4zero: sparse-1: this is an Android sparse image, which cannot be edited; expand it with "simg2img IMAGE RAW" and edit RAW'
done
image_unchanged sparse-1
# an image that another process has locked is not checked
if type -P flock >/dev/null; then
	flock -x sparse-1 "$E4ZERO" --check sparse-1 >out 2>err && fail 'a locked image was looked at'
	has_line 'has locked the image' err || fail "$(cat err)"
fi

# corrupt images: one sentence each, within a limit of memory
mkdir bad
head -c 65536 /dev/zero | tr '\0' x >tiny
sparse bad tiny bad >expected || fail 'bad'
# Sanitizers map more than that.
[ -n "${INSTRUMENT:-}" ] || ulimit -v 4000000 2>/dev/null
while read -r file said; do
	run_e4zero 8 --check "bad/$file"
	[[ $(cat err) =~ $said && $(wc -l <err) = 1 && ! -s out ]] || fail "$file: $(cat out err), wanted '$said'"
	said_once
done <expected
sparse damage sparse-2 "$([ -n "${BROAD-}" ] && echo 2000 || echo 200)" "$E4ZERO" --check >codes || fail "$(cat codes)"
