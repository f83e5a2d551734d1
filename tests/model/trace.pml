/* SPDX-License-Identifier: GPL-2.0-or-later */
/* put_*() and barrier() for traces: each takes the next line, or the search stops here. paths.py makes traces.h. */
#define TRACES
#include "names.pml"

c_decl {
	\#include "traces.h"
};

int path;   /* the trace */
short at;   /* its line */
short n;    /* blocks of the transaction, of the replay, or of the group */
short at_most; /* tags in a descriptor */
bool device;
bool has_external;
short data_left;

#define NB n
#define TAGS at_most
#define FREE(x) true
/* spin takes no function call in an expression of C */
#define LINE ops[paths[now.path].start + now.at]
#define NEXT(what) c_expr { LINE.kind == what }
#define NEXT_AT(what, where) c_expr { LINE.kind == what && LINE.arg == where }
#define TAKE(kind) atomic { NEXT(kind) -> at++ }
#define TAKE_AT(kind, where) atomic { NEXT_AT(kind, where) -> at++ }

#define in_transaction(x) true
#define in_replay(x) true
#define has_data() NEXT(OP_DATA)
#define has_place() NEXT(OP_PLACE)
#define flag_is_on true
#define log_is_begun true
#define replay_left true

inline barrier(dev, site)
{
	device = dev;
	atomic { NEXT_AT(OP_FLUSH, (now.device && paths[now.path].external)) -> at++ };
	device = 0
}
inline put_flag(on) { TAKE_AT(OP_SUPER, 512) }
inline put_super(on)
{
	if
	:: (on) -> TAKE_AT(OP_HOME_SUPER, now.n)
	:: !(on) -> TAKE_AT(OP_SUPER, 1024)
	fi
}
inline put_log_super(start, seq) { TAKE_AT(OP_LOG_SUPER, 1024) }
inline put_mark(seq) { TAKE_AT(OP_LOG_SUPER, 512) }
inline put_descriptor() { TAKE_AT(OP_LOG, now.pos) }
inline put_copy() { TAKE_AT(OP_LOG, now.pos) }
inline put_slot() { TAKE_AT(OP_LOG, now.pos) }
inline put_commit() { TAKE_AT(OP_COMMIT, now.pos) }
inline put_data() { TAKE(OP_DATA) }
inline put_place(dev) { TAKE(OP_PLACE) }
inline put_home()
{
	if
	:: TAKE_AT(OP_HOME, now.b)
	:: TAKE_AT(OP_INODE, now.b)
	:: recovering -> TAKE_AT(OP_HOME_SUPER, now.b)
	fi
}
inline committed() { skip }
inline paused() { skip }
/* the number of blocks in the next group that is written to final locations */
inline pass_stale() { n = c_expr { LINE.ahead } }
inline know_replay() { n = c_expr { LINE.ahead - 1 } }

/* without a journal */
#define was_valid true
#define has_sum c_expr { paths[now.path].sum }
inline put_valid(on) { TAKE_AT(OP_SUPER, 512) }
inline put_count() { TAKE_AT(OP_SUPER, 512) }
inline know_homes() { n = c_expr { LINE.here } }
inline put_metadata() { TAKE_AT(OP_HOME, now.b) }
inline put_inode() { TAKE_AT(OP_INODE, now.b) }
inline put_last() { TAKE(OP_SUPER) }
