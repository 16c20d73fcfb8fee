/* SPDX-License-Identifier: BSD-2-Clause */
/* edges.c - see edges.h. */
#include "harness/program/edges.h"

#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"

static void
edges_print_with(uint64_t edges, const char *comma, struct strbuf *out)
{
	for (const char *before = ""; edges != 0; edges &= edges - 1, before = comma)
		strbuf_printf(out, "%s%s", before, vm_edge_table[__builtin_ctzll(edges)].name);
}

void
edges_print(uint64_t edges, struct strbuf *out)
{
	edges_print_with(edges, ", ", out);
}

void
edges_print_joined(uint64_t edges, struct strbuf *out)
{
	edges_print_with(edges, "+", out);
}

void
edges_print_after(uint64_t edges, struct strbuf *out)
{
	if (edges == 0)
		return;
	strbuf_add(out, " (");
	edges_print(edges, out);
	strbuf_addc(out, ')');
}

uint64_t
edges_of_code(uint64_t edges, int code)
{
	uint64_t of = 0;

	for (; edges != 0; edges &= edges - 1) {
		int its = vm_edge_table[__builtin_ctzll(edges)].code;

		if (its == code || its == VM_EDGE_VERBATIM)
			of |= edges & -edges;
	}
	return of;
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

static const char doc_head[] =
    "# Edges: every return worth a name\n\n"
    "A code does not tell why: `KERN_INVALID_ADDRESS` has many reasons. Each reason has a name here, an\n"
    "[edge](glossary.md#edge). Every report says which edges an operation has passed. An operation can\n"
    "pass several, and some edges end in success. `wirestorm explain NAME` tells more of one.\n"
    "[returns.md](returns.md) leads to the other views.\n\n"
    "| column | has |\n|---|---|\n"
    "| errno | what the system call above makes of the code |\n"
    "| rule | the row in [returns.md](returns.md), or the section of [engine.md](engine.md) |\n"
    "| man | what vm_map_wire(9) says of wire and unwire ([manpage.md](manpage.md)), and vm_map_sync(9) of sync |\n\n"
    "This page is made from `engine/edges.def`. Change that, then run\n"
    "`build/tests/scripts/test-docs --write docs/edges.md`.\n\n"
    "| edge | whose | code | errno | rule | when | man | shown by |\n"
    "|---|---|---|---|---|---|---|---|\n";

static void
edges_doc_row(enum vm_edge edge, struct strbuf *out)
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
		strbuf_add(out, doc_head);
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++) {
		const struct vm_edge_desc *d = &vm_edge_table[i];

		if (markdown)
			edges_doc_row((enum vm_edge)i, out);
		else
			strbuf_printf(
			    out, "  %s\n      %s: %s, %s.\n", d->name, d->whose, edges_code((enum vm_edge)i), d->when);
	}
}

json_t *
json_edges(uint64_t edges)
{
	json_t *names = json_array();

	for (; edges != 0; edges &= edges - 1)
		(void)json_array_append_new(names, json_string(vm_edge_table[__builtin_ctzll(edges)].name));
	return names;
}
