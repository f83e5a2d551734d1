/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers of a journal, without I/O: e4zero (lib/journal/replay), a kernel, e2fsck. They differ in how they treat a commit
 * block with one sector missing, and fast commits.
 */
#define OURS 0
#define KERNEL 1
#define E2FSCK 2

byte ov_mask;        /* blocks that the journal holds */
byte ov[NB];         /* their contents in the journal */
byte read_tid;       /* the first number that is not committed */
bool refused;        /* it is corrupt */

hidden byte staged[NB], st_mask, tags, at, k, suspect;
hidden short word, second;
byte seen[6];        /* the result of the first reader; 0 while no results are compared */
byte now_meta, now_tail, now_orph;
byte super_now;

#define DESC_OK (KIND(word) == K_DESC && (!csum || second == read_tid) || KIND(word) == K_OLD_DESC && !csum)
#define COMMIT_OK(who) (KIND(word) == K_COMMIT && (!csum || second == 0 || who == KERNEL) || KIND(word) == K_OLD_COMMIT && !csum)
#define COPY_OK (KIND(word) == K_COPY && second == TID(word))

/* the copies of a descriptor */
inline read_copies()
{
	tags = ARG(word);
	at++;
	for (k : 0 .. NB - 1) {
		if
		:: (tags >> k) & 1 && at < NL ->
			word = vol[LA + at];
			second = vol[LB + at];
			staged[k] = (COPY_OK -> ARG(word) : GARBAGE);
			suspect = suspect || csum && !(COPY_OK && TID(word) == read_tid);
			st_mask = st_mask | (1 << k);
			at++
		:: (tags >> k) & 1 && at >= NL -> at = NL + 1
		:: else
		fi
	}
}

inline apply()
{
	for (k : 0 .. NB - 1) {
		if
		:: (st_mask >> k) & 1 -> ov[k] = staged[k]; staged[k] = 0
		:: else
		fi
	}
	ov_mask = ov_mask | st_mask;
	st_mask = 0;
	refused = refused || suspect;
	read_tid++;
	at++
}

inline read_log(who)
{
	read_tid = SEQ(vol[JSB]);
	ov_mask = 0;
	for (k : 0 .. NB - 1) { ov[k] = 0; staged[k] = 0 }
	st_mask = 0;
	suspect = 0;
	refused = who == E2FSCK && STARTED(vol[JSB]) && FC(vol[JSB]);
	at = (STARTED(vol[JSB]) -> 0 : NL);
	do
	:: at >= NL -> break
	:: else ->
		word = vol[LA + at];
		second = vol[LB + at];
		if
		:: TID(word) == read_tid && DESC_OK -> read_copies()
		:: TID(word) == read_tid && COMMIT_OK(who) -> apply()
		:: else -> break
		fi
	od;
	/* a later commit block in the rest of the log: no crash leaves that */
	k = at;
	do
	:: at >= NL || who != OURS -> break
	:: else ->
		word = vol[LA + at];
		refused = refused || KIND(word) == K_COMMIT && (!csum || vol[LB + at] == 0) && TID(word) >= read_tid && TID(word) - read_tid <= at - k;
		at++
	od
}

inline forget_log()
{
	ov_mask = 0;
	for (k : 0 .. NB - 1) { ov[k] = 0 }
	read_tid = 0;
	refused = false
}

/* The state of the file system after replay of the journal that was read. */
inline look()
{
	now_meta = ((ov_mask & 1) -> ov[B_META] : ((vol[META] == vol[META1]) -> vol[META] : GARBAGE));
	super_now = ((ov_mask & 2) -> ov[B_SB] & 31 : (SB_TORN(vol) -> GARBAGE : vol[SB0] & 31));
	now_tail = ((ov_mask & 4) -> ov[B_TAIL] : vol[TAIL]);
	now_orph = ((ov_mask & 8) -> ov[B_ORPH] : vol[ORPH])
}

inline forget_look() { now_meta = 0; now_tail = 0; now_orph = 0; super_now = 0 }

/* The rules that a state after look() must obey. */
inline must_hold()
{
	HOLDS(r_agree, !refused);
	HOLDS(r_whole, now_meta != GARBAGE && super_now != GARBAGE && CNT(super_now) == VERSION(now_meta));
	HOLDS(r_when, acked <= VERSION(now_meta) && VERSION(now_meta) <= begun);
	HOLDS(r_data, vol[DATA + (EDITS(now_meta) & 1)] == EDITS(now_meta));
	HOLDS(r_tail, ((EDITS(now_meta) > 0) -> now_tail == EDIT : now_tail == STALE || now_tail == ZERO));
	HOLDS(r_orphan, (HEAD(super_now) == 1 || LEFT1(now_orph) == 0) && (HEAD(super_now) != 0 || LEFT2(now_orph) == 0))
}
