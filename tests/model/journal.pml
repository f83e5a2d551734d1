/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edits through the journal, crashes, recoveries that crash, and the rules that must hold after each; see README.md.
 */
#include "disk.pml"
#include "readers.pml"
#include "protocol.pml"
#include "kernel.pml"

/* the purpose of a run */
#define DO_EDIT 1
#define DO_REPLAY 2
#define DO_TAILS 3
#define DO_MOUNT 4

bool denied; /* the log has never been in use according to the superblock */
byte safe;

inline set(at, value) { vol[at] = value; dur[at] = value }

inline fill_log()
{
	for (i : 0 .. NL - 1) {
		set(LA + i, ENTRY(K_JUNK, 0, 0));
		set(LB + i, SECOND_JUNK)
	}
	i = 0
}

inline fill_old()
{
	/* a complete transaction at the start and another one after the place of our first commit block, with any numbers */
	if :: tid = 2 :: tid = 3 :: tid = 4 fi;
	set(LA, ENTRY(K_OLD_DESC, tid, 3));
	set(LA + 3, ENTRY(K_OLD_COMMIT, tid, 0));
	if :: tid = 3 :: tid = 4 :: tid = 5 fi;
	if
	:: set(LA + 4, ENTRY(K_OLD_COMMIT, tid, 0))
	:: set(LA + 5, ENTRY(K_OLD_DESC, tid, 1)); set(LA + 7, ENTRY(K_OLD_COMMIT, tid, 0))
	fi;
	tid = 0
}

inline fill_denied()
{
	set(LA, ENTRY(K_DESC, 2, 7));
	set(LB, 2);
	set(LA + 1, ENTRY(K_COPY, 2, META_OF(1, 1)));
	set(LB + 1, 2);
	set(LA + 2, ENTRY(K_COPY, 2, SB_OF(1, 0) | FLAG));
	set(LB + 2, 2);
	set(LA + 3, ENTRY(K_COPY, 2, EDIT));
	set(LB + 3, 2);
	set(LA + 4, ENTRY(K_COMMIT, 2, 0));
	set(LB + 4, 0);
	set(JSB, JSB_OF(1, 2, 0));
	set(DATA + 1, 1);
	begun = 1;
	denied = true
}

inline set_up()
{
	atomic {
		fill_log();
		set(JSB, JSB_OF(0, 1, 1));
		if
		:: orphans -> set(SB0, SB_OF(0, orphans)); set(ORPH, ORPH_OF(2 * (orphans == 1), 1))
		:: else
		fi;
		set(SB1, SUM(vol[SB0]));
		if
		:: old_log -> fill_old()
		:: else
		fi;
		if
		:: denies -> fill_denied()
		:: else
		fi
	}
}
/* The next transaction: a part of an orphan, an orphan, or an edit. */
inline plan()
{
	d_step {
		for (b : 0 .. NB - 1) { news[b] = 0; changed[b] = false }
		b = 0;
		changed[B_META] = true;
		changed[B_SB] = true;
		data_left = 0;
		if
		:: HEAD(vol[SB0]) != 0 ->
			changed[B_ORPH] = true;
			news[B_META] = META_OF(VERSION(vol[META]) + 1, EDITS(vol[META]));
			if
			:: HEAD(vol[SB0]) == 1 && LEFT1(vol[ORPH]) == 2 ->
				news[B_ORPH] = ORPH_OF(1, LEFT2(vol[ORPH]));
				news[B_SB] = SB_OF(CNT(vol[SB0]) + 1, 1 + (broken == ORPHAN_LOST))
			:: HEAD(vol[SB0]) == 1 && LEFT1(vol[ORPH]) != 2 ->
				news[B_ORPH] = ORPH_OF(0, LEFT2(vol[ORPH]));
				news[B_SB] = SB_OF(CNT(vol[SB0]) + 1, 2)
			:: else ->
				news[B_ORPH] = ORPH_OF(LEFT1(vol[ORPH]), 0);
				news[B_SB] = SB_OF(CNT(vol[SB0]) + 1, 0)
			fi
		:: else ->
			news[B_META] = META_OF(VERSION(vol[META]) + 1, EDITS(vol[META]) + 1);
			news[B_SB] = SB_OF(CNT(vol[SB0]) + 1, 0);
			changed[B_TAIL] = EDITS(vol[META]) == 0;
			news[B_TAIL] = EDIT;
			data_left = ((EDITS(vol[META]) == 0) -> 3 : 2);
			pauses = data_left == 3;
			edits_left--
		fi
	}
}

#define MORE (doing == DO_EDIT && (HEAD(vol[SB0]) != 0 || edits_left > 0))
#define PENDING ((vol[SB0] & FLAG) || STARTED(vol[JSB]) || SB_TORN(vol))

inline open_it()
{
	d_step {
		read_log(OURS);
		look();
		for (k : 0 .. NB - 1) { news[k] = ov[k] }
		safe = (PENDING -> read_tid + 1 : SEQ(vol[JSB]));
		next_tid = safe + 1;
		now_meta = 0;
		now_tail = 0;
		now_orph = 0
	}
}

/* One run of e4zero. */
inline ours()
{
	open_it();
	if
	:: PENDING && (doing != DO_REPLAY || ov_mask) -> write_replay(safe); committed()
	:: PENDING && doing == DO_REPLAY && !ov_mask -> write_clear(safe)
	:: else
	fi;
	d_step { forget_log(); super_now = 0; safe = 0; b = 0 }
	do
	:: MORE -> plan(); write_transaction()
	:: !MORE && doing == DO_TAILS -> data_left = 1; write_tails(); break
	:: !MORE && doing != DO_TAILS -> break
	od;
	finish();
	if
	:: doing == DO_TAILS
	:: doing == DO_TAILS ->
		places_left = 1;
		write_places(FS);
		places_left = 2;
		write_places(LOG)
	:: doing != DO_TAILS
	fi
}

/* A copy other than the first one is not torn: one copy that can be torn is enough. */
#define WHOLE(i) (plain_tear && (i) > LA + 1 && (i) < LB && KIND(vol[i]) == K_COPY)

/* Each cached sector becomes durable or is lost. The memory of the program is lost. */
inline crash_disk()
{
	atomic {
		for (i : 0 .. NS - 1) {
			if
			:: dur[i] == vol[i] && !(WHOLE(i) && dur[i + NL] != vol[i + NL])
			:: dur[i] != vol[i] && !WHOLE(i) -> dur[i] = vol[i]
			:: dur[i] != vol[i] && !WHOLE(i) -> vol[i] = dur[i]
			:: WHOLE(i) && (dur[i] != vol[i] || dur[i + NL] != vol[i + NL]) ->
				d_step { dur[i] = vol[i]; dur[i + NL] = vol[i + NL] }
			:: WHOLE(i) && (dur[i] != vol[i] || dur[i + NL] != vol[i + NL]) ->
				d_step { vol[i] = dur[i]; vol[i + NL] = dur[i + NL] }
			fi
		}
		d_step {
			forget_log();
			forget_look();
			for (i : 0 .. NB - 1) { news[i] = 0; changed[i] = false }
			i = 0; b = 0; pos = 0; room = 0; mask = 0; tid = 0; next_tid = 0; safe = 0;
			recovering = false; pauses = false; places_left = 0; data_left = 0; doing = 0; edits_left = 0
		}
	}
}

inline compare()
{
	HOLDS(r_agree, !refused && seen[4] == ov_mask && seen[5] == read_tid);
	for (k : 0 .. NB - 1) { HOLDS(r_agree, seen[k] == ov[k]) }
}

/* The state after a crash, as readers see it. */
inline judge()
{
	d_step {
		denied = denied && STARTED(vol[JSB]) && !(vol[SB0] & FLAG);
		HOLDS(r_flag, !STARTED(vol[JSB]) || (vol[SB0] & FLAG) || denied); /* e2fsck -p would stop */
		read_log(OURS);
		look();
		must_hold();
		for (k : 0 .. NB - 1) { seen[k] = ov[k] }
		seen[4] = ov_mask;
		seen[5] = read_tid;
		read_log(E2FSCK);
		compare();
		read_log(KERNEL);
		compare();
		for (k : 0 .. 5) { seen[k] = 0 }
		doing = VERSION(now_meta);
		/* without the flag a kernel ignores the log */
		if
		:: denied -> forget_log(); look(); must_hold()
		:: else
		fi;
		forget_log();
		forget_look()
	}
	/* the classes of states: run.sh fails if one of them is never reached */
	if
	:: SB_TORN(vol) -> crash_tears_super: skip
	:: else
	fi;
	if
	:: denied -> crash_of_denied: skip
	:: !denied && acked == begun -> crash_between: skip
	:: !denied && acked < begun && doing == acked -> crash_leaves_old: skip
	:: !denied && acked < begun && doing == begun -> crash_leaves_new: skip
	fi;
	atomic {
		acked = (denied -> acked : doing);
		begun = (denied -> begun : doing);
		doing = 0
	}
}

/* At the end of a run all its writes are durable, and nothing is left to recover. */
inline must_be_done()
{
	d_step {
		for (i : 0 .. NS - 1) { HOLDS(r_durable, vol[i] == dur[i]) }
		i = 0;
		HOLDS(r_clean, !STARTED(vol[JSB]) && !(vol[SB0] & FLAG) && !SB_TORN(vol));
		read_log(OURS);
		look();
		must_hold();
		HOLDS(r_orphan, doing == DO_REPLAY || doing == DO_TAILS || HEAD(super_now) == 0);
		forget_log();
		forget_look()
	}
}

active proctype host()
{
	read_options();
	c_code {
		tags_most = GIVEN("TAGS");
		external = GIVEN("EXTERNAL");
		csum = GIVEN("CSUM");
		plain_tear = !GIVEN("TEAR_ALL");
		edits_wanted = GIVEN("EDITS");
		orphans = GIVEN("ORPHANS");
		old_log = GIVEN("OLD_LOG");
		denies = GIVEN("DENIED");
	};
	set_up();
	edits_left = edits_wanted;
	doing = DO_EDIT;
	if
	:: skip
	:: denied -> doing = DO_REPLAY
	:: denied -> doing = DO_MOUNT
	:: !denied -> doing = DO_TAILS
	fi;
again:
	if
	:: doing == DO_MOUNT -> kernel()
	:: else -> ours()
	fi;
	must_be_done();
	goto done;
crashed:
	crash_disk();
	judge();
	if
	:: EDITS(vol[META]) < 3 -> doing = DO_EDIT; edits_left = 1
	:: doing = DO_REPLAY
	:: EDITS(vol[META]) == 0 && !PENDING -> doing = DO_TAILS
	:: !SB_TORN(vol) -> doing = DO_MOUNT
	fi;
	goto again;
done:
	skip
}
