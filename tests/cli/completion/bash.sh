#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In an interactive bash, TAB completes IMAGE with files of this host and FILE with paths inside the image, or not at all.
. "${srcdir:-.}/tests/cli/completion/common.sh"

completes() { # LINE ARGUMENTS
	local got
	# shellcheck disable=SC2016 # for bash
	got=$(pressed "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; "'. "$COMPLETION/e4zero"' \
		"$1" bash --norc --noprofile -i)
	[ "$got" = "$2" ] || fail "'$1' becomes $got, expected $2"
}
completed_alike
completes '-j 2 -z undo image.img /lon' '[-j][2][-z][undo][image.img][/lonely]'
completes 'disk.img?offset=1048576 /lon' '[disk.img?offset=1048576][/lonely]'
completes '--merge image.img lonely.' '[--merge][image.img][lonely.host/]'
completes '--policy=fl' '[--policy=flush]'
