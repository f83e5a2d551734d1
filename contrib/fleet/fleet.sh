#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many images: one report for each of them, whatever engine runs this script and however often. See README.md.
#
#   fleet.sh new DIR LIST [OPTION...]   begin: DIR gets the images of LIST (-: standard input), and the options of e4zero
#   fleet.sh run DIR N...               the Nth image of LIST, from 1 on; several in ascending order
#   fleet.sh todo DIR                   the numbers of the images that have no report
#   fleet.sh sum DIR                    add up the reports
#
# The exit status of run is 0: all reports exist; 8: they exist, and e4zero refused an image or failed; 12: try again (the
# journal was replayed); 16: wrong usage, do not try again; 32: stopped by a signal, try again.
set -u
export LC_ALL=C
E4ZERO=${E4ZERO:-e4zero}

say() {
	printf 'fleet.sh: %s\n' "$*" >&2
}

die() {
	say "$@"
	exit 16
}

# ---- new ----

# The list with a NUL after each name, as find -print0 makes it; a list without one has a name on each line.
separate() {
	if tr -d '\0' <"$1" | cmp -s - "$1"; then tr '\n' '\0' <"$1"; else cat "$1"; fi
}

# Whether the action among these options may write to an image.
edits() { # OPTION...
	local known option
	known=$("$E4ZERO" --version --json) && [[ $known =~ \"verbs\":\[([^]]*)\] ]] || die "$E4ZERO --version --json fails"
	known=,${BASH_REMATCH[1]},
	for option; do
		[[ $option == --[a-z]* && $known == *",\"${option:2}\","* ]] || continue
		case $option in
		--check | --map) ;;
		*) return 0 ;;
		esac
	done
	return 1
}

# It does not depend on the working directory: a path, or the URI of an NBD server.
is_absolute() { # NAME
	[[ $1 == /* || ${1,,} =~ ^nbds?(\+unix|\+vsock)?:// ]]
}

# Into OPTIONS what each image is given. A file that an option names is one of this directory, as images are: an engine may
# run this script in another one.
take_options() { # OPTION...
	local i name before file
	options=("$@")
	for ((i = 0; i < $#; i++)); do
		name=${options[i]%%=*}
		case $name in
		--undo | -z* | -[!-]*z* | --report | --trace-io) die "$name: all images would be given the same file" ;;
		--passphrase-fd) die "$name: only the first image would get it" ;;
		--script | --journal-device | --passphrase-file) ;;
		*) continue ;;
		esac
		before=$name=
		[[ ${options[i]} == *=* ]] || before='' i=$((i + 1))
		file=${options[i]-}
		file=${file#"$before"}
		[ "$name $file" != '--script -' ] || die "$name -: only the first image would get it"
		[ -z "$file" ] || is_absolute "$file" || options[i]=$before$PWD/$file
	done
}

new() { # DIR LIST [OPTION...]
	local dir=$1 list=$2 image made twice
	local -a images options=()
	take_options "${@:3}"
	[ ! -e "$dir/list" ] || die "$dir: has a list already"
	made=$(mktemp -d "$dir.XXXXXX") || exit 16
	trap 'rm -rf "$made"' EXIT
	cat -- "$list" >"$made/input" && separate "$made/input" >"$made/names" || exit 16
	mapfile -d '' images <"$made/names"
	rm -f "$made/input" "$made/names"
	[ ${#images[@]} -gt 0 ] || die 'the list is empty'
	for image in "${images[@]}"; do
		[ -n "$image" ] || die 'the list has an empty name'
		is_absolute "$image" || image=$PWD/$image
		printf '%s\0' "$image"
	done >"$made/list"
	twice=$(sort -z "$made/list" | uniq -zd | tr '\0' '\n')
	[ -z "$twice" ] || die "in the list twice: $twice"
	# options that e4zero refuses would fail for all images; the name of this image cannot exist
	"$E4ZERO" "${options[@]}" --json -- "$made/list/none" >/dev/null 2>"$made/errors" </dev/null
	[ $? = 8 ] || die "$E4ZERO does not accept these options: $(cat "$made/errors")"
	rm -f "$made/errors"
	: >"$made/options"
	[ ${#options[@]} = 0 ] || printf '%s\0' "${options[@]}" >"$made/options"
	seq "${#images[@]}" >"$made/numbers"
	! edits "${options[@]}" || mkdir "$made/locks" || exit 16
	mkdir "$made/reports" "$made/parts" && chmod 755 "$made" && sync "$made"/* && mv -T "$made" "$dir" || exit 16
	trap - EXIT
	echo "${#images[@]} images"
}

# ---- run ----

stopped='' caught='' running='' forwarded=''

# An engine asks this process to stop; e4zero then stops at a transaction boundary. A second signal would end it at once.
forward() {
	[ -n "$stopped" ] && [ -n "$running" ] && [ -z "$forwarded" ] || return 0
	forwarded=1
	kill -TERM "$running" 2>/dev/null
}
stop() {
	stopped=1 caught=1
	forward
}

# Run it, and return its exit status: wait does not wait for the end once a signal came.
attended() {
	local status
	[ -z "$stopped" ] || return 32
	"$@" </dev/null &
	running=$!
	forward
	wait $!
	status=$?
	while [ -n "$caught" ]; do
		caught=
		wait $!
		status=$?
	done
	running=
	[ -z "$stopped" ] || [ $status -le 128 ] || status=32
	return $status
}

# complete REPORT: e4zero came to its end; sets exit_status to what it said
complete() {
	local last few=64
	local -a lines
	[ -s "$1" ] || return
	mapfile -t -n $few lines <"$1"
	last=${lines[-1]}
	[ ${#lines[@]} -lt $few ] || last=$(tail -n 1 "$1")
	[[ $last == '{"type":"summary",'*'}' && $last =~ ,\"exit\":([0-9]+)[,}] ]] && exit_status=${BASH_REMATCH[1]}
}

# Reports that have no name yet are durable before they get it. Several at once take little longer than one: the file system
# is written out instead of each file.
parts='' ready=() locks=()
keep() {
	local lock
	case ${#ready[@]} in
	0) return ;;
	1) sync "${ready[0]}" ;;
	*) sync -f "$parts" ;;
	esac && mv -f -t "$1/reports" "${ready[@]}" || return 12
	for lock in "${locks[@]}"; do exec {lock}>&-; done
	ready=() locks=()
}

# If two jobs edit the same image, as when an engine lost contact with the first one, the second one waits. e4zero inherits the lock, and
# may outlive this script.
hold() { # DIR N
	local lock
	exec {lock}>"$1/locks/$2" && flock $lock || return 12
	locks+=("$lock")
}

# What an edit reported that came to its end before its report got its name.
left_over() { # DIR N
	local part
	for part in "$1"/parts/*/"$2.json"; do
		if complete "$part" && [[ $exit_status == [048] ]]; then
			ready+=("$part")
			return 0
		fi
	done
	return 1
}

# What of the options says how the image is opened.
opening_options() {
	local i
	for ((i = 0; i < ${#options[@]}; i++)); do
		case ${options[i]} in
		--partition | --journal-device | --image-format | --passphrase-file | --timeout)
			opening+=("${options[i]}" "${options[i + 1]}") ;;
		--partition=* | --journal-device=* | --image-format=* | --passphrase-file=* | --timeout=* | --backing | --force)
			opening+=("${options[i]}") ;;
		esac
	done
}

# Image N of DIR: its report is there, or will be with the next keep, where this returns 0 or 8.
one() { # DIR N
	local report=$1/reports/$2.json part=$parts/$2.json exit_status='' status try
	local -a image options opening=()
	[ ! -d "$1/locks" ] || [ -e "$report" ] || hold "$1" "$2" || return
	if complete "$report" || { [ -d "$1/locks" ] && left_over "$1" "$2"; }; then
		[ "$exit_status" != 8 ] || return 8
		return 0
	fi
	mapfile -d '' -u "$list" -s $(($2 - 1 - passed)) -n 1 image
	passed=$2
	[ ${#image[@]} = 1 ] || die "$1: no image $2 in the list"
	mapfile -d '' options <"$1/options"
	for try in 1 2; do
		attended "$E4ZERO" "${options[@]}" --json -- "${image[0]}" >"$part"
		status=$?
		[ $status = 12 ] && [ $try = 1 ] || break
		opening_options
		attended "$E4ZERO" --replay -q "${opening[@]}" -- "${image[0]}"
	done
	case $status in
	0 | 4 | 8)
		# an incomplete report must not end the tries for this image
		complete "$part" && [ "$exit_status" = $status ] || return 12
		ready+=("$part")
		[ $status != 8 ] || return 8 ;;
	16 | 32) return $status ;;
	126 | 127) return 16 ;;
	*) return 12 ;;
	esac
}

run_each() { # DIR N...
	local n status worst=0 list passed=0
	# the numbers ascend, so the list is read once
	exec {list}<"$1/list" || return 16
	for n in "${@:2}"; do
		[ -z "$stopped" ] || return 32
		one "$1" "$n"
		status=$?
		[ ${#ready[@]} -lt 16 ] || keep "$1" || return 12
		case $status in
		16 | 32) return $status ;;
		esac
		[ $status -le $worst ] || worst=$status
	done
	return $worst
}

run() { # DIR N...
	local n status before=0
	[ -s "$1/list" ] || die "$1: not made by fleet.sh new"
	for n in "${@:2}"; do
		[[ $n =~ ^[1-9][0-9]{0,17}$ ]] || die "not a positive number: $n"
		# in any other order two processes could deadlock on the locks of images
		[ "$n" -gt "$before" ] || die "not in ascending order: $before $n"
		before=$n
	done
	parts=$1/parts/$HOSTNAME.$$.$SRANDOM
	mkdir "$parts" || return 12
	trap stop TERM INT HUP
	run_each "$@"
	status=$?
	keep "$1" || status=12
	rm -rf "$parts"
	return $status
}

# ---- todo and sum ----

todo() { # DIR
	local n
	[ -s "$1/list" ] || die "$1: not made by fleet.sh new"
	while read -r n; do
		[ -e "$1/reports/$n.json" ] || echo "$n"
	done <"$1/numbers"
}

# One object for the reports of its standard input: counts, and the sums of all numbers of their summaries.
# shellcheck disable=SC2016 # a program for jq
adder='
	reduce inputs as $r ({reported: 0, exits: {}, causes: {}, kinds: {}, sums: {}};
		if $r.schema != 1 then error("\(input_filename): schema \($r.schema)")
		elif $r.type == "error" then .causes[$r.name // "none"] += 1
		elif $r.type == "finding" then .kinds[$r.kind] += 1
		elif $r.type == "summary" then .reported += 1 | .exits["\($r.exit)"] += 1
			| reduce ($r | del(.schema, .exit) | to_entries[] | select(.value | type == "number")) as $n
				(.; .sums[$n.key] += $n.value)
		else . end)'
# shellcheck disable=SC2016 # a program for jq
merger='
	def plus($b): reduce ($b | to_entries[]) as $e (.; .[$e.key] |=
		if ($e.value | type) == "object" then (. // {}) | plus($e.value) else (. // 0) + $e.value end);
	reduce inputs as $part ({}; plus($part)) | .reported //= 0 | {images: $images, missing: ($images - .reported)} + .
		| if .sums.seconds then .sums.seconds |= (. * 1000 | round / 1000) else . end'

sum() { # DIR
	local images missing summed
	images=$(wc -l <"$1/numbers") || exit 16
	missing=$(todo "$1" | wc -l)
	summed=$(
		set -o pipefail
		find "$1/reports" -maxdepth 1 -name '[1-9]*.json' -print0 | xargs -r0 jq -nc "$adder" |
			jq -n --argjson images "$images" "$merger"
	) || die "$1: a report cannot be read"
	printf '%s\n' "$summed"
	[ "$(jq .missing <<<"$summed")" = "$missing" ] || die "$1: a report does not have exactly one summary"
	[ "$missing" = 0 ]
}

case ${1-}:$# in
new:[3-9] | new:[1-9][0-9]* | run:[3-9] | run:[1-9][0-9]* | todo:2 | sum:2) "$@" ;;
*) sed -n 's/^#   //p' "$0" >&2; exit 16 ;;
esac
