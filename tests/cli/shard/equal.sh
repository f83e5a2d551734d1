#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The reports of shards, merged, are the report of a check of all, whatever the image: for 1, 2, 3, 7 shards and for more
# than there are block groups. Nothing of an image is read where all is in order.
. "${srcdir:-.}/tests/lib.sh"

requires mke2fs
requires debugfs
requires python3
export E4ZERO PYTHONDONTWRITEBYTECODE=1

# what lies in several groups first
broad kinds 5 manygroups metabg-1k bigalloc eainode orphanlist encrypt ext3-1k inline quota posteof verity \
	orphanfile flexbg-off sparse-super2 mmp uninitbg posteof-bigalloc
made=0
for kind in "${kinds[@]}"; do
	bash "$srcdir/tests/images/mkimg.sh" "$kind" image >mkimg.log 2>&1
	case $? in
	0) ;;
	77) echo "$kind: $(tail -1 mkimg.log)"; continue ;;
	*) fail "mkimg.sh $kind: $(cat mkimg.log)" ;;
	esac
	made=$((made + 1))
	for shards in 1 2 3 7 100; do
		options=()
		[ $((shards % 2)) = 0 ] || options=(--paranoid -v)
		how=$(python3 "$srcdir/tests/cli/shard/compare.py" image $shards "${options[@]}") || fail "$kind"
		[ "$how" = merged ] || fail "$kind: the image was needed for $shards shards"
	done
done
[ $made -ge 4 ] || fail "only $made images were made"

# each shard has work: no group is left out, none is another's, too
bash "$srcdir/tests/images/mkimg.sh" manygroups image >/dev/null 2>&1 || fail 'mkimg.sh manygroups'
next=0
for shard in 1 2 3; do
	"$E4ZERO" --json --shard $shard/3 image >out
	line=$(grep '^{"type":"shard"' out)
	[[ $line =~ \"first_group\":([0-9]+),\"groups\":([0-9]+), ]] || fail "no groups: $line"
	[ "${BASH_REMATCH[1]}" = $next ] || fail "shard $shard begins with group ${BASH_REMATCH[1]}, not $next"
	[ "${BASH_REMATCH[2]}" -gt 0 ] || fail "shard $shard has no group"
	next=$((next + BASH_REMATCH[2]))
done
[ $next = 64 ] || fail "$next groups of 64"
