/* SPDX-License-Identifier: BSD-2-Clause */
/* edges-report-print.c - prints the catalogue of edges as text, markdown, HTML and JSON. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/show/edges-report.h"

static const char *const parts[] = {
	[EDGES_NOWHERE] = "",
	[EDGES_INIT] = "its init steps",
	[EDGES_THREADS] = "",
	[EDGES_FINAL] = "its final steps",
};

/*
 * The order of rows in documents: edges of KERN_INVALID_ADDRESS, then the others; in each section, reached edges first.
 */
enum section { SECTION_INVALID, SECTION_OTHER, SECTION_UNREACHED, SECTION_COUNT };

static const char *const section_names[] = {
	[SECTION_INVALID] = "KERN_INVALID_ADDRESS",
	[SECTION_OTHER] = "The other codes",
	[SECTION_UNREACHED] = "Not reached",
};

static const char *
section_name(unsigned section)
{
	assert(section < SECTION_COUNT);
	return section_names[section];
}

/* The number of sections in the list: the last one only on request. */
static unsigned
catalogue_nr_sections(const struct edges_report *e)
{
	return e->missing ? SECTION_COUNT : SECTION_UNREACHED;
}

static enum section
catalogue_section_of(const struct edges_report *e, unsigned edge)
{
	if (e->rows[edge].times == 0)
		return SECTION_UNREACHED;
	return edges_report_invalid((enum vm_edge)edge) ? SECTION_INVALID : SECTION_OTHER;
}

/* Appends what reaches an edge that no program has reached, if the table says so. */
static void
catalogue_unreached(unsigned edge, struct strbuf *out)
{
	const char *litmus = vm_edge_table[edge].litmus;

	if (litmus[0] == '\0')
		strbuf_add(out, "no program can: unit tests do");
	else
		strbuf_printf(out, "corpus/litmus/%s.vmt does", litmus);
}

static void
catalogue_summary(const struct edges_report *e, struct strbuf *out)
{
	unsigned reached = 0;

	for (unsigned i = 0; i < VM_EDGE_COUNT; i++)
		reached += e->rows[i].times > 0;
	strbuf_printf(out, "%u of %d edges reached by %" PRIu64 " program%s", reached, VM_EDGE_COUNT, e->nr_programs,
	    plural(e->nr_programs));
	if (e->schedules == UINT64_MAX)
		strbuf_printf(out, ", more than 2^64 schedules in %" PRIu64 " states", e->states);
	else
		strbuf_printf(out, ", %" PRIu64 " schedule%s in %" PRIu64 " state%s", e->schedules,
		    plural(e->schedules), e->states, plural(e->states));
	if (e->nr_cut > 0)
		strbuf_printf(out, "; %" PRIu64 " not explored completely", e->nr_cut);
	if (e->nr_mutants > 0)
		strbuf_printf(out, "; %" PRIu64 " about a mutant left out", e->nr_mutants);
	if (e->nr_refused > 0)
		strbuf_printf(out, "; %" PRIu64 " refused by the target", e->nr_refused);
	strbuf_printf(out, "; %" PRIu64 " finding%s that no quirk explains", e->findings, plural(e->findings));
}

/* Appends the code; for a fault's code also how often it was KERN_INVALID_ADDRESS. */
static void
catalogue_code(const struct edges_report *e, unsigned edge, struct strbuf *out)
{
	strbuf_add(out, edges_code((enum vm_edge)edge));
	if (vm_edge_table[edge].code == VM_EDGE_VERBATIM)
		strbuf_printf(out, " (KERN_INVALID_ADDRESS: %" PRIu64 ")", e->rows[edge].invalid);
}

/* Appends the rows of a section. */
static void
catalogue_rows(const struct edges_report *e, enum section s,
    void (*row)(const struct edges_report *e, unsigned edge, struct strbuf *out), struct strbuf *out)
{
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++)
		if (catalogue_section_of(e, i) == s)
			row(e, i, out);
}

/* --- text --- */

static void
catalogue_text_row(const struct edges_report *e, unsigned edge, struct strbuf *out)
{
	const struct edges_row *row = &e->rows[edge];
	const struct vm_edge_desc *d = &vm_edge_table[edge];

	assert(edge < VM_EDGE_COUNT);
	strbuf_printf(out, "  %-26s ", d->name);
	if (row->times == 0) {
		catalogue_unreached(edge, out);
		strbuf_addc(out, '\n');
		return;
	}
	if (d->code != KERN_INVALID_ADDRESS) {
		catalogue_code(e, edge, out);
		strbuf_add(out, "; ");
	}
	strbuf_printf(out, "%" PRIu64 " time%s in %" PRIu64 " program%s; man page: %s; ", row->times,
	    plural(row->times), row->programs, plural(row->programs), edges_man((enum vm_edge)edge));
	edges_report_verdict(row, out);
	strbuf_printf(out, "\n      %s", row->program);
	if (row->schedule != NULL)
		strbuf_printf(out, " --schedule '%s' (%u preemption%s)", row->schedule, row->preemptions,
		    plural(row->preemptions));
	else
		strbuf_printf(out, ", %s", parts[row->part]);
	strbuf_addc(out, '\n');
}

void
edges_report_text(const struct edges_report *e, struct strbuf *out)
{
	struct strbuf rows = { 0 };

	for (unsigned s = 0; s < catalogue_nr_sections(e); s++) {
		strbuf_clear(&rows);
		catalogue_rows(e, (enum section)s, catalogue_text_row, &rows);
		if (rows.len > 0)
			strbuf_printf(out, "%s\n%s\n", section_name(s), strbuf_text(&rows));
	}
	catalogue_summary(e, out);
	strbuf_addc(out, '\n');
	strbuf_free(&rows);
}

/* --- markdown --- */

static void
catalogue_markdown_row(const struct edges_report *e, unsigned edge, struct strbuf *out)
{
	const struct edges_row *row = &e->rows[edge];

	assert(edge < VM_EDGE_COUNT);
	strbuf_printf(out, "| `%s` | ", vm_edge_table[edge].name);
	if (row->times == 0) {
		catalogue_unreached(edge, out);
		strbuf_add(out, " |\n");
		return;
	}
	catalogue_code(e, edge, out);
	strbuf_printf(out, " | %" PRIu64 " | %" PRIu64 " | [%s](../%s) | ", row->times, row->programs, row->program,
	    row->program);
	if (row->schedule != NULL)
		strbuf_printf(out, "`%s` | %u", row->schedule, row->preemptions);
	else
		strbuf_printf(out, "%s | ", parts[row->part]);
	strbuf_printf(out, " | %s | ", edges_man((enum vm_edge)edge));
	edges_report_verdict(row, out);
	strbuf_add(out, " |\n");
}

static void
catalogue_markdown_section(const struct edges_report *e, enum section s, struct strbuf *out)
{
	strbuf_printf(out, "\n## %s\n\n", section_name(s));
	if (s == SECTION_UNREACHED)
		strbuf_add(out, "| edge | what reaches it |\n|---|---|\n");
	else
		strbuf_add(out, "| edge | code | times | programs | smallest program | schedule | preemptions | man "
		                "page | checker |\n"
		                "|---|---|---|---|---|---|---|---|---|\n");
	catalogue_rows(e, s, catalogue_markdown_row, out);
}

void
edges_report_markdown(const struct edges_report *e, const char *command, struct strbuf *out)
{
	strbuf_printf(out,
	    "# Edges seen\n\n"
	    "This page says which returns of [edges.md](edges.md) the corpus reaches.\n\n"
	    "| column | has |\n|---|---|\n"
	    "| times | how many of the explored operations ended so; each step from each state counts once |\n"
	    "| smallest program, schedule | the smallest program that reaches the edge, and its schedule with the "
	    "fewest preemptions |\n"
	    "| man page | what vm_map_wire(9) says of wire and unwire, and vm_map_sync(9) of sync |\n"
	    "| checker | whether a check found such an operation wrong, other than by a quirk that is on "
	    "([checks.md](checks.md)) |\n\n"
	    "Made by `%s`.\n`tests/show/test-edges-seen.py --write` brings it up to date.\n\n",
	    command);
	catalogue_summary(e, out);
	strbuf_add(out, ".\n");
	for (unsigned s = 0; s < catalogue_nr_sections(e); s++)
		catalogue_markdown_section(e, (enum section)s, out);
}

/* --- HTML --- */

static const char html_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n<title>Edges reached</title>\n<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:15px/1.45 system-ui,'DejaVu Sans',Helvetica,Arial,sans-serif;margin:1.5em auto;max-width:90em;"
    "padding:0 1em;background:#fff;color:#1f2328}\n"
    "table{border-collapse:collapse;font-size:13px}th,td{text-align:left;vertical-align:top;padding:.3em .7em;"
    "border-bottom:1px solid #d0d7de}td.n{text-align:right}\n"
    "code{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;overflow-wrap:break-word}\n"
    ".bad{color:#b3131f;font-weight:bold}.when{color:#59636e}\n"
    "@media (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th,td{border-color:#30363d}"
    ".bad{color:#ff8f88}.when{color:#9198a1}}\n"
    "@media print{body{max-width:none;font-size:11px}tr{break-inside:avoid}}\n"
    "</style>\n</head>\n<body>\n<h1>Edges reached</h1>\n<p>";

static void
catalogue_html_text(const char *text, struct strbuf *out)
{
	escape_xml(text, strlen(text), out);
}

static void
catalogue_html_row(const struct edges_report *e, unsigned edge, struct strbuf *out)
{
	const struct edges_row *row = &e->rows[edge];

	assert(edge < VM_EDGE_COUNT);
	strbuf_printf(out, "<tr><td><code>%s</code><br/><span class=\"when\">", vm_edge_table[edge].name);
	catalogue_html_text(vm_edge_table[edge].when, out);
	strbuf_add(out, "</span></td><td>");
	if (row->times == 0) {
		catalogue_unreached(edge, out);
		strbuf_add(out, "</td></tr>\n");
		return;
	}
	catalogue_code(e, edge, out);
	strbuf_printf(out, "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64 "</td><td><code>",
	    row->times, row->programs);
	catalogue_html_text(row->program, out);
	strbuf_add(out, "</code></td><td>");
	if (row->schedule != NULL)
		strbuf_printf(out, "<code>%s</code></td><td class=\"n\">%u", row->schedule, row->preemptions);
	else
		strbuf_printf(out, "%s</td><td>", parts[row->part]);
	strbuf_printf(
	    out, "</td><td>%s</td><td%s>", edges_man((enum vm_edge)edge), row->found > 0 ? " class=\"bad\"" : "");
	edges_report_verdict(row, out);
	strbuf_add(out, "</td></tr>\n");
}

void
edges_report_html(const struct edges_report *e, struct strbuf *out)
{
	strbuf_add(out, html_head);
	catalogue_summary(e, out);
	strbuf_add(out, ".</p>\n");
	for (unsigned s = 0; s < catalogue_nr_sections(e); s++) {
		strbuf_printf(out, "<h2>%s</h2>\n<table>\n<thead><tr><th>edge</th>%s</tr></thead>\n<tbody>\n",
		    section_name(s),
		    s == SECTION_UNREACHED ? "<th>what reaches it</th>"
		                           : "<th>code</th><th>times</th><th>programs</th><th>smallest program</th>"
		                             "<th>schedule</th><th>preemptions</th><th>man page</th><th>checker</th>");
		catalogue_rows(e, s, catalogue_html_row, out);
		strbuf_add(out, "</tbody>\n</table>\n");
	}
	strbuf_add(out, "</body>\n</html>\n");
}

/* --- JSON --- */

json_t *
edges_report_json(const struct edges_report *e)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < VM_EDGE_COUNT; i++) {
		const struct edges_row *row = &e->rows[i];
		struct strbuf verdict = { 0 };

		edges_report_verdict(row, &verdict);
		json_array_append_new(rows,
		    json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:s?, s:i, s:s, s:s?}", "edge", vm_edge_table[i].name,
		        "code", edges_code((enum vm_edge)i), "times", (json_int_t)row->times, "invalid_address",
		        (json_int_t)row->invalid, "programs", (json_int_t)row->programs, "source",
		        row->program != NULL ? json_text(row->program) : json_null(), "schedule", row->schedule,
		        "preemptions", (int)row->preemptions, "man_page", edges_man((enum vm_edge)i), "checker",
		        row->times > 0 ? strbuf_text(&verdict) : NULL));
		strbuf_free(&verdict);
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "programs", (json_int_t)e->nr_programs, "mutants",
	    (json_int_t)e->nr_mutants, "refused", (json_int_t)e->nr_refused, "cut", (json_int_t)e->nr_cut, "states",
	    (json_int_t)e->states, "nr_findings", (json_int_t)e->findings, "catalogue", rows);
}
