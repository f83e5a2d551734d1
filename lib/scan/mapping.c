// SPDX-License-Identifier: GPL-2.0-or-later
// Delivers a file's mapping, with the holes between.
#include "e4zero.h"

#include "base/cleanup.h"
#include "file/map.h"
#include "image/groups.h"
#include "image/turn.h"
#include "path/lookup.h"
#include <errno.h>
#include <stdlib.h>

struct mapping {
	const struct e4z_image *img;
	errcode_t (*piece)(void *arg, const struct e4z_map_piece *piece);
	void *arg;
	uint32_t ino;
	uint64_t eof;  /* first block wholly past EOF */
	uint64_t next; /* after the last piece */
	struct run run;
	uint64_t nodes;
	errcode_t err;
};

const char *e4z_map_state_name(enum e4z_map_state state)
{
	static const char *const names[] = {
		[E4Z_MAP_HOLE] = "hole",
		[E4Z_MAP_UNWRITTEN] = "unwritten",
		[E4Z_MAP_WRITTEN] = "written",
		[E4Z_MAP_INLINE] = "inline",
	};

	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : NULL;
}

static bool on_node(void *arg, uint64_t pblk)
{
	struct mapping *m = arg;

	(void)pblk;
	if (++m->nodes > m->img->blocks)
		m->err = E4Z_ET_CORRUPT_MAP;
	return !m->err;
}

static void deliver(struct mapping *m, struct e4z_map_piece piece)
{
	piece.ino = m->ino;
	if (!m->err && piece.blocks && m->piece)
		m->err = m->piece(m->arg, &piece);
}

/* A piece that crosses EOF is two. */
static void split(struct mapping *m, struct e4z_map_piece piece)
{
	struct e4z_map_piece past = piece;

	if (piece.lblk < m->eof && piece.lblk + piece.blocks > m->eof) {
		piece.blocks = m->eof - piece.lblk;
		past.lblk += piece.blocks;
		past.blocks -= piece.blocks;
		if (past.pblk != E4Z_NONE)
			past.pblk += piece.blocks;
		deliver(m, piece);
		past.past_eof = true;
		deliver(m, past);
		return;
	}
	piece.past_eof = piece.lblk >= m->eof;
	deliver(m, piece);
}

static void hole_up_to(struct mapping *m, uint64_t lblk)
{
	if (m->next < lblk)
		split(m, (struct e4z_map_piece){.lblk = m->next,
						.blocks = lblk - m->next,
						.pblk = E4Z_NONE,
						.state = E4Z_MAP_HOLE});
	m->next = lblk;
}

static void flush(struct mapping *m)
{
	const struct run *run = &m->run;

	if (!run->len)
		return;
	hole_up_to(m, run->lblk);
	split(m, (struct e4z_map_piece){.lblk = run->lblk,
					.blocks = run->len,
					.pblk = run->pblk,
					.state = run->unwritten ? E4Z_MAP_UNWRITTEN
								: E4Z_MAP_WRITTEN});
	m->next = run->lblk + run->len;
	m->run.len = 0;
}

static void on_run(void *arg, const struct run *run)
{
	struct mapping *m = arg;
	struct run *last = &m->run;

	if (last->len && run->lblk == last->lblk + last->len &&
	    run->pblk == last->pblk + last->len && run->unwritten == last->unwritten) {
		last->len += run->len;
		return;
	}
	flush(m);
	*last = *run;
}

static errcode_t map_inode(struct e4z_image *img, struct map_work *work, struct mapping *m,
			   const struct inode *inode)
{
	const struct map_sink sink = {.arg = m, .node = on_node, .run = on_run};
	const struct e4z_map_piece whole = {.blocks = 1, .pblk = E4Z_NONE, .state = E4Z_MAP_INLINE};
	const char *why;

	m->ino = inode->ino;
	if (inode->flags & EXT4_INLINE_DATA_FL) {
		deliver(m, whole);
		return m->err;
	}
	if (!inode_has_map(inode))
		return image_refuse_file(img, inode->ino, E4Z_ET_REFUSED, "has no blocks");
	m->eof = (inode->size >> img->block_bits) + ((inode->size & (img->block_size - 1)) != 0);
	why = map_walk(img, work, inode, &sink);
	flush(m);
	hole_up_to(m, m->eof > m->next ? m->eof : m->next);
	if (why)
		return map_refuse(img, work, inode->ino, why);
	return m->err;
}

errcode_t e4z_map(struct e4z_image *img, const char *file,
		  errcode_t (*piece)(void *arg, const struct e4z_map_piece *piece), void *arg)
{
	AUTO_TURN struct turn turn = turn_begin(img, "e4z_map()");
	struct mapping m = {.img = img, .piece = piece, .arg = arg};
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct map_work work = {.stop = NULL};
	struct inode inode;
	uint32_t ino;
	bool plain;
	errcode_t err = raw ? turn.err : ENOMEM;

	if (!err)
		err = groups_load(img);

	if (!err)
		err = map_work_init(img, &work);
	if (!err)
		err = lookup(img, &work, file, &ino, &plain);
	if (!err) {
		image_name_file(img, ino, file);
		err = inode_read(img, ino, raw, &inode);
		if (err)
			image_fail_file(img, ino, err, "reading the inode");
	}
	if (!err)
		err = map_inode(img, &work, &m, &inode);
	map_work_free(&work);
	return err;
}
