/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * edges-watch.h - a target that is another one, watched: which edges its operations have passed. What each thread has
 * passed so far is a part of the state key, so that states do not merge which differ in it. One at a time in a process.
 * Private to harness/show/edges-report*.c.
 */
#ifndef HARNESS_SHOW_EDGES_WATCH_H
#define HARNESS_SHOW_EDGES_WATCH_H

#include "engine/edge.h"
#include "harness/check/check.h"
#include "harness/run/run.h"
#include "harness/target/target.h"

struct edges_counts {
	uint64_t times[VM_EDGE_COUNT], invalid[VM_EDGE_COUNT];
	uint64_t any; /* VM_EDGE_BIT()s of those that are not 0 */
};

struct edges_watch {
	uint64_t now[SIM_FIBERS_MAX], saved[SIM_FIBERS_MAX]; /* VM_EDGE_BIT()s of each thread's results */
	struct edges_counts pending;                         /* of the step under way */
	struct edges_counts seen;
	const struct checker *checker; /* who knows whether a prefix is only executed again */
};

/* The target to open a run with; it stays valid, and is what edges_watch_of's runs are of. */
const struct vm_target *edges_watch_target(const struct vm_target *real, const struct checker *checker);
/* The watch of an open run of that target. */
struct edges_watch *edges_watch_of(const struct run *r);

#endif
