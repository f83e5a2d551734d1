#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks of crafted invalid images end soon, in bounded memory, with the expected exit status and one message, and
# change no byte.
#
# usage: crafted.sh [CASE...]     all cases of craft.py by default
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

requires mke2fs
requires python3

seconds=2 memory=$((512 << 20))
case " ${INSTRUMENT-} " in
*san*) seconds=20 memory=0 ;;
esac

mkdir images
python3 "$srcdir/tests/fuzz/craft.py" images "$@" >cases || fail 'craft.py'
E4ZERO=$E4ZERO python3 "$srcdir/tests/fuzz/crafted.py" images $seconds $memory <cases || fail 'see above'
