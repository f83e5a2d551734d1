#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every verb with every option: wrong usage (16) unless e4zero(8) says that they go together, and then it is not.
# The image does not exist: what is right on the command line fails with 8.
. "${srcdir:-.}/tests/lib.sh"

# words: the options that standard input names, a line each
words() { tr -s ' \t,.' '\n' | grep -xE -e '--[a-z][a-z-]*|-[A-Za-z]'; }

: >script
printf 'x' >bytes
declare -A base=(
	[--check]='missing' [--fix]='missing' [--truncate]='1 missing /f' [--zero-range]='-o 0 -l 1 missing /f'
	[--punch-hole]='-o 0 -l 1 missing /f' [--allocate]='-o 0 -l 1 missing /f' [--write-zeroes]='-o 0 -l 1 missing /f'
	[--zero]='-o 0 -l 1 missing /f' [--collapse-range]='-o 0 -l 1 missing /f' [--insert-range]='-o 0 -l 1 missing /f'
	[--write]='-o 0 missing /f' [--script]='script missing' [--convert]='hole missing /f' [--map]='missing /f' [--merge]='missing'
	[--replay]='missing'
	[--undo-apply]='undo missing'
)
declare -A argument=(
	[-C]=2 [--data]=ordered [--from]=bytes [--holes]=auto [--jobs]=1 [--journal-device]=log [--length]=1 [--offset]=0
	[--only]=stale-tail [--partition]=1 [--image-format]=raw [--passphrase-fd]=0 [--passphrase-file]=key [--policy]=flush [--report]=page [--sandbox]=auto [--shard]=1/2 [--timeout]=1 [--trace-io]=trace [--undo]=kept
)

# of --help: the verbs, and the options; one without a long name by its letter
section() {
	"$E4ZERO" --help | sed -n "/^$1/,/^\$/p" | sed -nE 's/^  (-[A-Za-z],| {3}) (--[a-z-]+).*/\2/p; s/^  (-[A-Za-z]) .*/\1/p'
}
mapfile -t verbs < <(section Actions | grep -vxE -e '--(help|version)')
mapfile -t options < <(section Options)
[ ${#verbs[@]} -ge 15 ] && [ ${#options[@]} -ge 22 ] || fail "--help was not understood: ${verbs[*]}: ${options[*]}"
for verb in "${verbs[@]}"; do
	[ -n "${base[$verb]-}" ] || fail "this test does not know the verb $verb: give it a command line above"
done

# of the page: "OPTION VERB" for each pair that goes together. The first line of an entry names options, the rest verbs,
# or a set of them that another entry explains.
entries() {
	sed -n '/^\.SS Which option goes with which action/,/^\.SH/p' "$srcdir/man/e4zero.8" |
		sed 's/\\-/-/g; s/"//g; /^\.S[HS]/d' | awk -v RS='\\.TP\n' 'NR > 1 { sub("\n", "|"); gsub("\n", " "); print }'
}
rewriting=$(entries | grep -e '^[^|]*--data' | words)
editing=$({ entries | grep -e '^[^|]*--undo' | cut -d'|' -f2 | words; words <<<"$rewriting"; } | sort -u)
pairs() {
	local head rest option
	while IFS='|' read -r head rest; do
		for option in $(words <<<"$head"); do
			{
				words <<<"$rest"
				[[ $rest != *'Every action'* ]] || printf '%s\n' "${verbs[@]}"
				[[ $rest != *'ctions that edit'* ]] || echo "$editing"
				[[ $rest != *'change what a file reads as'* ]] || echo "$rewriting"
			} | sort -u | sed "s/^/$option /"
		done
	done < <(entries)
}
declare -A together=()
while IFS= read -r pair; do together[$pair]=1; done < <(pairs)
for option in "${options[@]}"; do
	[[ " ${!together[*]}" == *" $option --"* ]] || fail "e4zero(8) does not say which verbs $option goes with"
done

tried=0 wrong=0
for verb in "${verbs[@]}"; do
	# shellcheck disable=SC2206 # words
	line=($verb ${base[$verb]})
	run_e4zero 8 "${line[@]}"
	right=()
	for option in "${options[@]}"; do
		tried=$((tried + 1))
		if [ -n "${together[$option $verb]-}" ]; then
			# shellcheck disable=SC2206 # words
			# a shard is of a check without what concerns the whole image
			[ "$option" = --shard ] && run_e4zero 8 "$option" ${argument[$option]} "${line[@]}" ||
				right+=("$option" ${argument[$option]-})
			continue
		fi
		wrong=$((wrong + 1))
		run_e4zero 16 "$option" ${argument[$option]-} "${line[@]}"
		slurp said err
		[[ $said == *"$option cannot be used with $verb"* ]] || fail "$option $verb: $said"
		[ ! -s out ] || fail "$option $verb prints a result: $(cat out)"
	done
	# what goes with the verb, all at once
	run_e4zero 8 "${right[@]}" "${line[@]}"
done
# no verb is --check
run_e4zero 16 --dry-run missing
grep -qF -e '--dry-run cannot be used with --check' err || fail "$(cat err)"
[ "$tried" -gt 300 ] && [ "$wrong" -gt 100 ] || fail "only $tried pairs were tried, $wrong of them wrong"
[ ! -e trace ] && [ ! -e kept ] && [ ! -e page ] || fail 'a file was made'
echo "$tried pairs, $wrong of them wrong usage"
