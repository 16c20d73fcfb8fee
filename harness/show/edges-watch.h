/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * edges-watch.h - a wrapper of a target that notes which edges its operations pass. The edges that each thread has
 * passed so far are part of the state key, so states that differ in them do not merge. One at a time in a process.
 * Private to edges-report*.c.
 */
#ifndef HARNESS_SHOW_EDGES_WATCH_H
#define HARNESS_SHOW_EDGES_WATCH_H

#include "engine/edge.h"
#include "harness/check/check.h"
#include "harness/run/run.h"
#include "harness/target/target.h"

struct edges_counts {
	uint64_t times[VM_EDGE_COUNT], invalid[VM_EDGE_COUNT];
	uint64_t any; /* VM_EDGE_BIT()s with a count that is not 0 */
};

struct edges_watch {
	uint64_t now[SIM_FIBERS_MAX], saved[SIM_FIBERS_MAX]; /* VM_EDGE_BIT()s of each thread's results */
	struct edges_counts pending;                         /* counts of the running step */
	struct edges_counts seen;
	const struct checker *checker; /* its quiet says whether a prefix is executed again */
};

/* The target to open a run with, which wraps @real. It stays valid. */
const struct vm_target *edges_watch_target(const struct vm_target *real, const struct checker *checker);
/* The watch of an open run of that target. */
struct edges_watch *edges_watch_of(const struct run *r);

#endif
