#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No tracked file names a path of somebody's machine, a package host or a bare network address.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

# written so that this file does not match itself
paths='(^|[^A-Za-z0-9_.$}])/([w]ork|[f]arm|[U]sers|home/[a-z]+/(src|git|code|[w]ork))/'
hosts='([a-z]+\.)?([d]ebian|[u]buntu|[k]ali)\.(org|com)/(debian|ubuntu|security)|([d]eb|[s]ecurity|[s]napshot|[f]tp[.a-z]*)\.debian\.org'
hosts="$hosts|[p]ypi\\.org|[p]ythonhosted|[n]pmjs|[c]rates\\.io|[r]ubygems|[a]rchive\\.ubuntu"
address='https?://(([0-9]{1,3}\.){3}[0-9]{1,3}|localhost)'
all=$(files . | grep -vx COPYING)
complaints=$(printf '%s\n' "$all" | tr '\n' '\0' |
	xargs -0 -r grep -nHIE "$paths|$hosts|$address" --)
verdict "$(echo "$all" | grep -c .)" files "$complaints"
