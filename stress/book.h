/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * book.h - what a map must hold, known from the operations and their results alone: the book of a stress run.
 *
 * System wirings, page by page. While a page has one it cannot be unmapped, so its count changes by wires and unwires
 * only, and is 0 whenever the page is mapped. So at any stop of the world
 *
 *	count now = count at the last stop + successful system wires - successful system unwires since
 *
 * holds of each page, exactly for operations without holes, which have treated every page of their range if they
 * succeed, and as bounds for those with holes allowed, whose result does not say what they met. A page in transition
 * may have one more: its wire has counted it, and has not returned.
 *
 * Content. Each page is written by one thread only, its owner (workload.h), with tags that name the page. What anybody
 * reads of a page is 0 or names it. What the owner reads is what it has written last, or 0 if an operation that may
 * have unmapped the page came in between: then its content is gone. That pages go to the pager and come back makes no
 * difference.
 */
#ifndef STRESS_BOOK_H
#define STRESS_BOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/ops.h"
#include "engine/vm.h"

/* How far a page's system wirings may be from what they were at the last stop. */
struct book_bounds {
	int32_t low, high;
};

/* What its owner knows of a page. */
struct book_content {
	uint64_t tag;         /* written last; 0: nothing, or gone */
	uint32_t nr_unmapped; /* of the page, when it was written */
	bool exact;           /* no operation that may unmap it was under way then */
};

/* One thread's part, which it alone writes. */
struct book_page {
	struct book_bounds *bounds; /* since the last stop */
	uint64_t nr_writes;         /* tags given out */
	uint32_t nr_unmapped;       /* of the page of the write or read under way, when that began */
	bool exact;
};

struct book_unmaps {
	_Atomic uint32_t begun, ended; /* operations that may unmap the page */
};

struct book {
	uint64_t min, max; /* pages */
	unsigned nr_threads;
	struct book_page *threads;
	struct book_unmaps *unmaps;    /* by page - min */
	struct book_content *contents; /* by page - min; each its owner's */
	int32_t *counts;               /* system wirings at the last stop, by page - min; the checker's */
	struct book_bounds *sums;      /* the checker's scratch */
};

void book_init(struct book *b, uint64_t min, uint64_t max, unsigned nr_threads);
void book_free(struct book *b);
/* Nothing is mapped. While no thread runs. */
void book_clear(struct book *b);

/* Around each operation, on its thread. before completes a write by its tag. after gives NULL, or what is broken. */
void book_before(struct book *b, unsigned thread, struct vm_op *op);
const char *book_after(struct book *b, unsigned thread, const struct vm_op *op, const struct vm_result *r);

/* When all threads have stopped: NULL, or what is broken. Takes the map as it is as the new start. */
const char *book_check(struct book *b, vm_map_t map);

#endif
