# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# --fix of corrupt images: no file loses a byte, e2fsck reports nothing new, a refused image is not changed, and a
# second fix writes nothing. With ALL=1 it is --fix --all. Source it after tests/lib.sh.

requires debugfs
requires e2fsck -V
requires jq
export E2FSPROGS_FAKE_TIME=1700000000 E2FSCK_TIME=1700000000
images=0 fixed=0 nothing=0 refused=0 left=0 findings=0 unsteady=0 bad=0

complain() {
	echo "FAIL $label: $*"
	bad=$((bad + 1))
}

# contents IMAGE: hashes of all files as debugfs reads them; it does not end inline data at the size of the file
contents() (
	rm -rf files
	mkdir files
	ulimit -f 262144
	timeout 20 debugfs -R 'rdump / files' "$1" >/dev/null 2>&1 || :
	cd files || return
	while read -r size path; do [ ! -f "$path" ] || truncate -s "$size" "$path"; done <../inline
	find . -type f -print0 | sort -z | xargs -0r sha256sum |
		awk 'FILENAME != "-" { skip[$0]; next } !(substr($0, 67) in skip)' ../metadata -
)

# complaints IMAGE: the messages of e2fsck, without its counts
complaints() {
	# if e2fsck itself crashes, the addresses differ each time
	timeout 60 e2fsck -fn "$1" 2>&1 |
		grep -avE '^(.*\[0x[0-9a-f]+\]$|Signal |e2fsck |Pass [0-9]|$)|: [0-9]+/[0-9]+ files|\*\* WARNING: File|recovering journal' |
		# the superblock gets the sum of the groups' counts, as from a mount: if these are wrong, so is the sum
		awk '/^Free (blocks|inodes) count wrong for group/ { wrong[$2] = 1 }
			!(/^Free (blocks|inodes) count wrong \(/ && wrong[$2])' |
		# a wrong count differs if blocks past EOF were freed, or if pointers of a corrupt map changed
		sed -E 's/(count wrong.*) \([0-9]+, counted=[0-9]+\)/\1/; s/^(Block bitmap differences:).*/\1/' | sort -u
}

# steady COMMAND IMAGE: its output is the file "before" again; for some images these tools print old memory contents
steady() {
	"$@" >twice
	cmp -s before twice && return
	unsteady=$((unsteady + 1))
	false
}

# fixes: ./image, a copy of it
fixes() {
	local rc
	images=$((images + 1))
	cp --sparse=always image work
	timeout 60 "$E4ZERO" --fix ${ALL:+--all} --json work >out 2>err
	rc=$?
	! grep -aq -e 'runtime error' -e Sanitizer err || complain "sanitizer: $(head -3 err)"
	case $rc in
	8)
		cmp -s image work || complain 'refused, and changed'
		refused=$((refused + 1))
		return
		;;
	0 | 4) ;;
	*)
		complain "exit $rc: $(head -c 300 err)"
		return
		;;
	esac
	[ $rc = 0 ] || left=$((left + 1))
	if cmp -s image work; then
		nothing=$((nothing + 1))
		return
	fi
	fixed=$((fixed + 1))
	findings=$((findings + $(jq -s 'map(select(.type == "finding" and .fixed)) | length' out)))
	# e2fsck replays the log
	cp --sparse=always image base
	[ "$(jq -r 'select(.type == "image") | .journal' out)" != needs-replay ] ||
		e2fsck -y -E journal_only base >/dev/null 2>&1
	# a file that maps the superblock or descriptors shows changes of every commit
	jq -r 'select(.why == "a block lies in static metadata") | "." + .path' out >metadata
	jq -r 'select(.kind == "inline-slack" and .path) | "\(.size) .\(.path)"' out >inline
	contents base >before
	contents work >after
	cmp -s before after || ! steady contents base ||
		complain "a file is not what it was: $(diff before after | head -3)"
	cp --sparse=always work looked-at
	# files that were deleted while open stay so, and e2fsck -n does not process an orphan file
	if jq -r 'select(.type == "skipped") | .why' out | grep -q deleted; then
		for copy in base looked-at; do e2fsck -fy $copy >/dev/null 2>&1; done
	fi
	complaints base >before
	complaints looked-at >after
	[ -z "$(comm -13 before after)" ] || ! steady complaints base || complain "e2fsck: $(comm -13 before after | head -3)"
	cp --sparse=always work again
	timeout 60 "$E4ZERO" --fix ${ALL:+--all} again >/dev/null 2>&1
	cmp -s work again || complain 'a second one writes'
}

# told WHAT: the counts
told() {
	echo "$images $1: $fixed fixed ($findings findings), $nothing with nothing to fix, $refused refused;" \
		"$left with something left; of $unsteady debugfs or e2fsck says something else each time; $bad failures"
}
