/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show-axis.h - the pages of all maps of a run on one axis, in character cells, so that maps drawn below each other
 * line up. A stretch without any boundary is one segment; long segments are compressed. Private to show*.c.
 */
#ifndef HARNESS_SHOW_SHOW_AXIS_H
#define HARNESS_SHOW_SHOW_AXIS_H

#include "harness/show/show.h"

struct show_axis {
	size_t nr; /* number of segments; 0: they do not fit, so states are written as text */
	struct show_segment {
		uint64_t start, end; /* pages */
		unsigned at, width;  /* cells */
		bool compressed;     /* has more pages than its width shows */
	} * segments;
	unsigned cells; /* sum of all widths; the last border needs one more */
};

/* Makes the axis for a run. @cells are available for the segments. */
void show_axis_fit(struct show_axis *a, const struct show *s, unsigned cells);
void show_axis_free(struct show_axis *a);

/* An entry of a map, or a part of a run if the target does not list entries. */
struct show_box {
	uint64_t start, end;
	const struct vm_run *run;
	unsigned at, width; /* cells */
};
/* Box number @i of a map; false: there are fewer. */
bool show_box(const struct show_axis *a, const struct show_map *m, size_t i, struct show_box *box);

#define SHOW_LABEL_MAX 32
/* The longest description of a box that fits into @width cells: "rw- w1u !", "w1u!", "". */
void show_label(const struct vm_run *run, unsigned width, char label[SHOW_LABEL_MAX]);

/* Do the pages of the box differ from those in @before? */
bool show_box_changed(const struct show_box *box, const struct show_map *before);

#endif
