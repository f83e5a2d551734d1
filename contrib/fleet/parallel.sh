#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# GNU parallel as the engine; called again with the same DIR it goes on where it was stopped.
#
#   parallel.sh DIR [options of parallel, such as -j8, -n1, or --sshloginfile HOSTS]
#
# 0, 4 and 8 end an image. A job with a 12 or 32 is tried three times, and again by the next call, as the joblog says. A job
# leaves out images that have a report. From 128 images on it has more than one (-n), 32 at most, because to start a job
# takes longer than to check a small image. Use the same -n for the same DIR: the joblog knows jobs by their number.
set -u
[ $# -gt 0 ] && [ -s "$1/numbers" ] || { sed -n 's/^#   //p' "$0" >&2; exit 16; }
FLEET=${FLEET:-$(dirname "$(realpath -- "$0")")/fleet.sh}
DIR=$(realpath -- "$1") || exit 16
export FLEET DIR E4ZERO="${E4ZERO:-e4zero}" PARALLEL_SHELL=/bin/sh
many=$(($(wc -l <"$DIR/numbers") / 64))
many=$((many < 1 ? 1 : many > 32 ? 32 : many))
# e4zero stops at the end of a transaction, which takes longer than the 200 ms that parallel would wait
exec parallel --env FLEET --env DIR --env E4ZERO --joblog "$DIR/joblog" --resume-failed --retries 3 -n "$many" \
	--termseq TERM,60000,KILL "${@:2}" -a "$DIR/numbers" \
	'status=0; "$FLEET" run "$DIR" {} || status=$?; test $status = 8 || exit $status'
