#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# able.sh CC: exit status 0 if the compiler CC can build fuzz targets
set -u
tmp=$(mktemp -d "${TMPDIR:-/tmp}/able.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
echo 'int LLVMFuzzerTestOneInput(const char *d, long n); int LLVMFuzzerTestOneInput(const char *d, long n) { return !d && n; }' >"$tmp/x.c"
$1 -fsanitize=fuzzer,address -o "$tmp/x" "$tmp/x.c" >/dev/null 2>&1 && exit
echo "no fuzz targets: $1 cannot link -fsanitize=fuzzer,address (Debian: clang, libclang-rt-14-dev)" >&2
exit 1
