/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is each trace of traces.h a path of protocol.pml, or of bare.pml? Those that are, are printed; the rest ends somewhere. */
#include "trace.pml"
#include "protocol.pml"
#include "bare.pml"

/* One call of the program, or one commit of it. */
inline session()
{
	if
	:: write_replay(0)
	:: write_clear(0)
	:: skip
	fi;
	do
	:: write_transaction()
	:: write_tails()
	:: break
	od;
	finish()
}

active proctype program()
{
	do
	:: c_expr { now.path < PATHS - 1 } -> path++
	:: break
	od;
	at_most = c_expr { paths[now.path].tags };
	has_external = c_expr { paths[now.path].external };
	do
	:: NEXT(OP_END) -> break
	:: c_expr { !paths[now.path].bare } -> session()
	:: c_expr { paths[now.path].bare } -> write_bare()
	:: c_expr { paths[now.path].bare } -> write_bare_tails()
	:: write_places(FS)
	:: write_places(LOG)
	od;
	c_code { printf("path %d\n", now.path); }
}
