# SPDX-License-Identifier: GPL-2.0-or-later
# Reads the page of --report: well-formed, alone, and with the numbers of the JSON report of the same run.
#
# page.py PAGE JSON [NAME...]: each NAME is in the page as text.
import html.parser
import json
import re
import sys

VOID = {'meta', 'br'}
KNOWN = {'html', 'head', 'meta', 'title', 'style', 'body', 'main', 'h1', 'h2', 'div', 'p', 'strong', 'span', 'section',
	'table', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td', 'ul', 'li', 'i', 'b', 'bdi'}
ATTRIBUTES = {'lang', 'charset', 'http-equiv', 'content', 'name', 'class', 'id', 'role', 'aria-hidden', 'aria-label',
	'aria-labelledby', 'scope', 'title', 'style', 'data-field', 'data-class', 'data-kind'}


def fail(why):
	sys.exit('page.py: ' + why)


class Page(html.parser.HTMLParser):
	def __init__(self):
		super().__init__(convert_charrefs=True)
		self.open, self.ids, self.labels = [], set(), set()
		self.fields, self.classes, self.kinds = {}, {}, {}
		self.row = self.into = self.list_of = None
		self.cells, self.findings, self.names, self.text = [], 0, [], []
		self.map, self.marks = 0, 0

	def handle_starttag(self, tag, attrs):
		if tag not in KNOWN:
			fail(f'an element {tag}, at {self.getpos()}')
		for name, value in attrs:
			if name not in ATTRIBUTES:
				fail(f'an attribute {name} of {tag}, at {self.getpos()}')
		attrs = dict(attrs)
		if 'id' in attrs:
			if attrs['id'] in self.ids:
				fail(f'two elements with id {attrs["id"]}')
			self.ids.add(attrs['id'])
		if 'aria-labelledby' in attrs:
			self.labels.add(attrs['aria-labelledby'])
		if attrs.get('role') == 'img' and not attrs.get('aria-label'):
			fail('an image without a label')
		if tag == 'th' and 'scope' not in attrs:
			fail(f'a heading without a scope, at {self.getpos()}')
		if tag == 'tr':
			self.cells = []
			self.row = attrs
			self.findings += attrs.get('class') == 'finding'
		if tag in ('td', 'th'):
			self.cells.append('')
			self.into = attrs.get('data-field')
		if tag == 'b':
			self.into = attrs.get('data-field')
		if tag == 'bdi':
			self.names.append('')
		if tag == 'i' and self.open[-1] == 'div':
			self.map += 1
			self.marks += 'class' in attrs
		if tag not in VOID:
			self.open.append(tag)

	def handle_endtag(self, tag):
		if not self.open or self.open.pop() != tag:
			fail(f'</{tag}> closes nothing, at {self.getpos()}')
		if tag == 'tr' and 'data-class' in self.row:
			self.classes[self.row['data-class']] = self.cells
		if tag == 'tr' and 'data-kind' in self.row:
			self.kinds[self.row['data-kind']] = self.cells

	def handle_data(self, data):
		if 'style' in self.open:
			return
		self.text.append(data)
		if self.open and self.open[-1] == 'bdi':
			self.names[-1] += data
		if 'td' in self.open or 'th' in self.open:
			self.cells[-1] += data
		if self.into and self.open[-1] in ('td', 'b'):
			self.fields[self.into] = int(data)
			self.into = None

	def handle_comment(self, data):
		fail('a comment')


def same(what, got, wanted):
	if got != wanted:
		fail(f'{what}: {got} on the page, {wanted} in the JSON report')


def number(cell):
	return None if cell == '-' else int(cell)


def luminance(color):
	if len(color) == 4:
		color = '#' + ''.join(c * 2 for c in color[1:])
	parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
	red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrasts(source):
	"""Text can be read on its background: a ratio of 4.5 (WCAG 1.4.3), in light and in dark."""
	sheets = re.findall(r':root\{([^}]*)\}', source)
	if len(sheets) != 2:
		fail(f'{len(sheets)} sets of colours')
	pairs = [('ink', 'paper'), ('ok', 'paper'), ('bad', 'paper')]
	pairs += [('on', area) for area in ('files', 'free', 'metadata', 'journal', 'unsure')]
	for sheet in sheets:
		colors = dict(re.findall(r'--(\w+):(#\w+)', sheet))
		for text, ground in pairs:
			low, high = sorted((luminance(colors[text]), luminance(colors[ground])))
			if (high + 0.05) / (low + 0.05) < 4.5:
				fail(f'{text} {colors[text]} on {ground} {colors[ground]} cannot be read')


raw = open(sys.argv[1], 'rb').read()
source = raw.decode()
for word in ('://', '@import', 'url(', '<script', '<link', '<img', '\0', '\x1b'):
	if word in source:
		fail(f'{word!r} is on the page')
page = Page()
page.feed(source)
page.close()
if page.open:
	fail(f'not closed: {page.open}')
if not page.labels <= page.ids or 'verdict' not in page.ids:
	fail(f'labels {page.labels}, ids {page.ids}')
contrasts(source)
for one in ('prefers-color-scheme:dark', '@media print'):
	if one not in source:
		fail('no ' + one)

records = [json.loads(line) for line in open(sys.argv[2])]
findings = [r for r in records if r['type'] == 'finding']
summary = records[-1]
for name, value in page.fields.items():
	if name != 'left-out':
		same(name, value, summary[name])
if len(page.fields) < 11:
	fail(f'only these numbers: {page.fields}')
same('rows', page.findings + page.fields.get('left-out', 0), len(findings))
if page.findings > 1000 or page.map > 2000:
	fail(f'{page.findings} rows, {page.map} cells')
kinds = {}
for f in findings:
	row = kinds.setdefault(f['kind'], [0, 0, 0])
	row[0], row[1], row[2] = row[0] + 1, row[1] + f['fixed'], row[2] + f['nonzero']
same('kinds', {k: [int(c) for c in v[2:]] for k, v in page.kinds.items()}, kinds)
ledgers = [r for r in records if r['type'] == 'ledger']
same('ledgers', len(ledgers), bool(page.classes))
for ledger in ledgers:
	same('size', int(page.classes.pop('all')[3]), ledger['size'])
	same('classes', {k: [int(v[2]), int(v[3]), number(v[5]), v[6] or None] for k, v in page.classes.items()},
		{c['class']: [c['places'], c['bytes'], c['stale_bytes'], c['left']] for c in ledger['classes']})
for name in sys.argv[3:]:
	if name not in page.names:
		fail(f'{name!r} is not one of {page.names}')
print(f'{page.findings} rows, {page.marks} of {page.map} cells')
