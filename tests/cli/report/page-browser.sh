#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A browser draws the page of --report, on a screen and on paper, and finds nothing to load.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires python3
for browser in chromium chromium-browser google-chrome chrome-headless-shell headless_shell ''; do
	[ -z "$browser" ] || ! type -P "$browser" >/dev/null || break
done
[ -n "$browser" ] || skip 'no headless Chromium is installed'
# browse ARGUMENTS...
browse() {
	timeout 120 "$browser" --headless --disable-gpu --no-sandbox --user-data-dir="$tmp/profile" --no-first-run \
		--disable-background-networking --enable-logging=stderr "$@" "file://$tmp/page.html" >browser.out 2>browser.err
}
stale_image image
long=$(printf 'long%.0s' {1..60})
debugfs_script image <<-END
	ln tail $long
	unlink tail
	write eight broken
	sif broken block[0] 0
END
run_e4zero 4 -q --all --report page.html image
browse --dump-dom || skip "the browser does not start here: $(head -1 browser.err)"
# the parser of a browser repairs what is not well-formed: then its elements would be others
python3 - page.html browser.out <<-'END' || fail 'the browser reads another page'
	import html.parser
	import sys
	def tags(path):
	    seen = []
	    parser = html.parser.HTMLParser()
	    parser.handle_starttag = lambda tag, attrs: seen.append((tag, sorted(attrs)))
	    parser.feed(open(path, encoding='utf-8').read())
	    return seen
	sys.exit(tags(sys.argv[1]) != tags(sys.argv[2]))
END
# Nothing is wider than a screen, a small one neither, but tables that can be moved; nothing lies over anything else. A script
# measures a copy of the page, which is allowed to run one.
sed 's/<meta http-equiv[^>]*>//' page.html >own.html
mv page.html kept.html
cat own.html - >page.html <<-'END'
	<script>
	const box = e => e.getBoundingClientRect(), said = [];
	if (document.documentElement.scrollWidth > innerWidth) said.push('the page is wider than the screen');
	for (const parent of document.querySelectorAll('main, section, .map, .bar, .legend, tr'))
		for (const one of parent.children) {
			const next = one.nextElementSibling, a = box(one), b = next && box(next);
			if (b && a.width && b.width && a.right > b.left + 1 && a.bottom > b.top + 1 && b.bottom > a.top + 1)
				said.push(one.outerHTML.slice(0, 99) + ' lies over what follows it');
		}
	for (const e of document.querySelectorAll('td, th, .verdict, h1'))
		if (e.scrollWidth > e.clientWidth + 1) said.push('too wide: ' + e.outerHTML.slice(0, 99));
	document.body.textContent = 'measured: ' + said.join('; ');
	</script>
END
for width in 500 1000; do
	browse --dump-dom --window-size=$width,900 || fail "at $width: $(cat browser.err)"
	grep -q '>measured: *$' browser.out || fail "at $width: $(grep measured browser.out)"
done
mv kept.html page.html
browse --screenshot="$tmp/screen.png" --window-size=1000,1400 || fail "no screenshot: $(cat browser.err)"
browse --print-to-pdf="$tmp/paper.pdf" || fail "not printed: $(cat browser.err)"
same 'a screenshot' "$(head -c 4 screen.png | tail -c 3)" PNG
same 'a PDF' "$(head -c 4 paper.pdf)" %PDF
# more than blank paper
(($(stat -c %s screen.png) > 20000 && $(stat -c %s paper.pdf) > 10000)) || fail "$(stat -c '%n %s' screen.png paper.pdf)"
! grep -E 'CONSOLE|Refused to|net::ERR|Content Security Policy' browser.err || fail 'the browser complains about the page'
