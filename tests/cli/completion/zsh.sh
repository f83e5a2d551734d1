#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In an interactive zsh, TAB completes IMAGE with files of this host and FILE with paths inside the image, or not at all.
. "${srcdir:-.}/tests/cli/completion/common.sh"
requires zsh

completes() { # LINE ARGUMENTS
	local got
	# shellcheck disable=SC2016 # for zsh
	got=$(HOME=$PWD TERM=dumb pressed \
		'PS1= RPS1=; fpath=($COMPLETION $fpath); autoload -Uz compinit; compinit -u -D; unsetopt beep' "$1" zsh -f -i)
	[ "$got" = "$2" ] || fail "'$1' becomes $got, expected $2"
}
completed_alike
completes '-j 2 -nz undo image.img /lon' '[-j][2][-nz][undo][image.img][/lonely]'
completes "'disk.img?offset=1048576' /lon" '[disk.img?offset=1048576][/lonely]'
completes '--script=x image.img /lon' '[--script=x][image.img][/lon]'
completes '--merge image.img lonely.' '[--merge][image.img][lonely.host]'
completes '--policy=flush-' '[--policy=flush-always]'
completes '--only stale-tail,leak' '[--only][stale-tail,leaked-block]'
# an action excludes every other
completes '--fix --trun' '[--fix][--trun]'
