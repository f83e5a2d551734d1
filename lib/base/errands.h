/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errands: what a process that is confined has done by a child that is not. */
#ifndef E4Z_BASE_ERRANDS_H
#define E4Z_BASE_ERRANDS_H

#include "e4zero.h"

#define ERRANDS_KEEP 4

/* As e4z_errands_start(); the COUNT descriptors KEEP, so many at most, stay open in the child. */
errcode_t errands_start(const struct e4z_errand *list, size_t n, const int *keep, size_t count,
			struct e4z_errands **errands);

#endif
