#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Random file systems, many of them corrupt: shards, merged, say what a check of all says.
#
# usage: random.sh [FROM COUNT]     30 seeds from 1 on by default
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"

requires mke2fs
requires python3
E4ZERO=$E4ZERO PYTHONDONTWRITEBYTECODE=1 python3 "$srcdir/tests/cli/shard/worlds.py" . "${1:-1}" "${2:-30}" || fail 'see above'
