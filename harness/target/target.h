/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.h - the interface to the code under test: a map behind a table of functions. Code above this header does not
 * depend on the engine.
 *
 * A target lives in the simulated world (simulator.h): its locks call sim_point() before each acquisition of the map
 * lock, and sim_sleep()/sim_block()/sim_wakeup() where a thread would block. apply() runs on a fiber of that world and
 * may be suspended there. All other functions are called between steps, and must not call those. The map's lock may be
 * held then: do not take it. docs/bring-your-own-engine.md shows how to write a target; examples/toy-map.c is one.
 *
 * Ownership: what create returns belongs to the caller, until destroy. cfg and sim live as long as the instance. A
 * process may have several instances, one after the other and at the same time: no globals.
 *
 * Determinism: no function may depend on an address, a clock or memory that it did not set. A run must be the same
 * however often it is repeated, and whatever ran in between.
 *
 * Abandoned operations: restore and destroy are called while operations are suspended, and those never return. So
 * apply() must not own on its stack anything that has to be released: no heap memory, no lock, no file. What it
 * allocates must be reachable from the instance.
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
#define VM_TARGET_VERSION 2u
/* The first line of each initialiser: `static const struct vm_target mine = { VM_TARGET_INIT, .name = "mine", ... };`
 */
#define VM_TARGET_INIT .version = VM_TARGET_VERSION, .size = sizeof(struct vm_target)

struct vm_target {
	/* VM_TARGET_INIT sets both. They stay the first two members in all versions. */
	uint32_t version;
	uint32_t size;

	const char *name;
	const char *summary; /* one line for --help */

	bool sequential; /* supports only programs without threads */

	/*
	 * NULL if the target supports a program with these directives and operations; otherwise the reason ("no page
	 * content"), a static text. A target must reject everything that it would ignore, or its results mean something
	 * else than they say. config_reason may be NULL: all directives are supported; op_reason too: all operations
	 * are. Call them through target_config_reason and target_op_reason.
	 */
	const char *(*config_reason)(const struct program_config *cfg);
	const char *(*op_reason)(const struct program_config *cfg, const struct vm_op *op);

	/* Makes an instance on @sim in its initial state: nothing is mapped. NULL: out of memory, errno set. */
	void *(*create)(const struct program_config *cfg, struct sim *sim);
	void (*destroy)(void *self);

	/*
	 * Called with the whole program before its first step, so that the key can leave out what no step of the
	 * program can observe. May be NULL.
	 */
	void (*program)(void *self, const struct program *p);

	/*
	 * save remembers the present state and replaces the one remembered before; false: out of memory. It is called
	 * at most once, after the init steps. restore returns to that state, whatever is running; it is part of every
	 * run, so it should be one copy.
	 */
	bool (*save)(void *self);
	void (*restore)(void *self);

	/*
	 * Runs one operation to its end as thread @thread (SIM_INIT_THREAD for init and final steps), on its fiber. The
	 * result is DONE with a KERN_* code (for a BOOL operation 0 or 1), and with a value for find and read
	 * (ops.def). A range may be empty, inverted or outside the map. Addresses are pages.
	 */
	struct vm_result (*apply)(void *self, unsigned thread, const struct vm_op *op);

	/*
	 * Gives the canonical state, whether the lock is held or not: calls state_clear, then state_add for each entry
	 * in ascending order (which merges equal neighbours), then sets the totals.
	 */
	void (*dump)(void *self, struct vm_state *out);

	/*
	 * Puts the first page of each entry into starts, ascending, at most max of them, and returns the number of
	 * entries. Equal neighbours are not merged: the state does not show where they meet, but later failures depend
	 * on it (docs/engine.md section 0). May be NULL: entries are not compared then.
	 */
	size_t (*entries)(void *self, uint64_t *starts, size_t max);

	/*
	 * Appends everything that decides the future: the map, its lock, and for each thread 0..nr_threads-1 what its
	 * running operation remembers and its place in the code. run_key adds the rest: which operation runs, the
	 * results so far, and who sleeps on which channel. With @pages the program can observe which pages are resident
	 * and their content (program_sees_pages); without, leave both out, so that states that differ only in them
	 * merge. Two moments with equal keys must have equal futures; `wirestorm check --verify` tests this. A counter
	 * that only grows must enter as the answer that the code needs ("moved since"), or nothing merges. NULL: no
	 * key, so programs are explored by schedules instead of states.
	 */
	void (*key)(void *self, unsigned nr_threads, struct keybuf *out);

	/*
	 * Returns label and text of the first broken invariant ("M1: ..."), or NULL. May be NULL. Called between steps.
	 * With @excused, invariants that an active switch breaks are left out. Without, *excuse gets the switches of
	 * the target's profiles that break this invariant, on or off; it is 0 before the call. If one of them is on,
	 * reports say "explained by" it, and only count the finding. Call it through target_check.
	 */
	const char *(*check)(void *self, bool excused, uint32_t *excuse);
	/* The pages [*start, *end) of the last complaint of check; false: no particular pages. May be NULL. */
	bool (*broken_at)(void *self, uint64_t *start, uint64_t *end);

	/*
	 * The operations follow the rules of docs/engine.md, so the checker judges each by them (check.h). False: only
	 * the check function and threads that sleep forever are judged.
	 */
	bool judged;

	/*
	 * The pages [*start, *end) that the last step of @thread, in a sync, has written back, by the arithmetic of the
	 * object that it wrote to; also pages of an entry without an object, which have nothing to write: a sync has to
	 * report each piece of its range that it is done with. Each report is for one step: the next step starts
	 * without one. *dirty: some page mapped there is still dirty. False: no pages. May be NULL: no sync is judged
	 * by what it wrote back.
	 */
	bool (*cleaned)(void *self, unsigned thread, uint64_t *start, uint64_t *end, bool *dirty);

	/*
	 * The first page inside (start, end) at which two entries meet that could be merged; false: there is none.
	 * Guards do not count, because protect skips them. May be NULL.
	 */
	bool (*mergeable)(void *self, uint64_t start, uint64_t end, uint64_t *page);

	/*
	 * The condition of @page as a number: what is mapped there and how, and what else decides the result of an
	 * operation on it, but no positions, contents or identities. A hunt keeps a program that brings a page into a
	 * new condition. May be NULL.
	 */
	uint64_t (*condition)(void *self, uint64_t page);

	/*
	 * Writes to buf what the suspended thread @thread will do next ("fault page 21"), or "". For traces only. May
	 * be NULL.
	 */
	void (*where)(void *self, unsigned thread, char *buf, size_t size);

	/*
	 * The profiles and switches of this target, for "profile" lines and --profile; cfg->profile.on has the switches
	 * that are on. The target then rejects the profiles of others, except strict without switches: that is the
	 * default of a program, and means the target's first profile, too. NULL: the target has none of its own. It
	 * gets the engine's profiles, and may ignore them.
	 */
	const struct profile_set *profiles;
};

extern const struct vm_target target_engine; /* the VM map engine */
extern const struct vm_target target_model;  /* the page-array reference: sequential programs only */

/* Extra targets of the program, up to a NULL; NULL: none (wirestorm_main). */
extern const struct vm_target *const *target_extra;
/* Target number @i: first the extra ones, then those of targets.def, then NULL. Number 0 is the default. */
const struct vm_target *target_at(size_t i);

/*
 * NULL, or why this library cannot use the target, and what to do; in a static buffer. It reads no member other than
 * version and size unless both are right. Makes the profiles of the target known.
 */
const char *target_unusable(const struct vm_target *target);

/* Why the target cannot have this profile, which is of another set of profiles; NULL: it can. */
const char *target_profile_reason(const struct vm_target *target, struct vm_profile profile);
/* Why the target does not support these directives, or this operation in a map with them; NULL: it does. */
const char *target_config_reason(const struct vm_target *target, const struct program_config *cfg);
const char *target_op_reason(const struct vm_target *target, const struct program_config *cfg, const struct vm_op *op);
/* The target's check, if it has one. *excuse is always set. */
const char *target_check(const struct vm_target *target, void *self, bool excused, uint32_t *excuse);

/* The rest of this room's headers. */
#include "harness/target/engine-op.h"
#include "harness/target/run-state.h"

#endif
