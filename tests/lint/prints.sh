#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The library never prints and never exits: no member of the archive refers to what would. A child that did not become
# another program has to end, by _exit().
. "$(dirname "$0")/lint.sh"

need nm
[ -f "${LIBE4ZERO:=$PWD/libe4zero.a}" ] || skip "$LIBE4ZERO is not built"
symbols=$(nm -A -u "$LIBE4ZERO") || exit 1
complaints=$(printf '%s\n' "$symbols" | awk '
	$1 ~ /:(spawn|errands)\.o:/ && $NF == "_exit" { next }
	$NF ~ /^(__)?(v?f?printf|vprintf|puts|fputs|fputc|putc|putchar|perror|psignal)(_chk|_unlocked)?$/ ||
	$NF ~ /^(__v?f?printf_chk|_IO_putc|v?dprintf|__v?dprintf_chk|v?syslog|stdout|stderr)$/ ||
	$NF ~ /^(exit|_exit|_Exit|quick_exit|abort|v?errx?|v?warnx?|error|com_err|com_err_va)$/ {
		print $1 " refers to " $NF
	}')
verdict "$(printf '%s\n' "$symbols" | cut -d: -f2 | sort -u | grep -c .)" 'members of the archive' "$complaints"
