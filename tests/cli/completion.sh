#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In an interactive bash, TAB completes IMAGE with files of this host and FILE with paths inside the image, or not at all.
. "${srcdir:-.}/tests/lib.sh"
requires python3
requires mke2fs
requires debugfs

mkdir -p files/letters 'files/a b'
touch files/letters/{one,two}.txt 'files/a b/c' files/lonely
mke2fs -q -F -t ext4 -d files image.img 8M >/dev/null
mkdir letters lonely.host
touch lonely.host/x

# pressed LINE: what e4zero would be called with, where TAB is pressed at the end of the line
pressed() {
	COMPLETION=$srcdir/contrib/completion/e4zero timeout 60 python3 - "$1" <<-'END'
		import os, pty, sys, time, select
		pid, fd = pty.fork()
		if not pid:
		    os.execlp("bash", "bash", "--norc", "--noprofile", "-i")
		said = b""
		def until(mark):
		    global said
		    end = time.monotonic() + 20
		    while mark not in said and time.monotonic() < end:
		        if select.select([fd], [], [], 1)[0]:
		            said += os.read(fd, 65536)
		    before, _, said = said.partition(mark)
		    return before
		os.write(fd, b"bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; . \"$COMPLETION\"\n")
		os.write(fd, b"e4zero() { printf 'g%s' 'ot:'; printf '[%s]' \"$@\"; printf '%s\\n' 'EN''D'; }; echo rea''dy\n")
		until(b"ready\r\n")
		os.write(fd, b"e4zero " + os.fsencode(sys.argv[1]) + b"\t\r")
		until(b"got:")
		print(os.fsdecode(until(b"END")))
		os.write(fd, b"exit\n")
		os.close(fd)
		os.waitpid(pid, 0)
	END
}
completes() { # LINE ARGUMENTS
	local got
	got=$(pressed "$1")
	[ "$got" = "$2" ] || fail "'$1' becomes $got, expected $2"
}
completes 'ima' '[image.img]'
completes '--truncate 10 ima' '[--truncate][10][image.img]'
completes '--map image.img /lon' '[--map][image.img][/lonely]'
completes '--map image.img /let' '[--map][image.img][/letters/]'
completes '--map image.img /letters/t' '[--map][image.img][/letters/two.txt]'
completes '--map image.img /a' '[--map][image.img][/a b/]'
completes '--map image.img /a\ b/' '[--map][image.img][/a b/c]'
completes '--only=stale-tail image.img /lon' '[--only=stale-tail][image.img][/lonely]'
completes '-j 2 -z undo image.img /lon' '[-j][2][-z][undo][image.img][/lonely]'
completes 'image.img /lonely /letters/o' '[image.img][/lonely][/letters/one.txt]'
truncate -s 1M disk.img
cat image.img >>disk.img
completes 'disk.img?offset=1048576 /lon' '[disk.img?offset=1048576][/lonely]'
completes '-- image.img /lon' '[--][image.img][/lonely]'
# nothing of this host where a path of the image is expected
completes '--map image.img lon' '[--map][image.img][lon]'
completes '--map image.img /us' '[--map][image.img][/us]'
completes '--map missing.img /lon' '[--map][missing.img][/lon]'
completes '--partition 1 image.img /lon' '[--partition][1][image.img][/lon]'
completes '--replay image.img /lon' '[--replay][image.img][/lon]'
completes '--merge image.img lonely.' '[--merge][image.img][lonely.host/]'
completes '--pol' '[--policy]'
completes '--policy=fl' '[--policy=flush]'
