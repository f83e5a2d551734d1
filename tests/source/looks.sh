# SPDX-License-Identifier: GPL-2.0-or-later
# Compares the reports of a raw image and of an image in another format. Source it after tests/lib.sh and
# tests/images/recipes.sh.

# looks_same RAW IMAGE [OPTIONS...]: the reports differ only in the name of the image and the time. OPTIONS apply to IMAGE
# only. (The number of bytes read depends on the holes that the host knows of, so it is not compared.)
looks_same() {
	local raw=$1 image=$2 look
	local -a looks=(--check '--check --all' '--check --json' '--check --all --json -j 4' '--map / /tail /past'
		'--map --json /tail' '--check -v /tail')
	shift 2
	for look in "${looks[@]}"; do
		# shellcheck disable=SC2086 # the words of it; the image stands before the files
		look_at "$raw" ${look%% /*} "$raw" $([[ $look != *' /'* ]] || echo "/${look#* /}")
		# shellcheck disable=SC2086
		look_at "$image" "$@" ${look%% /*} "$image" $([[ $look != *' /'* ]] || echo "/${look#* /}")
		cmp -s "$raw.said" "$image.said" || fail "$look of $image differs: $(diff "$raw.said" "$image.said" | head -5)"
		has_line '^exit [04]$' "$raw.said" || fail "$look fails: $(cat "$raw.said")"
	done
}

look_at() { # IMAGE ARGUMENTS...
	"$E4ZERO" "${@:2}" >out 2>err </dev/null
	echo "exit $?" >>out
	sed "s/$1/IMAGE/g; s/\"seconds\":[0-9.]*//; s/\"bytes_read\":[0-9]*//" out err >"$1.said"
}
