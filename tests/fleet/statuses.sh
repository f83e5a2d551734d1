#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/fleet/fleet.sh: what becomes of each exit status of e4zero, of a signal, of a report that was lost, and of two that
# run the same image. A script that exits with a given status replaces e4zero.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
fleet=$srcdir/contrib/fleet/fleet.sh
requires flock

real=$E4ZERO
cat >fake <<'END'
#!/bin/bash
# The words of the file "plan", one for each run of an image: a status, or what else happens. "calls" gets the command line.
case " $* " in
*' --version '*) exec "$REAL" "$@" ;;
*/list/none*) exec "$REAL" "$@" ;;
esac
printf '%s\n' "$*" >>calls
[[ $* != --replay* ]] || exit 0
read -r word rest <plan
echo "$rest" >plan
say() { printf '{"type":"summary","schema":1,"verb":"check","findings":0,"seconds":0.001,"exit":%s}\n' "$1"; }
case $word in
lost*) exit "${word#lost}" ;;
killed) echo '{"type":"image"'; kill -KILL $$ ;;
stopped)
	trap 'for i in {1..20}; do read -r -t 0.01 <>"$IDLE"; done; say 32; echo ended >ended; exit 32' TERM
	echo ready >begun
	while :; do read -r -t 0.01 <>"$IDLE"; done ;;
waits) echo ready >begun; read -r _ <"$FIFO"; say 0 ;;
*) say "$word"; exit "$word" ;;
esac
END
chmod +x fake
mkfifo fifo idle
nap() { read -r -t 0.01 <>idle; }
export REAL=$real FIFO=$tmp/fifo IDLE=$tmp/idle E4ZERO=$tmp/fake

# begin PLAN [OPTION...]: a new DIR with one image
begin() {
	rm -rf dir calls begun
	echo "$1" >plan
	printf '%s\n' image | bash "$fleet" new dir - "${@:2}" >/dev/null || fail "new ${*:2}"
}
# after STATUS REPORT CALLS WHAT: run leaves with STATUS; REPORT is what it says, or "-" for none
after() {
	local rc=0 said=-
	bash "$fleet" run dir 1 2>err || rc=$?
	same "status after $4" "$rc" "$1"
	[ ! -e dir/reports/1.json ] || said=$(sed -n 's/.*"exit":\([0-9]*\).*/\1/p' dir/reports/1.json)
	same "report after $4" "$said" "$2"
	same "runs after $4" "$(wc -l <calls)" "$3"
	same "left after $4" "$(ls dir/parts)" ''
}

for status in 0 4; do
	begin $status
	after 0 $status 1 $status
	after 0 $status 1 "$status, once more"
done
begin 8
after 8 8 1 8
after 8 8 1 '8, once more'
begin '12 0' --fix --partition 2
after 0 0 3 12
same calls "$(cut -d' ' -f1-4 calls | tr '\n' ';')" '--fix --partition 2 --json;--replay -q --partition 2;--fix --partition 2 --json;'
# whatever it takes to open the image
begin '12 0' --image-format qcow2 --fix --backing --passphrase-file /key --timeout=9 --force --all
after 0 0 3 '12 of a format'
same calls "$(sed -n '2s/ -- .*//p' calls)" '--replay -q --image-format qcow2 --backing --passphrase-file /key --timeout=9 --force'
begin '12 12 4' --fix
after 12 - 3 '12 twice'
after 0 4 4 '12 twice, and again'
begin '16 0'
after 16 - 1 16
begin '32 0'
after 32 - 1 32
after 0 0 2 '32, and again'
begin 'killed 4'
after 12 - 1 'a kill'
after 0 4 2 'a kill, and again'
for status in 0 4 8; do
	begin "lost$status 0"
	after 12 - 1 "$status without a report"
done
begin 0
E4ZERO=/nowhere/e4zero bash "$fleet" run dir 1 2>err
same 'status without e4zero' $? 16

# a signal reaches e4zero, and its end is waited for
begin 'stopped 0'
bash "$fleet" run dir 1 &
until [ -s begun ]; do kill -0 $! || fail 'it ended'; nap; done
kill -TERM $!
wait $!
same 'status after SIGTERM' $? 32
[ -e ended ] || fail 'it did not wait for e4zero'
same 'reports after SIGTERM' "$(ls dir/reports)" ''
after 0 0 2 'SIGTERM, and again'

# an edit that outlives its script has the lock; the next one waits, and takes over what it reported
begin 'waits 4' --fix
bash "$fleet" run dir 1 &
first=$!
until [ -s begun ]; do kill -0 $first || fail 'it ended'; nap; done
kill -KILL $first
wait $first 2>/dev/null
mkdir bin
printf '#!/bin/sh\necho asked >%q\nexec %q "$@"\n' "$tmp/asked" "$(type -P flock)" >bin/flock
chmod +x bin/flock
PATH=$tmp/bin:$PATH bash "$fleet" run dir 1 &
second=$!
until [ -s asked ]; do kill -0 $second || fail 'it does not wait'; nap; done
same 'runs while the lock is held' "$(wc -l <calls)" 1
echo go >fifo
wait $second
same 'status of the second' $? 0
same 'report of the first' "$(sed -n 's/.*"exit":\([0-9]*\).*/\1/p' dir/reports/1.json)" 0
same 'runs of both' "$(wc -l <calls)" 1

# several images: the worst status, and what stops at once
printf '%s\n' a b c d e >list
several() { # PLAN STATUS REPORTS
	rm -rf dir calls
	bash "$fleet" new dir list >/dev/null || fail new
	echo "$1" >plan
	bash "$fleet" run dir 1 2 3 4 5 2>err
	same "status of $1" $? "$2"
	same "reports of $1" "$(ls dir/reports | tr -d '\n')" "$3"
	same "todo of $1" "$(bash "$fleet" todo dir | tr '\n' ' ')" "${4-}"
}
several '0 4 0 4 0' 0 1.json2.json3.json4.json5.json
several '0 8 0 4 0' 8 1.json2.json3.json4.json5.json
several '0 8 killed 4 0' 12 1.json2.json4.json5.json '3 '
several '0 8 32 4 0' 32 1.json2.json '3 4 5 '
several '0 16 0 0 0' 16 1.json '2 3 4 5 '
