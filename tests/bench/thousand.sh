#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks all images of a directory, and says how long that took: by e2fsck, one after the other, or by e4zero as
# contrib/fleet runs it, two at once. Usage: thousand.sh e2fsck|parallel E4ZERO DIR
set -eu
how=$1 E4ZERO=$2 dir=$3
recipes=$(cd "$(dirname "$0")/../../contrib/fleet" && pwd)
PATH=$PATH:/usr/sbin:/sbin
export E4ZERO

count=0
each_by_e2fsck() {
	local image
	for image in "$dir"/*.img; do
		e2fsck -fn "$image" > /dev/null 2>&1
		count=$((count + 1))
	done
}

work=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -cS "$dir" 2> /dev/null | wc -c > /dev/null # what is no hole, into the page cache
"$recipes/fleet.sh" new "$work/run" <(printf '%s\n' "$dir"/*.img) --check -j1 > /dev/null
begin=${EPOCHREALTIME/./}
case $how in
e2fsck) each_by_e2fsck ;;
parallel) HOME=$work "$recipes/parallel.sh" "$work/run" -j2 ;;
esac
took=$((${EPOCHREALTIME/./} - begin))
if [ "$how" = parallel ]; then
	count=$("$recipes/fleet.sh" sum "$work/run" | jq '.exits["0"]')
fi
printf '%d images in all, took %d.%06d s\n' "$count" $((took / 1000000)) $((took % 1000000))
