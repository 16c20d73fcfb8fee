/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * book.h - the book of a stress run: what the map must hold, computed only from the operations and their results.
 *
 * System wirings, page by page. A page with a system wiring cannot be unmapped, so only wires and unwires change its
 * count, and the count of a newly mapped page is 0. So at any stop of the world
 *
 *	count now = count at the last stop + successful system wires - successful system unwires since
 *
 * for each page. This is exact for noholes operations, because a successful one has treated every page of its range.
 * For holesok operations it gives bounds, because their result does not say which pages they treated. A page in
 * transition may have one more: its wire has counted it but not returned.
 *
 * Content. Only one thread, its owner (workload.h), writes a page, with tags that name the page. Any thread reads 0 or
 * a tag of that page. The owner reads the tag that it wrote last, or 0 if an operation in between may have unmapped the
 * page, because then its content is gone. Eviction of the page does not change this.
 */
#ifndef STRESS_BOOK_H
#define STRESS_BOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/ops.h"
#include "engine/vm.h"

/* Bounds of the change of a page's system wirings since the last stop. */
struct book_bounds {
	int32_t low, high;
};

/* What its owner knows about a page. */
struct book_content {
	uint64_t tag;         /* written last; 0: never written, or lost */
	uint32_t nr_unmapped; /* unmaps of the page at that time */
	bool exact;           /* no operation that may unmap it was running then */
};

/* One thread's part; only that thread writes it. */
struct book_page {
	struct book_bounds *bounds; /* since the last stop */
	uint64_t nr_writes;         /* tags used */
	uint32_t nr_unmapped;       /* unmaps of the accessed page when the current write or read started */
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
	struct book_content *contents; /* by page - min; each belongs to the page's owner */
	int32_t *counts;               /* system wirings at the last stop, by page - min; for the checker only */
	struct book_bounds *sums;      /* scratch of the checker */
};

void book_init(struct book *b, uint64_t min, uint64_t max, unsigned nr_threads);
void book_free(struct book *b);
/* Resets the book for an empty map. Call it while no thread runs. */
void book_clear(struct book *b);

/*
 * Call these before and after each operation, on its thread. book_before sets the tag of a write. book_after returns
 * NULL, or a finding.
 */
void book_before(struct book *b, unsigned thread, struct vm_op *op);
const char *book_after(struct book *b, unsigned thread, const struct vm_op *op, const struct vm_result *r);

/* Call it when all threads have stopped: returns NULL, or a finding. The map as it is becomes the new base. */
const char *book_check(struct book *b, vm_map_t map);

#endif
