/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a file system while its ledger is made. */
#ifndef E4Z_LEDGER_LEDGER_STATE_H
#define E4Z_LEDGER_LEDGER_STATE_H

#include "findings/claims.h"
#include "findings/findings.h"
#include "home/marks.h"
#include "ledger/statics.h"
#include "scan/check.h"
#include "scan/doubt.h"

struct ledger {
	struct e4z_image *img;
	unsigned workers;
	uint64_t kinds; /* E4Z_KIND_BIT()s of what is asked for */
	const volatile int *stop;
	struct statics statics;
	const struct tables *tables; /* while examining */
	struct claims *claims;	     /* of all inodes */
	struct rangeset *disputed;   /* clusters */
	struct doubt doubt;	     /* blocks that an inode may have which cannot be read */
	bool incomplete;	     /* there is such an inode */
	struct rangeset *strays;     /* inodes of the unused parts of tables */
	struct rangeset *leaked;     /* clusters */
	struct rangeset *orphans;    /* inodes, as they were found */
	struct rangeset *alone;	     /* see tables_take_alone(); NULL: none */
	struct rangeset *taken;	     /* with bigalloc: blocks taken since; else NULL */
	struct rangeset *unbelieved; /* groups whose block bitmap is not believed */
	struct rangeset *doubted;    /* see place_fixed(); E4Z_KIND_COUNT numbers for each group */
	struct tally tally;
	struct check_after after;
	bool boot_unread; /* the boot block */
	/* what follows the file system, see place_after() */
	uint64_t after_end;  /* from the start of the file system; 0: not known yet */
	char after_why[128]; /* why it is left; "": it is not */
	bool after_asked;    /* its kind is asked for by name */
	/* for a fix */
	bool keep;
	struct marks stale;	/* what is to be scrubbed */
	struct marks stale_log; /* of the journal, on its device */
	struct rangeset *freed; /* blocks, since somebody began to watch */
	uint64_t disk;		/* txn_disk(), after the check */
	/* for the report */
	struct e4z_ledger_class rows[OWNER_ALL];
	struct e4z_ledger result;
};

/* ARG is the ledger. What has to be said of F now that it is known what is disputed. */
check_outcome ledger_amend;

static inline bool ledger_wants(const struct ledger *ledger, enum e4z_finding_kind kind)
{
	return ledger->kinds & E4Z_KIND_BIT(kind);
}

#endif
