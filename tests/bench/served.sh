#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# served.sh IMAGE COMMAND...: nbdkit has IMAGE; the time of COMMAND, in which URI leads there, and LIST is the list of
# what a check of IMAGE has to read.
set -u
image=$1
shift
dir=$(mktemp -d) || exit 1
trap 'kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
list=${image%.img}.reads
if [[ " $* " == *' LIST '* && ! $list -nt $image ]]; then
	"${1%/*}/floor" -j1 -g4 -l "$image" >"$list" || exit 1
fi
nbdkit -f -U "$dir/socket" -P "$dir/pid" file "$image" &
server=$!
until [ -s "$dir/pid" ]; do
	kill -0 "$server" 2>/dev/null || exit 1
done
words=("$@")
words=("${words[@]/#URI/nbd+unix:///?socket=$dir/socket}")
start=$EPOCHREALTIME
"${words[@]/#LIST/$list}"
rc=$?
end=$EPOCHREALTIME
awk -v start="$start" -v end="$end" 'BEGIN { printf "took %.6f s\n", end - start }'
exit $rc
