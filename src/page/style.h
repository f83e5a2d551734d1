/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the page is drawn: on a screen, dark or light, and on paper. */
#ifndef E4ZERO_PAGE_STYLE_H
#define E4ZERO_PAGE_STYLE_H

enum { PAGE_PATTERNS = 6 }; /* classes p0, p1, ... */

extern const char page_style[];

#endif
