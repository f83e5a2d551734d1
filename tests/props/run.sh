#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make check-props: every sequence of two operations (and of three from a few) on small files; SAMPLE=1: some of them.
[ -x "$builddir/tests/props/props" ] || exit 77
[ -n "${SAMPLE-}" ] && how=--sample || how=--all
if "$builddir/tests/props/props" $how; then
	echo '1 passed, 0 failed, 0 skipped'
else
	echo '0 passed, 1 failed, 0 skipped'
	exit 1
fi
