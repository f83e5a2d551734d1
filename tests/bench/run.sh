#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the benchmark for `make bench`. E4ZERO is the binary (default ./e4zero); see README.md.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
for python in python3 /usr/bin/python3; do
	if command -v "$python" > /dev/null; then
		export PYTHONDONTWRITEBYTECODE=1
		[ "${1-}" != --growth ] || { shift; exec "$python" "$here/growth.py" "$@"; }
		[ $# -eq 0 ] || exec "$python" "$here/bench.py" "$@"
		"$python" "$here/bench.py"
		exec "$python" "$here/growth.py"
	fi
done
echo "bench: SKIP everything: needs python3" >&2
exit 77
