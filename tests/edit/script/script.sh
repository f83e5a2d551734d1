#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --script: every operation, in order, in one transaction unless it says commit; what fails in the middle leaves the
# image as it was, and after a commit as that left it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image -O inline_data
cp image fresh
cp ten fresh.file
head -c 5000 /dev/urandom >bytes
cp bytes 'two words'
cat >script <<'END2'
# every operation, and the quoting of a shell
truncate /file 9000	# down

allocate "/file" 9000 30000 keep-size
zero-range '/file' 4095 2
punch-hole /fi\le 8k 4KiB
write /link 3 from="two words"
write-zeroes /file 20000 5000
collapse-range /file 0 0x1000
insert-range /file 4096 8192
flush
  zero-range /small 10 20 keep-size
write <INO> 0 from=bytes
END2
sed -i "s/INO/$(ino_of image /empty)/" script
truncate -s 9000 ten
dd if=/dev/zero of=ten bs=1 seek=4095 count=2 conv=notrunc status=none
dd if=/dev/zero of=ten bs=1 seek=8192 count=808 conv=notrunc status=none
dd if=bytes of=ten bs=1 seek=3 conv=notrunc status=none
truncate -s 25000 ten
{ tail -c +4097 ten | head -c 4096; head -c 8192 /dev/zero; tail -c +8193 ten; } >want
dd if=/dev/zero of=small bs=1 seek=10 count=20 conv=notrunc status=none

for options in '' '--policy flush' '--policy flush-always' '--data ordered' '--policy flush --data ordered'; do
	cp fresh image
	# shellcheck disable=SC2086 # words
	run_e4zero 0 --json --script script $options image
	holds image /file want
	holds image /small small
	holds image /empty bytes
	sound image
	same "lines, $options" "$(jq -r .type out | paste -sd' ')" \
		'image edit edit edit edit edit edit edit edit edit edit summary'
	same "operations, $options" "$(records edit op | paste -sd' ')" \
		'truncate allocate zero-range punch-hole write write-zeroes collapse-range insert-range zero-range write'
	same "summary, $options" "$(rows summary verb transactions files exit)" \
		'["script",1,3,0]'
done

# the same from standard input, and planned only
cp fresh image
cp image other
E2FSPROGS_FAKE_TIME=1700000000 "$E4ZERO" -q --script - image <script || fail 'standard input'
E2FSPROGS_FAKE_TIME=1700000000 run_e4zero 0 -q --script script other
cmp image other || fail 'standard input does something else'
cp fresh image
remember_image image
run_e4zero 0 --json --dry-run --script script image
same 'edits of a dry run' "$(records edit dry_run | sort | uniq -c | tr -s ' ')" ' 10 true'
image_unchanged image

# commit: two transactions, and a third that changes nothing
printf '%s\n' 'truncate /file 5000' commit 'truncate /file 100' commit | "$E4ZERO" --json --script - image >out || fail commit
same 'transactions' "$(field transactions summary)" 2
head -c 100 want >hundred
# an empty script does nothing
remember_image image
printf '# nothing\n\n' | "$E4ZERO" --json --script - image >out || fail 'an empty script'
same 'empty' "$(jq -r .type out | paste -sd' ')" 'image summary'
image_unchanged image

# fails CONTEXT STATUS: the script from standard input
fails() {
	"$E4ZERO" --json --script - image >out 2>err
	same "exit of what fails ($1)" $? "$2"
	same "messages ($1)" "$(wc -l <err)" 1
	grep -Eq -- "$1" err || fail "no $1 in: $(cat err)"
	same "last ($1)" "$(last_line)" "summary $2"
}
cp fresh image
remember_image image
printf '%s\n' 'truncate /file 5000' '' 'punch-hole /missing 0 1' 'truncate /file 0' | fails 'line 3: .*missing.*No such file' 8
image_unchanged image
printf '%s\n' 'truncate /file 5000' 'write /file 0 from=nothing' | fails 'line 2: reading nothing: No such file' 8
image_unchanged image
printf '%s\n' 'truncate /file 5000' 'allocate /file 0 1G' | fails 'line 2: .*No space' 8
image_unchanged image
printf '%s\n' 'truncate /file 5000' commit 'truncate /dir 0' | fails 'line 3: .*a directory' 12
head -c 5000 fresh.file >want
holds image /file want
sound image
