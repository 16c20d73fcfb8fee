/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workload.h - what one thread of a stress run does next, and the ledger that makes every run end.
 *
 * A remove or fixed sleeps until nobody holds a system wiring in its way (docs/engine.md, section 5). So that somebody
 * always lets go:
 *
 *   L1  A thread's ledger says, page by page, how many system wirings it may hold. It is raised before the wire is
 *       asked for, and lowered when the wire failed, or after a system unwire of that one page.
 *   L2  A thread with anything in its ledger never starts a remove or a fixed: it drains the ledger first.
 *   L3  A ledger is drained at the latest WORKLOAD_HOLD_MAX operations after its first entry, and before the thread
 * ends.
 *
 * On every page, the system wirings are at most the sum of the ledgers: a wire adds one to both, an unwire takes one
 * from both or from the map alone, and a drain that finds nothing to unwire leaves nothing behind. So whoever a remove
 * waits for has a ledger, is therefore not in a remove itself, ends its operation (all others wait only for
 * transitions, faults and the lock, which end), and drains. And when all threads are gone no system wiring is left,
 * which is checked.
 *
 * The pages are in two zones. In the kept zone, [min, middle), a system wiring belongs to who made it: wires are
 * noholes, so that success means every page, and system unwires come from the ledger alone. There each drain must
 * succeed, or a wiring was lost. In the open zone anything goes: wires over holes, and threads that unwire what others
 * wired.
 *
 * A write is of a page that the thread owns: page i of the map belongs to thread i modulo their number (book.h says
 * what for).
 */
#ifndef STRESS_WORKLOAD_H
#define STRESS_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/ops.h"
#include "harness/base/base.h"

#define WORKLOAD_HOLD_MAX 24 /* operations a thread keeps system wirings for, at most */
#define WORKLOAD_PAGES_MIN 8
#define WORKLOAD_PAGES_MAX 65536
#define WORKLOAD_WIRE_MAX 8 /* pages of a system wire: each is drained alone */

/* What is drawn: mixes.def. */
struct workload_mix {
	unsigned weight[VM_OP_CODE_MAX + 1]; /* by enum vm_op_code; relative */
	unsigned sum;
	unsigned whole;  /* percent of user wirings that are of the whole map */
	unsigned limit;  /* on user-wired pages, percent of the map */
	unsigned frames; /* percent of the map; 0: ample */
};

struct nearest;
struct strbuf;

void workload_mix_default(struct workload_mix *mix);
/*
 * "pageout", "wire=20,remove=5" (a change of the default), or "pageout,remove=0". False: an unknown name, no number, or
 * all weights 0; @bad (of @bad_size) gets the part that is wrong.
 */
bool workload_mix_parse(struct workload_mix *mix, const char *text, char *bad, unsigned bad_size);
/* The named ones, a line each, appended. */
void workload_mixes_print(struct strbuf *out);
/* Their names, for an error about another one. */
void workload_mixes_offer(struct nearest *n);

/* Which thread draws, and from where. */
struct workload_place {
	unsigned thread, nr_threads;
	unsigned overlap;  /* percent of the operations that are anywhere; the others are in the thread's own part */
	uint64_t min, max; /* pages, of the map */
};

struct workload {
	const struct workload_mix *mix;
	struct prng rng;
	struct workload_place place;
	uint64_t min, middle, max; /* pages: the zones */
	uint64_t low, high;        /* where the operation being drawn may be */
	uint8_t *held;             /* L1, by page - min */
	uint64_t nr_held;          /* sum of held */
	unsigned hold_ops;         /* operations since the ledger was empty */
	bool draining;
	uint64_t drain_page; /* where the drain looks next */
	bool has_pending;    /* L2: what is to be done after the drain */
	struct vm_op pending;
};

void workload_init(struct workload *w, const struct workload_mix *mix, const struct workload_place *place);
void workload_free(struct workload *w);
/* Begins a new stream of operations; the ledger must be empty. */
void workload_seed(struct workload *w, struct prng rng);
/* The next operation. */
void workload_next(struct workload *w, struct vm_op *op);
/* The next operation of a thread that is to end: drains. False: the ledger is empty, it may go. */
bool workload_last(struct workload *w, struct vm_op *op);
/* Tells the ledger how @op went. NULL, or what is broken. */
const char *workload_done(struct workload *w, const struct vm_op *op, int code);

#endif
