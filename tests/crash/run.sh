#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every crash state of every workload on every kind of image; then the rules broken on purpose, and kill -9.
#
# One row is (image, shape of its log, data mode, workload). If a row has too many states, SEED selects the sample; JOBS
# rows run in parallel; IMAGES selects images of images.sh; KEEP=DIR keeps the images that failed; PART=K/N takes every
# Nth row from the Kth on: all rows take hours.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

program=$builddir/tests/crash/crash-states
[ -x "$program" ] || skip "$program is not built"
requires mke2fs
requires debugfs
requires python3
start=$SECONDS
seed=${SEED:-1} jobs=${JOBS:-2}
shapes='fresh csum3 csum2 v1 async 64bit fc'
if [ -n "${SAMPLE:-}" ]; then
	images='ext-1k-csum ext-4k-csum xj-1k inline-4k big-4k bare-1k quota-1k orphan-1k grow-4k grow-1k-ind grow-big half-4k half-bare deleted-1k large-1k all-1k all-xj'
	limit=70 outside=23 less="--errors 4 --nested 25"
else
	images=$(bash "$srcdir/tests/crash/images.sh" --list) limit=250 outside=14 less=
fi
images=${IMAGES:-$images}
# shellcheck disable=SC2086 # words
bash "$srcdir/tests/crash/images.sh" "$tmp" $images || exit

# rows IMAGE: one line of arguments each
rows() {
	local image=$1 journal='' kinds=$shapes outside=$outside shape data workload n=0
	local policies=(batch flush flush-always) caches=('' '--cache 1') used=('' --used) clean=('' --clean)
	case $image in
	*xj-* | *-xj) journal=$image.journal kinds=fresh ;;
	bare-* | *-bare) kinds=fresh ;;
	# without the blocks of fast commits the log is too small for the kernel
	large-* | grow-large) kinds='fresh csum3 csum2 v1' ;;
	# e2fsck and the kernel finish the orphans, and reach the state in between
	orphan-* | deleted-*) outside=0 ;;
	esac
	for workload in $("$program" --list); do
		# if there is inline slack, it is scrubbed too: fix-slack expects that
		case $image-$workload in
		grow-*-fix-behind | grow-*-append-grown | grow-large-append-grown-far | half-*-fix-orphan | deleted-*-fix-deleted | large-*-write-moved | large-*-append-moved) ;;
		grow-* | half-* | deleted-* | large-* | inline-*-fix-paranoid) continue ;;
		esac
		# --fix --all only runs on images that are full of its findings; the other edits run on the other images
		case $image-$workload in all-*-fix-all | all-*-fix-all-dirty) ;; all-* | *-fix-all*) continue ;; esac
		# any edit there finishes the orphans first
		case $image-$workload in orphan-*-orphans) ;; orphan-*) continue ;; esac
		for data in journal ordered; do
			for shape in $kinds; do
				n=$((n + 1))
				# the policies in turn, every other time with a cache of one block; no subshell, as there are
				# thousands of rows
				# a bounded run takes one shape for each workload, another each time
				[ -z "${SAMPLE:-}" ] || [ "$kinds" = fresh ] || [ $((n % 7)) = $((n / 7 % 7)) ] || continue
				echo "--workload $workload --data $data --shape $shape --limit $limit --outside $outside" \
					"--seed $((seed * 1000 + n)) --policy ${policies[n % 3]} ${caches[n / 3 % 2]}" \
					"${used[n % 2]} ${clean[n / 2 % 2]} ${KEEP:+--keep $KEEP} $less $image $journal"
			done
		done
	done
}

cd "$tmp" || exit
for image in $images; do rows "$image"; done | if [ -n "${SAMPLE:-}" ]; then
	awk -v seed="$seed" '(NR * 5 + int(NR / 2) + seed) % 4 < 2'
else
	awk -v part="${PART:-1/1}" 'BEGIN { split(part, of, "/") } NR % of[2] == of[1] % of[2]'
fi >rows
# shellcheck disable=SC2016 # for the inner shell
xargs -P "$jobs" -d '\n' -n 1 sh -c '
	"$0" $1 >"out.$$" 2>&1
	rc=$?
	sed "s/^/$rc /" "out.$$" >>"all.$$"
	[ -s "out.$$" ] || echo "$rc nothing was said: $1" >>"all.$$"
	rm "out.$$"' "$program" <rows
cat all.* >all

# the complaints, a few lines per row at most, then the sums
grep -v -e '^0 ' -e '^77 ' all | cut -d ' ' -f 2- | cut -c 1-300 | head -200
awk '
	/ states, / {
		gsub(/[();,]/, " ")
		for (i = 2; i <= NF; i++) if ($(i - 1) ~ /^[0-9]+$/) {
			if ($i == "by") { k = $(i + 1) ($(i + 1) == "e2fsck" ? " " $(i + 2) : ""); by[k] += $(i - 1) }
			else if ($i ~ /^(states|distinct|before|between|after|torn-super|overlay|nested|write-errors|again|past-EOF|past-EOF-written)$/ && !($i == "torn-super" && $(i + 1) == "mended")) n[$i] += $(i - 1)
			else if ($i ~ /^(none|all|prefix|dropped|alone|subset|torn|mixed)$/) kind[$i] += $(i - 1)
			else if ($i == "torn-super") mended += $(i - 1)
		}
		for (i = 2; i <= NF; i++) if ($i == "journal" || $i == "ordered") {
			class = $2 ~ /^bare|-bare$/ ? "no journal" : ($2 ~ /^xj|-xj$/ ? "external " : "") $i
			for (k = i; k <= NF; k++) {
				if ($(k + 1) == "distinct") classes[class] += $k
				if ($(k + 1) == "past-EOF") past[class] += $k
				if ($(k + 1) == "past-EOF-written") written[class] += $k
			}
			break
		}
	}
	END {
		printf "states: %d made, %d distinct (", n["states"], n["distinct"]
		for (k in kind) printf " %d %s", kind[k], k
		printf " )\nclasses:"
		for (k in classes) printf " %d %s;", classes[k], k
		printf "\npast EOF:"
		for (k in past) printf " %d %s, %d with bytes of the edit;", past[k], k, written[k]
		printf "\nrecovered to: %d before, %d between, %d after; torn superblock: %d, %d mended by others\n", n["before"], n["between"], n["after"], n["torn-super"], mended
		printf "also: %d through the overlay, %d crashes of replays, %d failing writes, %d fixed once more\n", n["overlay"], n["nested"], n["write-errors"], n["again"]
		printf "from outside:"
		for (k in by) { printf " %d %s;", by[k], k; if (by[k] < least || !least) least = by[k] }
		printf "\n"
		print n["distinct"] + n["nested"], least + 0 >"sums"
	}' all
passed=$(grep -c '^0 .* states, ' all) skipped=$(grep -c '^77 ' all)
failed=$(grep -c -e '^[1-9][0-9]* .*states, ' -e '^[1-9][0-9]* crash-states: ' -e 'nothing was said' all)
read -r judged least <sums
# a row whose image does not have the file is not a skip: the matrix is sparse
echo "rows: $passed held, $failed did not, $skipped do not exist; $((SECONDS - start)) s"
skipped=0

sub() {
	bash "$srcdir/tests/crash/$1" "${@:2}"
	case $? in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)); echo "failed: $1" ;;
	esac
}
sub broken.sh
sub kill.sh
sub storm.sh
# failures while a script runs; make check tests some of them
[ -n "${SAMPLE:-}" ] || EVERY=1 sub ../edit/faults/script.sh
[ -n "${SAMPLE:-}" ] || EVERY=1 sub ../edit/faults/convert.sh
[ -n "${SAMPLE:-}" ] || EVERY=1 sub ../edit/faults/fix.sh
[ -n "${SAMPLE:-}" ] || EVERY=1 sub ../edit/faults/all.sh
[ -n "${SAMPLE:-}" ] || EVERY=1 sub ../edit/deleted/faults.sh
if [ -z "${SAMPLE:-}${IMAGES:-}${PART:-}" ]; then
	[ "$judged" -ge 100000 ] || { failed=$((failed + 1)); echo "failed: only $judged states were judged"; }
	[ "$least" -ge 10000 ] || [ "$(id -u)" != 0 ] ||
		{ failed=$((failed + 1)); echo "failed: only $least states were judged from outside"; }
fi
echo "all of it: $((SECONDS - start)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
