/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show-html.c - a run as a standalone page: the summary, the program, the run, the command that repeats it, and an
 * explanation of its terms. No script, no external file. The page is XML as well, so other tools can read it.
 *
 * Each row of the run is a section in two forms, one of which is displayed: a piece of the picture (show-picture.h) if
 * the picture fits, otherwise a card with the text of the step and the map, if the step changed it.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/show/show-picture.h"
#include "harness/show/show.h"

#define AXIS_CELLS 40  /* of the map in a card */
#define WIDE_LEAST 700 /* pixels; a narrower page shows cards, however narrow the picture is */

struct html {
	const struct show *s;
	struct strbuf *out;
	struct show_axis axis;
};

static const char style[] =
    ":root{color-scheme:light dark}\n"
    "body{font:15px/1.45 system-ui,'DejaVu Sans',Helvetica,Arial,sans-serif;margin:1.5em auto;max-width:86em;"
    "padding:0 12px;background:#fff;color:#1f2328;overflow-wrap:anywhere}\n"
    "h1{font-size:1.35em}h2{font-size:1.1em;margin-top:1.6em}a{color:inherit}\n"
    "pre,code,.card{font:12px/1.45 ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace}\n"
    "pre{background:#f3f6fa;padding:.8em 1em;overflow-x:auto}\n"
    ".copy{white-space:pre-wrap;user-select:all;-webkit-user-select:all;cursor:copy;border-left:5px solid #0969da}\n"
    ".verdict{border-left:5px solid #b3131f;padding:.2em 1em}\n"
    "dt{font-weight:bold;margin-top:.4em}dd{margin-left:1.5em}svg{display:block;max-width:100%}\n"
    ".piece{width:100%;height:auto;overflow:visible}.card{display:none}:target{outline:2px solid "
    "#0969da;outline-offset:2px}\n"
    ".card b{font-size:14px}.card .turn{margin:.2em 0 .6em}\n"
    ".box{border:1px solid #57606a;border-left:6px solid;border-radius:4px;background:#f3f6fa;padding:.4em .7em;"
    "margin-bottom:.5em}\n"
    ".box.bad{border-color:#b3131f}.box svg{margin-top:.4em}\n"
    ".c0,.card .t0{color:#0969da}.c1,.card .t1{color:#bc4c00}.c2,.card .t2{color:#1a7f37}.c3,.card .t3{color:#8250df}"
    ".c4,.card .t4{color:#bf3989}.c5,.card .t5{color:#57606a}\n"
    ".c0{border-left-color:#0969da}.c1{margin-left:10px;border-left-color:#bc4c00}.c2{margin-left:20px;"
    "border-left-color:#1a7f37}.c3{margin-left:30px;border-left-color:#8250df}.c4{margin-left:40px;"
    "border-left-color:#bf3989}.c5{margin-left:50px;border-left-color:#57606a}\n"
    ".box{color:#1f2328}\n"
    "@media (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre,.box{background:#161b22}\n"
    ".box{color:#e6edf3;border-color:#8b949e}.box.bad{border-color:#ff8f88}.verdict{border-left-color:#ff8f88}\n"
    ".copy{border-left-color:#58a6ff}:target{outline-color:#58a6ff}\n"
    ".card .t0{color:#58a6ff}.card .t1{color:#f0883e}.card .t2{color:#3fb950}.card .t3{color:#bc8cff}"
    ".card .t4{color:#f778ba}.card .t5{color:#8b949e}\n"
    ".c0{border-left-color:#58a6ff}.c1{border-left-color:#f0883e}.c2{border-left-color:#3fb950}"
    ".c3{border-left-color:#bc8cff}.c4{border-left-color:#f778ba}.c5{border-left-color:#8b949e}}\n"
    "@page{size:landscape;margin:1cm}\n"
    "@media "
    "print{body{max-width:none;font-size:12px}pre{white-space:pre-wrap}section,.box,dd{break-inside:avoid}h2{break-"
    "after:avoid}}\n";

static void
html_text(struct html *h, const char *t)
{
	escape_xml(t, strlen(t), h->out);
}

/* Appends <tag class="class">text</tag>. */
static void
html_element(struct html *h, const char *tag, const char *class, const char *t)
{
	strbuf_printf(h->out, class != NULL ? "<%s class=\"%s\">" : "<%s>", tag, class);
	html_text(h, t);
	strbuf_printf(h->out, "</%s>\n", tag);
}

/* --- links --- */

static bool
html_has_step(const struct show *s, unsigned long step)
{
	for (size_t i = 0; i < s->nr_rows; i++)
		if (s->rows[i].part == NULL && s->rows[i].step == step && !s->rows[i].left_out)
			return true;
	return false;
}

/* Is the word of @len bytes at @t an edge of this run, which the page explains? */
static bool
html_is_term(const struct show *s, const char *t, size_t len)
{
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++)
		if ((s->edges >> i & 1) != 0 && strlen(vm_edge_table[i].name) == len &&
		    memcmp(vm_edge_table[i].name, t, len) == 0)
			return true;
	return false;
}

/* Appends text in which "step 3" is a link to the step, and an edge a link to its explanation. */
static void
html_linked(struct html *h, const char *t)
{
	while (*t != '\0') {
		size_t len = strspn(t, "abcdefghijklmnopqrstuvwxyz_0123456789");
		bool step = strncmp(t, "step ", 5) == 0 && isdigit((unsigned char)t[5]);

		if (step && html_has_step(h->s, strtoul(t + 5, NULL, 10))) {
			len = 5 + strspn(t + 5, "0123456789");
			strbuf_printf(h->out, "<a href=\"#step-%lu\">%.*s</a>", strtoul(t + 5, NULL, 10), (int)len, t);
		} else if (len > 0 && html_is_term(h->s, t, len)) {
			strbuf_printf(h->out, "<a href=\"#term-%.*s\">%.*s</a>", (int)len, t, (int)len, t);
		} else {
			len = len > 0 ? len : strcspn(t, "abcdefghijklmnopqrstuvwxyz_0123456789");
			escape_xml(t, len, h->out);
		}
		t += len;
	}
}

/* --- the run --- */

static void
html_map(struct html *h, const struct show_row *row)
{
	unsigned width = PICTURE_CHARS(h->axis.cells) + PICTURE_NUMBER;

	if (row->changed && h->axis.nr > 0) {
		strbuf_printf(h->out, "<svg width=\"%u\" height=\"%d\" viewBox=\"0 0 %u %d\" role=\"img\">\n", width,
		    PICTURE_MAP_HEIGHT, width, PICTURE_MAP_HEIGHT);
		show_picture_map(h->s, &h->axis, row, 2, 0, h->out);
		strbuf_add(h->out, "</svg>");
	} else if (row->changed) {
		struct strbuf state = { 0 };

		state_print(&h->s->maps[row->map].state, &state);
		html_element(h, "div", "dim", strbuf_text(&state));
		strbuf_free(&state);
	}
}

/* Lists the other threads that sleep. */
static void
html_sleepers(struct html *h, const struct show_row *row)
{
	for (unsigned t = 0; t < h->s->program->nr_threads; t++)
		if (row->life[t] == SHOW_SLEEPS)
			strbuf_printf(h->out, " <span class=\"sleep\">T%u sleeps</span>", t);
}

static void
html_card(struct html *h, const struct show_row *row)
{
	unsigned color = PICTURE_THREAD_CLASS(row->thread);

	assert(row != NULL);
	strbuf_add(h->out, "<div class=\"card\">");
	if (row->part == NULL && row->why != SHOW_SAME)
		html_element(h, "div", row->why == SHOW_PREEMPTED ? "turn op" : "turn dim", row->why_text);
	if (row->part == NULL) {
		strbuf_printf(h->out,
		    "<div class=\"box c%u%s\"><b class=\"t%u\">T%u</b> <span class=\"dim\">step %zu</span>", color,
		    show_row_is_bad(row) ? " bad" : "", color, row->thread, row->step);
		html_sleepers(h, row);
	} else {
		strbuf_printf(h->out, "<div class=\"box%s\"><span class=\"dim\">%s</span>",
		    show_row_is_bad(row) ? " bad" : "", row->part);
	}
	strbuf_addc(h->out, '\n');
	for (size_t i = 0; i < row->nr_events; i++) {
		strbuf_printf(h->out, "<div class=\"%s\">", show_picture_class(row->events[i].kind));
		html_linked(h, row->events[i].text);
		strbuf_add(h->out, "</div>\n");
	}
	html_map(h, row);
	strbuf_add(h->out, "</div></div>\n");
}

static void
html_section(void *arg, const struct show_piece *piece)
{
	struct html *h = arg;
	const struct show_row *row = piece->row;

	if (row != NULL && row->part == NULL)
		strbuf_printf(h->out, "<section id=\"step-%zu\">\n", row->step);
	else
		strbuf_add(h->out, "<section>\n");
	strbuf_printf(h->out, "<svg class=\"piece\" viewBox=\"0 %u %u %u\" role=\"img\">\n%s</svg>\n", piece->top,
	    piece->width, piece->end - piece->top, piece->svg);
	if (row != NULL)
		html_card(h, row);
	strbuf_add(h->out, "</section>\n");
}

static void
html_width_of_piece(void *arg, const struct show_piece *piece)
{
	*(unsigned *)arg = piece->width;
}

/* Shows the picture in its own size or a little smaller; if it does not fit, the cards. */
static void
html_width_style(struct html *h)
{
	unsigned width = 0, least;

	show_svg_pieces(h->s, html_width_of_piece, &width);
	least = width * 4 / 5 > WIDE_LEAST ? width * 4 / 5 : WIDE_LEAST;
	strbuf_printf(h->out,
	    ".piece{max-width:%upx}\n@media (max-width:%upx){.piece{display:none}.card{display:block}}\n", width,
	    least);
}

/* --- the page --- */

/* Prints the program without its expectations. */
static void
html_program(struct html *h)
{
	struct program bare = *h->s->program;
	struct strbuf t = { 0 };

	bare.head = NULL;
	bare.nr_notes = 0;
	bare.nr_outcomes = 0;
	bare.has_schedules = bare.has_schedule = false;
	bare.order = (struct schedule){ 0 };
	bare.nr_verdicts = 0;
	bare.result = NULL;
	vmt_print(&bare, &t);
	html_element(h, "h2", NULL, "The program");
	html_element(h, "pre", NULL, strbuf_text(&t));
	strbuf_free(&t);
}

/* Prints the command that repeats the run; one click selects it. */
static void
html_repeat(struct html *h)
{
	const struct show *s = h->s;
	struct strbuf command = { 0 };

	strbuf_printf(&command, "%.*s show ", (int)strcspn(getprogname(), " "), getprogname());
	if (s->target != target_at(0))
		strbuf_printf(&command, "--target %s ", s->target->name);
	if (s->profile != NULL)
		strbuf_printf(&command, "--profile '%s' ", s->profile);
	if (s->program->nr_threads > 0)
		strbuf_printf(&command, "--schedule '%s' ", s->schedule);
	escape_shell(s->file, &command);
	html_element(h, "h2", NULL, "The same run again");
	html_element(h, "pre", "copy", strbuf_text(&command));
	strbuf_free(&command);
}

static void
html_terms(struct html *h)
{
	struct strbuf t = { 0 };

	for (unsigned i = 0, nr = 0; show_picture_term(h->s, &i, &t); strbuf_clear(&t)) {
		int len = (int)strcspn(strbuf_text(&t), ":,");

		if (nr++ == 0)
			html_element(h, "dt", NULL, "Terms: the edges in brackets behind results, and the checks");
		strbuf_printf(h->out, "<dd id=\"term-%.*s\">", len, strbuf_text(&t));
		html_text(h, strbuf_text(&t));
		strbuf_printf(h->out, " More: <code>wirestorm explain %.*s</code></dd>\n", len, strbuf_text(&t));
	}
	strbuf_free(&t);
}

static void
html_code_item(struct html *h, const char *term, const char *code)
{
	html_element(h, "dt", NULL, term);
	strbuf_add(h->out, "<dd><code>");
	html_text(h, code);
	strbuf_add(h->out, "</code></dd>\n");
}

static void
html_outcome(struct html *h)
{
	const struct show *s = h->s;
	struct strbuf t = { 0 };

	strbuf_add(h->out, "<dl>\n");
	if (s->program->nr_threads > 0) {
		html_code_item(h, "Result", s->outcome);
		show_schedule(s, &t);
		html_code_item(h, "Schedule", strbuf_text(&t));
	}
	strbuf_free(&t);
	html_terms(h);
	html_element(h, "dt", NULL, "How to read it");
	html_element(h, "dd", NULL,
	    "Time goes down. Each frame is one step: what a thread does from taking the map lock until it releases the "
	    "lock. A plain line beside a frame: the thread is within an operation and could go on. A dotted line: the "
	    "thread sleeps. An arrow leads to the next thread, a dashed arrow to a woken thread. A preemption is a "
	    "switch "
	    "away from a thread that could go on.");
	html_element(h, "dd", NULL, PICTURE_MAP_LEGEND);
	strbuf_add(h->out, "</dl>\n");
}

static void
html_head(struct html *h)
{
	const struct show *s = h->s;
	struct strbuf where = { 0 };

	strbuf_add(h->out, "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
	                   "charset=\"utf-8\"/>\n"
	                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n<title>");
	html_text(h, s->title);
	strbuf_printf(h->out, "</title>\n<style>\n%s%s", show_picture_style, style);
	html_width_style(h);
	strbuf_add(h->out, "</style>\n</head>\n<body>\n");
	html_element(h, "h1", NULL, s->title);
	strbuf_printf(&where, "%s, target %s; %s", s->path, s->target->name, s->how);
	html_element(h, "p", "dim", strbuf_text(&where));
	strbuf_free(&where);
	for (size_t i = 0; i < s->nr_notes; i++) {
		strbuf_add(h->out, "<p class=\"verdict failure\">");
		html_linked(h, s->notes[i]);
		strbuf_add(h->out, "</p>\n");
	}
	if (s->about[0] != '\0')
		html_element(h, "pre", NULL, s->about);
}

void
show_html(const struct report *r, struct strbuf *out)
{
	const struct show *s = r->run;
	struct html h = { .s = s, .out = out };

	assert(s != NULL);
	show_axis_fit(&h.axis, s, AXIS_CELLS);
	html_head(&h);
	html_program(&h);
	html_element(&h, "h2", NULL, "The run");
	show_svg_pieces(s, html_section, &h);
	html_repeat(&h);
	html_outcome(&h);
	strbuf_add(out, "</body>\n</html>\n");
	show_axis_free(&h.axis);
}
