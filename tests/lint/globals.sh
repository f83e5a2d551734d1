#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The library keeps no state of its own: no object in a writable section, but for com_err's list entry in errors.o.
# (Constant tables that hold pointers live in .data.rel.ro, which is read-only once loaded.)
. "$(dirname "$0")/lint.sh"

need objdump
[ -f "${LIBE4ZERO:=$PWD/libe4zero.a}" ] || skip "$LIBE4ZERO is not built"
[ -z "${INSTRUMENT:-}" ] || skip "instruments keep counters of their own:$INSTRUMENT"
table=$(objdump -t "$LIBE4ZERO") || exit 1
complaints=$(printf '%s\n' "$table" | awk '
	/file format/ { member = $1; sub(/:$/, "", member) }
	member != "errors.o" && /^[0-9a-f]+ / {
		section = ""
		for (i = 2; i < NF && section == ""; i++)
			if ($i ~ /^(\.|\*COM)/) section = $i
		if ($NF != section && section ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM)/ && section !~ /^\.data\.rel\.ro/)
			print member ": " $NF " is writable (" section ")"
	}')
verdict "$(printf '%s\n' "$table" | grep -c 'file format')" 'members of the archive' "$complaints"
