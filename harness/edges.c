/* SPDX-License-Identifier: BSD-2-Clause */
/* edges.c - see edges.h. */
#include "harness/edges.h"

#include <ctype.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/strbuf.h"

#define FOLD_COLUMNS 78
#define LABEL_COLUMNS 10

void
edges_print(uint64_t edges, struct strbuf *out)
{
	for (const char *comma = ""; edges != 0; edges &= edges - 1, comma = ", ")
		strbuf_printf(out, "%s%s", comma, vm_edge_table[__builtin_ctzll(edges)].name);
}

void
edges_print_behind(uint64_t edges, struct strbuf *out)
{
	if (edges == 0)
		return;
	strbuf_add(out, " (");
	edges_print(edges, out);
	strbuf_addc(out, ')');
}

enum vm_edge
edges_find(const char *name)
{
	unsigned i = 0;

	while (i < VM_EDGE_COUNT && strcmp(vm_edge_table[i].name, name) != 0)
		i++;
	return (enum vm_edge)i;
}

const char *
edges_code(enum vm_edge edge)
{
	int code = vm_edge_table[edge].code;

	return code == VM_EDGE_VERBATIM ? "the fault's code" : vm_kern_name(code);
}

const char *
edges_man(enum vm_edge edge)
{
	switch ((enum vm_edge_man)vm_edge_table[edge].man) {
	case VM_EDGE_MAN_AGREES:
		return "agrees";
	case VM_EDGE_MAN_CONTRADICTS:
		return "contradicts";
	case VM_EDGE_MAN_SILENT:
		return "silent";
	case VM_EDGE_MAN_UNREAD:
		break;
	}
	return "not compared";
}

/* --- the reference --- */

static void
doc_row(enum vm_edge edge, struct strbuf *out)
{
	const struct vm_edge_desc *d = &vm_edge_table[edge];

	strbuf_printf(out, "| `%s` | %s | %s%s%s | %s | %s | %s | %s | ", d->name, d->whose,
	    d->code == VM_EDGE_VERBATIM ? "" : "`", edges_code(edge), d->code == VM_EDGE_VERBATIM ? "" : "`",
	    d->err[0] != '\0' ? d->err : "-", d->row, d->when, edges_man(edge));
	if (d->litmus[0] != '\0')
		strbuf_printf(out, "[%s](../corpus/litmus/%s.vmt)", d->litmus, d->litmus);
	else
		strbuf_add(out, "unit tests");
	strbuf_add(out, " |\n");
}

void
edges_doc(struct strbuf *out, bool markdown)
{
	if (markdown)
		strbuf_add(out,
		    "# Edges: every return worth a name\n\n"
		    "A code does not tell why: KERN_INVALID_ADDRESS has a dozen reasons. Each of them has a name here, "
		    "an "
		    "*edge*, and every\nreport says which edges an operation has passed. Made from `engine/edges.def`: "
		    "change that, then run\n`build/tests/test-edges --write docs/edges.md`. "
		    "`wirestorm explain NAME` tells more of one; [edges-seen.md](edges-seen.md) counts how often they\n"
		    "are met. The column *rule* is the row in [returns.md](returns.md), or the section of "
		    "[engine.md](engine.md); *man* is what\nvm_map_wire(9) says of wire and unwire, and vm_map_sync(9) "
		    "of "
		    "sync.\n\n"
		    "| edge | whose | code | errno | rule | when | man | shown by "
		    "|\n|---|---|---|---|---|---|---|---|\n");
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++) {
		const struct vm_edge_desc *d = &vm_edge_table[i];

		if (markdown)
			doc_row((enum vm_edge)i, out);
		else
			strbuf_printf(
			    out, "  %s\n      %s: %s, %s.\n", d->name, d->whose, edges_code((enum vm_edge)i), d->when);
	}
}

/* --- one explained --- */

/* A label, and behind it the text, folded between words. */
static void
folded(const char *label, const char *text, struct strbuf *out)
{
	size_t column = LABEL_COLUMNS;

	strbuf_printf(out, "%-*s", LABEL_COLUMNS, label);
	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column + word > FOLD_COLUMNS && column > LABEL_COLUMNS) {
			strbuf_printf(out, "\n%*s", LABEL_COLUMNS, "");
			column = LABEL_COLUMNS;
		}
		strbuf_addn(out, text, word);
		column += word + 1;
		text += word;
		if (*text == ' ') {
			text++;
			strbuf_addc(out, ' ');
		}
	}
	strbuf_addc(out, '\n');
}

static void
explain_man(const struct vm_edge_desc *d, enum vm_edge edge, struct strbuf *out)
{
	struct strbuf text = { 0 };

	if (d->man == VM_EDGE_MAN_UNREAD) {
		folded("man page", "not compared: only vm_map_wire(9) and vm_map_sync(9) are", out);
		return;
	}
	strbuf_printf(&text, "%s: %s", edges_man(edge), d->page);
	text.text[0] = (char)toupper((unsigned char)text.text[0]);
	folded("man page", strbuf_text(&text), out);
	strbuf_free(&text);
}

void
edges_explain(enum vm_edge edge, struct strbuf *out)
{
	const struct vm_edge_desc *d = &vm_edge_table[edge];

	strbuf_printf(out, "%s\n\n", d->name);
	folded("whose", d->whose, out);
	folded("returns", edges_code(edge), out);
	if (d->err[0] != '\0')
		folded("errno", strcmp(d->err, "0") == 0 ? "0: the system call succeeds" : d->err, out);
	folded("when", d->when, out);
	folded("leaves", d->leaves, out);
	explain_man(d, edge, out);
	strbuf_printf(out, "%-*s%s %s\n", LABEL_COLUMNS, "rule",
	    d->row[0] == 'w' || d->row[0] == 'u' ? "docs/returns.md, row" : "docs/engine.md, section", d->row);
	if (d->litmus[0] != '\0')
		strbuf_printf(out, "%-*swirestorm show corpus/litmus/%s.vmt\n", LABEL_COLUMNS, "see it", d->litmus);
}
