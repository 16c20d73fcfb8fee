/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show-axis.h - the pages of all maps of a run on one axis, measured in character cells, so that maps drawn below each
 * other line up. Stretches in which nothing ever begins or ends are one segment; long ones are compressed. Private to
 * harness/show/show*.c.
 */
#ifndef HARNESS_SHOW_SHOW_AXIS_H
#define HARNESS_SHOW_SHOW_AXIS_H

#include "harness/show/show.h"

struct show_axis {
	size_t nr; /* segments; 0: they do not fit, states are written as text */
	struct show_segment {
		uint64_t start, end; /* pages */
		unsigned at, width;  /* cells */
		bool compressed;     /* more pages than it looks like */
	} * segments;
	unsigned cells; /* all of them; one more is needed for the last border */
};

/* @cells are there for the segments. */
void show_axis_fit(struct show_axis *a, const struct show *s, unsigned cells);
void show_axis_free(struct show_axis *a);

/* An entry of a map, or a part of a run where entries are not told. */
struct show_box {
	uint64_t start, end;
	const struct vm_run *run;
	unsigned at, width; /* cells */
};
/* Box @i of a map; false: there is none any more. */
bool show_box(const struct show_axis *a, const struct show_map *m, size_t i, struct show_box *box);

#define SHOW_LABEL_MAX 32
/* The longest description of a box that fits into @width cells: "rw- w1u !", "w1u!", "". */
void show_label(const struct vm_run *run, unsigned width, char label[SHOW_LABEL_MAX]);

/* Do the pages of the box look different in @before? */
bool show_box_changed(const struct show_box *box, const struct show_map *before);

#endif
