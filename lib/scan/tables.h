/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inode tables, read in physical order by several threads. What is done with an inode in use is
 * the mode: examine it, find whether it shares blocks, or note that it is a directory.
 */
#ifndef E4Z_SCAN_TABLES_H
#define E4Z_SCAN_TABLES_H

#include "findings/claims.h"
#include "findings/findings.h"
#include "findings/owners.h"
#include "image/image.h"
#include "sets/rangeset.h"

struct tables;

struct tables_options {
	unsigned workers;
	bool paranoid;
	bool account;	/* count bytes by their owners, and know exactly what is claimed twice */
	uint64_t kinds; /* E4Z_KIND_BIT()s that matter */
	unsigned shard, shards; /* as in struct e4z_check_options */
	size_t tails; /* held for one sweep over the disk; 0: what the bound of memory allows */
	const volatile int *stop;
	/* PASS as in e4z_check_sink; non-zero ends the scan */
	errcode_t (*watch)(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max);
	void *arg;
};

/* Everything a scan of IMG needs; FINDINGS stay the caller's. */
errcode_t tables_new(struct e4z_image *img, const struct tables_options *options,
		     struct findings *findings, struct tables **tables);
void tables_free(struct tables *tables);

/* Examine every inode; if blocks were claimed twice, blame every inode that has one of them. */
errcode_t tables_examine(struct tables *tables);

/* The same for COUNT inodes only. */
errcode_t tables_examine_some(struct tables *tables, const uint32_t *inos, size_t count);

/*
 * Only collect the directories, where tables_examine did not: of a shard those of the others, but
 * those that are unreadable whoever else claims their blocks.
 */
errcode_t tables_find_dirs(struct tables *tables);

/* What there is to say of a shard; and its claims, the caller's from now on. */
struct claims *tables_take_shard(struct tables *tables, struct e4z_shard *shard);

/*
 * What tables_examine() counted where account was asked for, or, if anything is in DISPUTED
 * (clusters that count for nobody), what it is without that. The bytes of OWNER_INODES are those
 * that others have of them, below zero. Free inodes that are not zero become findings now.
 */
errcode_t tables_tally(struct tables *tables, const struct rangeset *disputed, struct tally *tally);

/*
 * In an account: the inodes that may have blocks, none of which is claimed. The bitmap says that
 * they are not in use, though they have a mode and links, as e2fsck sees it; or they are unlinked
 * and their checksum is wrong.
 */
const struct rangeset *tables_doubtful(const struct tables *tables);

/* In an account of E4Z_DELETED_OPEN: the inodes in use without links, whatever their checksum. */
const struct rangeset *tables_unlinked(const struct tables *tables);

/* Tell the caller of the check that PASS is at CURRENT of MAX; or he wants an end. */
errcode_t tables_watch(const struct tables *tables, enum e4z_pass pass, uint64_t current,
		       uint64_t max);

/* The inodes that are on the orphan list or in the orphan file. */
const struct rangeset *tables_orphans(const struct tables *tables);
/* The same, the caller's from now on. */
struct rangeset *tables_take_orphans(struct tables *tables);

/* The claims of all inodes; they stay with TABLES, or become the caller's. */
struct claims *tables_claims(const struct tables *tables);
struct claims *tables_take_claims(struct tables *tables);

/*
 * In an account, with bigalloc: the blocks of trees, of attributes and of translators; nothing else
 * is in their clusters, unless these are disputed. The caller's; NULL: there are none.
 */
struct rangeset *tables_take_alone(struct tables *tables);

/* The numbers of the directories met so far. */
const struct rangeset *tables_dirs(const struct tables *tables);

/* Regular files have written blocks, and the image file has data for none of them. */
bool tables_only_holes(const struct tables *tables);

/* Regular files examined so far. */
uint64_t tables_files(const struct tables *tables);

#endif
