#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/fleet/parallel.sh: each image of ten kinds is reported once, whatever its name, also where parallel was killed in
# between; the sum of the reports is right, 12 and 32 are tried again, and what was done is not done again.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/fleet/common.sh"
for tool in jq python3 parallel flock setsid pkill; do requires $tool; done

export FLEET_PER_JOB=2 HOME=$tmp PARALLEL_HOME=$tmp
make_kinds
fleet_images 20
wanted=$(expect 20)
engine() { bash "$recipes/parallel.sh" "$1" -j2 "${@:2}" >>log 2>&1; }
mkdir 'd i"r'
bash "$fleet" new 'd i"r/dir' list >/dev/null || fail new
for whom in engine all; do
	killed 'd i"r/dir' 4 $whom bash "$recipes/parallel.sh" 'd i"r/dir' -j2
done
engine 'd i"r/dir' || fail "parallel: $(cat log)"
reported 'd i"r/dir' "$wanted"
# how many images a job has is settled: another number would make others of them
unset FLEET_PER_JOB
rm 'd i"r/dir/reports/'1[0-9].json 'd i"r/dir/joblog'
killed 'd i"r/dir' 2 engine bash "$recipes/parallel.sh" 'd i"r/dir' -j1
FLEET_PER_JOB=5 engine 'd i"r/dir' -n1 || fail 'parallel with other jobs'
reported 'd i"r/dir' "$wanted"
touch before
engine 'd i"r/dir' || fail 'parallel, once more'
same 'reports that were made again' "$(find 'd i"r/dir/reports' -newer before)" ''

# a status that asks for another try has three, and others with the next call
cat >again <<-END
	#!/bin/sh
	case "\$*" in
	*images/image.3-*) echo run >>"$tmp/tried"; [ "\$(wc -l <"$tmp/tried")" -gt "\$TRIES" ] || exit 32 ;;
	esac
	exec "$E4ZERO" "\$@"
END
chmod +x again
head -zn 4 list >few
for tries in 2 4; do
	rm -rf dir tried
	bash "$fleet" new dir few >/dev/null || fail new
	E4ZERO=$tmp/again TRIES=$tries engine dir
	same "status where $tries runs are stopped" $? $((tries > 2))
	same "runs where $tries are stopped" "$(wc -l <tried)" 3
	[ $tries = 2 ] || E4ZERO=$tmp/again TRIES=$tries engine dir || fail 'parallel, after four runs'
	same 'images without a report' "$(bash "$fleet" todo dir)" ''
done
