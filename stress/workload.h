/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workload.h - chooses the next operation of a thread in a stress run. Its ledger ensures that every run ends.
 *
 * A remove or fixed sleeps until its range has no system wiring (docs/engine.md, section 5). These rules ensure that
 * every system wiring is removed:
 *
 *   L1  A thread's ledger counts, page by page, the system wirings that the thread may hold. It increases before the
 *       wire, and decreases when the wire fails, or after a system unwire of that one page.
 *   L2  A thread with a nonempty ledger never starts a remove or a fixed: it drains the ledger first.
 *   L3  A thread drains its ledger at most WORKLOAD_HOLD_MAX operations after the first entry, and before it ends.
 *
 * A page never has more system wirings than the sum of its ledger counts. A wire adds one to both. An unwire subtracts
 * one from both, or only from the map. A drain that finds no wiring on the page leaves none. So if a remove waits for a
 * system wiring, some thread has a nonempty ledger. By L2 that thread is not in a remove. Its operation ends, because
 * all others wait only for transitions, faults and the lock, which end; then by L3 it drains. When all threads have
 * ended, no system wiring is left, which the runner checks.
 *
 * The map has two zones. In the kept zone, [min, middle), a system wiring belongs to the thread that made it. Wires are
 * noholes, so that success means every page, and system unwires come only from the ledger. So each drain must succeed
 * there; otherwise a wiring was lost. In the open zone, wires may cross holes, and threads may unwire other threads'
 * wirings.
 *
 * A thread writes only pages that it owns: page i of the map belongs to thread i modulo the number of threads (see
 * book.h).
 */
#ifndef STRESS_WORKLOAD_H
#define STRESS_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/ops.h"
#include "harness/base/base.h"

#define WORKLOAD_HOLD_MAX 24 /* operations for which a thread may hold system wirings */
#define WORKLOAD_PAGES_MIN 8
#define WORKLOAD_PAGES_MAX 65536
#define WORKLOAD_WIRE_MAX 8 /* pages of a system wire; a drain unwires one page at a time */

/* A mix of operations: mixes.def. */
struct workload_mix {
	unsigned weight[VM_OP_CODE_MAX + 1]; /* by enum vm_op_code; relative */
	unsigned sum;
	unsigned whole;  /* percent of user wires and unwires that cover the whole map */
	unsigned limit;  /* limit on user-wired pages, percent of the map */
	unsigned frames; /* percent of the map; 0: ample */
};

struct nearest;
struct strbuf;

void workload_mix_default(struct workload_mix *mix);
/*
 * Parses "pageout", "wire=20,remove=5" (changes the default), or "pageout,remove=0". False: an unknown name, no number,
 * or all weights 0; @bad (of @bad_size) receives the wrong part.
 */
bool workload_mix_parse(struct workload_mix *mix, const char *text, char *bad, unsigned bad_size);
/* Appends the named mixes, one per line. */
void workload_mixes_print(struct strbuf *out);
/* Offers the names of the mixes as corrections of a wrong name. */
void workload_mixes_offer(struct nearest *n);

/* The thread, and its part of the map. */
struct workload_place {
	unsigned thread, nr_threads;
	unsigned overlap;  /* percent of the operations that may be anywhere; the others are in the thread's own part */
	uint64_t min, max; /* pages, of the map */
};

struct workload {
	const struct workload_mix *mix;
	struct prng rng;
	struct workload_place place;
	uint64_t min, middle, max; /* pages: the zones */
	uint64_t low, high;        /* bounds of the operation being drawn */
	uint8_t *held;             /* L1, by page - min */
	uint64_t nr_held;          /* sum of held */
	unsigned hold_ops;         /* operations since the ledger was empty */
	bool draining;
	uint64_t drain_page; /* next page that the drain checks */
	bool has_pending;    /* L2: an operation waits for the end of the drain */
	struct vm_op pending;
};

void workload_init(struct workload *w, const struct workload_mix *mix, const struct workload_place *place);
void workload_free(struct workload *w);
/* Starts a new stream of operations; the ledger must be empty. */
void workload_seed(struct workload *w, struct prng rng);
/* The next operation. */
void workload_next(struct workload *w, struct vm_op *op);
/* The next drain operation of a thread that is about to end. False: the ledger is empty, and the thread may end. */
bool workload_last(struct workload *w, struct vm_op *op);
/* Updates the ledger after @op. Returns NULL, or a finding. */
const char *workload_done(struct workload *w, const struct vm_op *op, int code);

#endif
