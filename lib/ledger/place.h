/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The places of the ledger that nobody reads: one function a kind, in a file of its own. What each
 * of them is exactly is in doc/findings.md.
 */
#ifndef E4Z_LEDGER_PLACE_H
#define E4Z_LEDGER_PLACE_H

#include "fixed/fixed.h"
#include "fixed/live.h"
#include "home/home.h"
#include "ledger/group_map.h"
#include "ledger/ledger_state.h"

/* A place that is zeroed at home, without the journal: one of the two functions. */
struct place {
	enum e4z_finding_kind kind;
	bool late; /* only in groups with leaked blocks, when it is known who may have those */
	/*
	 * Give HOME what the group of MAP has of it: home_spot(), then home_add() for each stretch.
	 * Bytes that it takes out of a class of static metadata are moved in *TALLY, which is NULL
	 * while scrubbing. LEDGER says what must not be touched.
	 */
	errcode_t (*group)(const struct ledger *ledger, const struct group_map *map,
			   struct home *home, struct tally *tally);
	/* What the static metadata of a group has of it, wherever it lies: not OWNER's any more. */
	fixed_fn *fixed;
	live_fn *live; /* the same in blocks that somebody reads; NULL: nothing */
	unsigned owner;
};

/*
 * Give HOME what group G has of PLACE, which has .fixed, and move it in *TALLY, less what lies in
 * disputed clusters and outside of the file system: all that is disputed is known.
 */
errcode_t place_fixed(const struct place *place, const struct ledger *ledger, uint32_t g,
		      struct home *home, struct tally *tally);

/*
 * The same of .live: it is read at once, and what is not as it has to be goes to FINDINGS. BUF has
 * room for a block.
 */
errcode_t place_live(const struct place *place, const struct ledger *ledger, uint32_t g,
		     uint8_t *buf, struct findings *findings, struct tally *tally);

/* One each. */
errcode_t place_free_block(const struct ledger *ledger, const struct group_map *map,
			   struct home *home, struct tally *tally);
errcode_t place_leaked_block(const struct ledger *ledger, const struct group_map *map,
			     struct home *home, struct tally *tally);
errcode_t place_deleted_open(const struct ledger *ledger, const struct group_map *map,
			     struct home *home, struct tally *tally);
errcode_t place_cluster_slack(const struct ledger *ledger, const struct group_map *map,
			      struct home *home, struct tally *tally);
errcode_t place_spare_gdt(const struct ledger *ledger, const struct group_map *map,
			  struct home *home, struct tally *tally);

/*
 * The inodes without links, which are findings of their own: when all that is disputed and in doubt
 * is known.
 */
errcode_t place_unlinked(const struct ledger *ledger, const struct home_options *options);

/*
 * The journal, which is no group's: after all of the others, so that nothing is lost of it that a
 * crash before may need. With OPTIONS->findings bytes are moved in LEDGER's tally.
 */
errcode_t place_journal(struct ledger *ledger, const struct home_options *options);

/*
 * What follows the file system in its place: beside the tally, and zeroed only where its kind is
 * asked for by name.
 */
errcode_t place_after(struct ledger *ledger, const struct home_options *options);

/* What is in the boot block is reported, and left. */
errcode_t place_boot(struct ledger *ledger, struct findings *findings);

/* The block of multiple mount protection, as the journal: the last write of all. */
errcode_t place_mmp(struct ledger *ledger, const struct home_options *options);

#endif
