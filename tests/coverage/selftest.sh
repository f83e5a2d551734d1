#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make coverage on a source of a few lines: a line or a branch that was not reached is an error, an exception excuses it, and
# an exception that does not apply is an error.
. "${srcdir:-.}/tests/lib.sh"
requires python3
requires gcc
requires gcov

mkdir -p sources/lib/room build
cat >sources/lib/room/room.c <<'END'
#include <stdlib.h>

static int choose(int a, int b)
{
	if (a && b)
		return 1;
	if (a == 5)
		return 2;
	return 3;
}

int main(int argc, char **argv)
{
	int sum = 0;

	for (int i = 1; i + 1 < argc; i += 2)
		sum += choose(atoi(argv[i]), atoi(argv[i + 1]));
	return sum > 100;
}
END
(cd build && gcc --coverage -O0 -o room ../sources/lib/room/room.c) >log 2>&1 || skip "gcc --coverage does not work: $(cat log)"

# ran NUMBER...: run the program with these numbers, and discard earlier counts
ran() {
	rm -f build/*.gcda
	(cd build && ./room "$@") || fail "room $*"
}

# counts STATUS TEXT...: coverage.py exits with STATUS and prints each TEXT; the exceptions are read from standard input
counts() {
	local want=$1 rc word
	shift
	cat >exceptions
	python3 "$srcdir/tests/coverage/coverage.py" --exceptions exceptions --html page.html \
		--room "room=${room:-lib/room/*}" sources build >out 2>&1
	rc=$?
	[ $rc = "$want" ] || fail "exit $rc, wanted $want: $(cat out)"
	for word; do
		grep -qF -- "$word" out || fail "not said: $word: $(cat out)"
	done
}

all=(1 1 0 1 1 0 5 0)
ran "${all[@]}"
counts 0 'what must not be wrong is covered, with 0 exceptions' </dev/null
grep -q 'lib/room/room.c' page.html || fail 'the page does not name the file'

# a line that nothing reaches
ran 1 1 0 1 1 0
counts 1 'room.c:8: choose: line: return 2;' 'room.c:7: choose: 1 of 2 branches: if (a == 5)' \
	'room room: 1 lines are missing, and 1 of 8 branches' </dev/null
counts 1 'room room: 0 lines are missing, and 1 of 8 branches' <<'END'
lib/room/room.c choose
	return 2;
	lines 1: nobody has
	five
END
counts 0 'with 2 exceptions' <<'END'
# both
lib/room/room.c choose
	return 2;
	lines 1: nobody has five

lib/room/room.c choose
	if (a == 5)
	branches 1: nobody has five
END
grep -q 'nobody has five' page.html || fail 'the page does not argue'
room='lib/other/*' counts 1 'no file is like lib/other/*' </dev/null

# an exception that does not apply: to a line that is reached, to more than is missing, to none that there is
ran "${all[@]}"
counts 1 'exceptions:1: the exception does not apply: 0 lines are missing there' <<'END'
lib/room/room.c choose
	return 2;
	lines 1: nobody has five
END
counts 1 'exceptions:1: the exception does not apply: 0 branches are missing there' <<'END'
lib/room/room.c choose
	if (a == 5)
	branches 1: nobody has five
END
for place in 'lib/room/room.c main' 'lib/room/other.c choose'; do
	counts 1 'exceptions:1: the exception does not apply: there is no such line' <<END
$place
	return 2;
	lines 1: nobody has five
END
done

# one without an argument, or that does not say how many
for how in 'lines 1' 'lines 1:' 'lines: nobody has five' 'words 1: nobody has five'; do
	counts 1 'wanted "FILE FUNCTION"' <<END
lib/room/room.c choose
	return 2;
	$how
END
done

# a program that was never run counts as one that reached nothing
rm -f build/*.gcda
counts 1 '11 lines are missing, and 8 of 8 branches' </dev/null
