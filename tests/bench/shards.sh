#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks an image in shards, one after the other, each by one thread: shards.sh E4ZERO N IMAGE OUT; reports OUT.1, ...
e4zero=$1 count=$2 image=$3 out=$4 worst=0
for ((shard = 1; shard <= count; shard++)); do
	"$e4zero" --json -j1 --shard "$shard/$count" "$image" >"$out.$shard"
	rc=$?
	((rc <= worst)) || worst=$rc
done
exit $worst
