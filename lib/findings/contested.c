// SPDX-License-Identifier: GPL-2.0-or-later
// Finds tree blocks that are met more than once, and goes through all below them.
#include "findings/contested.h"

#include <errno.h>
#include <stdlib.h>

/* Blocks that are read next. More wait in a set, which takes less memory but is searched. */
#define STACK_MAX 4096

errcode_t contested_init(struct contested *c, uint64_t blocks)
{
	bool ok = true;

	for (unsigned i = 0; i <= MAP_POINTERS; i++)
		ok &= (c->met[i] = rangeset_new(blocks)) != NULL;
	c->again = rangeset_new(blocks);
	return ok && c->again ? 0 : ENOMEM;
}

void contested_free(struct contested *c)
{
	for (unsigned i = 0; i <= MAP_POINTERS; i++)
		rangeset_free(c->met[i]);
	rangeset_free(c->again);
}

errcode_t contested_meet(struct contested *c, uint64_t pblk, unsigned pointers, bool *first)
{
	bool again = false, other = false;
	errcode_t err = rangeset_add(c->met[pointers], pblk, 1, &again);

	for (unsigned i = 0; i <= MAP_POINTERS; i++)
		other |= i != pointers && rangeset_has(c->met[i], pblk);
	if (!err && (again || other))
		err = rangeset_add(c->again, pblk, 1, NULL);
	*first = !again;
	return err;
}

bool contested_any(const struct contested *c)
{
	return rangeset_count(c->again) != 0;
}

/* ---- what is below them ---- */

struct place {
	uint64_t pblk;
	unsigned pointers;
};

struct spread {
	struct contested *c;
	const struct e4z_image *img;
	struct map_work *work;
	void (*run)(void *arg, const struct run *run);
	void *arg;
	struct rangeset *waiting[MAP_POINTERS + 1]; /* contested, and not read as such yet */
	struct place stack[STACK_MAX];		    /* some of them */
	size_t count;
	bool more; /* one of them is not on the stack */
	errcode_t err;
};

static void wait_for(struct spread *s, uint64_t pblk, unsigned pointers)
{
	if (!s->err)
		s->err = rangeset_add(s->waiting[pointers], pblk, 1, NULL);
	if (s->count < STACK_MAX)
		s->stack[s->count++] = (struct place){pblk, pointers};
	else
		s->more = true;
}

/* A contested block lists PBLK: once as each thing that it is met as, it will be read. */
static bool on_child(void *arg, uint64_t pblk)
{
	struct spread *s = arg;
	struct contested *c = s->c;
	unsigned pointers = s->work->pointers;
	bool known = rangeset_has(c->again, pblk), first = false;

	/* most are: entries are many more than blocks where all of them lead to the same */
	if (known && rangeset_has(c->met[pointers], pblk))
		return false;
	if (!s->err)
		s->err = contested_meet(c, pblk, pointers, &first);
	if (!s->err)
		s->err = rangeset_add(c->again, pblk, 1, NULL);
	for (unsigned i = 0; i <= MAP_POINTERS; i++)
		if (i == pointers ? first || !known : !known && rangeset_has(c->met[i], pblk))
			wait_for(s, pblk, i);
	return false;
}

static void on_run(void *arg, const struct run *run)
{
	struct spread *s = arg;

	if (!s->err)
		s->run(s->arg, run);
}

/* Read the block, if it still waits, and all below it that the stack has room for. */
static void list(struct spread *s, uint64_t pblk, unsigned pointers)
{
	const struct map_sink sink = {.arg = s, .node = on_child, .run = on_run};
	struct place next = {pblk, pointers};

	for (;;) {
		if (s->work->stop && *s->work->stop)
			s->err = E4Z_ET_INTERRUPTED;
		if (!s->err && rangeset_has(s->waiting[next.pointers], next.pblk)) {
			s->err = rangeset_remove(s->waiting[next.pointers], next.pblk, 1);
			if (!s->err)
				map_entries(s->img, s->work, next.pblk, next.pointers, &sink);
		}
		if (s->err || !s->count)
			return;
		next = s->stack[--s->count];
	}
}

/* All that wait, in the order of the disk. */
static void list_waiting(struct spread *s, unsigned pointers)
{
	uint64_t from = 0, start, len;

	while (!s->err && rangeset_next(s->waiting[pointers], &from, &start, &len))
		for (uint64_t i = 0; i < len && !s->err; i++)
			list(s, start + i, pointers);
}

/* The blocks that were met more than once wait. */
static errcode_t begin(struct spread *s)
{
	uint64_t from = 0, start, len;
	errcode_t err = 0;

	for (unsigned p = 0; p <= MAP_POINTERS; p++)
		if (!(s->waiting[p] = rangeset_new(s->img->blocks)))
			return ENOMEM;
	while (rangeset_next(s->c->again, &from, &start, &len))
		for (uint64_t i = start; i < start + len; i++)
			for (unsigned p = 0; p <= MAP_POINTERS && !err; p++)
				if (rangeset_has(s->c->met[p], i))
					err = rangeset_add(s->waiting[p], i, 1, NULL);
	return err;
}

errcode_t contested_spread(struct contested *c, const struct e4z_image *img, struct map_work *work,
			   void (*run)(void *arg, const struct run *run), void *arg)
{
	struct spread *s = calloc(1, sizeof(*s));
	errcode_t err;

	if (!s)
		return ENOMEM;
	s->c = c;
	s->img = img;
	s->work = work;
	s->run = run;
	s->arg = arg;
	s->err = begin(s);
	/* each sweep but the last reads a full stack of them: there are few */
	do {
		s->more = false;
		for (unsigned p = 0; p <= MAP_POINTERS && !s->err; p++)
			list_waiting(s, p);
	} while (s->more && !s->err);
	err = s->err;
	for (unsigned p = 0; p <= MAP_POINTERS; p++)
		rangeset_free(s->waiting[p]);
	free(s);
	return err;
}
