#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A script asks for each program separately: of several names, "command -v" is content with one, "type -P" wants them
# all, and neither is what a reader expects.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

scripts=$(files '(\.sh|\.am|^quickstart|^debian/.*)$')
complaints=$(printf '%s\n' "$scripts" | xargs -d '\n' grep -nHE '^[^#]*(command -v|type -[pPt]) +[^-[:space:]>|&;)][^[:space:]>|&;)]* +[][:alnum:]"$_{[]' --)
verdict "$(grep -c . <<<"$scripts")" scripts "$complaints"
