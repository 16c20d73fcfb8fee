/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show-svg.c - a run as one picture: time goes down, each thread has a lane, and the map is to the right of the step
 * that changed it. With many threads the lanes are narrow tracks with the text to their right, as on the terminal. No
 * script, no font or external file; the text can be selected.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/show/show-picture.h"
#include "harness/show/show.h"

#define MARGIN 16
#define GUTTER_LEAST 44 /* room for the step's number, and with tracks also for the thread */
#define LANES_MAX 4     /* with more threads, lanes become tracks */
#define TRACK 26        /* width of a track */
#define TEXT_CHARS 44   /* with tracks */
#define LANE_GAP 14     /* between lanes */
#define AXIS_CELLS 34
#define MAP_NAME "the map, when it has changed"

struct picture {
	const struct show *s;
	struct strbuf *out;
	bool folded;
	unsigned gutter;      /* left of the lanes */
	unsigned lane, chars; /* width of a lane; characters of text in it, or to the right of the tracks */
	unsigned text_x;      /* of text to the right of tracks */
	unsigned map_x, width, y;
	struct show_axis axis;
};

static unsigned
svg_lane_x(const struct picture *p, unsigned thread)
{
	return MARGIN + p->gutter + thread * (p->lane + (p->folded ? 0 : LANE_GAP));
}

static void
svg_text_len(struct picture *p, unsigned x, unsigned y, const char *class, const char *text, size_t len)
{
	strbuf_printf(p->out, "<text class=\"%s\" x=\"%u\" y=\"%u\">", class, x, y);
	escape_xml(text, len, p->out);
	strbuf_add(p->out, "</text>\n");
}

static void
svg_text_at(struct picture *p, unsigned x, unsigned y, const char *class, const char *text)
{
	svg_text_len(p, x, y, class, text, strlen(text));
}

/* Draws lines of at most @chars, from p->y down. */
static void
svg_paragraph(struct picture *p, unsigned x, unsigned chars, const char *class, const char *text, unsigned line_height)
{
	struct text_line line;

	while (text_next_line(&text, chars, false, &line)) {
		p->y += line_height;
		svg_text_len(p, x, p->y - 4, class, line.text, line.len);
	}
}

static unsigned
svg_count_lines(const char *text, unsigned chars)
{
	struct text_line line;
	unsigned nr = 0;

	while (text_next_line(&text, chars, false, &line))
		nr++;
	return nr;
}

/* --- lanes --- */

/* Draws the states of the other threads from @y0 to @y1. */
static void
svg_lives(struct picture *p, const struct show_row *row, unsigned y0, unsigned y1, bool gap)
{
	for (unsigned t = 0; t < p->s->program->nr_threads; t++) {
		unsigned life = row->life[t], x = svg_lane_x(p, t) + 8;

		if (gap && life == SHOW_RUNS)
			life = row->nr_events > 0 && row->events[0].kind == SHOW_OP ? SHOW_IDLE : SHOW_READY;
		if (life == SHOW_READY || life == SHOW_SLEEPS)
			strbuf_printf(p->out, "<path class=\"%s\" d=\"M%u %uV%u\"/>\n",
			    life == SHOW_READY ? "ready" : "asleep", x, y0, y1);
	}
}

/* Draws an arrow from (@x, @y) to the lane of thread @to, and down to @end. */
static void
svg_turn(struct picture *p, unsigned to, unsigned x, unsigned y, unsigned end)
{
	unsigned target = svg_lane_x(p, to) + (p->folded ? 16 : 24);

	strbuf_printf(p->out, "<path class=\"turn\" d=\"M%u %uH%uV%u\"/>\n", x, y, target, end - 5);
	strbuf_printf(p->out, "<path class=\"turnhead\" d=\"M%u %ul-4 -7h8z\"/>\n", target, end);
}

/* Draws the space between two rows, with the reason for a switch of threads. */
static void
svg_gap(struct picture *p, const struct show_row *row)
{
	unsigned top = p->y, lines, x, start, class_at;
	const char *class = row->why == SHOW_PREEMPTED ? "m op" : "m dim";

	assert(row->part == NULL);
	if (row->why == SHOW_SAME) {
		p->y += 6;
		svg_lives(p, row, top, p->y, true);
		return;
	}
	lines = svg_count_lines(row->why_text, p->chars);
	svg_lives(p, row, top, top + lines * PICTURE_LINE + 16, true);
	x = p->folded ? p->text_x : svg_lane_x(p, row->from) + 18;
	p->y += 2;
	class_at = p->y;
	svg_paragraph(p, x, p->chars, class, row->why_text, PICTURE_LINE);
	p->y = class_at + lines * PICTURE_LINE + 14;
	/* The arrow starts below the words, on the side of its target. */
	start = svg_lane_x(p, row->from) + (p->folded ? 16 : 24);
	svg_turn(p, row->thread, start, p->y - 9, p->y);
}

/* Draws arrows from the "wake" line to the lanes of the woken threads. */
static void
svg_wake_arrows(struct picture *p, const struct show_row *row, unsigned y)
{
	unsigned left = svg_lane_x(p, row->thread);

	for (unsigned t = 0; t < p->s->program->nr_threads; t++) {
		unsigned x = svg_lane_x(p, t) + 8;
		bool back = x < left; /* the arrow points to the left */

		if ((row->wakes & (uint32_t)1 << t) == 0 || t == row->thread)
			continue;
		strbuf_printf(p->out,
		    "<path class=\"wakes\" d=\"M%u %uH%u\"/>\n<path class=\"wakehead\" d=\"M%u %ul%d -4v8z\"/>\n",
		    back ? left : left + p->lane, y, back ? x + 9 : x - 9, back ? x + 3 : x - 3, y, back ? 8 : -8);
	}
}

static unsigned
svg_row_lines(const struct picture *p, const struct show_row *row)
{
	unsigned nr = 0;

	for (size_t i = 0; i < row->nr_events; i++)
		nr += svg_count_lines(row->events[i].text, p->chars);
	return nr;
}

static void
svg_step(struct picture *p, const struct show_row *row)
{
	unsigned x = svg_lane_x(p, row->thread), top, height;
	char number[40];

	assert(row->part == NULL && row->thread < p->s->program->nr_threads);
	svg_gap(p, row);
	top = p->y;
	height = svg_row_lines(p, row) * PICTURE_LINE + 10;
	if (row->changed && height < PICTURE_MAP_HEIGHT)
		height = PICTURE_MAP_HEIGHT;
	svg_lives(p, row, top, top + height, false);
	strbuf_printf(p->out, "<g><title>step %zu, T%u</title>\n", row->step, row->thread);
	strbuf_printf(p->out, "<rect class=\"run%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"4\"/>\n",
	    show_row_is_bad(row) ? " bad" : "", x, top, p->folded ? TRACK - 8 : p->lane, height);
	strbuf_printf(p->out, "<rect class=\"bar t%u\" x=\"%u\" y=\"%u\" width=\"5\" height=\"%u\" rx=\"2\"/>\n",
	    PICTURE_THREAD_CLASS(row->thread), x + 6, top + 5, height - 10);
	(void)snprintf(number, sizeof(number), p->folded ? "%zu T%u" : "%zu", row->step, row->thread);
	svg_text_at(p, MARGIN, top + PICTURE_LINE + 1, "m dim", number);
	p->y += 5;
	for (size_t i = 0; i < row->nr_events; i++) {
		char class[24];

		(void)snprintf(class, sizeof(class), "m %s", show_picture_class(row->events[i].kind));
		if (row->events[i].kind == SHOW_WAKE)
			svg_wake_arrows(p, row, p->y + PICTURE_LINE / 2);
		svg_paragraph(p, p->folded ? p->text_x : x + 18, p->chars, class, row->events[i].text, PICTURE_LINE);
	}
	strbuf_add(p->out, "</g>\n");
	if (row->changed)
		show_picture_map(p->s, &p->axis, row, p->map_x, top, p->out);
	p->y = top + height;
}

/* --- operations that run alone --- */

static void
svg_alone(struct picture *p, const struct show_row *row, bool draw)
{
	unsigned top = p->y, chars = (p->map_x - MARGIN - p->gutter - 20) * 4 / 29;
	struct strbuf line = { 0 };
	const char *class = show_row_alone(row, &line) ? "m failure" : "m";

	assert(row->part != NULL);
	svg_text_at(p, MARGIN, top + PICTURE_LINE - 4, "m dim", row->part);
	svg_paragraph(p, MARGIN + p->gutter, chars, class, strbuf_text(&line), PICTURE_LINE);
	for (size_t i = 0; i < row->nr_events; i++)
		if (row->events[i].kind == SHOW_WHY)
			svg_paragraph(p, MARGIN + p->gutter + 18, chars, "m why", row->events[i].text, PICTURE_LINE);
	if (draw) {
		top = p->y - PICTURE_LINE;
		show_picture_map(p->s, &p->axis, row, p->map_x, top, p->out);
		if (p->y < top + PICTURE_MAP_HEIGHT)
			p->y = top + PICTURE_MAP_HEIGHT;
	}
	strbuf_free(&line);
}

/* --- the whole --- */

static void
svg_lane_names(struct picture *p)
{
	char name[16], class[16];

	if (p->s->program->nr_threads == 0)
		return;
	p->y += 26;
	svg_text_at(p, MARGIN, p->y - 4, "m dim", "step");
	for (unsigned t = 0; t < p->s->program->nr_threads; t++) {
		(void)snprintf(name, sizeof(name), "T%u", t);
		(void)snprintf(class, sizeof(class), "%s t%u", p->folded ? "m op" : "h", PICTURE_THREAD_CLASS(t));
		svg_text_at(p, svg_lane_x(p, t) + (p->folded ? 0 : 2), p->y - 4, class, name);
	}
	if (p->axis.nr > 0)
		svg_text_at(p, p->map_x, p->y - 4, "m dim", MAP_NAME);
	p->y += 6;
}

/* Draws the legend. */
static void
svg_legend(struct picture *p)
{
	unsigned y = p->y + 8, x = MARGIN;

	p->y += 20;
	if (p->s->program->nr_threads > 0) {
		strbuf_printf(
		    p->out, "<rect class=\"run\" x=\"%u\" y=\"%u\" width=\"20\" height=\"14\" rx=\"3\"/>\n", x, y - 1);
		svg_text_at(p, x + 26, y + 10, "m dim", "a step");
		strbuf_printf(p->out, "<path class=\"ready\" d=\"M%u %uv14\"/>\n", x + 92, y - 1);
		svg_text_at(p, x + 100, y + 10, "m dim", "could go on");
		strbuf_printf(p->out, "<path class=\"asleep\" d=\"M%u %uv14\"/>\n", x + 202, y - 1);
		svg_text_at(p, x + 210, y + 10, "m dim", "sleeps");
		strbuf_printf(p->out, "<path class=\"wakes\" d=\"M%u %uh22\"/>\n", x + 272, y + 6);
		svg_text_at(p, x + 300, y + 10, "m dim", "wakes");
		strbuf_printf(p->out, "<path class=\"turn\" d=\"M%u %uh22\"/>\n", x + 352, y + 6);
		svg_text_at(p, x + 380, y + 10, "m dim", "whose turn it is next");
	}
	svg_paragraph(p, MARGIN, (p->width - 2 * MARGIN) * 4 / 29, "m dim", PICTURE_MAP_LEGEND, PICTURE_LINE + 2);
}

/* Draws the threads that sleep at the end. */
static void
svg_sleepers(struct picture *p)
{
	const struct show *s = p->s;
	const struct show_row *last = s->nr_rows > 0 ? &s->rows[s->nr_rows - 1] : NULL;

	if (!s->deadlock || last == NULL)
		return;
	for (unsigned t = 0; t < s->program->nr_threads; t++) {
		if (last->life[t] != SHOW_SLEEPS && (t != last->thread || last->after != SHOW_SLEEPS))
			continue;
		strbuf_printf(p->out, "<path class=\"asleep\" d=\"M%u %uv26\"/>\n", svg_lane_x(p, t) + 8, p->y);
		if (!p->folded)
			svg_text_at(p, svg_lane_x(p, t) + 18, p->y + 20, "m failure", "sleeps for ever");
	}
	p->y += 26;
}

static void
svg_tail(struct picture *p)
{
	const struct show *s = p->s;
	unsigned x = MARGIN + 80, chars = (p->width - MARGIN - x) * 4 / 29;
	struct strbuf text = { 0 };

	p->y += 14;
	for (size_t i = 0; i < s->nr_notes; i++) {
		if (i == 0)
			svg_text_at(p, MARGIN, p->y + PICTURE_LINE - 4, "m failure", show_notes_name(s));
		svg_paragraph(p, x, chars, "m failure", s->notes[i], PICTURE_LINE);
	}
	if (s->program->nr_threads > 0) {
		svg_text_at(p, MARGIN, p->y + PICTURE_LINE - 4, "m dim", "result");
		svg_paragraph(p, x, chars, "m", s->outcome, PICTURE_LINE);
		show_schedule(s, &text);
		svg_text_at(p, MARGIN, p->y + PICTURE_LINE - 4, "m dim", "schedule");
		svg_paragraph(p, x, chars, "m", strbuf_text(&text), PICTURE_LINE);
	}
	strbuf_clear(&text);
	for (unsigned i = 0, nr = 0; show_picture_term(s, &i, &text); strbuf_clear(&text)) {
		if (nr++ == 0)
			svg_text_at(p, MARGIN, p->y + PICTURE_LINE - 4, "m dim", "terms");
		svg_paragraph(p, x, chars, "m dim", strbuf_text(&text), PICTURE_LINE);
	}
	strbuf_free(&text);
	svg_legend(p);
	p->y += MARGIN;
}

/* Steps are in ascending order, so the last number is the longest. */
static unsigned
svg_gutter(const struct picture *p)
{
	const struct show *s = p->s;
	char label[40] = "";
	unsigned width;

	for (size_t i = s->nr_rows; i > 0 && label[0] == '\0'; i--)
		if (s->rows[i - 1].part == NULL)
			(void)snprintf(label, sizeof(label), p->folded ? "%zu T%u" : "%zu", s->rows[i - 1].step,
			    s->program->nr_threads - 1);
	width = PICTURE_CHARS((unsigned)strlen(label)) + 8;
	return width > GUTTER_LEAST ? width : GUTTER_LEAST;
}

static void
svg_lay_out(struct picture *p)
{
	unsigned nr = p->s->program->nr_threads;

	p->folded = nr > LANES_MAX;
	p->gutter = svg_gutter(p);
	p->chars = p->folded ? TEXT_CHARS : nr <= 2 ? 35 : nr == 3 ? 30 : 27;
	p->lane = p->folded ? TRACK : PICTURE_CHARS(p->chars) + 26;
	p->text_x = svg_lane_x(p, nr) + 10;
	p->map_x = (p->folded ? p->text_x + PICTURE_CHARS(p->chars) : svg_lane_x(p, nr) - LANE_GAP) + 24;
	if (nr == 0)
		p->map_x = MARGIN + p->gutter + PICTURE_CHARS(52) + 24;
	show_axis_fit(&p->axis, p->s, AXIS_CELLS);
	p->width = MARGIN + p->map_x;
	if (p->axis.nr > 0) {
		unsigned map = PICTURE_CHARS(p->axis.cells) + PICTURE_NUMBER,
		         name = PICTURE_CHARS((unsigned)strlen(MAP_NAME));

		p->width += map > name ? map : name;
	}
	assert(p->chars > 0 && p->width > p->map_x);
}

/* Appends the run as sentences, for readers who cannot see the picture. */
static void
svg_describe(const struct show *s, struct strbuf *out)
{
	for (size_t i = 0; i < s->nr_rows; i++) {
		const struct show_row *row = &s->rows[i];

		if (row->part != NULL)
			strbuf_printf(out, "%s: ", row->part);
		else
			strbuf_printf(out, "Step %zu, T%u: ", row->step, row->thread);
		for (size_t k = 0; k < row->nr_events; k++) {
			strbuf_add(out, k > 0 ? "; " : "");
			escape_xml(row->events[k].text, strlen(row->events[k].text), out);
		}
		strbuf_add(out, ".\n");
	}
}

static void
svg_draw_row(struct picture *p, const struct show_row *row, size_t nr_init)
{
	const struct show *s = p->s;

	if (row->part == NULL)
		svg_step(p, row);
	else
		svg_alone(p, row,
		    s->program->nr_threads == 0 || row->part[0] == 'f' ? row->changed : row + 1 == s->rows + nr_init);
}

typedef void svg_take_piece(void *arg, const struct show_piece *piece);

/* Passes on the part of the picture since *top. */
static void
svg_give_piece(struct picture *p, const struct show_row *row, unsigned *top, svg_take_piece *take, void *arg)
{
	struct show_piece piece = {
		.row = row, .width = p->width, .top = *top, .end = p->y, .svg = strbuf_text(p->out)
	};

	assert(p->y >= *top);
	if (p->y > *top)
		take(arg, &piece);
	strbuf_clear(p->out);
	*top = p->y;
}

/* Draws the names of the lanes, the rows, and the threads that sleep at the end. */
static void
svg_draw_pieces(struct picture *p, svg_take_piece *take, void *arg)
{
	const struct show *s = p->s;
	size_t nr_init = show_nr_init(s);
	unsigned top = p->y;

	for (size_t i = 0; i < s->nr_rows; i++) {
		if (i == nr_init) {
			svg_lane_names(p);
			svg_give_piece(p, NULL, &top, take, arg);
		}
		if (s->rows[i].left_out)
			continue;
		svg_draw_row(p, &s->rows[i], nr_init);
		svg_give_piece(p, &s->rows[i], &top, take, arg);
	}
	svg_sleepers(p);
	svg_give_piece(p, NULL, &top, take, arg);
}

void
show_svg_pieces(const struct show *s, svg_take_piece *take, void *arg)
{
	struct strbuf piece = { 0 };
	struct picture p = { .s = s, .out = &piece };

	svg_lay_out(&p);
	svg_draw_pieces(&p, take, arg);
	strbuf_free(&piece);
	show_axis_free(&p.axis);
}

static void
svg_join_piece(void *body, const struct show_piece *piece)
{
	strbuf_add(body, piece->svg);
}

void
show_svg(const struct report *r, struct strbuf *out)
{
	const struct show *s = r->run;
	struct strbuf body = { 0 }, piece = { 0 };
	struct picture p = { .s = s, .out = &body, .y = MARGIN };

	assert(s != NULL);
	svg_lay_out(&p);
	svg_paragraph(&p, MARGIN, (p.width - 2 * MARGIN) / 10, "h", s->title, 21);
	p.y += 10;
	p.out = &piece;
	svg_draw_pieces(&p, svg_join_piece, &body);
	p.out = &body;
	svg_tail(&p);
	strbuf_printf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" "
	    "aria-labelledby=\"title desc\">\n<title id=\"title\">",
	    p.width, p.y, p.width, p.y);
	escape_xml(s->title, strlen(s->title), out);
	strbuf_add(out, "</title>\n<desc id=\"desc\">");
	svg_describe(s, out);
	strbuf_printf(out, "</desc>\n<style>\n%s</style>\n<rect class=\"bg\" width=\"%u\" height=\"%u\"/>\n",
	    show_picture_style, p.width, p.y);
	strbuf_addn(out, strbuf_text(&body), body.len);
	strbuf_add(out, "</svg>\n");
	strbuf_free(&body);
	strbuf_free(&piece);
	show_axis_free(&p.axis);
}
