#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where a field of ext4 lies is known to lib/format/ alone: elsewhere no number is an offset of get_le16() and its like,
# no constant named as a field is (S_, I_, BG_, EH_, EE_, EI_, DX_), and no offsetof() asks for one. The log's own format
# is in lib/journal/, that of undo files in lib/undo/, those of emulators in lib/source/ and lib/header/,
# tables of partitions in device/glimpse.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

sources=$(files '^(lib|src)/.*\.[ch]$' | grep -vE '^lib/((format|journal|undo|source|header)/|device/glimpse)')
number='(0x[0-9a-fA-F]+|[0-9]+)'
field="(get|put)_le(16|32|64)\\([^ ,()]+ \\+ ${number}u?[,)]"
named="^[[:space:]]*(#define )?(S|I|BG|EH|EE|EI|DX)_[A-Z_]+ *=? *${number}([, ]|\$)"
struct='offsetof\(struct (ext[234]|jbd2)_'
# shellcheck disable=SC2086 # one word a file
complaints=$(grep -nE "$field|$named|$struct" $sources /dev/null |
	sed -E 's/^([^:]*:[0-9]+:)(.*)$/\1 \2 (an offset: it belongs into lib\/format\/)/')
verdict "$(echo "$sources" | grep -c .)" files "$complaints"
