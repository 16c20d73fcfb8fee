/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.h - what is under test: a map behind a table of functions. Nothing above this header knows the engine.
 *
 * A target lives in the simulated world (sim.h): its locks call sim_point() before each acquisition of the map lock,
 * and sim_sleep()/sim_wakeup() where a thread would block. apply() runs on a fiber of that world and may be suspended
 * there; everything else is called between steps and must not block. docs/bring-your-own-engine.md shows how to write
 * one.
 *
 * Ownership: what create returns belongs to the caller, until destroy. cfg stays alive as long as the instance.
 * Determinism: no function may depend on an address, a clock or memory that it did not set.
 */
#ifndef HARNESS_TARGET_H
#define HARNESS_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/ops.h"
#include "harness/program.h"
#include "harness/state.h"

struct sim;
struct keybuf;

struct vm_target {
	const char *name;
	const char *summary; /* one line for --help */

	/*
	 * NULL if the target can run a program with these directives and operations, else why not ("no page content").
	 * config_reason may itself be NULL: any directive will do.
	 */
	const char *(*config_reason)(const struct program_config *cfg);
	const char *(*op_reason)(const struct vm_op *op);

	/* An instance on @sim, in its initial state. NULL: out of memory, errno set. */
	void *(*create)(const struct program_config *cfg, struct sim *sim);
	void (*destroy)(void *self);

	/* Remember the present state; go back to it, whatever is under way. Cheap: it is part of every run. */
	bool (*save)(void *self);
	void (*restore)(void *self);

	/* Run one operation to its end as thread @thread (SIM_INIT_THREAD for init and final steps). On a fiber. */
	struct vm_result (*apply)(void *self, unsigned thread, const struct vm_op *op);

	/* The canonical state, now; out is cleared first. */
	void (*dump)(void *self, struct vm_state *out);

	/*
	 * The first page of each entry, ascending, into starts, at most max of them; returns how many there are.
	 * Entries that look alike are not merged: where they meet is hidden from the state, but decides how operations
	 * fail later (docs/engine.md section 0). May be NULL: nobody compares them then.
	 */
	size_t (*entries)(void *self, uint64_t *starts, size_t max);

	/*
	 * Appends everything that decides how the future goes: the map, and per thread of 0..nr_threads-1 what its
	 * running operation remembers. Two instants with equal keys must have equal futures; --verify checks it.
	 * With @pages the program can see which pages are resident and what is in them (program_sees_pages); without,
	 * they cannot decide anything and are left out, so that states which differ in them alone merge. NULL: no key,
	 * programs are explored by schedules instead of states.
	 */
	void (*key)(void *self, unsigned nr_threads, bool pages, struct keybuf *out);

	/* The first broken invariant's label and text, or NULL. May be NULL. Called between steps. */
	const char *(*check)(void *self);

	/* The name of what thread @thread's operation is about to do ("fault page 21"), into buf. May be NULL. */
	void (*where)(void *self, unsigned thread, char *buf, size_t size);
};

extern const struct vm_target target_engine; /* the VM map engine */
extern const struct vm_target target_model;  /* the page-array reference: sequential programs only */

#endif
