/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - the room check: the checker, which judges a run while it goes on.
 *
 * For: checking each step, result and end of a run; findings and their text; the table of checks is engine/checks.def.
 * Includes: base/, program/, sim/, target/.
 * Start reading: here, then checker.c and check-step.c.
 *
 * It compares the canonical state before and after each step. The difference is what the stepping thread has done. For
 * each running operation it keeps
 *
 *   - the codes that had a reason at some instant of the call, and whether KERN_INVALID_ADDRESS had one at every
 *     instant. When the operation ends, these two give the verdicts "spurious" and "missed";
 *   - what its own steps have changed so far, page by page. An operation that fails must have undone all of it; one
 *     that succeeds must have done what docs/engine.md says;
 *   - the pages that other threads have changed meanwhile: these are excused.
 *
 * For the run it keeps what was last written to each page, and it asks the target for broken invariants. The instants
 * of a call are the states before each of its own steps and between them. docs/checks.md says more.
 *
 * All that decides a later verdict is in the state key (checker_key), so exploring over merged states misses none. Once
 * the buffers have grown to the size of the map, no memory is allocated.
 */
#ifndef HARNESS_CHECK_CHECK_H
#define HARNESS_CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/program/program.h"
#include "harness/sim/sim.h"

struct keybuf;
struct run;
struct strbuf;

enum check_id {
	CHECK_NONE = 0,
#define CHECK(id, verdict, quirks, holds, fault, damage) CHECK_##id,
#include "engine/checks.def"
#undef CHECK
	CHECK_COUNT
};

struct check_desc {
	const char *name;             /* the check's id */
	enum program_verdict verdict; /* the verdict's kind */
	uint32_t quirks;              /* VM_BEHAVIOUR_BIT()s that break it */
	const char *holds;
};

extern const struct check_desc check_table[CHECK_COUNT];

#define FINDING_TEXT_MAX 200
#define FINDINGS_MAX 16 /* findings kept of one run: the first ones */

/* One broken check. */
struct finding {
	uint8_t check;       /* enum check_id */
	bool quirk;          /* a quirk that is on explains it: excuse is not 0 */
	uint32_t excuse;     /* the switches of the profile that are on and explain it */
	int8_t thread;       /* thread of the operation; SIM_INIT_THREAD: an init or final step; -1: no operation */
	bool final;          /* for SIM_INIT_THREAD: a final step */
	uint16_t op;         /* number of the operation in its thread, or of the init or final step */
	struct vm_op what;   /* the operation; code 0: none */
	uint32_t step;       /* step of the run, from 1, after which it was found; 0: before the first step */
	uint32_t since;      /* first step of the operation; equal to step if there is no operation */
	bool has_code;       /* the operation has ended, with code */
	int32_t code;        /* KERN_*; for lookup and check 0 or 1 */
	uint64_t edges;      /* the edges that the operation passed */
	uint64_t start, end; /* the pages concerned; equal: no particular pages */
	char text[FINDING_TEXT_MAX];
};

/* An operation's own changes to the pages [start, end), summed over its steps. */
struct check_effect {
	uint64_t start, end;
	int16_t wired, user, transition, mapped; /* differences */
	int16_t grown;                           /* 1: a gap became a part of its stack */
	bool attributes;                         /* protection, maximum or inheritance were set */
	bool others;                             /* another thread mapped, unmapped or protected them meanwhile */
	bool others_grew;                        /* another thread's stack grew there meanwhile */
};

/* Pages of an operation, clamped as in docs/engine.md section 2: start is not above end. */
struct check_range {
	uint64_t start, end;
};

/*
 * What the checker keeps of a running operation: CHECK_DATUM(kind, type, name). The struct, the state key and the test
 * of the key are made from this table, so everything that decides a later verdict is in the key.
 *
 *   NUM     a number that is never negative
 *   SIGNED  a number
 *   WORDS   for reports only: decides nothing and is not in the key
 */
#define CHECK_OP_DATA(CHECK_DATUM)                                                                                     \
	CHECK_DATUM(NUM, uint64_t, start) /* pages of the operation, as struct check_range */                          \
	CHECK_DATUM(NUM, uint64_t, end)                                                                                \
	CHECK_DATUM(NUM, uint16_t, op)        /* index of the operation in its thread */                               \
	CHECK_DATUM(NUM, uint16_t, seen)      /* bit c: code c had a reason at some instant */                         \
	CHECK_DATUM(NUM, uint16_t, always)    /* bit c: so far, code c was required at each instant */                 \
	CHECK_DATUM(SIGNED, int64_t, charged) /* pages that its steps have added to the user-wire counter */           \
	CHECK_DATUM(NUM, uint16_t, future)    /* wirefuture was on at each instant */                                  \
	CHECK_DATUM(NUM, uint64_t, synced)    /* all pages of its range below this page were written back */           \
	CHECK_DATUM(WORDS, uint32_t, since)   /* the number of its first step */

/* A running operation; the bits of checker.running say which threads have one. Its effects are in the key, too. */
struct check_op {
#define CHECK_DATUM(kind, type, name) type name;
	CHECK_OP_DATA(CHECK_DATUM)
#undef CHECK_DATUM
	size_t nr_effects, cap_effects;
	struct check_effect *effects; /* ascending, disjoint */
};

/* What was last written to a page, unless it is 0. */
struct check_tag {
	uint64_t page, tag;
};

struct check_tags {
	size_t nr, cap;
	struct check_tag *tags; /* ascending */
};

struct checker {
	bool opened;   /* the init steps are done */
	bool quiet;    /* replaying a known prefix: invariants are not checked again */
	uint32_t step; /* number of the step in the run */
	/* The switches that break the invariant of the target that is being reported, on or off. */
	uint32_t excuse;
	/* Set before each step and read after it, but not kept longer. */
	size_t nr_entries_before; /* entries of the target; only if the stepping operation has an empty range */
	unsigned nr_done_before;  /* operations of the stepping thread that have ended */
	struct vm_state states[2];
	struct vm_state *now, *before; /* pointers into states: after the last step, and before it; set by
	                                * checker_open */
	struct vm_state start;         /* after the init steps */
	size_t cap_starts;
	uint64_t *starts; /* scratch: the first pages of entries */
	struct check_tags tags, start_tags;
	struct check_hidden {
		bool wire_future; /* the flag that wirefuture sets */
		bool stacks;      /* a stack operation has begun, so a guard may be a gap */
	} hidden, start_hidden;   /* what no state shows */
	uint32_t running;         /* bit t: ops[t] is the running operation of thread t */
	struct check_op ops[SIM_FIBERS_MAX];
	size_t nr_findings;
	size_t nr_init; /* findings of the init steps, which stay when a new run begins */
	struct finding findings[FINDINGS_MAX];
};

/* A zeroed checker is valid, too. One checker serves one run at a time, and many in sequence. */
void checker_init(struct checker *c);
void checker_free(struct checker *c);

/*
 * run-open.c and run-step.h call the rest: at the opening, after the init steps, when a run begins, around each step,
 * and once at the end of a run. checker_end checks which threads sleep forever and what is left behind.
 */
void checker_open(struct checker *c, struct run *r);
void checker_saved(struct checker *c);
void checker_begin(struct checker *c);
void checker_before_step(struct checker *c, struct run *r, unsigned thread);
void checker_after_step(struct checker *c, struct run *r, unsigned thread);
void checker_end(struct checker *c, struct run *r);
/* The running init or final step does not end. */
void checker_endless(struct checker *c, struct run *r);
/* Appends everything that decides a later verdict. */
void checker_key(const struct checker *c, const struct run *r, struct keybuf *k);

/* The first finding that no quirk explains; NULL: none. */
const struct finding *checker_first(const struct checker *c);

/* The check of a finding: "I19", "unfounded"; the target's own label for check "target". Uses buf if necessary. */
const char *finding_label(const struct finding *f, char buf[FINDING_TEXT_MAX]);
enum program_verdict finding_kind(const struct finding *f);
/*
 * Does a verdict line describe this finding? The kind must be equal, and the check, if the first word of @detail names
 * one. @detail may be NULL.
 */
bool finding_is(const struct finding *f, enum program_verdict kind, const char *detail);
/* Does a run with these findings, and possibly a deadlock, show the verdict of this line? */
bool findings_show_verdict(
    const struct finding *findings, size_t nr, bool deadlock, const struct program_verdict_line *v);
/* Do the findings concern the same fault, so that one report is enough for both? */
bool finding_same(const struct finding *a, const struct finding *b);
/*
 * Appends "spurious unfounded: T0.0 wire 20 24 user noholes => KERN_INVALID_ADDRESS (wire_hole), steps 3 to 7: ...",
 * without a line end.
 */
void finding_print(const struct finding *f, const struct program *p, struct strbuf *out);
/* The check with this name; CHECK_NONE: there is none. */
enum check_id check_find(const char *name, size_t len);
/* The meaning of a verdict, as half a sentence. */
const char *check_verdict_text(enum program_verdict verdict);
/* Appends "Q1, Q2". */
void check_print_quirks(uint32_t mask, struct strbuf *out);
/* Appends all checks: for `wirestorm help checks`, or as markdown for docs/checks.md. */
void checks_doc(struct strbuf *out, bool markdown);

#endif
