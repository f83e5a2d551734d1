#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fish completes IMAGE with files of this host and FILE with paths inside the image, or not at all.
. "${srcdir:-.}/tests/cli/completion/common.sh"
requires fish

offers() { # LINE WORDS: what fish offers for the end of the line
	local got
	# shellcheck disable=SC2016 # for fish
	got=$(HOME=$PWD fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
		"$srcdir/contrib/completion/e4zero.fish" "e4zero $1" 2>&1 | cut -f1 | tr '\n' '|')
	[ "$got" = "${2:+$2|}" ] || fail "'$1': $got is offered, expected $2"
}
offers 'ima' 'image.img'
offers '--truncate 10 ima' 'image.img'
offers '--map image.img /lon' '/lonely'
offers '--map image.img /let' '/letters/'
offers '--map image.img /letters/t' '/letters/two.txt'
offers '--map image.img /a' '/a b/'
offers '--map image.img /a\ b/' '/a b/c'
offers '--only=stale-tail image.img /lon' '/lonely'
offers '-j 2 -nz undo image.img /lon' '/lonely'
offers 'image.img /lonely /letters/' '/letters/one.txt|/letters/two.txt'
offers "'disk.img?offset=1048576' /lon" '/lonely'
offers '-- image.img /lon' '/lonely'
# nothing of this host where a path of the image is expected
offers '--map image.img lon' ''
offers '--map image.img /us' ''
offers '--map missing.img /lon' ''
offers '--partition 1 image.img /lon' ''
offers '--replay image.img /lon' ''
offers '--script=x image.img /lon' ''
offers '--merge image.img lonely.' 'lonely.host/'
offers '--pol' '--policy'
offers '--policy fl' 'flush|flush-always'
offers '--only stale-tail,leak' 'stale-tail,leaked-block'
