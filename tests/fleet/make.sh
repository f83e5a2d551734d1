#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/fleet/fleet.mk: each image of ten kinds is reported once, whatever its name, also where make was killed in between;
# the sum of the reports is right, and what was done is not done again.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/fleet/common.sh"
for tool in jq python3 make flock setsid pkill; do requires $tool; done

make_kinds
fleet_images 20
wanted=$(expect 20)
bash "$fleet" new dir list >/dev/null || fail new
unset MAKEFLAGS MAKELEVEL MFLAGS
odd=$tmp/"recipes' \$x #"
mkdir "$odd"
cp "$recipes"/fleet.* "$odd"
recipes=$odd
engine() { make -C dir -f "$recipes/fleet.mk" -k -j2 -s "$@" >>log 2>&1; }

for whom in engine all; do
	killed dir 4 $whom make -C dir -f "$recipes/fleet.mk" -k -j2 -s
done
engine || fail "make: $(cat log)"
reported dir "$wanted"
touch before
engine || fail 'make, once more'
same 'reports that were made again' "$(find dir/reports -newer before)" ''

# try again: no report, and make says so, but the others are done
rm dir/reports/3.json
mv images before-images
printf '#!/bin/sh\necho run >>"%s"\nexit 32\n' "$tmp/tried" >stopped
chmod +x stopped
E4ZERO=$tmp/stopped engine && fail 'make succeeded without a report'
same runs "$(cat tried)" run
[ ! -e dir/reports/3.json ] || fail 'a report of nothing'
mv before-images images
engine || fail 'make after 32'
reported dir "$wanted"
