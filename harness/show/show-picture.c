/* SPDX-License-Identifier: BSD-2-Clause */
/* show-picture.c - see show-picture.h. */
#include "harness/show/show-picture.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/program/program.h"
#include "harness/show/show-map.h"

#define BOX_TOP 13 /* below the page numbers */
#define BOX_HEIGHT 22

/*
 * Colours are written twice instead of using variables, which some SVG viewers do not support. A word, a line pattern
 * or a sign always says the same as a colour.
 */
const char show_picture_style[] =
    ".bg{fill:#fff}\n"
    ".m{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'Liberation "
    "Mono',monospace;fill:#1f2328;color:#1f2328}\n"
    ".h{font:bold 16px system-ui,'DejaVu Sans',Helvetica,Arial,sans-serif;fill:#1f2328;color:#1f2328}\n"
    ".s{font-size:10px}\n"
    ".dim{fill:#59636e;color:#59636e}.op{font-weight:bold}.change{fill:#0b5cad;color:#0b5cad}.sleep{fill:#8250df;color:"
    "#8250df}.wake{fill:#8a5a00;color:#8a5a00}\n"
    ".result{fill:#116329;color:#116329}.failure{fill:#b3131f;color:#b3131f;font-weight:bold}.why{fill:#b3131f;color:#"
    "b3131f}\n"
    ".run{fill:#f3f6fa;stroke:#57606a}.bad{stroke:#b3131f;stroke-width:2}\n"
    ".ready{stroke:#57606a;stroke-width:2;fill:none}.asleep{stroke:#8250df;stroke-width:3;stroke-dasharray:2 "
    "5;fill:none}\n"
    ".turn{stroke:#8c959f;stroke-width:1.5;fill:none}.turnhead{fill:#8c959f}\n"
    ".wakes{stroke:#8a5a00;stroke-width:1.5;stroke-dasharray:5 3;fill:none}.wakehead{fill:#8a5a00}\n"
    ".hole{stroke:#8c959f;stroke-width:1.5;stroke-dasharray:1 4;fill:none}\n"
    ".gone{stroke:#b3131f;stroke-dasharray:4 3;fill:#fff}\n"
    ".mapped{fill:#ddeafa;stroke:#57606a}.wired{fill:#cdeed3;stroke:#57606a}\n"
    ".marked{fill:#eadcfb;stroke:#8250df;stroke-dasharray:6 2}.new{stroke-width:2.5}\n"
    ".t0{fill:#0969da}.t1{fill:#bc4c00}.t2{fill:#1a7f37}.t3{fill:#8250df}.t4{fill:#bf3989}.t5{fill:#57606a}\n"
    "@media (prefers-color-scheme:dark){\n"
    ".bg{fill:#0d1117}.m,.h{fill:#e6edf3;color:#e6edf3;color:#e6edf3}\n"
    ".dim{fill:#9198a1;color:#9198a1}.change{fill:#79b8ff;color:#79b8ff}.sleep{fill:#c8a6ff;color:#c8a6ff}.wake{fill:#"
    "e3b341;color:#e3b341}\n"
    ".result{fill:#6fdd8b;color:#6fdd8b}.failure,.why{fill:#ff8f88;color:#ff8f88;color:#ff8f88}\n"
    ".run{fill:#161b22;stroke:#8b949e}.bad{stroke:#ff8f88}\n"
    ".ready{stroke:#8b949e}.asleep{stroke:#c8a6ff}.turn{stroke:#6e7681}.turnhead{fill:#6e7681}\n"
    ".wakes{stroke:#e3b341}.wakehead{fill:#e3b341}.hole{stroke:#6e7681}.gone{stroke:#ff8f88;fill:#0d1117}\n"
    ".t0{fill:#58a6ff}.t1{fill:#f0883e}.t2{fill:#3fb950}.t3{fill:#bc8cff}.t4{fill:#f778ba}.t5{fill:#8b949e}\n"
    ".mapped{fill:#15304f;stroke:#8b949e}.wired{fill:#14401f;stroke:#8b949e}.marked{fill:#3b2361;stroke:#c8a6ff}\n"
    "}\n";

const char *
show_picture_class(enum show_kind kind)
{
	switch (kind) {
	case SHOW_OP:
		return "op";
	case SHOW_DO:
		return "do";
	case SHOW_MORE:
		return "dim";
	case SHOW_CHANGE:
		return "change";
	case SHOW_SLEEP:
		return "sleep";
	case SHOW_WAKE:
		return "wake";
	case SHOW_RESULT:
		return "result";
	case SHOW_FAILURE:
		return "failure";
	case SHOW_WHY:
		return "why";
	case SHOW_FOUND:
		return "failure";
	}
	return "";
}

/* Draws a page number unless it would overlap the previous one. *free_from is where the next one may start. */
static void
picture_number(uint64_t page, unsigned x, unsigned y, unsigned *free_from, struct strbuf *out)
{
	char text[24];
	unsigned width = (unsigned)snprintf(text, sizeof(text), "%" PRIu64, page) * 6;

	if (x < *free_from)
		return;
	strbuf_printf(out, "<text class=\"m s dim\" x=\"%u\" y=\"%u\">%s</text>\n", x, y, text);
	*free_from = x + width + 4;
}

/* Draws the stretches that this row leaves unmapped: mapped before the row, but not after it. */
static void
picture_gone(const struct show_axis *a, const struct show_map *before, const struct show_map *m, unsigned x, unsigned y,
    struct strbuf *out)
{
	for (size_t i = 0; i < a->nr; i++) {
		unsigned from = a->segments[i].at, to;

		while (i < a->nr && show_map_at(before, a->segments[i].start) != NULL &&
		       show_map_at(m, a->segments[i].start) == NULL)
			i++;
		to = i < a->nr ? a->segments[i].at : a->cells;
		if (to == from)
			continue;
		strbuf_printf(out, "<rect class=\"gone\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%d\"/>\n",
		    x + PICTURE_CHARS(from), y, PICTURE_CHARS(to) - PICTURE_CHARS(from), BOX_HEIGHT);
		if (to - from > 5)
			strbuf_printf(out, "<text class=\"m s why\" x=\"%u\" y=\"%u\">gone</text>\n",
			    x + PICTURE_CHARS(from) + 4, y + 15);
	}
}

static void
picture_compressed(const struct show_axis *a, unsigned x, unsigned y, struct strbuf *out)
{
	for (size_t i = 0; i < a->nr; i++)
		if (a->segments[i].compressed)
			strbuf_printf(out, "<text class=\"m s dim\" x=\"%u\" y=\"%u\">≈</text>\n",
			    x + PICTURE_CHARS(a->segments[i].at + a->segments[i].width / 2), y);
}

void
show_picture_map(const struct show *s, const struct show_axis *a, const struct show_row *row, unsigned x, unsigned y,
    struct strbuf *out)
{
	const struct show_map *m = &s->maps[row->map];
	const struct show_map *before = &s->maps[row > s->rows ? row[-1].map : 0];
	unsigned free_from = 0, top = y + BOX_TOP;
	struct strbuf text = { 0 };
	struct show_box box;
	char label[SHOW_LABEL_MAX];

	assert(row >= s->rows && row < s->rows + s->nr_rows);
	if (a->nr == 0)
		return;
	state_print(&m->state, &text);
	strbuf_printf(out, "<g><title>map: %s</title>\n", strbuf_text(&text));
	strbuf_free(&text);
	strbuf_printf(
	    out, "<path class=\"hole\" d=\"M%u %uH%u\"/>\n", x, top + BOX_HEIGHT / 2, x + PICTURE_CHARS(a->cells));
	picture_compressed(a, x, top + BOX_HEIGHT / 2 - 3, out);
	picture_gone(a, before, m, x, top, out);
	picture_number(a->segments[0].start, x, y + 10, &free_from, out);
	for (size_t i = 0; show_box(a, m, i, &box); i++) {
		unsigned left = x + PICTURE_CHARS(box.at), right = x + PICTURE_CHARS(box.at + box.width);

		picture_number(box.start, left, y + 10, &free_from, out);
		strbuf_printf(out, "<rect class=\"%s%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%d\" rx=\"2\"/>\n",
		    box.run->transition         ? "marked"
		    : box.run->wired_count != 0 ? "wired"
		                                : "mapped",
		    show_box_changed(&box, before) ? " new" : "", left, top, right - left, BOX_HEIGHT);
		show_label(box.run, box.width - 1, label);
		strbuf_printf(out, "<text class=\"m\" x=\"%u\" y=\"%u\">%s</text>\n", left + 4, top + 15, label);
		picture_number(box.end, right, y + 10, &free_from, out);
	}
	picture_number(a->segments[a->nr - 1].end, x + PICTURE_CHARS(a->cells), y + 10, &free_from, out);
	strbuf_add(out, "</g>\n");
}

static bool
picture_has_found(const struct show *s, unsigned check)
{
	for (size_t i = 0; i < s->nr_findings; i++)
		if (s->findings[i].check == check)
			return true;
	return false;
}

bool
show_picture_term(const struct show *s, unsigned *i, struct strbuf *out)
{
	for (; *i < VM_EDGE_COUNT; ++*i) {
		if ((s->edges & (uint64_t)1 << *i) == 0)
			continue;
		strbuf_printf(out, "%s: %s", vm_edge_table[*i].name, vm_edge_table[*i].when);
		if (vm_edge_table[*i].man != VM_EDGE_MAN_UNREAD)
			strbuf_printf(out, " (man page: %s)", edges_man((enum vm_edge) * i));
		++*i;
		return true;
	}
	for (; *i < VM_EDGE_COUNT + CHECK_COUNT; ++*i) {
		const struct check_desc *d = &check_table[*i - VM_EDGE_COUNT];

		if (!picture_has_found(s, *i - VM_EDGE_COUNT))
			continue;
		strbuf_printf(out, "%s, a check: %s", d->name, d->holds);
		++*i;
		return true;
	}
	return false;
}
