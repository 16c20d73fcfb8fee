/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger.h - a target around the engine that keeps its own book of system wirings, page by page.
 *
 * The book has, for each page, the successful system wires minus the successful system unwires that covered it since it
 * was mapped. It knows operations, results and canonical states only, so it believes nothing that the engine says of
 * its counts. Its check is the engine's, and then: a mapped page outside of any transition has exactly that many system
 * wirings, a page in transition at most one more.
 *
 * Where the result does not say whether a page was covered (a wire or unwire with holes allowed, and the page was
 * mapped, unmapped or protected while the operation ran, or cannot be accessed) the page is in doubt and not checked
 * until it is mapped anew. What is in doubt is a part of the state key, as the book is: equal keys have equal books.
 */
#ifndef TESTS_LEDGER_H
#define TESTS_LEDGER_H

#include <stdint.h>

#include "harness/target/target.h"

extern const struct vm_target target_ledger;

/* For canaries: added to the count that the check reads for a page with system wirings. */
extern int ledger_lie;

/* Totals of what the checks have compared so far. */
struct ledger_totals {
	uint64_t pages;   /* mapped pages compared with the book */
	uint64_t wired;   /* those of them that are system-wired */
	uint64_t doubted; /* mapped pages that were not compared */
};
extern struct ledger_totals ledger_totals;

#endif
