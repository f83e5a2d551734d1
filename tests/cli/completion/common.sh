# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of the completions: images to complete in, and what becomes of a line when TAB is pressed.
. "${srcdir:-.}/tests/lib.sh"
requires python3
requires mke2fs
requires debugfs

mkdir -p files/letters 'files/a b'
touch files/letters/{one,two}.txt 'files/a b/c' files/lonely
mke2fs -q -F -t ext4 -d files image.img 8M >/dev/null
mkdir letters lonely.host
touch lonely.host/x
truncate -s 1M disk.img
cat image.img >>disk.img

# pressed SETUP LINE SHELL...: what an interactive shell would call e4zero with, where TAB is pressed at the end of the
# line, after it has run the commands of SETUP
pressed() {
	COMPLETION=$srcdir/contrib/completion timeout 60 python3 - "$@" <<-'END'
		import os, pty, sys, time, select
		pid, fd = pty.fork()
		if not pid:
		    os.execlp(sys.argv[3], *sys.argv[3:])
		said = b""
		def until(mark):
		    global said
		    end = time.monotonic() + 20
		    while mark not in said and time.monotonic() < end:
		        if select.select([fd], [], [], 1)[0]:
		            said += os.read(fd, 65536)
		    before, _, said = said.partition(mark)
		    return before
		os.write(fd, os.fsencode(sys.argv[1]) + b"\n")
		os.write(fd, b"e4zero() { printf 'g%s' 'ot:'; printf '[%s]' \"$@\"; printf '%s\\n' 'EN''D'; }; echo rea''dy\n")
		until(b"ready\r\n")
		os.write(fd, b"e4zero " + os.fsencode(sys.argv[2]) + b"\t\r")
		until(b"got:")
		print(os.fsdecode(until(b"END")))
		os.write(fd, b"exit\n")
		os.close(fd)
		os.waitpid(pid, 0)
	END
}

# completed_alike: what becomes of a line in every shell whose test has a function completes LINE ARGUMENTS
completed_alike() {
	completes 'ima' '[image.img]'
	completes '--truncate 10 ima' '[--truncate][10][image.img]'
	completes '--map image.img /lon' '[--map][image.img][/lonely]'
	completes '--map image.img /let' '[--map][image.img][/letters/]'
	completes '--map image.img /letters/t' '[--map][image.img][/letters/two.txt]'
	completes '--map image.img /a' '[--map][image.img][/a b/]'
	completes '--map image.img /a\ b/' '[--map][image.img][/a b/c]'
	completes '--only=stale-tail image.img /lon' '[--only=stale-tail][image.img][/lonely]'
	completes 'image.img /lonely /letters/o' '[image.img][/lonely][/letters/one.txt]'
	completes '-- image.img /lon' '[--][image.img][/lonely]'
	# nothing of this host where a path of the image is expected
	completes '--map image.img lon' '[--map][image.img][lon]'
	completes '--map image.img /us' '[--map][image.img][/us]'
	completes '--map missing.img /lon' '[--map][missing.img][/lon]'
	completes '--partition 1 image.img /lon' '[--partition][1][image.img][/lon]'
	completes '--replay image.img /lon' '[--replay][image.img][/lon]'
	completes '--pol' '[--policy]'
}
