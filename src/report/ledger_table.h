/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger as a table on standard output. */
#ifndef E4ZERO_LEDGER_TABLE_H
#define E4ZERO_LEDGER_TABLE_H

#include "e4zero.h"

errcode_t ledger_table_print(const struct e4z_ledger *ledger);

#endif
