#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# e2fsprogs' own test images: a check of each, and of its mutants, ends as it should; for images that e2fsck calls clean
# the findings are those of the witness.
#
# E2FSPROGS_TESTS is the directory tests/ of a checkout of e2fsprogs; none of its files is kept.
# COUNT: mutants of each image (40).
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

[ -n "${E2FSPROGS_TESTS-}" ] || skip 'E2FSPROGS_TESTS names no folder of e2fsprogs test images'
requires e2fsck
requires python3
requires gzip
requires bzip2
mutate=${MUTATE:-$builddir/tests/fuzz/mutate}
[ -x "$mutate" ] || skip "$mutate is not built"
COUNT=${COUNT:-40}
export E2FSPROGS_FAKE_TIME=1700000000
images=0 clean=0 mutants=0 unchanged=0 bad=0

complain() {
	echo "FAIL $label: $*"
	bad=$((bad + 1))
}

while read -r packed; do
	label=${packed#"$E2FSPROGS_TESTS/"}
	rm -f image
	case $packed in
	*.tar.*) continue ;;
	*.gz) gzip -dc "$packed" >image 2>/dev/null ;;
	*) bzip2 -dc "$packed" >image 2>/dev/null ;;
	esac
	[ -s image ] || continue
	images=$((images + 1))
	sum=$(sha256sum <image)
	for how in --all --paranoid; do
		timeout 20 "$E4ZERO" --check --json $how image >out 2>err
		rc=$?
		case $rc in 0 | 4 | 8) ;; *) complain "$how: exit $rc: $(head -c 200 err)" ;; esac
		! grep -aq -e 'runtime error' -e Sanitizer err || complain "$how: sanitizer: $(head -3 err)"
	done
	[ "$sum" = "$(sha256sum <image)" ] || complain 'the image was changed'
	# a clean image can be compared; the witness refuses an image with a dirty journal
	if [ $rc != 8 ] && timeout 20 e2fsck -fn image >/dev/null 2>&1; then
		clean=$((clean + 1))
		python3 "$srcdir/tests/fuzz/agree.py" "$E4ZERO" --images image >out 2>&1 || complain "$(cat out)"
	fi
	"$mutate" --count "$COUNT" --seconds 20 image >out 2>&1
	case $? in
	0) mutants=$((mutants + $(sed -n 's/^image: \([0-9]*\) mutants.*/\1/p' out))) ;;
	2) unchanged=$((unchanged + 1)) ;;
	*) complain "$(cat out)" ;;
	esac
done < <(find "$E2FSPROGS_TESTS" -name '*.gz' -o -name '*.bz2' | sort)
echo "$images images, $clean clean ones like the witness says, $mutants mutants, $unchanged without metadata to change, $bad failures"
[ $images -gt 0 ] || fail "no images in $E2FSPROGS_TESTS"
[ $bad = 0 ]
