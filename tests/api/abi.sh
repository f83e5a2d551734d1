#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The binary interface is that of lib/abi/libe4zero.abi, or libe4zero-ARCHITECTURE.abi. A change that HACKING.md allows (a
# field in the place of reserved, a function, the last value of an enumeration) is written there by
# [SHARED=LIBRARY] bash tests/api/abi.sh --write
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
shared=${SHARED:-$builddir/libe4zero.so.0.0.0}
requires abidw
requires abidiff
requires readelf
[ -f "$shared" ] || skip "$shared is not built"
readelf -S "$shared" | grep -q '\.debug_info' || skip 'the library has no debug information'
[ -z "${INSTRUMENT-}" ] || skip "the library has instruments:$INSTRUMENT"
machine=$(readelf -hW "$shared" | sed -n 's/^ *\(Class\|Machine\): *//p' | xargs)
case $machine in
'ELF64 Advanced Micro Devices X86-64') kept=libe4zero.abi ;;
'ELF32 Intel 80386') kept=libe4zero-i386.abi ;;
'ELF32 ARM') kept=libe4zero-armhf.abi ;;
'ELF64 IBM S/390') kept=libe4zero-s390x.abi ;;
*) skip "there is no description for $machine" ;;
esac
kept=$srcdir/lib/abi/$kept

mkdir public
cp "$srcdir/lib/e4zero.h" public
abidw --headers-dir public --drop-private-types --drop-undefined-syms --no-corpus-path --no-comp-dir-path --no-show-locs \
	--no-elf-needed --type-id-style hash --out-file now.abi "$shared" || fail 'abidw'
if [ "${1-}" = --write ] && [ ! -f "$kept" ]; then
	cp now.abi "$kept"
	exit
fi
abidiff "$kept" now.abi >differences
status=$?
if [ "${1-}" = --write ]; then
	[ $((status & 8)) = 0 ] || fail "this needs another SONAME: $(cat differences)"
	cp now.abi "$kept"
	exit
fi
[ $status = 0 ] || fail "abidiff: $(cat differences)"

# and each of these would be seen: in the description, a function, a field and a value that the library has otherwise
changed() {
	sed "$1" "$kept" >other.abi
	! cmp -s "$kept" other.abi || fail "nothing to change by $1"
	! abidiff other.abi now.abi >differences || fail "abidiff sees no difference after $1"
	grep -q "$2" differences || fail "abidiff says something else after $1: $(cat differences)"
}
changed 's/e4z_truncate/e4z_shorten/' 'e4z_shorten'
changed "/class-decl name='e4z_commit_summary'/s/size-in-bits='[0-9]*'/size-in-bits='576'/" 'size changed from 576'
changed "s/enumerator name='E4Z_STALE_TAIL' value='2'/enumerator name='E4Z_STALE_TAIL' value='99'/" 'E4Z_STALE_TAIL'
