#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# planted.sh BUILT [NAME...]: each fuzz target finds a fault that is planted in the code that it tests.
#
# A fault is a source without a check or message, or with too short an array. It is compiled by BUILT/compile and linked
# with the other objects. A target has RUNS_PLANTED (6000) runs, starting with its corpus, with SEED (1). WORKERS (2)
# targets run in parallel.
set -u
built=$(cd "$1" && pwd) || exit 1
shift
top=$(cd "$(dirname "$0")/../../.." && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/planted.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
export FUZZ_BASES=$built/bases built top tmp

# target, source, sed command
faults() {
	cat <<-'END'
	super lib/format/super.c s/vsnprintf(c->why/(void)(c->why/
	open lib/image/place.c s/snprintf(why, why_size, "invalid offset/(void)(why, why_size, "invalid offset/
	groups lib/image/groups.c s/!inside(img, group->itable, img->fs->inode_blocks_per_group)/0/
	maps lib/file/map.c s/ || entries > max || d > NODE_MAX_DEPTH / || d > NODE_MAX_DEPTH /
	dirs lib/path/expansion.c s/return again ? 0 : /return /
	xattrs lib/slack/attributes.c s#bits.AREA_MAX / 8.#bits[8]#
	check lib/exam/exam_tally.c s/if (!exam->disputed)/if (1)/
	log lib/journal/jbd2.c s/if (tags->done || tags->at .*shape->tail_bytes)/if (0)/
	journal lib/journal/replay_walk.c s/if (entry.block >= w->device_blocks)/if (0)/
	fix lib/fix/fix_stage.c s/if (!fix->options->dry_run)/if (1)/
	script src/verbs/edit.c s/job->options->dry_run ? plan(job) : //
	undo lib/undo/undo_apply.c s/vsnprintf(/(void)(/
	headers lib/header/chain.c s/vsnprintf(/(void)(/
	map lib/source/map_json.c s/errcode_t err = 0;/&json->escaped = false;/
	convert lib/convert/convert_file.c s/place->zero < file->zeros && //
	nbd lib/nbd/nbd_link_connect.c s/snprintf(why, why_size, "the NBD/(void)(why, why_size, "the NBD/
	END
}

# fault NAME SOURCE SED
fault() {
	local dir=$tmp/$1 others
	mkdir -p "$dir/corpus"
	sed "$3" "$top/$2" >"$dir/planted.c"
	! cmp -s "$dir/planted.c" "$top/$2" || { echo "$1: there is nothing in $2 to plant a fault in: $3"; return 1; }
	mapfile -t others < <(grep -vxF "${2%.c}.o" "$built/objects")
	bash "$built/compile" -c -o "$dir/planted.o" "$dir/planted.c" &&
		bash "$built/link" "$dir/fuzz-$1" "$dir/planted.o" "${others[@]}" || return 1
	nice "$dir/fuzz-$1" -seed="${SEED:-1}" -runs="${RUNS_PLANTED:-6000}" -max_len=65536 -timeout=10 -artifact_prefix="$dir/" \
		"$dir/corpus" "$built/corpus/$1" >"$dir/log" 2>&1 </dev/null &&
		{ echo "$1: the fault in $2 is not found by ${RUNS_PLANTED:-6000} runs"; return 1; }
	echo "$1: the fault in $2 is found: $(grep -aoE '^SUMMARY: [^(]*|^fuzz: .*|invariant .*' "$dir/log" | head -n 1)"
	rm -rf "$dir"
}
export -f fault

names=" $* "
while read -r name source edit; do
	[ $# -gt 0 ] && [ "$names" = "${names/ $name /}" ] || printf '%s\0' "$name" "$source" "$edit"
done < <(faults) | xargs -0 -P "${WORKERS:-2}" -n 3 bash -c 'fault "$@"' fault
