#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# -V and --version name the program and its version on standard output, nothing on standard error; with --json, before or
# after, one object says what the program can do, as --help does.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

for option in -V --version; do
	run_e4zero 0 "$option"
	grep -qE '^e4zero [0-9]+\.[0-9]+' out || fail "$option prints: $(cat out)"
	[ ! -s err ] || fail "$option writes to standard error: $(cat err)"
done
version=$(sed 's/^e4zero //' out)

for line in '--version --json' '--json --version' -VJ -JV '-V -j 1 --quiet -J' '--version missing --json'; do
	# shellcheck disable=SC2086 # words
	run_e4zero 0 $line
	[ ! -e first ] || cmp -s out first || fail "$line prints: $(cat out)"
	[ ! -s err ] || fail "$line writes to standard error: $(cat err)"
	mv out first
done
# arguments that are not --json, and an operand
for line in '--version --js' '--version -- --json'; do
	# shellcheck disable=SC2086 # words
	run_e4zero 0 $line
	same "$line" "$(cat out)" "e4zero $version"
done
[ ! -c /dev/full ] || { "$E4ZERO" --version --json >/dev/full 2>/dev/null; same 'exit status of lost output' $? 8; }

requires jq
mv first out
same lines "$(grep -c . out)" 1
said() { jq -r "$1" out || fail "not understood: $1"; }
same object "$(said '"\(.type) \(.schema) \(.version)"')" "version 1 $version"
same formats "$(said '.formats[:2] | join(" ")')" 'raw block-device'
"$E4ZERO" --help >help
same verbs "$(said '.verbs[]' | sort)" \
	"$(sed -n '/^Actions/,/^$/p' help | sed -nE 's/^      --([a-z-]+).*/\1/p' | grep -vxE 'help|version' | sort)"
same kinds "$(said '.kinds[] | "\({"paranoid": "*", "all": "+"}[.option // ""] // "") \(.kind) \(.text)"')" \
	"$(sed -n '/^KINDS/,/^$/p' help | grep -E '^[ *+] [a-z]' | grep -v '  free, metadata' | tr -s ' ')"
same classes "$(said '.kind_classes[].name' | tr '\n' ' ')" 'free metadata '
same 'exit statuses' "$(said '.exits[].exit' | tr '\n' ' ')" '0 4 8 12 16 32 '

# a class is what --only makes of it
make_image image 4M
for class in free metadata; do
	members=$(said ".kind_classes[] | select(.name == \"$class\").members | join(\",\")")
	cp out version
	run_e4zero 0 --json --only "$class" image
	rows ledger classes >by-class
	run_e4zero 0 --json --only "$members" image
	rows ledger classes | cmp -s - by-class || fail "$class is not $members"
	mv version out
done
