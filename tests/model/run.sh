#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# spin searches a model of the protocol: every state obeys the rules, every mutant breaks one, and the traces of the program
# are paths of the model. SAMPLE=1 limits it to a minute.
#
# SEARCH="NAME=VALUE..." searches the model once with these options (README.md), and prints the output of the search.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

requires spin -V
requires python3
cc=${MODEL_CC:-gcc}
command -v "$cc" >/dev/null || cc=cc
requires "$cc" --version
model=$srcdir/tests/model
program=$builddir/tests/crash/crash-states
start=$SECONDS
# the searches of a sample take less time than an optimising compiler
optimise=-O2
[ -z "${SAMPLE:-}" ] || optimise=-O0
passed=0 failed=0 skipped=0

ok() { passed=$((passed + 1)); echo "$*"; }
no() { failed=$((failed + 1)); echo "failed: $*"; }

# build TOP: the verifier of TOP.pml
build() {
	mkdir "$1" && (
		cd "$1" && cp ../traces.h . 2>/dev/null
		spin -a "$model/$1.pml" >spin.out 2>&1 && "$cc" $optimise -w -DSAFETY -DCOLLAPSE -DNOREDUCE -DMEMLIM=6000 pan.c -o pan >cc.out 2>&1
	) || { cat "$1"/*.out; fail "$1.pml does not build"; }
}

# search TOP OPTION=VALUE...: the output of pan is in the file $out, which is kept for reached.py
runs=0
search() {
	local top=$1
	shift
	runs=$((runs + 1))
	out=$tmp/$top/run.$runs
	(cd "$tmp/$top" && env TAGS=8 EDITS=1 CRASHES=1 "$@" ./pan -m20000 -w22 >"$out" 2>&1)
	errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' "$out")
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$out")
	depth=$(sed -n 's/.*depth reached \([0-9]*\),.*/\1/p' "$out")
	if grep -qE 'too small|out of memory|not completed|aborting' "$out" && [ "$errors" = 0 ]; then
		errors=incomplete
	fi
	return 0
}

total=0
# sound TOP OPTION=VALUE...: the search is complete, and no state breaks a rule
sound() {
	search "$@"
	[ "$errors" = 0 ] || { tail -n 30 "$out"; no "$*: errors: $errors"; return; }
	total=$((total + states))
	ok "holds: $*: $states states, depth $depth"
}

# mutant RULES TOP OPTION=VALUE...: this mutant is rejected by one of RULES
mutant() {
	local rules=$1 found
	shift
	search "$@"
	found=$(sed -n 's/^pan:1: assertion violated (\(r_[a-z]*\)||.*/\1/p' "$out")
	[[ -n $found && " $rules " = *" ${found#r_} "* ]] || { no "$how: not rejected by $rules but by ${found:-nothing}"; return; }
	ok "rejected: $how: ${found#r_}, after $states states"
}

number() { sed -n "s/^#define $1 \([0-9]*\) .*/\1/p" "$model/names.pml"; }

# ---- the searches ----

if [ -n "${SEARCH:-}" ]; then
	optimise=-O2
	build journal
	# shellcheck disable=SC2086 # words
	search journal $SEARCH
	cat "$out"
	[ "$errors" = 0 ] && exit
	# shellcheck disable=SC2086
	(cd journal && env TAGS=8 EDITS=1 CRASHES=1 $SEARCH ./pan -r -g)
	exit 1
fi

build journal
build direct
sound journal EDITS=2
sound journal EDITS=2 CSUM=1 EXTERNAL=1 TAGS=2
sound journal EDITS=2 ORPHANS=1 CSUM=1
sound journal CSUM=1 EXTERNAL=1 DENIED=1
sound journal CRASHES=2 DENIED=1 CSUM=1
sound journal CRASHES=2 ORPHANS=2 EDITS=0
sound journal EDITS=1 OLD_LOG=1
sound direct
sound direct CSUM=1
if [ -z "${SAMPLE:-}" ]; then
	for what in "" CSUM=1 EXTERNAL=1 "CSUM=1 EXTERNAL=1"; do
		# shellcheck disable=SC2086 # words
		for more in "" ORPHANS=1 DENIED=1; do sound journal CRASHES=2 $what $more; done
	done
	sound journal CRASHES=2 EDITS=2 CSUM=1
	sound journal CRASHES=2 EDITS=0 ORPHANS=1
	sound journal EDITS=2 TEAR_ALL=1 CSUM=1 TAGS=2
	sound journal EDITS=2 OLD_LOG=1
	sound journal CRASHES=3 EDITS=0 CSUM=1
	sound journal CRASHES=3 EDITS=0 DENIED=1
fi

# ---- the mutants ----

# the rules that may reject the mutant, the mutant by its name in names.pml, further options
while read -r rules how; do
	name=${how%% *} options=
	case $how in *' '*) options=${how#* } ;; esac
	kind=${name%%=*} top=journal
	[ -n "$(number "${name#*=}")" ] || { no "$name: no such name"; continue; }
	case $name in *_VALID | *_INVALID | *_METADATA | *_LAST) top=direct ;; esac
	# shellcheck disable=SC2086 # words
	mutant "${rules//,/ }" $top "$kind=$(number "${name#*=}")" $options
	echo "${name#*=}" >>tried
done <<'END'
flag MUTANT=NO_RECOVER
whole MUTANT=NO_BARRIER
agree MUTANT=NO_BARRIER CSUM=1
flag MUTANT=EARLY_CLEAR
agree MUTANT=KEEP_SLOT CSUM=1
agree MUTANT=KEEP_FC
data MUTANT=REUSE_FREED
tail MUTANT=TAILS_FIRST
whole MUTANT=HOME_FIRST
data MUTANT=DATA_LATE
flag,whole MUTANT=COPY_PLAIN
whole MUTANT=FLIP_BOTH CSUM=1
whole MUTANT=TAKE_STALE OLD_LOG=1
whole MUTANT=NO_ADMIT DENIED=1
orphan MUTANT=ORPHAN_LOST ORPHANS=1
when,whole MUTANT=EMPTY_FIRST
flag,when,whole MUTANT=SUPER_EARLY DENIED=1
agree,whole MUTANT=TWICE EDITS=2
clean MUTANT=NO_CLEAR
flag MUTANT=EARLY_VALID
flag DROPPED=B_SUPER
whole DROPPED=B_LOG
whole,when DROPPED=B_COMMIT
whole,tail DROPPED=B_HOME
flag DROPPED=B_EMPTY
durable DROPPED=B_CLEAR
whole DROPPED=B_ADMIT DENIED=1
whole,tail DROPPED=B_REPLAY DENIED=1
durable DROPPED=B_DATA
durable DROPPED=B_PLACE
flag DROPPED=B_INVALID
whole DROPPED=B_METADATA
flag DROPPED=B_LAST CSUM=1
durable DROPPED=B_VALID
flag SWAPPED=B_SUPER EXTERNAL=1
whole SWAPPED=B_LOG EXTERNAL=1
whole,when SWAPPED=B_COMMIT EXTERNAL=1
whole,tail SWAPPED=B_HOME EXTERNAL=1
flag,durable SWAPPED=B_EMPTY EXTERNAL=1
durable SWAPPED=B_CLEAR EXTERNAL=1
whole SWAPPED=B_ADMIT EXTERNAL=1 DENIED=1
whole,tail SWAPPED=B_REPLAY EXTERNAL=1 DENIED=1
durable SWAPPED=B_DATA EXTERNAL=1
durable SWAPPED=B_PLACE EXTERNAL=1
END

# Every name is tried, except B_OTHER, a barrier of a kernel, and B_INODES, without which the model holds: EXT2_VALID_FS is
# clear until B_LAST.
while read -r name; do
	case $name in FS | LOG | B_OTHER | B_INODES) continue ;; esac
	grep -qxF "$name" tried || no "no mutant is $name"
done < <(sed -n 's/^#define \([A-Z_]*\) [0-9]* .*/\1/p' "$model/names.pml")
while read -r name; do
	[ -n "$(number "$name")" ] || no "tests/crash breaks $name, and no mutant does"
done < <(sed -n 's/^\tCOMMIT_FAULT_\([A-Z_]*\) = .*/\1/p' "$srcdir/lib/journal/commit.h")
while read -r name; do
	grep -q "^pan:1: assertion violated ($name||" journal/run.* direct/run.* || no "no mutant breaks $name: it may hold whatever is done"
done < <(sed -n 's/^hidden byte \(r_[a-z]*\);.*/\1/p' "$model/names.pml")

# ---- what no run reaches ----

for top in journal direct; do
	"$top/pan" -d >all.$top
	if python3 "$model/reached.py" all.$top $top/run.* >reached; then
		ok "reached: $top.pml: $(cat reached)"
	else
		cat reached
		no "$top.pml: there are statements that nothing reaches"
	fi
done

# ---- what the program writes ----

# path NAME IMAGE [JOURNAL]: translate the trace "raw" of an edit; IMAGE is the image before the edit
path() { python3 "$model/paths.py" trace "$1" "$2" raw ${3:+"$3"} >"$PATHS/$1" || no "$1: $(tail -n 3 raw)"; }

# work IMAGE WORKLOAD DATA...: a workload of tests/crash, if the image has its files
work() {
	local image=$1 workload=$2 data journal=
	[ ! -f "$1.journal" ] || journal=$image.journal
	for data in "${@:3}"; do
		cp --sparse=always "$image" edited
		[ -z "$journal" ] || cp --sparse=always "$journal" edited.journal
		rm -f raw
		"$program" --edit --data "$data" --trace raw --workload "$workload" edited ${journal:+edited.journal} >work.out 2>&1 || continue
		[ ! -s raw ] || path "$image.$workload.$data" "$image" $journal
	done
}

# tool NAME IMAGE ARGUMENTS...: a run of e4zero on a copy of IMAGE
tool() {
	cp --sparse=always "$2" edited
	rm -f raw
	"$E4ZERO" -q "${@:3}" --trace-io raw edited ${OPERAND:+"$OPERAND"} >tool.out 2>&1
	case $? in 0 | 4) path "$1" "$2" ;; *) no "$1: $(cat tool.out)" ;; esac
}

# tails NAME MKE2FS-ARGUMENTS...: a file with old bytes past EOF, which --fix zeroes
tails() {
	local at
	head -c 5000 /dev/zero | tr '\0' x >letter
	mke2fs -q -F -t ext4 -b 4096 "${@:2}" "$1" 8M >mke2fs.out 2>&1 || fail "$(cat mke2fs.out)"
	debugfs -w -R 'write letter letter' "$1" >debugfs.out 2>&1
	at=$(debugfs -R 'bmap /letter 1' "$1" 2>/dev/null | tr -dc 0-9)
	printf 'old bytes' | dd of="$1" bs=1 seek=$((at * 4096 + 3000)) conv=notrunc status=none
	tool "$1" "$1" --fix
}

# judge_paths: tests that all traces in $PATHS are paths of the model, 400 at a time to limit the memory of their table.
judge_paths() {
	local chunk wrong=0
	printf '%s\n' "$PATHS"/* | split -l 400 -a 3 - chunk.
	for chunk in chunk.*; do
		# shellcheck disable=SC2046 # names of images and workloads
		python3 "$model/paths.py" table $(<"$chunk") >traces.h || fail 'no table of traces'
		rm -rf paths
		build paths
		(cd paths && ./pan -E -m1000000 -w22 >run.1 2>&1)
		python3 "$model/paths.py" judge traces.h paths/run.1 >judged || { wrong=1; head -n 40 judged; }
		tail -n 1 judged >>sums
		mv paths/run.1 "run.$chunk"
	done
	read -r sound broken bad < <(awk '{ s += $1; b += $8; w += $(NF - 1) } END { print s, b, w }' sums)
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' run.chunk.* | awk '{ n += $1 } END { print n + 0 }')
	if [ $wrong = 0 ]; then
		ok "paths: $sound traces are paths of the model, $broken broken ones are not; $states states"
	else
		no "paths: $bad of $((sound + broken)) traces are judged wrongly"
	fi
}

traces() {
	local image workload
	export PATHS=$tmp/translated
	mkdir "$PATHS"
	for script in edits engine; do
		bash "$srcdir/tests/golden/$script.sh" >golden.out 2>&1 || { cat golden.out; no "tests/golden/$script.sh"; }
	done
	if [ -n "${SAMPLE:-}" ]; then
		bash "$srcdir/tests/crash/images.sh" "$tmp" ext-4k-plain xj-1k orphan-1k all-xj all-bare || fail 'no images'
		for workload in several two-transactions written append-tail; do work xj-1k $workload journal ordered; done
		work orphan-1k orphans journal
		work all-xj fix-all journal
		work all-bare fix-all journal
	else
		# shellcheck disable=SC2046 # words
		bash "$srcdir/tests/crash/images.sh" "$tmp" $(bash "$srcdir/tests/crash/images.sh" --list) || fail 'no images'
		for image in $(bash "$srcdir/tests/crash/images.sh" --list); do
			for workload in $("$program" --list); do work "$image" "$workload" journal ordered; done
		done
	fi
	# tails only
	tails tails-journal
	tails tails-bare -O ^has_journal
	tails tails-plain -O ^has_journal,^metadata_csum
	# a journal with a transaction, and an empty one with needs_recovery: replayed alone, before an edit, before tails are zeroed
	cp --sparse=always ext-4k-plain dirty
	head -c 4096 /dev/urandom >block
	block=$(debugfs -R 'bmap /other 0' dirty 2>/dev/null | tr -dc 0-9)
	printf 'jo\njw -b %s block\njc\n' "$block" | debugfs -w -f - dirty >debugfs.out 2>&1 || fail "$(cat debugfs.out)"
	cp --sparse=always ext-4k-plain begun
	debugfs -w -R 'feature needs_recovery' begun >debugfs.out 2>&1 || fail "$(cat debugfs.out)"
	for image in dirty begun; do
		tool $image.replay $image --replay
		OPERAND=/small tool $image.truncate $image --truncate 100
		tool $image.fix $image --fix
	done
	judge_paths
	paths/pan -d >all.paths
	python3 "$model/reached.py" all.paths run.chunk.* >reached || { cat reached; no "paths.pml: no trace takes some of its steps"; }
}

if [ -x "$program" ]; then
	requires mke2fs
	requires debugfs
	traces
else
	skipped=1
	echo "SKIP: $program is not built: no trace is looked at"
fi
echo "$total states of the model; $((SECONDS - start)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
