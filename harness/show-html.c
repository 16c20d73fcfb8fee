/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show-html.c - a run as a page of its own: what it is about, the program, the run as a table with a column for each
 * thread, and what the words in it mean. No script, nothing loaded. It is XML as well, so that anything can read it.
 */
#include <stdio.h>
#include <string.h>

#include "harness/show-picture.h"
#include "harness/escape.h"
#include "harness/show-words.h"
#include "harness/show.h"
#include "harness/strbuf.h"
#include "harness/vmt.h"

#define LANES_MAX 4 /* more threads become tracks, and what they do has a column */
#define AXIS_CELLS 40

struct html {
	const struct show *s;
	struct strbuf *out;
	bool folded;
	struct show_axis axis;
};

static const char style[] =
    ":root{color-scheme:light dark}\n"
    "body{font:15px/1.45 system-ui,'DejaVu Sans',Helvetica,Arial,sans-serif;margin:1.5em auto;max-width:78em;"
    "padding:0 1em;background:#fff;color:#1f2328}\n"
    "h1{font-size:1.35em}h2{font-size:1.1em;margin-top:1.6em}\n"
    "pre,table,dd code,p code{font:12px/1.4 ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'Liberation "
    "Mono',monospace}\n"
    "pre{background:#f3f6fa;padding:.8em 1em;overflow-x:auto;white-space:pre-wrap}\n"
    "table{border-collapse:collapse}th{text-align:left;padding:.3em .6em;font-size:14px}\n"
    "td{vertical-align:top;padding:.25em .6em;min-width:1em}td.step{text-align:right}\n"
    "td.lane{width:22em;padding-left:.9em}td.track{padding-left:.4em}td.what{width:30em}td.map{padding:0 0 0 1.2em}\n"
    "td.c-run{background:#f3f6fa;border:1px solid #57606a;border-left:5px solid #1f2328}\n"
    "td.c-bad{border-color:#b3131f}td.c-ready{border-left:2px solid #57606a}td.c-asleep{border-left:3px dotted "
    "#8250df}\n"
    "td.c-run div{overflow-wrap:anywhere}tr.turn td{padding-top:.1em;padding-bottom:.1em}\n"
    ".verdict{border-left:5px solid #b3131f;padding:.2em 1em}\n"
    "dt{font-weight:bold;margin-top:.4em}dd{margin-left:1.5em}svg{display:block}\n"
    "@media (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}\n"
    "td.c-run{background:#161b22;border-color:#8b949e;border-left-color:#e6edf3}td.c-bad{border-color:#ff8f88}\n"
    "td.c-ready{border-left-color:#8b949e}td.c-asleep{border-left-color:#c8a6ff}.verdict{border-left-color:#ff8f88}}\n"
    "@page{size:landscape;margin:1cm}\n"
    "@media print{body{max-width:none;font-size:12px}table,pre{font-size:10px}td.map svg{width:20em;height:auto}"
    "tr{break-inside:avoid}}\n";

static void
text(struct html *h, const char *t)
{
	escape_xml(t, strlen(t), h->out);
}

/* <tag class="class">text</tag> */
static void
element(struct html *h, const char *tag, const char *class, const char *t)
{
	strbuf_printf(h->out, class != NULL ? "<%s class=\"%s\">" : "<%s>", tag, class);
	text(h, t);
	strbuf_printf(h->out, "</%s>\n", tag);
}

/* --- the table --- */

static void
map_cell(struct html *h, const struct show_row *row)
{
	unsigned width = PICTURE_CHARS(h->axis.cells) + PICTURE_NUMBER;

	strbuf_add(h->out, "<td class=\"map\">");
	if (row->changed && h->axis.nr > 0) {
		strbuf_printf(h->out, "<svg width=\"%u\" height=\"%d\" viewBox=\"0 0 %u %d\" role=\"img\">\n", width,
		    PICTURE_MAP_HEIGHT, width, PICTURE_MAP_HEIGHT);
		show_picture_map(h->s, &h->axis, row, 2, 0, h->out);
		strbuf_add(h->out, "</svg>");
	} else if (row->changed) {
		struct strbuf state = { 0 };

		state_print(&h->s->maps[row->map].state, &state);
		text(h, strbuf_text(&state));
		strbuf_free(&state);
	}
	strbuf_add(h->out, "</td>");
}

static void
events(struct html *h, const struct show_row *row)
{
	for (size_t i = 0; i < row->nr_events; i++)
		element(h, "div", show_picture_class(row->events[i].kind), row->events[i].text);
}

static void
lane_cell(struct html *h, const struct show_row *row, unsigned thread)
{
	const char *lane = h->folded ? "track" : "lane";
	bool bad = false;

	switch ((enum show_life)row->life[thread]) {
	case SHOW_RUNS:
		for (size_t i = 0; i < row->nr_events; i++)
			bad |= row->events[i].kind == SHOW_FAILURE || row->events[i].kind == SHOW_FOUND;
		strbuf_printf(h->out, "<td class=\"%s c-run%s\">", lane, bad ? " c-bad" : "");
		if (h->folded)
			strbuf_printf(h->out, "<b>T%u</b>", thread);
		else
			events(h, row);
		strbuf_add(h->out, "</td>\n");
		break;
	case SHOW_READY:
		strbuf_printf(h->out, "<td class=\"%s c-ready\" title=\"could go on\"></td>\n", lane);
		break;
	case SHOW_SLEEPS:
		strbuf_printf(h->out, "<td class=\"%s c-asleep\"><span class=\"sleep\">%s</span></td>\n", lane,
		    h->folded ? "z" : "sleeps");
		break;
	case SHOW_IDLE:
	case SHOW_DONE:
		strbuf_add(h->out, "<td></td>\n");
		break;
	}
}

static void
turn_row(struct html *h, const struct show_row *row)
{
	unsigned nr = h->s->program->nr_threads, before = h->folded ? nr : row->from;

	strbuf_add(h->out, "<tr class=\"turn\"><td></td>");
	for (unsigned t = 0; t < before; t++)
		strbuf_add(h->out, "<td></td>");
	strbuf_printf(h->out, "<td colspan=\"%u\"", h->folded ? 2 : nr - before + 1);
	strbuf_printf(h->out, " class=\"%s\">", row->why == SHOW_PREEMPTED ? "op" : "dim");
	text(h, row->why_text);
	strbuf_add(h->out, "</td></tr>\n");
}

static void
step_row(struct html *h, const struct show_row *row)
{
	if (row->why != SHOW_SAME)
		turn_row(h, row);
	strbuf_printf(h->out, "<tr><td class=\"step dim\">%zu</td>\n", row->step);
	for (unsigned t = 0; t < h->s->program->nr_threads; t++)
		lane_cell(h, row, t);
	if (h->folded) {
		strbuf_add(h->out, "<td class=\"what\">");
		events(h, row);
		strbuf_add(h->out, "</td>\n");
	}
	map_cell(h, row);
	strbuf_add(h->out, "</tr>\n");
}

static void
alone_row(struct html *h, const struct show_row *row)
{
	unsigned nr = h->s->program->nr_threads;

	strbuf_printf(
	    h->out, "<tr><td class=\"step dim\">%s</td>\n<td colspan=\"%u\">", row->part, nr == 0 ? 1 : nr + h->folded);
	events(h, row);
	strbuf_add(h->out, "</td>\n");
	map_cell(h, row);
	strbuf_add(h->out, "</tr>\n");
}

static void
table(struct html *h)
{
	unsigned nr = h->s->program->nr_threads;

	strbuf_add(h->out, "<table>\n<thead><tr><th class=\"dim\">step</th>");
	for (unsigned t = 0; t < nr; t++)
		strbuf_printf(h->out, "<th>T%u</th>", t);
	if (h->folded || nr == 0)
		strbuf_add(h->out, "<th>what happens</th>");
	strbuf_add(h->out, "<th class=\"dim\">the map, when it has changed</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < h->s->nr_rows; i++) {
		if (h->s->rows[i].left_out)
			continue;
		if (h->s->rows[i].part != NULL)
			alone_row(h, &h->s->rows[i]);
		else
			step_row(h, &h->s->rows[i]);
	}
	strbuf_add(h->out, "</tbody>\n</table>\n");
}

/* --- the page --- */

/* What runs, without what is expected of it: that is the file's business. */
static void
program(struct html *h)
{
	struct program bare = *h->s->program;
	struct strbuf t = { 0 };

	bare.head = NULL;
	bare.nr_notes = 0;
	bare.nr_outcomes = 0;
	bare.has_schedules = bare.has_schedule = false;
	bare.nr_verdicts = 0;
	bare.result = NULL;
	vmt_print(&bare, &t);
	element(h, "h2", NULL, "The program");
	element(h, "pre", NULL, strbuf_text(&t));
	strbuf_free(&t);
}

static void
outcome(struct html *h)
{
	const struct show *s = h->s;
	struct strbuf t = { 0 };

	strbuf_add(h->out, "<dl>\n");
	if (s->program->nr_threads > 0) {
		element(h, "dt", NULL, "Result");
		strbuf_add(h->out, "<dd><code>");
		text(h, s->outcome);
		strbuf_add(h->out, "</code></dd>\n");
		element(h, "dt", NULL, "Schedule");
		strbuf_printf(&t, "%s (%u preemption%s)", s->schedule, s->nr_preemptions, plural(s->nr_preemptions));
		strbuf_add(h->out, "<dd><code>");
		text(h, strbuf_text(&t));
		strbuf_add(h->out, "</code></dd>\n");
	}
	strbuf_clear(&t);
	for (unsigned i = 0, nr = 0; show_picture_term(s, &i, &t); strbuf_clear(&t)) {
		if (nr++ == 0)
			element(
			    h, "dt", NULL, "Terms: the edges in brackets behind results, and what checks there are");
		element(h, "dd", NULL, strbuf_text(&t));
	}
	strbuf_free(&t);
	element(h, "dt", NULL, "How to read it");
	element(h, "dd", NULL,
	    "Time goes down; each row is one step, from taking the map lock to letting it go. A framed cell is the "
	    "step "
	    "of its thread; a plain line on the left of a cell: the thread is within an operation and could go on; a "
	    "dotted line: it sleeps. A preemption is a switch away from a thread that could have gone on.");
	element(h, "dd", NULL,
	    "Maps: w1 is one wiring of each page, w1u the user's; ! in transition, marked by a wire or unwire that is "
	    "under way; a thick frame is what has changed, a dotted line is not mapped.");
	strbuf_add(h->out, "</dl>\n");
}

static void
head(struct html *h)
{
	const struct show *s = h->s;
	struct strbuf where = { 0 };

	strbuf_add(h->out, "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
	                   "charset=\"utf-8\"/>\n"
	                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n<title>");
	text(h, s->title);
	strbuf_printf(h->out, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n", style, show_picture_style);
	element(h, "h1", NULL, s->title);
	strbuf_printf(&where, "%s, target %s; %s", s->path, s->target->name, s->how);
	element(h, "p", "dim", strbuf_text(&where));
	strbuf_free(&where);
	for (size_t i = 0; i < s->nr_notes; i++)
		element(h, "p", "verdict failure", s->notes[i]);
	if (s->about[0] != '\0')
		element(h, "pre", NULL, s->about);
}

void
show_html(const struct show *s, struct strbuf *out)
{
	struct html h = { .s = s, .out = out, .folded = s->program->nr_threads > LANES_MAX };

	show_axis_fit(&h.axis, s, AXIS_CELLS);
	head(&h);
	program(&h);
	element(&h, "h2", NULL, "The run");
	table(&h);
	outcome(&h);
	strbuf_add(out, "</body>\n</html>\n");
	show_axis_free(&h.axis);
}
