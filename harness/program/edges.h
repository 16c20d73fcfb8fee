/* SPDX-License-Identifier: BSD-2-Clause */
/* edges.h - edges (engine/edges.def) as text: in reports, and as a reference. */
#ifndef HARNESS_PROGRAM_EDGES_H
#define HARNESS_PROGRAM_EDGES_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "engine/edge.h"

struct strbuf;

/* Appends "clamped, wire_hole", in the order of the table; nothing for an empty set. */
void edges_print(uint64_t edges, struct strbuf *out);
/* Appends "wire_fault+fault_pager": edges that together are one reason. */
void edges_print_joined(uint64_t edges, struct strbuf *out);
/* Appends " (clamped, wire_hole)", which follows a result in a report; nothing for an empty set. */
void edges_print_after(uint64_t edges, struct strbuf *out);
/* Those of the edges that return @code. */
uint64_t edges_of_code(uint64_t edges, int code);
/* The edge with this name, or VM_EDGE_COUNT. */
enum vm_edge edges_find(const char *name);
/* "KERN_INVALID_ADDRESS", "the fault's code". */
const char *edges_code(enum vm_edge edge);
/* "agrees", "contradicts", "silent", "not compared". */
const char *edges_man(enum vm_edge edge);

/* Appends all edges: for `wirestorm help edges`, or as markdown for docs/edges.md. */
void edges_doc(struct strbuf *out, bool markdown);

/* The names of the edges in this set of VM_EDGE_BIT()s. */
json_t *json_edges(uint64_t edges);

#endif
