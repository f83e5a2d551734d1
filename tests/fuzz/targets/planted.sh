#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Targets find faults that are planted in what they test. planted.sh BUILT COUNT
#
# A fault is a source of the library without one of its checks: it is compiled as the library was (BUILT/compile is how)
# and linked with the rest. The first COUNT of them are tried.
set -u
built=$(cd "$1" && pwd) || exit 1
top=$(cd "$(dirname "$0")/../../.." && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/planted.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
export FUZZ_BASES=$built/bases
runs=${RUNS_PLANTED:-6000}

# target, source, what sed does to it
faults() {
	cat <<-'END'
	fix lib/fix/fix_stage.c s/if (!fix->options->dry_run)/if (1)/
	check lib/file/inline.c s/ || body + XATTR_MAGIC_LEN > img->inode_size//
	xattrs lib/slack/attributes.c s/off > room || .* > room - off/0/
	super lib/format/super.c s/vsnprintf(c->why/(void)(c->why/
	groups lib/image/groups.c s/!inside(img, group->itable, img->fs->inode_blocks_per_group)/0/
	maps lib/file/map.c s/ || entries > max || d > NODE_MAX_DEPTH / || d > NODE_MAX_DEPTH /
	script src/verbs/edit.c s/job->options->dry_run ? plan(job) : //
	undo lib/undo/undo_apply.c s/vsnprintf(/(void)(/
	headers lib/header/chain.c s/vsnprintf(/(void)(/
	END
}

fault() { # NAME SOURCE SED
	local others
	sed "$3" "$top/$2" >"$tmp/planted.c"
	! cmp -s "$tmp/planted.c" "$top/$2" || { echo "$1: there is nothing in $2 to plant a fault in: $3"; return 1; }
	mapfile -t others < <(grep -vxF "${2%.c}.o" "$built/objects")
	bash "$built/compile" -c -o "$tmp/planted.o" "$tmp/planted.c" &&
		bash "$built/link" "$tmp/fuzz-$1" "$tmp/planted.o" "${others[@]}" || return 1
	mkdir -p "$tmp/corpus"
	"$tmp/fuzz-$1" -seed=1 -runs="$runs" -max_len=65536 -timeout=10 -artifact_prefix="$tmp/" "$tmp/corpus" "$built/corpus/$1" >"$tmp/log" 2>&1
	case $? in
	0) echo "$1: the fault in $2 is not found by $runs runs"; return 1 ;;
	*) echo "$1: the fault in $2 is found: $(grep -aoE '^SUMMARY: [^(]*|^fuzz: .*|invariant .*' "$tmp/log" | head -n 1)" ;;
	esac
	rm -rf "${tmp:?}"/*
}

bad=0
while read -r name source edit; do
	fault "$name" "$source" "$edit" || bad=$((bad + 1))
done < <(faults | head -n "$2")
exit $((bad > 0))
