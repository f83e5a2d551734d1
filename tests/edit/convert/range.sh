#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --offset and --length: every block that the range touches, and no other; nothing past EOF becomes written.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/convert/common.sh"

dirty_image image 32 4096
run_e4zero 0 --convert written -o 49151 -l 2 image /file
same 'two blocks' "$(states image /file)" \
	'0+10:written 10+1:unwritten 11+2:written 13+17:unwritten 30+10:written 40+10:hole 50+1:written'
contents image
sound image
again 0 --convert written --offset 44K --length 8KiB image /file
run_e4zero 0 --convert written --offset 100K image /file
same 'to the end' "$(states image /file)" \
	'0+10:written 10+1:unwritten 11+2:written 13+12:unwritten 25+15:written 40+10:hole 50+1:written'
run_e4zero 0 --convert hole --length 112K image /file
same 'from the start' "$(states image /file)" '0+10:written 10+18:hole 28+12:written 40+10:hole 50+1:written'
run_e4zero 0 --convert unwritten -o 120K -l 1 image /file
same 'one' "$(states image /file)" \
	'0+10:written 10+18:hole 28+2:written 30+1:unwritten 31+9:written 40+10:hole 50+1:written'
contents image
sound image

# past EOF, and past every file
again 0 --convert written -o 4096 image /kept
again 0 --convert written -o 1T -l 1T image /kept
untouched 8 'past byte 18446744073709551614, the last possible one' image --convert written -o 0xfffffffffffff000 -l 8K image /kept
run_e4zero 0 --convert hole -o 8192 -l 4096 image /kept
same 'a hole past EOF' "$(states image /kept)" '0+1:written 1+1:unwritten 2+1:hole 3+3:unwritten'
sound image

run_e4zero 16 --convert
run_e4zero 16 --convert zero image
run_e4zero 16 --convert hole -l 0 image /file
run_e4zero 16 --convert hole -o 1 image
run_e4zero 16 --truncate 1 -o 1 image /file
run_e4zero 16 --convert hole --data ordered image /file
