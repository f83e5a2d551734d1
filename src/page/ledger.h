/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger on the page: a bar and a table. */
#ifndef E4ZERO_PAGE_LEDGER_H
#define E4ZERO_PAGE_LEDGER_H

#include "e4zero.h"
#include <stdio.h>

errcode_t page_ledger_print(const struct e4z_ledger *ledger, FILE *to);

#endif
