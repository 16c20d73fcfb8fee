/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.h - what is under test: a map behind a table of functions. Nothing above this header knows the engine.
 *
 * A target lives in the simulated world (sim.h): its locks call sim_point() before each acquisition of the map lock,
 * and sim_sleep()/sim_block()/sim_wakeup() where a thread would block. apply() runs on a fiber of that world and may be
 * suspended there; everything else is called between steps and must not call those. The map's lock may be held then:
 * do not take it. docs/bring-your-own-engine.md shows how to write a target, examples/toy-map.c is one.
 *
 * Ownership: what create returns belongs to the caller, until destroy. cfg and sim stay alive as long as the instance.
 * A process may have several instances, one after the other and at the same time: no globals.
 *
 * Determinism: no function may depend on an address, a clock or memory that it did not set. A run must come out the
 * same however often it is repeated, and whatever ran between.
 *
 * Abandoned operations: restore and destroy come while operations are suspended, and those never return. So apply()
 * owns nothing on its stack that needs giving back: no heap memory, no lock, no file. What it allocates hangs on the
 * instance.
 */
#ifndef HARNESS_TARGET_TARGET_H
#define HARNESS_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/ops.h"
#include "harness/program/program.h"

struct sim;
struct keybuf;

/*
 * The layout and the meaning of struct vm_target. A library refuses a target that was compiled with another version or
 * size, because it would call the wrong functions. Add a member at the end without raising the version: the size tells.
 * Raise the version when a member moves, or when the meaning of one changes.
 */
#define VM_TARGET_VERSION 1u
/* The first line of each initialiser: `static const struct vm_target mine = { VM_TARGET_INIT, .name = "mine", ... };`
 */
#define VM_TARGET_INIT .version = VM_TARGET_VERSION, .size = sizeof(struct vm_target)

struct vm_target {
	/* VM_TARGET_INIT sets both. They stay the first two members in all versions. */
	uint32_t version;
	uint32_t size;

	const char *name;
	const char *summary; /* one line for --help */

	bool sequential; /* programs without threads only: whoever has some is refused */

	/*
	 * NULL if the target can run a program with these directives and operations, else why not ("no page content"),
	 * which stays alive. Whatever a target would ignore it must refuse here, or results mean something else than
	 * they say. config_reason may itself be NULL: any directive will do; op_reason too: any operation will do.
	 */
	const char *(*config_reason)(const struct program_config *cfg);
	const char *(*op_reason)(const struct vm_op *op);

	/* An instance on @sim, in its initial state: nothing is mapped. NULL: out of memory, errno set. */
	void *(*create)(const struct program_config *cfg, struct sim *sim);
	void (*destroy)(void *self);

	/*
	 * The whole program that is to run on the instance, before its first step: what no step of it can ever ask
	 * about need not be in the key. May be NULL.
	 */
	void (*program)(void *self, const struct program *p);

	/*
	 * save remembers the present state, in place of what was remembered before; false: out of memory. It is called
	 * once, after the init steps, and may not be called at all. restore goes back to it, whatever is under way; it
	 * is part of every run, so it should be one copy.
	 */
	bool (*save)(void *self);
	void (*restore)(void *self);

	/*
	 * Run one operation to its end as thread @thread (SIM_INIT_THREAD for init and final steps), on its fiber. The
	 * result is DONE with a KERN_* code, for a BOOL operation 0 or 1, and for find and read a value (ops.def). A
	 * range may be empty, inverted or outside the map. Addresses are pages.
	 */
	struct vm_result (*apply)(void *self, unsigned thread, const struct vm_op *op);

	/*
	 * The canonical state, now, lock held or not: state_clear, then state_add for each entry in ascending order
	 * (entries that look alike become one run by themselves), then the totals.
	 */
	void (*dump)(void *self, struct vm_state *out);

	/*
	 * The first page of each entry, ascending, into starts, at most max of them; returns how many there are (max 0:
	 * only that). Entries that look alike are not merged: where they meet is hidden from the state, but decides how
	 * operations fail later (docs/engine.md section 0). May be NULL: nobody compares them then.
	 */
	size_t (*entries)(void *self, uint64_t *starts, size_t max);

	/*
	 * Appends everything that decides how the future goes: the map, its lock, and per thread of 0..nr_threads-1
	 * what its running operation remembers and where in it the thread is. Not needed: which operation that is, the
	 * results so far, who sleeps on which channel (run_key has them). With @pages the program can see which pages
	 * are resident and what is in them (program_sees_pages); without, they cannot decide anything and are better
	 * left out, so that states which differ in them alone merge. Two instants with equal keys must have equal
	 * futures; `wirestorm check --verify` compares. A counter that only grows must enter as what is asked of it
	 * ("moved since"), or nothing merges. NULL: no key, programs are explored by schedules instead of states.
	 */
	void (*key)(void *self, unsigned nr_threads, struct keybuf *out);

	/*
	 * The first broken invariant's label and text ("M1: ..."), or NULL. May be NULL. Called between steps. With
	 * @excused what a quirk that is on breaks is left out.
	 */
	const char *(*check)(void *self, bool excused);
	/* The pages [*start, *end) that check has last complained of; false: none in particular. May be NULL. */
	bool (*broken_at)(void *self, uint64_t *start, uint64_t *end);

	/*
	 * The operations keep the rules of docs/engine.md, so each is judged by them (check.h). False: only what check
	 * says is looked at, and who sleeps for ever.
	 */
	bool judged;

	/*
	 * The pages [*start, *end) that the last step of thread @thread, in a sync, has written back, by the arithmetic
	 * of the object that it wrote to; *dirty: some page that is mapped there is dirty still. False: none. May be
	 * NULL.
	 */
	bool (*cleaned)(void *self, unsigned thread, uint64_t *start, uint64_t *end, bool *dirty);

	/*
	 * The first page inside of (start, end) at which two entries meet that could be one; false: there is none.
	 * Guards do not count: protect passes them over. May be NULL.
	 */
	bool (*mergeable)(void *self, uint64_t start, uint64_t end, uint64_t *page);

	/*
	 * In what condition page @page is, as a number: what is mapped there and how, and what else decides how an
	 * operation on it goes; but neither places nor contents nor identities. For hunts, which keep a program for
	 * having brought a page into a condition that none was in before. May be NULL.
	 */
	uint64_t (*condition)(void *self, uint64_t page);

	/*
	 * What the suspended thread @thread is about to do when it goes on ("fault page 21"), into buf; "" if nothing
	 * comes to mind. For traces only. May be NULL.
	 */
	void (*where)(void *self, unsigned thread, char *buf, size_t size);
};

extern const struct vm_target target_engine; /* the VM map engine */
extern const struct vm_target target_model;  /* the page-array reference: sequential programs only */

/* NULL, or the targets that the program brought, up to a NULL (wirestorm_main). */
extern const struct vm_target *const *target_extra;
/* The targets to choose from by number: the extra ones, those of targets.def, then NULL. Number 0 is the default. */
const struct vm_target *target_at(size_t i);

/*
 * NULL, or why this library cannot use the target, and what to do; in a static buffer. It reads no member other than
 * version and size unless both are right.
 */
const char *target_unusable(const struct vm_target *target);

/* The rest of what this room offers. */
#include "harness/target/engine-op.h"
#include "harness/target/run-state.h"

#endif
