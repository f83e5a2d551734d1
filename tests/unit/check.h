/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The assertion of the unit tests: says where, stops the test. */
#ifndef E4Z_TESTS_UNIT_CHECK_H
#define E4Z_TESTS_UNIT_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

#endif
