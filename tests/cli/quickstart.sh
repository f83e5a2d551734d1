#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ./quickstart as a new user meets it: what it prints, where it builds, what it says when it cannot, and that Ctrl-C
# ends it. The tools that install and compile are stubs here.
. "${srcdir:-.}/tests/lib.sh"
requires python3
requires mke2fs
requires debugfs
[ -d /usr/include ] || skip 'no /usr/include, of which the image is made'

mkdir tree stubs
cp "$srcdir/quickstart" tree
# stub NAME: a program that stands before the system's; its text comes from standard input
stub() {
	{ echo '#!/bin/bash'; cat; } >"stubs/$1"
	chmod +x "stubs/$1"
}
stub autoreconf <<END
touch configure.ac
printf '#!/bin/sh\ntouch config.status\npwd >configured\n' >configure
chmod +x configure
END
stub make <<END
case "\$*" in
*check-*) echo "\$\$" >"$tmp/started"; exec sleep 100 ;;
*-C*) exit ;;
*) ln -sf "$E4ZERO" e4zero ;;
esac
END
stub dpkg-query <<<'echo installed'
stub apt-get <<<'exit 100'
stub id <<<'echo 0'
# quickstart STATUS ARGUMENTS...: with the stubs, in ./tree; output in out and err
quickstart() {
	local want=$1 rc
	shift
	touch tree/configure.ac
	PATH=$tmp/stubs:$PATH ./tree/quickstart "$@" >out 2>err </dev/null
	rc=$?
	[ $rc = "$want" ] || fail "quickstart $*: exit $rc, wanted $want: $(cat out err | tail -n 5)"
}

# help is no error; a word that it does not know is one
for option in --help -h; do
	quickstart 0 $option
	grep -q './quickstart check' out && [ ! -s err ] || fail "$option: $(cat out err)"
done
quickstart 16 chek
grep -q './quickstart check' err && [ ! -s out ] || fail "an unknown word: $(cat out err)"
[ ! -e tree/build ] || fail 'help makes a directory'

# built in ./build, and after a build in the source tree there; the demonstration is for the last case
stub mke2fs <<<'exit 1'
built() { # WORDS: quickstart comes as far as the demonstration
	quickstart 1
	grep -q 'failed: mke2fs' err || fail "it does not build $*: $(cat out err)"
}
built below
[ -f tree/build/configured ] || fail 'it is not built in ./build'
rm -r tree/build
touch tree/config.status
built 'in the source tree'
[ ! -e tree/build/config.status ] && [ -L tree/e4zero ] || fail 'configured twice'
rm tree/config.status tree/e4zero

# a path that autoconf refuses is named before anything is installed
mv tree 'a tree'
PATH=$tmp/stubs:$PATH './a tree/quickstart' >out 2>err && fail 'a path with a space'
grep -q "a tree.*without spaces" err && [ ! -s out ] || fail "a path with a space: $(cat out err)"
mv 'a tree' tree

# somebody's broken source does not matter while the packages can be had; no network does, and is named
stub dpkg-query <<<'true'
stub apt-get <<'END'
case $* in *update*) echo 'E: The repository does not have a Release file.'; exit 100 ;; esac
END
built 'after a failed update'
grep -q 'apt-get update failed' out || fail "nothing about the update: $(cat out)"
stub apt-get <<'END'
echo 'W: Failed to fetch http://mirror/InRelease  Temporary failure resolving '\''mirror'\'
case $* in *install*) echo 'E: Unable to locate package jq'; exit 100 ;; esac
END
quickstart 1
grep -q '^quickstart: no network' err || fail "no network: $(cat err)"
stub apt-get <<<'echo "E: Unable to locate package jq"; case $* in *install*) exit 100 ;; esac'
quickstart 1
! grep -q 'no network' err && grep -q 'cannot install' err || fail "an unknown package: $(cat err)"
stub dpkg-query <<<'echo installed'
rm stubs/mke2fs

# interrupt WORD: Ctrl-C once a stub has started, for the whole foreground group as a terminal sends it
interrupt() {
	rm -f started
	mkfifo started
	PATH=$tmp/stubs:$PATH timeout 60 python3 - "$1" <<-'END'
		import os, signal, subprocess, sys
		run = subprocess.Popen(["./tree/quickstart", sys.argv[1]], stdin=subprocess.DEVNULL, start_new_session=True,
		                       stdout=open("out", "w"), stderr=open("err", "w"))
		stub = int(open("started").read())
		os.killpg(run.pid, signal.SIGINT)
		run.wait(20)
		try:
		    for _ in range(200):
		        os.kill(stub, 0)
		        signal.sigtimedwait([], 0.05)
		    sys.exit(f"process {stub} goes on")
		except ProcessLookupError:
		    sys.exit(run.returncode != 130)
	END
}
# 'check' runs samples under timeout(1), which is a process group of its own
mkdir -p tree/tests/witness
touch tree/tests/witness/run.sh
interrupt check || fail "Ctrl-C in a sample: $(cat out err | tail -n 5)"
grep -q 'stale-tail .* fixed' out || fail "no demonstration: $(cat out)"
for word in secret-plan code-word-zebra meet-at-midnight; do
	mapfile -t seen < <(grep -A 1 -Fx "$ grep -ac $word demo.img" out | grep -x '[0-9]*')
	[[ ${seen[*]} == [1-9]' 0' ]] || fail "$word, which was deleted, is in the image: ${seen[*]}: $(cat out err)"
done
# a child that catches the signal and leaves as if nothing were wrong
stub make <<END
case "\$*" in *-C*) exit ;; esac
ln -sf "$E4ZERO" e4zero
trap 'exit 0' INT
echo \$\$ >"$tmp/started"
for i in {1..100}; do sleep 1; done
END
interrupt demo || fail "Ctrl-C in make: $(cat out err | tail -n 5)"
! grep -q 'PIN' out || fail 'it went on after Ctrl-C'
