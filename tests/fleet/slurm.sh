#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/fleet/slurm.sbatch in a Slurm cluster of this machine: each image of ten kinds is reported once, also where the array
# was cancelled or stopped in between; the sum of the reports is right; 32 queues a task again, 8 does not.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/fleet/common.sh"
requires_root
for tool in jq python3 flock setsid unshare ip hostname munged slurmctld slurmd sbatch; do requires $tool; done
requires unshare --pid --fork --mount-proc --uts --net --mount --ipc true

if [ "${1-}" != inside ]; then
	# the other half of this script; everything that it starts ends with it
	timeout -k 5 300 bash "$srcdir/tests/fleet/cluster.sh" "$tmp/cluster" bash "$srcdir/tests/fleet/slurm.sh" inside
	exit
fi

make_kinds
fleet_images 20
wanted=$(expect 20)
bash "$fleet" new dir list >/dev/null || fail new
export FLEET=$fleet
array() { # DIR [OPTION...]
	timeout 150 sbatch --wait --array=1-3 --output="$tmp/log-%A_%a" "${@:2}" "$recipes/slurm.sbatch" "$1" >>log 2>&1
}
nap() { read -r -t 0.05 <>idle; }

# cancelled when there are some reports
array dir &
engine=$!
until ls dir/reports/*.json >/dev/null 2>&1; do kill -0 $engine 2>/dev/null || fail "sbatch: $(cat log*)"; nap; done
scancel --name=e4zero
wait $engine && same 'images without a report, of an array that was cancelled' "$(bash "$fleet" todo dir)" ''
until [ -z "$(squeue -h)" ]; do nap; done
rm -rf dir/parts/*
array dir || fail "the array: $(cat log*)"
reported dir "$wanted"
touch before
array dir || fail 'the array, once more'
same 'reports that were made again' "$(find dir/reports -newer before)" ''

# the signal before the time limit comes to the batch script alone: e4zero stops, and the task is queued again
cat >again <<-END
	#!/bin/bash
	case "\$*" in
	*images/image.5-*)
		if mkdir "$tmp/tried" 2>/dev/null; then
			trap 'echo stopped >"$tmp/tried/stopped"; exit 32' TERM
			while :; do read -r -t 0.05 <>"$tmp/idle"; done
		fi ;;
	esac
	exec "$E4ZERO" "\$@"
END
chmod +x again
rm -rf dir
bash "$fleet" new dir list >/dev/null || fail new
E4ZERO=$tmp/again array dir &
engine=$!
until [ -d tried ]; do kill -0 $engine 2>/dev/null || fail "sbatch: $(cat log*)"; nap; done
# the other tasks have nothing to wait for
until [ "$(squeue -h -t R,CG,PD -o %A | wc -l)" = 1 ]; do nap; done
job=$(squeue -h -t R -o %A)
scancel --batch --signal=TERM "$job"
until [ "$(squeue -h -t PD -o '%A %r')" = "$job BeginTime" ]; do kill -0 $engine 2>/dev/null || fail "not queued again: $(cat log*)"; nap; done
[ -e tried/stopped ] || fail 'e4zero was not asked to stop'
[ ! -e dir/reports/5.json ] || fail 'a report of a run that was stopped'
# Slurm would wait for two minutes
scontrol update JobId="$job" StartTime=now || fail 'scontrol update'
wait $engine || fail "sbatch, queued again: $(cat log*)"
reported dir "$wanted"
