#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A FILE may be a directory, which stands for all below it, or a pattern; an existing name wins, a pattern without a
# match is an error unless that is allowed, and names are whatever bytes they are.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
requires jq

# put DIRECTORY NAME: a file of two blocks with a stale tail, under a name that debugfs might not take
put() {
	mkdir -p "tree$1"
	head -c 5000 eight >"tree$1/$2"
}

# tails: the paths of the findings in out, in bytes, then files and skipped
tails() {
	jq -r 'select(.type == "finding") | .path // "hex:" + .path_hex' out
	summary files skipped
	echo "$files files $skipped skipped"
}

# checks WANTED ARGUMENTS...: what --check, and a dry --fix, find
checks() {
	local want=$1 status=4 verb
	shift
	[[ $want == *$'\n'* ]] || status=0
	for verb in '--check' '--fix --dry-run'; do
		# shellcheck disable=SC2086 # words
		"$E4ZERO" --json $verb "${@:1:$#-1}" image "${@: -1}" >out 2>err
		rc=$?
		[ $rc = $status ] || [ "$verb" != --check ] || fail "$verb ${*: -1}: exit $rc, $(cat err)"
		same "$verb ${*: -1}" "$(tails)" "$want"
	done
}

# mapped FILE...: the paths that --map has pieces of, in their order
mapped() {
	run_e4zero 0 --json --map image "$@"
	jq -r 'select(.type == "map") | .path // "hex:" + .path_hex' out | uniq
}

head -c 8192 /dev/zero | tr '\0' x >eight
put /var/log a.log
put /var/log b.log
put /var/log .hidden.log
put /var/log notes
put /var/log/apt c.log
put /var/log/apt/old d.log
put /var/log/.git e.log
put /var '*'
put /var '[x]'
put /var x
put /var 'a\b'
put /n $'new\nline'
put /n $'not\xffutf8'
put /n 'é'
mkdir tree/empty
ln -s log tree/var/run
ln -s ../log tree/var/log/loop
ln -s nowhere tree/var/gone.log
ln -s /var/log/a.log tree/var/log/z.log
ln tree/var/log/b.log tree/var/log/apt/0.log
mke2fs -q -F -t ext4 -b 4096 -d tree image 16M >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
# every file gets a tail: its size in the inode shrinks
"$E4ZERO" --json --map image / | jq -r 'select(.type == "map") | .ino' | sort -u >inodes
sed 's/.*/sif <&> size 4999/' inodes | debugfs_script image
remember_image image

# directories: all below, hidden too, no link followed; a file with two names once
same 'a directory' "$(mapped /var/log/apt)" $'/var/log/apt/0.log\n/var/log/apt/c.log\n/var/log/apt/old/d.log'
same 'with a slash' "$(mapped /var/log/apt/)" $'/var/log/apt/0.log\n/var/log/apt/c.log\n/var/log/apt/old/d.log'
mapped / >/dev/null
same 'all' "$(records map ino | sort -u)" "$(<inodes)"
same 'through a link' "$(mapped /var/run/.git)" '/var/run/.git/e.log'
same 'hidden' "$(mapped /var/log | grep -c -e '/\.')" 2
run_e4zero 0 --json --map image '<2>'
same 'the inode itself' "$(records map ino path)" '2 null'

# patterns
same '*' "$(mapped '/var/log/*.log')" $'/var/log/a.log\n/var/log/b.log'
same 'skipped' "$(records skipped path why)" '/var/log/z.log a symbolic link'
same '**' "$(mapped '/var/log/**/*.log')" $'/var/log/a.log\n/var/log/apt/0.log\n/var/log/apt/c.log\n/var/log/apt/old/d.log'
same '** first' "$(mapped '/**/d.log')" '/var/log/apt/old/d.log'
same '** last' "$(mapped '/var/log/apt/**')" $'/var/log/apt/0.log\n/var/log/apt/c.log\n/var/log/apt/old/d.log'
same 'a dot' "$(mapped '/var/log/.*.log')" '/var/log/.hidden.log'
same 'a link as a directory' "$(mapped '/var/r*/a.log')" '/var/run/a.log'
same 'a bracket' "$(mapped '/var/log/[![:punct:]b].log')" '/var/log/a.log'
same 'new line' "$(run_e4zero 0 --json --map image '/n/new?line'; rows map path)" '["/n/new\nline"]'
same 'not UTF-8' "$(mapped '/n/not?*')" "hex:2f6e2f6e6f74ff75746638"
same 'one character' "$(mapped '/n/?')" '/n/é'

# an existing name wins; quoted, or in brackets, it is found as well
same 'a star' "$(mapped '/var/*')" '/var/*'
same 'brackets' "$(mapped '/var/[x]')" '/var/[x]'
same 'a quoted star' "$(mapped '/var/\*')" '/var/*'
same 'a backslash' "$(mapped '/var/a\b')" '/var/a\b'
same 'a pattern all the same' "$(mapped '/var/[*]' '/var/?')" $'/var/*\n/var/x'

# --check and --fix go by inode, and name the files by the names that were matched
checks $'/var/log/a.log\n/var/log/b.log\n2 files 0 skipped' '/var/log/[ab].log'
checks '0 files 0 skipped' /empty
run_e4zero 4 --json image /n '/var/log/a*' /var/log/a.log '/v*/log/apt/**/d*'
same 'several' "$(records summary files)" 5

# a pattern without a match
for verb in '--check' '--fix' '--convert hole' '--map'; do
	for file in '/var/log/*.txt' '/no/*' '/var/log/a.log/*' '/*/*.nope' '/emp*' '/var/log/\a.lo'; do
		# shellcheck disable=SC2086 # words
		run_e4zero 8 $verb image "$file"
		[[ $(cat err) == *"$file: no "*' matches; --allow-none permits this' ]] || fail "$verb $file: $(cat err)"
		[ "$(wc -l <err)" = 1 ] || fail "$verb $file: $(cat err)"
	done
	# shellcheck disable=SC2086
	run_e4zero 0 --json $verb --allow-none image '/var/log/*.txt'
	same "$verb, nothing" "$(records summary files findings)" '0 0'
	# shellcheck disable=SC2086
	run_e4zero 8 $verb --allow-none image /var/log/a.txt
	grep -q 'No such file' err || fail "$verb a name: $(cat err)"
done
run_e4zero 8 --map image '/var/[[:nope:]]'
grep -q 'unknown character class' err || fail "$(cat err)"
run_e4zero 8 --map image '/v*/../*'
grep -q 'cannot follow a wildcard' err || fail "$(cat err)"
run_e4zero 8 --map image "/$(printf '[:%.0s' {1..8193})"
grep -q 'longer than 16384 bytes' err || fail "$(cut -c1-300 err)"
run_e4zero 8 --map image "/*$(printf '/a%.0s' {1..64})"
grep -q 'too many' err || fail "$(cat err)"
run_e4zero 8 --map image "/*$(printf '/a%.0s' {1..62})"
grep -q 'no file matches' err || fail "$(cat err)"
image_unchanged image

# --fix does what it says, and nothing else
run_e4zero 0 --fix image '/var/log/**/*.log'
run_e4zero 0 image '/var/log/**/*.log'
run_e4zero 4 --json image
same 'the others' "$(records summary findings)" $(($(wc -l <inodes) - 4))
