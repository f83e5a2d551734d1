#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the benchmark: `make bench` calls this. E4ZERO is the binary (default ./e4zero); README.md has the rest.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
for python in python3 /usr/bin/python3; do
	if command -v "$python" > /dev/null; then
		exec env PYTHONDONTWRITEBYTECODE=1 "$python" "$here/bench.py" "$@"
	fi
done
echo "bench: SKIP everything: needs python3" >&2
exit 77
