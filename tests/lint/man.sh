#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mandoc has nothing to say against the manual pages.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

need mandoc
pages=$(files '^man/.*\.[1-8]$')
# shellcheck disable=SC2086 # one word a file
complaints=$([ -z "$pages" ] || mandoc -Tlint -W warning $pages 2>&1)
verdict "$(echo "$pages" | grep -c .)" 'manual pages' "$complaints"
