/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show-picture.h - what the SVG picture and the HTML page share: the drawing of one map, and the colours. Private to
 * show*.c.
 */
#ifndef HARNESS_SHOW_SHOW_PICTURE_H
#define HARNESS_SHOW_SHOW_PICTURE_H

#include "harness/show/show-axis.h"
#include "harness/show/show.h"

/* In pixels: the font is 12 high, and each character 7.2 wide. */
#define PICTURE_CHARS(n) ((n)*29 / 4)
#define PICTURE_LINE 15
#define PICTURE_MAP_HEIGHT 40
#define PICTURE_NUMBER 36 /* room for the number of the map's last page */

/*
 * Draws the map after @row at (x, y): page numbers, a box for each entry, an empty outline for entries that are gone
 * since the row before. Draws nothing if the axis does not fit.
 */
void show_picture_map(const struct show *s, const struct show_axis *a, const struct show_row *row, unsigned x,
    unsigned y, struct strbuf *out);

/* The legend of maps in all pictures and pages. */
#define PICTURE_MAP_LEGEND                                                                                             \
	"Map: w1 is one wiring of each page, w1u the user's; ! is in transition: marked by a wire or unwire that is "  \
	"under way. A thick frame is new, a dashed one is gone, a dotted line is not mapped."

/* A thread's colour class. Colours repeat; the thread's number is always shown, too. */
#define PICTURE_THREAD_CLASS(thread) ((thread) % 6)

/*
 * The picture of a run in pieces from top to bottom. Each is @width wide and reaches from @top to @end in the
 * coordinates of the picture. The pieces: the names of the lanes (no row), each row that is not left out, and the
 * threads that sleep forever (no row). One below the other they are the picture.
 */
struct show_piece {
	const struct show_row *row;
	unsigned width, top, end;
	const char *svg;
};
void show_svg_pieces(const struct show *s, void (*take)(void *arg, const struct show_piece *piece), void *arg);

/* The style rules of both, light and dark. */
extern const char show_picture_style[];
/* The class of an event's text. */
const char *show_picture_class(enum show_kind kind);
/*
 * The terms in a run that need an explanation, with the explanation: the edges that operations passed, and the checks
 * with findings. Returns one at a time from @i on, and advances @i. False: no more.
 */
bool show_picture_term(const struct show *s, unsigned *i, struct strbuf *out);

#endif
