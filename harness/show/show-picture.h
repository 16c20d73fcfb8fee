/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show-picture.h - what the SVG picture and the HTML page have in common: the drawing of one map, and the colours.
 * Private to harness/show/show*.c.
 */
#ifndef HARNESS_SHOW_SHOW_PICTURE_H
#define HARNESS_SHOW_SHOW_PICTURE_H

#include "harness/show/show-axis.h"
#include "harness/show/show.h"

/* Pixels: the font is 12 high, each of its characters 7.2 wide. */
#define PICTURE_CHARS(n) ((n)*29 / 4)
#define PICTURE_LINE 15
#define PICTURE_MAP_HEIGHT 40
#define PICTURE_NUMBER 36 /* room for the number of the map's last page */

/*
 * The map behind @row at (x, y): page numbers, a box for each entry, an empty outline for what has gone since the row
 * before. If the axis does not hold the maps, nothing.
 */
void show_picture_map(const struct show *s, const struct show_axis *a, const struct show_row *row, unsigned x,
    unsigned y, struct strbuf *out);

/* What the signs of a map mean, in all pictures and pages. */
#define PICTURE_MAP_LEGEND                                                                                             \
	"Map: w1 is one wiring of each page, w1u the user's; ! is in transition: marked by a wire or unwire that is "  \
	"under way. A thick frame is new, a dashed one is gone, a dotted line is not mapped."

/* A thread's colour: one of some classes. Its number says the same. */
#define PICTURE_THREAD_CLASS(thread) ((thread) % 6)

/*
 * The run cut into pieces of one picture, from top to bottom, each @width wide and from @top to @end in the picture's
 * coordinates: the names of the lanes (no row), each row that is not left out, and the threads that sleep for ever (no
 * row). Pieces one below the other are the picture.
 */
struct show_piece {
	const struct show_row *row;
	unsigned width, top, end;
	const char *svg;
};
void show_svg_pieces(const struct show *s, void (*take)(void *arg, const struct show_piece *piece), void *arg);

/* The rules of style that both need, light and dark. */
extern const char show_picture_style[];
/* The class of an event's text. */
const char *show_picture_class(enum show_kind kind);
/*
 * The words in a run that need to be explained, each with its explanation: the edges that operations have passed, and
 * the checks that found something. One at a time, from @i on, which moves; false: that was all.
 */
bool show_picture_term(const struct show *s, unsigned *i, struct strbuf *out);

#endif
