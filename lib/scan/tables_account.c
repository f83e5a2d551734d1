// SPDX-License-Identifier: GPL-2.0-or-later
// What was counted and claimed while the tables were examined.
#include "scan/tables_state.h"

errcode_t tables_tally(struct tables *t, const struct rangeset *disputed, struct tally *tally)
{
	errcode_t err = 0;

	if (rangeset_count(disputed)) {
		t->tally = (struct tally){0};
		for (unsigned i = 0; i < t->options.workers; i++)
			t->workers[i].exam.disputed = disputed;
		err = claims_again(t->claims, disputed);
		if (!err)
			err = tables_all(t, COUNT);
	}
	*tally = t->tally;
	return err;
}

const struct rangeset *tables_doubtful(const struct tables *t)
{
	return t->doubtful;
}

errcode_t tables_watch(const struct tables *t, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	errcode_t err = tables_stopped(t);

	return err || !t->options.watch ? err
					: t->options.watch(t->options.arg, pass, current, max);
}

const struct rangeset *tables_orphans(const struct tables *t)
{
	return t->orphans;
}

struct claims *tables_claims(const struct tables *t)
{
	return t->claims;
}

struct claims *tables_take_claims(struct tables *t)
{
	struct claims *claims = t->claims;

	t->claims = NULL;
	return claims;
}
