/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks and their content by their number, for io/capture alone. */
#ifndef E4Z_IO_BLOCK_TABLE_H
#define E4Z_IO_BLOCK_TABLE_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A changed block and its new content. */
struct captured {
	uint64_t block;
	uint8_t *data;
	uint64_t mark; /* it was asked for to be changed since this mark */
	bool logged;   /* it was changed other than by what is written directly */
	bool loaded;   /* what is below was read when it was taken, and had this fingerprint: */
	uint64_t print;
};

/* Open addressing, never full. All zero is empty; the data and the slots are the owner's. */
struct block_table {
	struct captured *slots; /* data NULL: free */
	size_t room, count;	/* ROOM: a power of two, or 0 */
	size_t logged;		/* of them */
};

/* Where BLOCK is, or the free slot where it would be: ROOM is not 0. */
struct captured *table_find(const struct block_table *t, uint64_t block);

/* The content of BLOCK, or NULL. */
uint8_t *table_held(const struct block_table *t, uint64_t block);

/* Make room for one more: slots move. 0 or ENOMEM. */
errcode_t table_grow(struct block_table *t);

/* The first block of T in [from, end), or END. */
uint64_t table_first(const struct block_table *t, uint64_t from, uint64_t end);

/* Copy what T holds of [off, off + len) into BUF; blocks are of BS bytes. */
void table_patch(const struct block_table *t, uint32_t bs, uint64_t off, size_t len, uint8_t *buf);

void table_set_logged(struct block_table *t, struct captured *slot, bool logged);

/* Forget BLOCK, and free its content; slots move. */
void table_remove(struct block_table *t, uint64_t block);

#endif
