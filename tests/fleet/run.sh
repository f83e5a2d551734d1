#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 1,000 images of ten kinds (SAMPLE=1: 100), some of them bad, by each engine that is here, which is killed in between more
# than once: the sum of the reports is that of single runs, and each image is reported once. Also --fix --all, after which
# nothing is left to find.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/fleet/common.sh"
for tool in jq python3 flock setsid pkill; do requires $tool; done
images=1000
[ -z "${SAMPLE-}" ] || images=100
export HOME=$tmp PARALLEL_HOME=$tmp FLEET=$fleet
unset MAKEFLAGS MAKELEVEL MFLAGS

# command ENGINE DIR: sets engine, with its arguments
command_of() {
	case $1 in
	make) engine=(make -C "$2" -f "$recipes/fleet.mk" -k -j2 -s) ;;
	parallel) engine=(bash "$recipes/parallel.sh" "$2" -j2) ;;
	esac
}

# by_engine ENGINE DIR: all images, and on the way it is killed four times, alone and with all that it started
by_engine() {
	local whom engine
	command_of "$1" "$2"
	for whom in all engine all engine; do
		killed "$2" $((images / 10)) $whom "${engine[@]}"
	done
	"${engine[@]}" >>log 2>&1 || fail "$1: $(tail -n 20 log)"
}

# what does not depend on where a run was killed
outcome() { jq -Sc '{images, missing, reported, exits, causes, kinds}'; }

checked() { # ENGINE
	type -P "$1" >/dev/null || skip "$1 is not installed"
	bash "$fleet" new "dir.$1" list --check --all >/dev/null || fail new
	by_engine "$1" "dir.$1"
	reported "dir.$1" "$(expect $images --check --all)"
}

fixed() { # ENGINE
	local sum wanted name
	type -P "$1" >/dev/null || skip "$1 is not installed"
	bash "$fleet" new dir.fix list --fix --all >/dev/null || fail new
	by_engine "$1" dir.fix
	sum=$(bash "$fleet" sum dir.fix) || fail "sum: $sum"
	wanted=$(expect $images --fix --all)
	same 'exit statuses of --fix' "$(jq -Sc '[.images, .missing, .exits, .causes]' <<<"$sum")" \
		"$(jq -Sc '[.images, .missing, .exits, .causes]' <<<"$wanted")"
	# a run that was killed has said nothing of what it had done
	jq -e --argjson most "$(jq .sums.fixed <<<"$wanted")" '.sums.fixed | . > 0 and . <= $most' <<<"$sum" >/dev/null ||
		fail "fixed: $(jq -c .sums <<<"$sum"), of $wanted"
	for name in kind.*; do "$E4ZERO" -q --fix --all "$name" >/dev/null 2>&1; done
	bash "$fleet" new dir.again list --check --all >/dev/null || fail new
	command_of "$1" dir.again
	"${engine[@]}" >>log 2>&1 || fail "$1: $(tail -n 20 log)"
	same 'a check after --fix' "$(bash "$fleet" sum dir.again | outcome)" "$(expect $images --check --all | outcome)"
	while IFS= read -r -d '' name; do
		[[ $name =~ -(clean|tail|past|several|orphan)[^/]*$ ]] || continue
		ln -sfn "$name" plain # e2fsck, too, has a use for ?offset=
		e2fsck -fn plain >e2fsck.log 2>&1 || fail "e2fsck $name: $(cat e2fsck.log)"
	done <list
}

array() { # all images by a Slurm array, in its cluster
	type -P slurmctld >/dev/null && ((EUID == 0)) || skip 'no Slurm, or not root'
	bash "$fleet" new dir.slurm list --check --all >/dev/null || fail new
	timeout -k 5 500 bash "$srcdir/tests/fleet/cluster.sh" "$tmp/cluster" timeout 400 sbatch --wait --array=1-8 \
		--output="$tmp/log-%a" "$recipes/slurm.sbatch" dir.slurm >>log 2>&1 || fail "Slurm: $(tail -n 20 log log-*)"
	reported dir.slurm "$(expect $images --check --all)"
}

passed=0 failed=0 skipped=0
part() { # COMMAND...: in a shell of its own, which may fail
	local rc
	# the images and the directory are those of this script
	(trap - EXIT; "$@")
	rc=$?
	case $rc in
	0) passed=$((passed + 1)); echo "ok $*, $images images" ;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)); echo "FAIL $*" ;;
	esac
}
make_kinds
fleet_images $images
part checked make
part checked parallel
part array
part fixed parallel
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
