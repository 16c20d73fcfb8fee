/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show-text.c - a run on a terminal. Each thread has a lane, if there is room:
 *
 *	 step  T0                      T1
 *	    1                          ┏ wire 20 22 user noholes
 *	                               ┃ mark 20-22, w0 -> w1
 *	    2  ┏ wire 20 22 ...        │
 *	       ┗ sleep until ...       │
 *
 * Otherwise it has a track, which is one sign wide, and the text is to the right of all tracks. The map is drawn beside
 * its row if there is room, otherwise below it.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/show/show-picture.h"
#include "harness/show/show.h"

#define LANE_MIN 28  /* columns; a narrower lane becomes a track */
#define LANE_MAX 52  /* columns; a wider lane is no easier to read */
#define RULER_MIN 32 /* columns of a map beside the lanes */
#define TEXT_MIN 10  /* columns of text beside tracks; with less room, tracks are one column wide */

/* Styles besides those of events. */
enum style { STYLE_PLAIN = SHOW_FOUND + 1, STYLE_DIM, STYLE_TITLE, STYLE_WIRED, STYLE_MARKED, STYLE_MAPPED };

struct page {
	const struct show *s;
	const struct show_text_options *o;
	struct strbuf *out;
	bool folded;            /* lanes are tracks */
	unsigned gutter;        /* columns before the lanes */
	unsigned lane;          /* columns of a lane or track */
	unsigned text_at, text; /* tracks: column of the text, and its width */
	unsigned ruler_at;      /* 0: maps are below their rows */
	struct show_axis axis;
	/* the line that is being made */
	struct strbuf line;
	unsigned used, column; /* columns written; column of the next piece */
};

/* --- lines --- */

static const char *
page_style_code(unsigned style)
{
	switch (style) {
	case SHOW_OP:
	case STYLE_TITLE:
		return "1";
	case SHOW_CHANGE:
		return "36";
	case SHOW_SLEEP:
	case STYLE_MARKED:
		return "35";
	case SHOW_WAKE:
		return "33";
	case SHOW_RESULT:
	case STYLE_WIRED:
		return "32";
	case SHOW_FAILURE:
	case SHOW_WHY:
	case SHOW_FOUND:
		return "1;31";
	case STYLE_MAPPED:
		return "34";
	case SHOW_MORE:
	case STYLE_DIM:
		return "2";
	default:
		return NULL;
	}
}

/* On an ASCII terminal, a character outside ASCII becomes a question mark. */
static void
page_add_text(struct page *p, const char *text, size_t len)
{
	size_t n;

	if (!p->o->ascii) {
		strbuf_addn(&p->line, text, len);
		return;
	}
	for (size_t i = 0; i < len; i += n)
		strbuf_addc(&p->line, text_char(text + i, &n) < 0x80 ? text[i] : '?');
}

static unsigned
page_width_of(const struct page *p, const char *text, size_t len)
{
	unsigned nr = 0;
	size_t n;

	if (!p->o->ascii)
		return text_width(text, len);
	for (size_t i = 0; i < len; i += n, nr++)
		(void)text_char(text + i, &n);
	return nr;
}

/* Writes a text at the column. Only this function writes the blanks before it, so no line ends in blanks. */
static void
page_put(struct page *p, unsigned style, const char *text, size_t len)
{
	const char *code = p->o->color ? page_style_code(style) : NULL;

	for (; p->used < p->column; p->used++)
		strbuf_addc(&p->line, ' ');
	if (code != NULL)
		strbuf_printf(&p->line, "\033[%sm", code);
	page_add_text(p, text, len);
	if (code != NULL)
		strbuf_add(&p->line, "\033[0m");
	p->used += page_width_of(p, text, len);
	p->column = p->used;
	assert(p->used == p->column);
}

static void
page_put_text(struct page *p, unsigned style, const char *text)
{
	page_put(p, style, text, strlen(text));
}

static void
page_end_line(struct page *p)
{
	strbuf_addc(&p->line, '\n');
	strbuf_addn(p->out, strbuf_text(&p->line), p->line.len);
	strbuf_clear(&p->line);
	p->used = p->column = 0;
}

/* Writes paragraphs from @column to the right edge. The label is in the first line. */
static void
page_put_paragraph(struct page *p, const char *label, unsigned column, unsigned style, const char *text)
{
	struct text_line line;

	page_put_text(p, STYLE_DIM, label);
	while (text_next_line(&text, p->o->width - column, false, &line)) {
		p->column = column;
		page_put(p, style, line.text, line.len);
		page_end_line(p);
	}
}

/* --- the ruler --- */

static void
page_put_number(struct page *p, unsigned at, uint64_t page)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, page);

	/* A number that touches its neighbour or the edge is left out. */
	if (at < p->used + (p->used > 0) || at + (unsigned)len > p->o->width)
		return;
	p->column = at;
	page_put(p, STYLE_DIM, text, (size_t)len);
}

static void
page_put_numbers(struct page *p, unsigned at, const struct show_map *m)
{
	const struct show_segment *first = &p->axis.segments[0], *last = &p->axis.segments[p->axis.nr - 1];
	struct show_box box;

	page_put_number(p, at, first->start);
	for (size_t i = 0; show_box(&p->axis, m, i, &box); i++) {
		page_put_number(p, at + box.at, box.start);
		page_put_number(p, at + box.at + box.width, box.end);
	}
	page_put_number(p, at + last->at + last->width, last->end);
}

/* Draws cells [from, to) of the axis as unmapped, with a mark in the middle if they are compressed. */
static void
page_put_hole(struct page *p, unsigned from, unsigned to)
{
	const char *dot = p->o->ascii ? "." : "·", *gap = p->o->ascii ? "~" : "≈";
	struct strbuf text = { 0 };

	for (size_t i = 0; i < p->axis.nr; i++) {
		const struct show_segment *seg = &p->axis.segments[i];

		for (unsigned cell = seg->at; cell < seg->at + seg->width; cell++)
			if (cell >= from && cell < to)
				strbuf_add(&text, seg->compressed && cell == seg->at + seg->width / 2 ? gap : dot);
	}
	if (text.len > 0)
		page_put_text(p, STYLE_DIM, strbuf_text(&text));
	strbuf_free(&text);
}

static void
page_put_boxes(struct page *p, unsigned at, const struct show_map *m)
{
	const char *border = p->o->ascii ? "|" : "│";
	unsigned cell = 0;
	struct show_box box;
	bool open = false; /* a box ends at this cell, and its border is missing */

	assert(p->axis.nr > 0);
	p->column = at;
	for (size_t i = 0; show_box(&p->axis, m, i, &box); i++) {
		char label[SHOW_LABEL_MAX];
		unsigned style = box.run->transition         ? STYLE_MARKED
		                 : box.run->wired_count != 0 ? STYLE_WIRED
		                                             : STYLE_MAPPED;

		if (box.at < cell) { /* a broken map with overlapping entries: the earlier one covers this */
			unsigned hidden = cell - box.at;

			if (box.width <= hidden)
				continue;
			box.at = cell;
			box.width -= hidden;
		}
		if (open && cell < box.at)
			page_put_text(p, STYLE_DIM, border);
		if (cell < box.at)
			page_put_hole(p, cell + open, box.at);
		page_put_text(p, STYLE_DIM, border);
		show_label(box.run, box.width - 1, label);
		page_put_text(p, style, label);
		cell = box.at + box.width;
		p->column = at + cell;
		open = true;
	}
	if (open)
		page_put_text(p, STYLE_DIM, border);
	page_put_hole(p, cell + open, p->axis.cells);
}

/* Writes a map on lines of its own. */
static void
page_put_map(struct page *p, const struct show_map *m)
{
	struct strbuf text = { 0 };

	if (p->axis.nr == 0) {
		state_print(&m->state, &text);
		page_put_paragraph(p, " map", p->gutter, STYLE_PLAIN, strbuf_text(&text));
		strbuf_free(&text);
		return;
	}
	page_put_text(p, STYLE_DIM, " map");
	page_put_numbers(p, p->gutter, m);
	page_end_line(p);
	page_put_boxes(p, p->gutter, m);
	page_end_line(p);
}

/* --- rows --- */

/* The lines of one lane, or of the text to the right of the tracks. */
struct lines {
	size_t nr;
	struct text_line *lines;
	unsigned *styles;
};

static void
lines_add(struct lines *l, unsigned width, unsigned style, const char *text)
{
	struct text_line line;

	while (text_next_line(&text, width, false, &line)) {
		l->lines = memory_resize(l->lines, l->nr + 1, sizeof(*l->lines), "a picture");
		l->styles = memory_resize(l->styles, l->nr + 1, sizeof(*l->styles), "a picture");
		l->lines[l->nr] = line;
		l->styles[l->nr++] = style;
	}
}

static void
lines_free(struct lines *l)
{
	free(l->lines);
	free(l->styles);
}

static bool
page_begins_op(const struct show_row *row)
{
	return row->nr_events > 0 && row->events[0].kind == SHOW_OP;
}

static bool
page_ends_op(const struct show_row *row)
{
	return row->after == SHOW_IDLE || row->after == SHOW_DONE;
}

/* The sign of a lane in line @at; the running thread has @nr lines. NULL: no sign. */
static const char *
page_sign(const struct page *p, const struct show_row *row, unsigned thread, size_t at, size_t nr)
{
	bool opens = page_begins_op(row) && at == 0, closes = page_ends_op(row) && at + 1 == nr;

	assert(thread < p->s->program->nr_threads);
	switch ((enum show_life)row->life[thread]) {
	case SHOW_RUNS:
		if (at >= nr && page_ends_op(row))
			return NULL;
		if (p->o->ascii)
			return "#";
		return opens && closes ? "╺" : opens ? "┏" : closes ? "┗" : "┃";
	case SHOW_READY:
		return p->o->ascii ? "|" : "│";
	case SHOW_SLEEPS:
		return p->o->ascii ? ":" : "┊";
	case SHOW_IDLE:
	case SHOW_DONE:
		break;
	}
	return NULL;
}

/* Writes the signs of lanes [from, to). */
static void
page_put_signs(struct page *p, const struct show_row *row, unsigned from, unsigned to, size_t at, size_t nr)
{
	for (unsigned t = from; t < to; t++) {
		const char *text = page_sign(p, row, t, at, nr);

		if (text == NULL)
			continue;
		p->column = p->gutter + t * p->lane;
		page_put_text(p, row->life[t] == SHOW_RUNS ? STYLE_TITLE : STYLE_DIM, text);
	}
}

/* Writes the lines of @thread between the signs of the other threads, and @map, if there is one, beside them. */
static void
page_put_lane(
    struct page *p, const struct show_row *row, unsigned thread, const struct lines *l, const struct show_map *map)
{
	size_t nr = map != NULL && l->nr < 2 ? 2 : l->nr;
	unsigned nr_threads = p->s->program->nr_threads, split = p->folded ? nr_threads : thread + 1;

	assert(thread < p->s->program->nr_threads);
	for (size_t i = 0; i < nr; i++) {
		page_put_signs(p, row, 0, split, i, l->nr);
		if (i < l->nr) {
			p->column = p->folded ? p->text_at : p->gutter + thread * p->lane + 2;
			page_put(p, l->styles[i], l->lines[i].text, l->lines[i].len);
		}
		page_put_signs(p, row, split, nr_threads, i, l->nr);
		if (map != NULL && i == 0)
			page_put_numbers(p, p->ruler_at, map);
		else if (map != NULL && i == 1)
			page_put_boxes(p, p->ruler_at, map);
		page_end_line(p);
	}
}

/* Writes why another thread runs. A sleep was said in the line before. */
static void
page_put_switch(struct page *p, const struct show_row *row)
{
	struct show_row gap = *row;
	struct lines l = { 0 };

	if (row->why == SHOW_SAME || row->why == SHOW_SLEPT)
		return;
	gap.life[row->thread] = page_begins_op(row) ? SHOW_IDLE : SHOW_READY;
	lines_add(&l, p->text, STYLE_DIM, row->why_text);
	page_put_lane(p, &gap, row->from, &l, NULL);
	lines_free(&l);
}

static void
page_put_step(struct page *p, const struct show_row *row)
{
	const struct show_map *map = row->changed ? &p->s->maps[row->map] : NULL;
	bool beside = p->ruler_at != 0;
	struct lines l = { 0 };
	struct strbuf first = { 0 };
	char number[24];

	assert(row->part == NULL && row->thread < p->s->program->nr_threads);
	page_put_switch(p, row);
	for (size_t i = 0; i < row->nr_events; i++) {
		const char *text = row->events[i].text;

		if (i == 0 && p->folded) {
			strbuf_printf(&first, "T%u %s", row->thread, text);
			text = strbuf_text(&first);
		}
		lines_add(&l, p->text, row->events[i].kind, text);
	}
	(void)snprintf(number, sizeof(number), "%*zu", (int)p->gutter - 2, row->step);
	page_put_text(p, STYLE_DIM, number);
	page_put_lane(p, row, row->thread, &l, beside ? map : NULL);
	if (map != NULL && !beside)
		page_put_map(p, map);
	lines_free(&l);
	strbuf_free(&first);
}

/*
 * Writes an operation that ran alone: its changes are visible in the map, and written as text if there are no threads.
 */
static void
page_put_alone(struct page *p, const struct show_row *row, bool last)
{
	bool all = p->s->program->nr_threads == 0 || row->part[0] == 'f';
	struct strbuf first = { 0 };
	unsigned style = show_row_alone(row, &first) ? SHOW_FAILURE : SHOW_RESULT;
	char label[16];

	assert(row->part != NULL);
	(void)snprintf(label, sizeof(label), " %s", row->part);
	page_put_paragraph(p, label, p->gutter, style, strbuf_text(&first));
	for (size_t i = 0; i < row->nr_events; i++)
		if ((all && row->events[i].kind == SHOW_CHANGE) || row->events[i].kind == SHOW_WHY)
			page_put_paragraph(p, "", p->gutter + 2, row->events[i].kind, row->events[i].text);
	if (all ? row->changed : last)
		page_put_map(p, &p->s->maps[row->map]);
	strbuf_free(&first);
}

/* --- the page --- */

static void
page_put_lane_names(struct page *p)
{
	unsigned nr_threads = p->s->program->nr_threads;
	char name[16];

	if (nr_threads == 0)
		return;
	page_end_line(p);
	page_put_text(p, STYLE_DIM, "step");
	for (unsigned t = 0; t < nr_threads; t++) {
		p->column = p->gutter + t * p->lane;
		(void)snprintf(name, sizeof(name), p->lane > 3 ? "T%u" : "%u", p->lane > 1 ? t : t % 10);
		page_put_text(p, STYLE_TITLE, name);
	}
	if (p->ruler_at != 0) {
		p->column = p->ruler_at;
		page_put_text(p, STYLE_DIM, "map");
	}
	page_end_line(p);
}

static void
page_lay_out(struct page *p)
{
	unsigned nr = p->s->program->nr_threads, width = p->o->width, room, beside = 0;
	unsigned digits = (unsigned)snprintf(NULL, 0, "%zu", p->s->nr_rows);

	p->gutter = digits + 2 > 7 ? digits + 2 : 7;
	room = width - p->gutter;
	if (nr > 0 && room >= nr * (LANE_MIN + 2) + RULER_MIN + 2)
		beside = RULER_MIN + (room - nr * (LANE_MIN + 2) - RULER_MIN - 2) / 3;
	p->folded = nr > 0 && room / nr < LANE_MIN;
	if (beside > 0)
		room -= beside + 2;
	if (!p->folded) {
		p->lane = nr > 0 ? room / nr : room;
		p->lane = p->lane > LANE_MAX ? LANE_MAX : p->lane;
		p->text = p->lane - 3;
	} else {
		p->lane = room >= 3 * nr + TEXT_MIN ? 3 : room >= 2 * nr + TEXT_MIN ? 2 : 1;
		p->text_at = p->gutter + nr * p->lane + 1;
		p->text = width > p->text_at + 1 ? width - p->text_at : 1;
	}
	if (beside > 0)
		p->ruler_at = p->gutter + nr * p->lane + 2;
	show_axis_fit(&p->axis, p->s, width - (beside > 0 ? p->ruler_at : p->gutter) - 1);
	if (p->axis.nr == 0)
		p->ruler_at = 0;
	assert(p->text > 0 && p->lane > 0);
}

static void
page_put_head(struct page *p)
{
	const struct show *s = p->s;
	struct strbuf text = { 0 };

	escape_text(s->path, strlen(s->path), &text);
	if (strcmp(s->title, strbuf_text(&text)) != 0) /* otherwise it would be written twice */
		page_put_paragraph(p, "", 0, STYLE_TITLE, s->title);
	strbuf_printf(&text, ", target %s", s->target->name);
	if (s->how != NULL)
		strbuf_printf(&text, "; %s", s->how);
	page_put_paragraph(p, "", 0, STYLE_DIM, strbuf_text(&text));
	page_end_line(p);
	strbuf_free(&text);
}

static void
page_put_tail(struct page *p)
{
	const struct show *s = p->s;
	struct strbuf text = { 0 };

	page_end_line(p);
	for (size_t i = 0; i < s->nr_notes; i++)
		page_put_paragraph(p, i == 0 ? show_notes_name(s) : "", 10, SHOW_WHY, s->notes[i]);
	if (s->program->nr_threads > 0) {
		page_put_paragraph(p, "result", 10, STYLE_PLAIN, s->outcome);
		show_schedule(s, &text);
		page_put_paragraph(p, "schedule", 10, STYLE_PLAIN, strbuf_text(&text));
		page_put_paragraph(p, "signs", 10, STYLE_DIM,
		    p->o->ascii ? "# runs, | could go on, : sleeps" : "┃ runs, │ could go on, ┊ sleeps");
	}
	strbuf_clear(&text);
	for (unsigned i = 0, nr = 0; show_picture_term(s, &i, &text); strbuf_clear(&text))
		page_put_paragraph(p, nr++ == 0 ? "terms" : "", 10, STYLE_PLAIN, strbuf_text(&text));
	page_put_paragraph(
	    p, "map", 10, STYLE_DIM, "w1: wired once; w1u: by the user; !: in transition (marked); dots: not mapped");
	strbuf_free(&text);
}

void
show_text(const struct show *s, const struct show_text_options *o, struct strbuf *out)
{
	struct page p = { .s = s, .o = o, .out = out };
	size_t nr_init = show_nr_init(s);

	assert(o->width > 0);
	page_lay_out(&p);
	page_put_head(&p);
	for (size_t i = 0; i < s->nr_rows; i++) {
		if (i == nr_init)
			page_put_lane_names(&p);
		if (s->rows[i].left_out)
			continue;
		if (s->rows[i].part != NULL)
			page_put_alone(&p, &s->rows[i], i + 1 == nr_init);
		else
			page_put_step(&p, &s->rows[i]);
	}
	page_put_tail(&p);
	show_axis_free(&p.axis);
	strbuf_free(&p.line);
}
