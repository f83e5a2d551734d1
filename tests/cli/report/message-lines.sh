#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A failure is one line on standard error, whatever a name in it holds: no name forges a second one.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"

requires mke2fs
requires debugfs

# one_line PATTERN: standard error is one line that begins with "e4zero: ", and has PATTERN in it
one_line() {
	[ "$(wc -l <err)" -eq 1 ] || fail "several lines: $(cat err)"
	grep -q '^e4zero: ' err || fail "not a message: $(cat err)"
	grep -q -F -- "$1" err || fail "no '$1' in: $(cat err)"
}

mke2fs -q -F -t ext4 -O ^metadata_csum,^dir_index image 8M
echo x >x
debugfs -w -f - image >/dev/null 2>&1 <<'END'
write x "x@e4zero --fix it"
sif <12> flags 0x800
END
LC_ALL=C sed -i 's/x@e4zero --fix/x\ne4zero --fix/' image
remember_image image

# on the command line
run_e4zero 8 --map image $'/none\ne4zero --fix /dev/sda'
one_line '/none\x0ae4zero --fix /dev/sda'
run_e4zero 16 --map image $'none\ne4zero --fix /dev/sda'
head -1 err >line && mv line err
one_line 'none\x0ae4zero --fix /dev/sda'
# in the image, met by a pattern
echo 'insert-range /x* 1 2' >script
run_e4zero 8 --script script image
one_line '\x0ae4zero --fix'
image_unchanged image

# while the commands to choose from still have lines of their own
requires sfdisk
truncate -s 32M disk
printf 'label: gpt\nstart=2048,size=16384\nstart=20480,size=16384\n' | sfdisk -q disk
for at in 1 10; do
	mke2fs -q -F -t ext4 -E offset=$((at * 1048576)) disk 8M >/dev/null 2>&1
done
run_e4zero 8 --check disk
[ "$(grep -c '^e4zero --check --partition [12] disk ' err)" -eq 2 ] || fail "no commands: $(cat err)"
