/* SPDX-License-Identifier: BSD-2-Clause */
/* op-ranges.h - which pages an operation reads or changes, by op-ranges.def. */
#ifndef HARNESS_PROGRAM_OP_RANGES_H
#define HARNESS_PROGRAM_OP_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/ops.h"

struct program_config;

#define OP_RANGES_MAX 2

enum op_access {
	OP_READS = 1,
	OP_CHANGES,
};

/* Pages from start to the end, exclusive. The end of a range that is given may be below its start. */
struct op_range {
	uint64_t start, end;
	enum op_access access;
	bool one_page; /* the operation takes one page, not a range */
	bool cut;      /* the operation cuts the range to the map */
};

struct op_ranges {
	unsigned nr; /* 0: the operation names no page, so any page may be meant */
	struct op_range at[OP_RANGES_MAX];
};

/* The ranges as the operation names them, not cut. A reference to a result counts as its offset. */
struct op_ranges op_ranges(const struct vm_op *op);
/* Does an operation of this code take a range, a start and an end? */
bool op_takes_range(uint8_t code);
/* May it change something? */
bool op_changes(uint8_t code);
/* The pages of @range that are in the map if it is cut; a range without pages ends where it starts. */
struct op_range op_range_cut(const struct op_range *range, const struct program_config *cfg);

/* Do the ranges have a page in common? */
static inline bool
op_ranges_meet(const struct op_range *a, const struct op_range *b)
{
	return a->start < b->end && b->start < a->end;
}

#endif
