#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# GNU parallel as the engine; called again with the same DIR it goes on where it was stopped.
#
#   parallel.sh DIR [options of parallel, such as -j8, or --sshloginfile HOSTS]
#
# 0, 4 and 8 end an image. A job with a 12 or 32 is tried three times, and again by the next call, as the joblog says. A job
# leaves out images that have a report. Where there are many images for the CPUs of this host, it has more than one, 32 at
# most, because to start a job takes longer than to check a small image; FLEET_PER_JOB in the environment says how many.
set -u
[ $# -gt 0 ] && [ -s "$1/numbers" ] || { sed -n 's/^#   //p' "$0" >&2; exit 16; }
FLEET=${FLEET:-$(dirname "$(realpath -- "$0")")/fleet.sh}
DIR=$(realpath -- "$1") || exit 16
export FLEET DIR E4ZERO="${E4ZERO:-e4zero}" PARALLEL_SHELL=/bin/sh
# the joblog knows jobs by their number, so each call must have the same images in them
if [ ! -s "$DIR/per-job" ]; then
	many=$(($(wc -l <"$DIR/numbers") / ($(nproc) * 16)))
	echo "${FLEET_PER_JOB:-$((many < 1 ? 1 : many > 32 ? 32 : many))}" >"$DIR/per-job" || exit 16
fi
many=$(<"$DIR/per-job")
# e4zero stops at the end of a transaction, which takes longer than the 200 ms that parallel would wait
exec parallel --env FLEET --env DIR --env E4ZERO --joblog "$DIR/joblog" --resume-failed --retries 3 \
	--termseq TERM,60000,KILL "${@:2}" -n "$many" -a "$DIR/numbers" \
	'status=0; "$FLEET" run "$DIR" {} || status=$?; test $status = 8 || exit $status'
