#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits do not stop an edit, and stay. A time of grace ends where the usage falls to the soft limit, and not before; that
# of the inodes is left alone, as their number stays.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/quota/common.sh"

# 16384 bytes of user 1000 in two files, in blocks of 4 KiB
limits='ihard=1 isoft=1 bhard=9'
quota_image image
for type in 'user 1000' 'group 100' 'project 7'; do
	# shellcheck disable=SC2086 # words
	usage set image $type $limits bsoft=8 btime=1700000000 itime=1700000001
done
cp image made

# has SPACE BTIME: the entries of all three
has() {
	local type
	counted image
	for type in 'user 1000' 'group 100' 'project 7'; do
		# shellcheck disable=SC2086 # words
		same "$type" "$(usage show image $type)" \
			"ihard=1 isoft=1 inodes=2 bhard=9 bsoft=8 space=$1 btime=$2 itime=1700000001"
	done
}
has 16384 1700000000
run_e4zero 0 --truncate 5000 image /file
has 12288 1700000000
run_e4zero 0 --allocate -o 0 -l 1M image /file
has 1052672 1700000000
# 8 KiB, which is the limit
run_e4zero 0 --truncate 4096 image /file
has 8192 0
run_e4zero 0 --allocate -o 0 -l 1M image /file
has 1052672 0
# nothing is left, no limit is below it
cp made image
usage set image user 1000 bsoft=0
usage set image group 100 bsoft=0
usage set image project 7 bsoft=0
printf 'truncate /file 0\ntruncate /small 0\n' >s
run_e4zero 0 --script s image
counted image
same 'nothing' "$(usage show image user 1000)" 'ihard=1 isoft=1 inodes=2 bhard=9 bsoft=0 space=0 btime=0 itime=1700000001'
# it was counted too low: e2fsck says so before and afterwards, and it does not go below zero
quota_image image
usage set image user 1000 space=1
run_e4zero 0 --truncate 0 image /file
same 'too low' "$(usage show image user 1000)" 'ihard=0 isoft=0 inodes=2 bhard=0 bsoft=0 space=0 btime=0 itime=0'
