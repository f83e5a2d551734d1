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
completes 'ima' '[image.img]'
completes '--truncate 10 ima' '[--truncate][10][image.img]'
completes '--map image.img /lon' '[--map][image.img][/lonely]'
completes '--map image.img /let' '[--map][image.img][/letters/]'
completes '--map image.img /letters/t' '[--map][image.img][/letters/two.txt]'
completes '--map image.img /a' '[--map][image.img][/a b/]'
completes '--map image.img /a\ b/' '[--map][image.img][/a b/c]'
completes '--only=stale-tail image.img /lon' '[--only=stale-tail][image.img][/lonely]'
completes '-j 2 -nz undo image.img /lon' '[-j][2][-nz][undo][image.img][/lonely]'
completes 'image.img /lonely /letters/o' '[image.img][/lonely][/letters/one.txt]'
completes "'disk.img?offset=1048576' /lon" '[disk.img?offset=1048576][/lonely]'
completes '-- image.img /lon' '[--][image.img][/lonely]'
# nothing of this host where a path of the image is expected
completes '--map image.img lon' '[--map][image.img][lon]'
completes '--map image.img /us' '[--map][image.img][/us]'
completes '--map missing.img /lon' '[--map][missing.img][/lon]'
completes '--partition 1 image.img /lon' '[--partition][1][image.img][/lon]'
completes '--replay image.img /lon' '[--replay][image.img][/lon]'
completes '--script=x image.img /lon' '[--script=x][image.img][/lon]'
completes '--merge image.img lonely.' '[--merge][image.img][lonely.host]'
completes '--pol' '[--policy]'
completes '--policy=flush-' '[--policy=flush-always]'
completes '--only stale-tail,leak' '[--only][stale-tail,leaked-block]'
# an action excludes every other
completes '--fix --trun' '[--fix][--trun]'
