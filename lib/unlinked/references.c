// SPDX-License-Identifier: GPL-2.0-or-later
// Counts the references to what inodes without links share with others: a count that is too low
// would have something freed that is somebody's.
#include "unlinked/unlinked.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "scan/inodes.h"
#include "unlinked/held.h"
#include <errno.h>
#include <stdlib.h>

/* A block of extended attributes, or an inode that holds a value. */
struct shared {
	uint64_t number;
	uint64_t stored, counted; /* references */
};
VEC(shared_vec, struct shared);

struct counting {
	const struct unlinked_facts *facts;
	struct shared_vec blocks, values;
	struct rangeset *met; /* blocks of attributes */
	bool lost;	      /* an inode may name values that are not counted */
};

static int by_number(const void *pa, const void *pb)
{
	const struct shared *a = pa, *b = pb;

	return (a->number > b->number) - (a->number < b->number);
}

static struct shared *find(const struct shared_vec *vec, uint64_t number)
{
	const struct shared wanted = {.number = number};

	return vec->count ? bsearch(&wanted, vec->items, vec->count, sizeof(wanted), by_number)
			  : NULL;
}

/* In order, each once. */
static void sort(struct shared_vec *vec)
{
	size_t count = 0;

	if (vec->count)
		qsort(vec->items, vec->count, sizeof(*vec->items), by_number);
	for (size_t i = 0; i < vec->count; i++)
		if (!count || vec->items[count - 1].number != vec->items[i].number)
			vec->items[count++] = vec->items[i];
	vec->count = count;
}

/* ---- what is asked for ---- */

/* INODE, which is U, has HELD: it was read once already. */
typedef errcode_t held_fn(struct counting *c, const struct inode *inode, const struct held *held,
			  struct unlinked *u);

static errcode_t note_value(struct counting *c, uint32_t ino)
{
	AUTO_FREE uint8_t *raw = malloc(c->facts->img->inode_size);
	struct inode inode;
	errcode_t err = raw ? inode_read(c->facts->img, ino, raw, &inode) : ENOMEM;
	struct shared value = {.number = ino};

	if (err)
		return err;
	value.stored = held_references(raw);
	return vec_push(&c->values, value) ? ENOMEM : 0;
}

static errcode_t note_held(struct counting *c, const struct inode *inode, const struct held *held,
			   struct unlinked *u)
{
	const struct shared block = {.number = held->block, .stored = held->references};
	errcode_t err = 0;

	/* it is a value that nobody is to have any more */
	if (inode->flags & EXT4_EA_INODE_FL)
		err = note_value(c, u->ino);
	if (err)
		return err;
	if (held->block && vec_push(&c->blocks, block))
		return ENOMEM;
	for (size_t i = 0; i < held->values.count && !err; i++)
		err = note_value(c, held->values.items[i].ino);
	return err;
}

static errcode_t check_held(struct counting *c, const struct inode *inode, const struct held *held,
			    struct unlinked *u)
{
	const struct shared *block = find(&c->blocks, held->block);

	if (inode->flags & EXT4_EA_INODE_FL && find(&c->values, u->ino)->counted)
		u->why = "the inode holds an extended attribute of other inodes";
	else if (inode->flags & EXT4_EA_INODE_FL && c->lost)
		u->why = "an inode whose attributes cannot be read may have the value";
	if (held->block && block->stored != block->counted)
		u->why = "the reference count of its extended-attribute block is wrong";
	for (size_t i = 0; i < held->values.count && !u->why; i++) {
		const struct shared *value = find(&c->values, held->values.items[i].ino);

		if (value->stored != value->counted)
			u->why = "the reference count of an extended attribute's inode is wrong";
		else if (c->lost)
			u->why = "an inode whose attributes cannot be read may share one";
	}
	return 0;
}

/* FN for each of LIST that shares something, and can be freed so far. */
static errcode_t each(struct counting *c, struct unlinked_vec *list, held_fn *fn)
{
	struct e4z_image *img = c->facts->img;
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	errcode_t err = raw ? 0 : ENOMEM;

	for (size_t i = 0; i < list->count && !err; i++) {
		struct unlinked *u = &list->items[i];
		struct inode inode;
		struct held held = {.block = 0};
		const char *why;

		if (u->why || !u->shares)
			continue;
		err = inode_read(img, u->ino, raw, &inode);
		if (!err)
			err = held_read(img, &inode, &held, &why);
		if (!err)
			err = fn(c, &inode, &held, u);
		held_free(&held);
	}
	return err;
}

/* ---- counting ---- */

/* References of INODE to values; those of a block count once, as the block itself is counted. */
static errcode_t count_values(struct counting *c, const struct inode *inode)
{
	struct held held = {.block = 0};
	bool again = false;
	const char *why = NULL;
	errcode_t err = 0;

	if (inode->acl_block && inode->acl_block < c->facts->img->blocks)
		err = rangeset_add(c->met, inode->acl_block, 1, &again);
	if (!err)
		err = held_read(c->facts->img, inode, &held, &why);
	c->lost |= why != NULL;
	for (size_t i = 0; i < (again ? held.in_slot : held.values.count) && !err; i++) {
		struct shared *value = find(&c->values, held.values.items[i].ino);

		if (value)
			value->counted++;
	}
	held_free(&held);
	return err;
}

static errcode_t count_inode(struct counting *c, const struct inode *inode)
{
	struct shared *block = find(&c->blocks, inode->acl_block);

	if (block)
		block->counted++;
	return c->values.count ? count_values(c, inode) : 0;
}

static errcode_t count_all(struct counting *c)
{
	struct inodes it;
	struct inode inode;
	enum inodes_met met;
	errcode_t err = inodes_open(c->facts->img, &it);

	while (!err && (met = inodes_next(&it, &inode)) != INODES_END) {
		c->lost |= met != INODES_ONE;
		if (met == INODES_ONE && inode.mode)
			err = count_inode(c, &inode);
	}
	inodes_close(&it);
	return err;
}

errcode_t unlinked_count_references(const struct unlinked_facts *facts, struct unlinked_vec *list)
{
	struct counting c = {.facts = facts, .met = rangeset_new(facts->img->blocks)};
	errcode_t err = c.met ? each(&c, list, note_held) : ENOMEM;

	if (!err)
		sort(&c.blocks);
	if (!err)
		sort(&c.values);
	if (!err && (c.blocks.count || c.values.count))
		err = count_all(&c);
	if (!err)
		err = each(&c, list, check_held);
	vec_free(&c.blocks);
	vec_free(&c.values);
	rangeset_free(c.met);
	return err;
}
