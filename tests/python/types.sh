#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Python module is typed: mypy --strict accepts it and a program that uses it, and sees what is wrong in another one.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
requires mypy

export MYPYPATH=$srcdir/python
strict() { mypy --strict --cache-dir "$tmp/cache" --python-version "$1" "${@:2}" >out 2>&1; }
for version in 3.9 3.11; do
	strict $version "$srcdir/python/e4zero" || fail "$version: $(cat out)"
done
cat >right.py <<'END'
import e4zero
with e4zero.open("image", write=True) as image:
    paths = [finding.path or "" for finding in image.check(all=True)]
    with image.transaction() as edit:
        size: int = edit.truncate("/file", 0).size_after
        blocks: int = edit.plan().commit.log_blocks
        room: int = edit.write_room("/file", 0).bytes
    part = image.check(shard=(1, 2))
    groups: int = part.shard.groups if part.shard else 0
    lengths = [one.length for claims in part.claims for one in claims.ranges]
END
strict 3.11 right.py || fail "$(cat out)"
cat >wrong.py <<'END'
import e4zero
e4zero.open("image").check(all="yes")
path: str = e4zero.open("image").check().findings[0].path
e4zero.open("image").check(shard=1)
groups: int = e4zero.open("image").check().shard
END
! strict 3.11 wrong.py || fail 'mypy accepts what is wrong'
[ "$(grep -c 'error: .*\[\(arg-type\|assignment\)\]' out)" = 4 ] || fail "$(cat out)"
