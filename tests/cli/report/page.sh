#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --report writes a page that stands alone, is well-formed, and has the numbers of the JSON report of the same run.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires python3
# page STATUS ARGUMENTS...: the page and the JSON report of one run agree; what is on it
page() {
	rm -f page.html
	run_e4zero "$1" --json --report page.html "${@:2}"
	read -r page < <(python3 "$srcdir/tests/cli/report/page.py" page.html out "${names[@]}") || fail "${*:2}"
	slurp html page.html
}
names=() html=''
stale_image stale
remember_image stale
names=(/tail /past stale)
page 4 stale
same 'what is on it' "$page" '2 rows, 1 of 1 cells'
[[ $html == *'> Not clean<'* && $html == *'2 findings with 7288 stale bytes; 3 regular files were checked.'* ]] ||
	fail "the verdict: $html"
page 4 --all -v stale
[[ $html == *'id="ledger"'* && $html == *'the whole file system'* ]] || fail 'no ledger'
names=(/tail)
page 4 --only stale-tail stale
[[ $html == *'Examined: only for findings of these kinds: stale-tail<'* ]] || fail 'the page does not say what was left out'
names=()
page 0 --only free stale
[[ $html == *'> Nothing found<'*'of these kinds: free-block disputed<'* ]] || fail "a part is called clean: $html"
names=(stale /clean)
page 0 stale /clean
[[ $html == *'> Nothing found<'* && $html == *'only these files'* ]] || fail "the verdict: $html"
image_unchanged stale

# the text report is the same with the page and without
run_e4zero 4 stale
mv out plain
rm page.html
run_e4zero 4 --report page.html stale
cmp plain out || fail 'the text report changes with --report'
same 'mode of the page' "$(stat -c %a page.html)" "$(umask 022; : >mode; stat -c %a mode)"

# names that the page must not believe; whatever they try, they are text
make_image hostile 16M
text four 4096 x
n=0
for file in '<script>alert(1)</script>' '"><img src=x onerror=y>' "'&lt;&amp;" $'\xff\xfe</td>' $'a\xe2\x80\xaeb' $'\xd7\x90' $'n\033[1m'; do
	file=${file//\//$'\xe2\x88\x95'}
	printf 'write four f%d\nsif f%d size 1\nln f%d "%s"\nunlink f%d\n' $n $n $n "${file//\"/\"\"}" $n
	n=$((n + 1))
done | debugfs_script hostile
cp hostile '<b>&"hostile'
names=($'/<script>alert(1)<\xe2\x88\x95script>' '/"><img src=x onerror=y>' "/'&lt;&amp;" $'/\\xff\\xfe<\xe2\x88\x95td>'
	'/a\xe2\x80\xaeb' $'/\xd7\x90' '/n\x1b[1m' '<b>&"hostile')
page 4 '<b>&"hostile'
same 'what is on it' "$page" '7 rows, 1 of 1 cells'

# a line feed comes from a host only
mkdir lines
text lines/$'a\nb' 10 x
make_image lines.img 8M -d lines
debugfs_script lines.img <<<"sif <$(debugfs -R 'ls -p /' lines.img 2>/dev/null | grep -A 1 /a | sed -n 's,^/\([0-9]*\)/1.*,\1,p')> size 5"
names=('/a\x0ab')
page 4 lines.img
[[ $html != *$'a\nb'* ]] || fail 'a name makes two lines'

# more than a page holds
many_tails many 1200
names=(/f00000)
page 4 many
[[ $page == '1000 rows, '* && $html == *'<b data-field="left-out">200</b>'* ]] || fail "1200 findings: $page"
for jobs in 1 2; do
	rm -f page.$jobs
	run_e4zero 4 -q --all -j $jobs --report page.$jobs many
done
cmp page.1 page.2 || fail 'the page depends on the number of threads'

# many groups, and a part of them a cell
truncate -s 300G huge
mke2fs -q -F -t ext4 -O ^resize_inode,^has_journal -E lazy_itable_init=1 -N 20000 huge >mke2fs.log 2>&1 ||
	fail "mke2fs: $(cat mke2fs.log)"
debugfs_script huge <<-END
	write four f
	sif f size 100
END
names=(/f)
page 4 huge
same 'cells of 2400 groups' "$page" '1 rows, 1 of 1200 cells'

# --fix: what became of it, and a dry run
names=(/tail /past)
page 0 --fix -n stale
[[ $html == *'class="verdict bad"'*'Dry run, nothing was written'* ]] || fail 'a dry run does not say so'
image_unchanged stale
page 0 --fix --all stale
[[ $html == *'Clean now'*'found before the fix'*'<td>fixed</td>'* ]] || fail "after --fix: $html"
names=()
page 0 --all stale
[[ $html == *'> Clean<'* ]] || fail 'not clean after --fix'
