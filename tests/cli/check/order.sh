#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is found where several inodes lead to the same tree block does not depend on which of them comes first.
. "${srcdir:-.}/tests/lib.sh"

requires mke2fs
requires python3

mkdir images
E4ZERO=$E4ZERO python3 "$srcdir/tests/cli/check/order.py" images || fail 'see above'
