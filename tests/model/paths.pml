/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the traces of traces.h that are paths of protocol.pml or bare.pml. The search stops in the middle of the others. */
#include "trace.pml"
#include "protocol.pml"
#include "bare.pml"

/* One run of the program. */
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
