#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program whose header has a field more in each structure goes together with this library: every structure has the same
# size, the new fields of results are zero, and a new option that is set is refused.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
shared=${SHARED:-$builddir/libe4zero.so.0.0.0}
[ -f "$shared" ] || skip "$shared is not built"
[ -n "${COMPILE-}" ] || skip 'COMPILE is not set: run me by make check'
[ -z "${INSTRUMENT-}" ] || skip "this program has no instruments, as the library has:$INSTRUMENT"

mkdir now later
ln -s "$shared" libe4zero.so.0
cp "$srcdir/lib/e4zero.h" now
sed 's/^\tuint64_t reserved\[8\];/\tuint64_t added; uint64_t reserved[7];/
	s/^\tuint64_t reserved\[5\];/\tuint64_t added; uint64_t reserved[4];/
	s/^\tuint64_t reserved\[4\];/\tuint64_t added; uint64_t reserved[3];/
	s/^\tuint64_t reserved\[2\];/\tuint64_t added; uint64_t reserved[1];/' now/e4zero.h >later/e4zero.h
structs=$(sed -n 's/^struct \(e4z_[a-z_]*\) {$/\1/p' now/e4zero.h | grep -vx e4z_range)
[ "$(wc -l <<<"$structs")" = "$(grep -c 'added;' later/e4zero.h)" ] || fail 'a structure cannot grow'

# compiled VERSION SOURCE PROGRAM
compiled() {
	"${COMPILE%% *}" -Wall -Werror -I"$1" -I"$builddir" -o "$3" "$2" "$shared" -Wl,-rpath,"$tmp" -lcom_err \
		>cc.log 2>&1 || fail "$2 with e4zero.h of $1: $(cat cc.log)"
}

{
	printf '#include <e4zero.h>\n#include <stdio.h>\nint main(void)\n{\n'
	for struct in $structs; do
		printf '\tprintf("%s %%zu\\n", sizeof(struct %s));\n' "$struct" "$struct"
	done
	printf '}\n'
} >sizes.c
for version in now later; do
	compiled "$version" sizes.c sizes && ./sizes >"sizes.$version"
done
diff sizes.now sizes.later || fail 'a structure that grew has another size'

cat >program.c <<'END'
#include <e4zero.h>
#include <e4zero-errors.h>
#include <stdio.h>
#include <string.h>

#define IS(call, wanted)                                                                           \
	if ((call) != (wanted)) {                                                                  \
		printf("%s is not %s: %s\n", #call, #wanted, e4z_message(img, E4Z_ET_USAGE));      \
		return 1;                                                                          \
	}
#define REFUSED(call) IS(call, E4Z_ET_USAGE)
/* RESULT is filled by CALL, and has zero where this library has no field */
#define FILLED(result, call)                                                                       \
	memset(&(result), 0xff, sizeof(result));                                                   \
	IS(call, 0);                                                                               \
	IS((result).added, 0)

static unsigned delivered;

static errcode_t finding(void *arg, const struct e4z_finding *f) { delivered |= 1; return (errcode_t)f->added; }
static errcode_t piece(void *arg, const struct e4z_map_piece *p) { delivered |= 2; return (errcode_t)p->added; }
static errcode_t match(void *arg, const struct e4z_match *m) { delivered |= 4; return (errcode_t)m->added; }
static errcode_t skipped(void *arg, const struct e4z_skipped *s) { delivered |= 8; return (errcode_t)s->added; }
static errcode_t ledger(void *arg, const struct e4z_ledger *l)
{
	delivered |= 16;
	for (size_t i = 0; i < l->count; i++)
		if (l->classes[i].added)
			return 1;
	return (errcode_t)(l->added | l->after.added);
}
static errcode_t shard(void *arg, const struct e4z_shard *s) { delivered |= 32; return (errcode_t)s->added; }
static errcode_t claims(void *arg, const struct e4z_claims *c) { delivered |= 64; return (errcode_t)c->added; }
static errcode_t bytes(void *arg, uint64_t off, void *to, size_t len) { memset(to, 'x', len); return 0; }

static int results(struct e4z_image *img)
{
	const struct e4z_check_sink sink = {
		.finding = finding, .skipped = skipped, .ledger = ledger, .shard = shard, .claims = claims};
	const struct e4z_expand_options expand = {.match = match};
	const struct e4z_source source = {.len = 100, .read = bytes};
	struct e4z_check_summary checked;
	struct e4z_fix_summary fixed;
	struct e4z_convert_summary converted;
	struct e4z_commit_summary done;
	struct e4z_edit edit;

	IS(e4z_info(img)->added, 0);
	FILLED(checked, e4z_check(img, &(struct e4z_check_options){.all = true}, &sink, &checked));
	FILLED(checked, e4z_check(img, &(struct e4z_check_options){.shard = 1, .shards = 1}, &sink, &checked));
	FILLED(checked, e4z_check(img, &(struct e4z_check_options){.files = (const char *[]){"/small", "/dir"}, .file_count = 2},
				  &sink, &checked));
	FILLED(fixed, e4z_fix(img, NULL, &sink, &fixed));
	IS(fixed.check.added | fixed.commit.added, 0);
	IS(e4z_expand(img, "/*", &expand), 0);
	IS(e4z_map(img, "/file", piece, NULL), 0);
	IS(e4z_begin(img, NULL), 0);
	FILLED(converted, e4z_convert_all(img, NULL, &converted, &done));
	FILLED(edit, e4z_write_from(img, "/file", 0, &source, &edit));
	FILLED(edit, e4z_convert(img, "/file", NULL, &edit));
	FILLED(done, e4z_plan(img, &done, NULL));
	FILLED(done, e4z_commit(img, &done));
	memset(&done, 0xff, sizeof(done));
	e4z_done(img, &done);
	IS(done.added, 0);
	IS(delivered, 127);
	return 0;
}

static int options(struct e4z_image *img, const char *path)
{
	struct e4z_image *other;
	const int fds[25] = {1};
	unsigned done;
	char why[200];

	REFUSED(e4z_open(path, &(struct e4z_open_options){.added = 1}, &other));
	e4z_close(other);
	REFUSED(e4z_undo(path, &(struct e4z_open_options){.added = 1}, "undo", true, NULL, why, sizeof(why)));
	REFUSED(e4z_check(img, &(struct e4z_check_options){.added = 1}, NULL, NULL));
	REFUSED(e4z_check(img, NULL, &(struct e4z_check_sink){.added = 1}, NULL));
	REFUSED(e4z_fix(img, &(struct e4z_fix_options){.added = 1}, NULL, NULL));
	REFUSED(e4z_fix(img, &(struct e4z_fix_options){.check.added = 1}, NULL, NULL));
	REFUSED(e4z_fix(img, NULL, &(struct e4z_check_sink){.added = 1}, NULL));
	REFUSED(e4z_expand(img, "/*", &(struct e4z_expand_options){.match = match, .added = 1}));
	REFUSED(e4z_begin(img, &(struct e4z_edit_options){.added = 1}));
	IS(e4z_begin(img, NULL), 0);
	REFUSED(e4z_convert_all(img, &(struct e4z_convert_options){.added = 1}, NULL, NULL));
	REFUSED(e4z_convert(img, "/file", &(struct e4z_convert_options){.added = 1}, NULL));
	REFUSED(e4z_write_from(img, "/file", 0, &(struct e4z_source){.len = 1, .read = bytes, .added = 1}, NULL));
	/* so is a value that an enumeration does not have */
	REFUSED(e4z_convert(img, "/file", &(struct e4z_convert_options){.to = E4Z_TO_HOLE + 1}, NULL));
	e4z_abort(img);
	REFUSED(e4z_begin(img, &(struct e4z_edit_options){.data = E4Z_DATA_ORDERED + 1}));
	REFUSED(e4z_begin(img, &(struct e4z_edit_options){.policy = E4Z_POLICY_FLUSH_ALWAYS + 1}));
	REFUSED(e4z_check(img, &(struct e4z_check_options){.kinds = E4Z_KIND_BIT(E4Z_KIND_COUNT)}, NULL, NULL));
	REFUSED(e4z_fix(img, &(struct e4z_fix_options){.check.kinds = E4Z_KIND_BIT(63)}, NULL, NULL));
	REFUSED(e4z_undo(path, &(struct e4z_open_options){.format = -1}, "undo", true, NULL, why, sizeof(why)));
	for (int value = -1; value <= E4Z_FORMAT_COUNT; value += E4Z_FORMAT_COUNT + 1) {
		REFUSED(e4z_open(path, &(struct e4z_open_options){.format = value}, &other));
		e4z_close(other);
		REFUSED(e4z_open(path, &(struct e4z_open_options){.holes = value}, &other));
		e4z_close(other);
	}
	REFUSED(e4z_confine(img, &(struct e4z_confine_options){.added = 1}, &done));
	REFUSED(e4z_confine(img, &(struct e4z_confine_options){.outputs = fds, .output_count = 25}, &done));
	REFUSED(e4z_confine(img, &(struct e4z_confine_options){.files = fds, .file_count = 25}, &done));
	return e4z_has_written(img);
}

int main(int argc, char **argv)
{
	struct e4z_image *img;
	int rc;

	e4z_init_errors();
	if (e4z_open(argv[1], &(struct e4z_open_options){.write = true}, &img))
		return 1;
	rc = options(img, argv[1]) || results(img);
	e4z_close(img);
	return rc;
}
END
compiled later program.c program
edit_image image
debugfs_script image <<<'sif small size 50'
./program image >out 2>err || fail "$(cat out err)"
sound image
