/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * edge.h - the path of an operation: the named returns (edges.def) that it has passed.
 *
 * A code alone does not give the reason: KERN_INVALID_ADDRESS has a dozen. So code that returns one uses
 * VM_RETURN(wire_hole). The operation's context holds the set of edges that it has passed, and so does its result.
 * Costs one store.
 */
#ifndef ENGINE_EDGE_H
#define ENGINE_EDGE_H

#include <stdint.h>

enum vm_edge {
#define VM_EDGE(name, whose, code, err, row, man, when, leaves, page, litmus) VM_EDGE_##name,
#include "engine/edges.def"
#undef VM_EDGE
	VM_EDGE_COUNT
};
_Static_assert(VM_EDGE_COUNT <= 64, "a set of edges is one word");

#define VM_EDGE_BIT(name) ((uint64_t)1 << VM_EDGE_##name)
#define VM_EDGE_VERBATIM (-1) /* vm_edge_desc.code: depends on the fault */

enum vm_edge_man {
	VM_EDGE_MAN_UNREAD = 0, /* the man page of this operation is not compared */
	VM_EDGE_MAN_AGREES,
	VM_EDGE_MAN_CONTRADICTS,
	VM_EDGE_MAN_SILENT,
};

/* A row of edges.def. */
struct vm_edge_desc {
	const char *name, *whose;
	int code; /* KERN_*, or VM_EDGE_VERBATIM */
	const char *err, *row;
	uint8_t man; /* enum vm_edge_man */
	const char *when, *leaves, *page, *litmus;
};

extern const struct vm_edge_desc vm_edge_table[VM_EDGE_COUNT];

#endif
