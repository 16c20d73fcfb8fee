/* SPDX-License-Identifier: BSD-2-Clause */
/* show-axis.c - see show-axis.h. */
#include "harness/show/show-axis.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/show/show-map.h"

#define SEGMENTS_MAX 512
#define PAGES_MAX 8       /* a longer segment is drawn as long as this */
#define PAGES_OUTER_MAX 4 /* the limit for the unused ends of the map */
#define CELLS_MAX 8       /* the most cells for one page */

/* --- boundaries --- */

struct bounds {
	size_t nr;
	uint64_t pages[SEGMENTS_MAX + 1];
	bool overflow;
};

/* Inserts a boundary in order, without duplicates. */
static void
axis_add_bound(struct bounds *b, uint64_t page)
{
	size_t i = b->nr;

	while (i > 0 && b->pages[i - 1] > page)
		i--;
	if (i > 0 && b->pages[i - 1] == page)
		return;
	if (b->nr == SEGMENTS_MAX + 1) {
		b->overflow = true;
		return;
	}
	memmove(&b->pages[i + 1], &b->pages[i], (b->nr - i) * sizeof(b->pages[0]));
	b->pages[i] = page;
	b->nr++;
	assert(b->nr <= SEGMENTS_MAX + 1);
}

static void
axis_add_op(struct bounds *b, const struct program_config *cfg, const struct vm_op *op)
{
	const struct op_ranges ranges = op_ranges(op);

	for (unsigned i = 0; i < ranges.nr; i++) {
		const struct op_range *r = &ranges.at[i];

		if (!r->one_page && r->start > cfg->min && r->start < cfg->max)
			axis_add_bound(b, r->start);
		if (!r->one_page && r->end > cfg->min && r->end < cfg->max)
			axis_add_bound(b, r->end);
	}
}

static void
axis_find_bounds(struct bounds *b, const struct show *s)
{
	const struct program *p = s->program;

	axis_add_bound(b, p->config.min);
	axis_add_bound(b, p->config.max);
	for (size_t i = 0; i < s->nr_maps; i++) {
		const struct show_map *m = &s->maps[i];

		for (size_t k = 0; k < m->state.nr_runs; k++) {
			axis_add_bound(b, m->state.runs[k].start);
			axis_add_bound(b, m->state.runs[k].end);
		}
		for (size_t k = 0; k < m->nr_starts; k++)
			axis_add_bound(b, m->starts[k]);
	}
	for (unsigned t = 0; t < p->nr_threads; t++)
		for (unsigned i = 0; i < p->threads[t].nr_ops; i++)
			if (!vm_op_has_refs(&p->threads[t].ops[i]))
				axis_add_op(b, &p->config, &p->threads[t].ops[i]);
	for (size_t i = 0; i < s->nr_rows; i++)
		if (s->rows[i].part == NULL && !vm_op_has_refs(&s->rows[i].what))
			axis_add_op(b, &p->config, &s->rows[i].what);
}

/* --- widths --- */

static bool
axis_ever_mapped(const struct show *s, uint64_t page)
{
	for (size_t i = 0; i < s->nr_maps; i++)
		if (show_map_at(&s->maps[i], page) != NULL)
			return true;
	return false;
}

/* Sets the width of each segment: one cell for each page, up to a limit. Returns the sum. */
static unsigned
axis_weigh(const struct show *s, struct show_axis *a)
{
	unsigned sum = 0;

	for (size_t i = 0; i < a->nr; i++) {
		struct show_segment *seg = &a->segments[i];
		bool outer = (i == 0 || i + 1 == a->nr) && !axis_ever_mapped(s, seg->start);
		uint64_t max = outer ? PAGES_OUTER_MAX : PAGES_MAX, nr = seg->end - seg->start;

		seg->width = (unsigned)(nr < max ? nr : max);
		seg->compressed = nr > max;
		sum += seg->width;
	}
	return sum;
}

/* Widens the narrowest of the segments [from, to) until their sum is @need cells, or no spare cells are left. */
static void
axis_widen(struct show_axis *a, size_t from, size_t to, unsigned need, unsigned *spare)
{
	unsigned have = 0;

	assert(from <= to && to <= a->nr);
	for (size_t i = from; i < to; i++)
		have += a->segments[i].width;
	for (; *spare > 0 && have < need; have++, --*spare) {
		size_t narrow = from;

		for (size_t i = from; i < to; i++)
			if (a->segments[i].width < a->segments[narrow].width)
				narrow = i;
		a->segments[narrow].width++;
	}
}

static size_t
axis_segment_of(const struct show_axis *a, uint64_t page)
{
	size_t i = 0;

	while (i < a->nr && a->segments[i].end <= page)
		i++;
	return i;
}

/* Makes room for the labels of boxes and for page numbers. */
static void
axis_make_room(const struct show *s, struct show_axis *a, unsigned spare)
{
	struct show_box box;
	char text[SHOW_LABEL_MAX];

	for (size_t i = 0; i < s->nr_maps; i++) {
		for (size_t k = 0; show_box(a, &s->maps[i], k, &box); k++) {
			show_label(box.run, SHOW_LABEL_MAX, text);
			axis_widen(a, axis_segment_of(a, box.start), axis_segment_of(a, box.end - 1) + 1,
			    (unsigned)strlen(text) + 2, &spare);
		}
	}
	for (size_t i = 0; i < a->nr; i++)
		axis_widen(
		    a, i, i + 1, (unsigned)snprintf(text, sizeof(text), "%" PRIu64, a->segments[i].start) + 1, &spare);
}

void
show_axis_fit(struct show_axis *a, const struct show *s, unsigned cells)
{
	struct bounds *b = memory_new(1, sizeof(*b), "a picture");
	unsigned sum, each;

	*a = (struct show_axis){ 0 };
	a->segments = memory_new(SEGMENTS_MAX, sizeof(*a->segments), "a picture");
	axis_find_bounds(b, s);
	a->nr = b->overflow ? 0 : b->nr - 1;
	for (size_t i = 0; i < a->nr; i++)
		a->segments[i] = (struct show_segment){ .start = b->pages[i], .end = b->pages[i + 1] };
	free(b);
	sum = axis_weigh(s, a);
	for (size_t i = 0; i < a->nr && sum > cells; i++) {
		sum -= a->segments[i].width - 1;
		a->segments[i].compressed = a->segments[i].end - a->segments[i].start > 1;
		a->segments[i].width = 1;
	}
	if (sum > cells)
		a->nr = 0;
	each = sum > 0 ? cells / sum : 1;
	each = each > CELLS_MAX ? CELLS_MAX : each;
	/* Keep a third of the cells for labels. */
	each = each > 1 ? each - each / 3 : each;
	for (size_t i = 0; i < a->nr; i++)
		a->segments[i].width *= each;
	axis_make_room(s, a, cells - sum * each);
	for (size_t i = 0; i < a->nr; i++) {
		a->segments[i].at = a->cells;
		a->cells += a->segments[i].width;
	}
	assert(a->cells <= cells);
}

void
show_axis_free(struct show_axis *a)
{
	free(a->segments);
	*a = (struct show_axis){ 0 };
}

/* --- boxes --- */

/* The end of the entry that contains @page, inside @run. */
static uint64_t
axis_entry_end(const struct show_map *m, const struct vm_run *run, uint64_t page)
{
	for (size_t i = 0; i < m->nr_starts; i++)
		if (m->starts[i] > page && m->starts[i] < run->end)
			return m->starts[i];
	return run->end;
}

bool
show_box(const struct show_axis *a, const struct show_map *m, size_t i, struct show_box *box)
{
	for (size_t k = 0; k < m->state.nr_runs; k++) {
		const struct vm_run *run = &m->state.runs[k];

		for (uint64_t page = run->start; page < run->end; page = axis_entry_end(m, run, page)) {
			size_t first, last;

			if (i-- > 0)
				continue;
			*box = (struct show_box){ page, axis_entry_end(m, run, page), run, 0, 0 };
			first = axis_segment_of(a, box->start);
			last = axis_segment_of(a, box->end - 1);
			if (last < a->nr) {
				box->at = a->segments[first].at;
				box->width = a->segments[last].at + a->segments[last].width - box->at;
			}
			return true;
		}
	}
	return false;
}

void
show_label(const struct vm_run *run, unsigned width, char label[SHOW_LABEL_MAX])
{
	struct strbuf protection = { 0 };
	char wired[16] = "";
	const char *mark = run->transition ? "!" : "", *user = run->user_wired ? "u" : "";
	int len;

	if (run->guard)
		strbuf_add(&protection, "guard");
	else
		optext_print_prot_mask(run->prot, &protection);
	if (run->wired_count != 0)
		(void)snprintf(wired, sizeof(wired), " w%" PRId32 "%s", run->wired_count, user);
	len = snprintf(
	    label, SHOW_LABEL_MAX, "%s%s%s%s", strbuf_text(&protection), wired, run->transition ? " " : "", mark);
	if ((unsigned)len > width)
		len = snprintf(
		    label, SHOW_LABEL_MAX, "%s%s", wired[0] != '\0' ? wired + 1 : strbuf_text(&protection), mark);
	if ((unsigned)len > width && wired[0] != '\0')
		len = snprintf(label, SHOW_LABEL_MAX, "%s%s", wired + 2, mark);
	if ((unsigned)len > width)
		label[0] = '\0';
	strbuf_free(&protection);
	assert((unsigned)strlen(label) <= width);
}

bool
show_box_changed(const struct show_box *box, const struct show_map *before)
{
	const struct vm_run *a = show_map_at(before, box->start), *b = box->run;

	return a == NULL || a->end < box->end || a->prot != b->prot || a->max != b->max || a->inherit != b->inherit ||
	       a->guard != b->guard || a->user_wired != b->user_wired || a->transition != b->transition ||
	       a->wired_count != b->wired_count;
}
