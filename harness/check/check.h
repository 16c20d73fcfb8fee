/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - judging a run while it goes on: the checker.
 *
 * It looks at the canonical state before and after each step, which is all that the stepping thread can have done, and
 * keeps for each operation under way
 *
 *   - which codes have had a reason at some instant of the call, and whether KERN_INVALID_ADDRESS has had one at every
 *     instant: two monitors that the verdicts "spurious" and "missed" are read from when the operation ends;
 *   - what its own steps have changed so far, page by page: an operation that fails must have taken it all back, one
 *     that succeeds must have done what docs/engine.md says of it;
 *   - which pages others have changed under it meanwhile: these are excused.
 *
 * And for the run: what was last written to each page, and the invariants of the target. The instants of a call are the
 * states before each of its own steps, and those between. checks.def has all checks, docs/checks.md says more.
 *
 * All that decides a later verdict is in the state key (checker_key), so exploring over merged states misses none. No
 * memory is allocated once the buffers have grown to the size of the map.
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
#define CHECK(id, verdict, quirks, holds) CHECK_##id,
#include "harness/check/checks.def"
#undef CHECK
	CHECK_COUNT
};

struct check_desc {
	const char *name;             /* the id */
	enum program_verdict verdict; /* the kind */
	uint32_t quirks;              /* VM_BEHAVIOUR_BIT()s that break it */
	const char *holds;
};

extern const struct check_desc check_table[CHECK_COUNT];

#define FINDING_TEXT_MAX 200
#define FINDINGS_MAX 16 /* kept of one run; the first ones */

/* Something that is not as it should be. */
struct finding {
	uint8_t check;       /* enum check_id */
	bool quirk;          /* a quirk that is on explains it */
	int8_t thread;       /* whose operation; SIM_INIT_THREAD: an init or final step; -1: nobody's in particular */
	bool final;          /* of SIM_INIT_THREAD: a final step */
	uint16_t op;         /* which of the thread's; of the init or final steps */
	struct vm_op what;   /* the operation; code 0: none */
	uint32_t step;       /* of the run, from 1, after which it was found; 0: before the first one */
	uint32_t since;      /* the step with which the operation began; equal to step if there is none */
	bool has_code;       /* the operation has ended, with code */
	int32_t code;        /* KERN_*; for lookup and check 0 or 1 */
	uint64_t edges;      /* that the operation had passed when it ended */
	uint64_t start, end; /* pages that it is about; equal: none in particular */
	char text[FINDING_TEXT_MAX];
};

/* Own changes of an operation to the pages [start, end), summed up over its steps. */
struct check_effect {
	uint64_t start, end;
	int16_t wired, user, transition, mapped; /* differences */
	bool attributes;                         /* protection, maximum or inheritance were set */
	bool others;                             /* somebody else mapped, unmapped or protected them meanwhile */
};

/* Pages of an operation as docs/engine.md section 2 cuts them: start is not above end. */
struct check_range {
	uint64_t start, end;
};

/*
 * What the checker keeps of an operation under way, one row per datum: CHECK_DATUM(kind, type, name). The struct, the
 * state key and the test of the key are made from this table, so that nothing can decide a later verdict unless it is
 * in the key.
 *
 *   NUM     a number that is never negative
 *   SIGNED  a number
 *   WORDS   in reports only: it decides nothing and is not in the key
 */
#define CHECK_OP_DATA(CHECK_DATUM)                                                                                     \
	CHECK_DATUM(NUM, uint64_t, start) /* pages of the operation, as struct check_range */                          \
	CHECK_DATUM(NUM, uint64_t, end)                                                                                \
	CHECK_DATUM(NUM, uint16_t, op)        /* index of the operation in its thread */                               \
	CHECK_DATUM(NUM, uint16_t, seen)      /* bit c: code c has had a reason at some instant */                     \
	CHECK_DATUM(NUM, uint16_t, always)    /* bit c: at each instant so far it must have failed with code c */      \
	CHECK_DATUM(SIGNED, int64_t, charged) /* pages that its steps have put on the user-wire counter */             \
	CHECK_DATUM(NUM, uint64_t, synced)    /* page up to which its consecutive pieces were written back */          \
	CHECK_DATUM(WORDS, uint32_t, since)   /* its first step */

/* An operation under way: struct checker's running says whose are. Its effects are in the key, too. */
struct check_op {
#define CHECK_DATUM(kind, type, name) type name;
	CHECK_OP_DATA(CHECK_DATUM)
#undef CHECK_DATUM
	size_t nr_effects, cap_effects;
	struct check_effect *effects; /* ascending, disjoint */
};

/* What was last written to a page, if it is not 0. */
struct check_tag {
	uint64_t page, tag;
};

struct check_tags {
	size_t nr, cap;
	struct check_tag *tags; /* ascending */
};

struct checker {
	bool opened;   /* the init steps are done */
	bool quiet;    /* a prefix is executed again: no invariants, they have been looked at */
	uint32_t step; /* of the run */
	/* Set before each step and read after it; these decide nothing after that. */
	size_t nr_entries_before; /* of the target; only if the stepping operation is on an empty range */
	unsigned nr_done_before;  /* operations of the stepping thread that had ended */
	struct vm_state states[2];
	struct vm_state *now, *before; /* of them: after the last step, and before it; set by checker_open */
	struct vm_state start;         /* after the init steps */
	size_t cap_starts;
	uint64_t *starts; /* scratch: where entries begin */
	struct check_tags tags, start_tags;
	uint32_t running; /* bit t: ops[t] is one that thread t is at */
	struct check_op ops[SIM_FIBERS_MAX];
	size_t nr_findings;
	size_t nr_init; /* of them, how many are of the init steps: they stay when the run is begun again */
	struct finding findings[FINDINGS_MAX];
};

/* A zeroed checker is valid, too. One checker serves one run at a time, many one after the other. */
void checker_init(struct checker *c);
void checker_free(struct checker *c);

/*
 * The rest is called by run.c: at the opening, when the init steps are done, when a run begins, around each step, and
 * by checker_end at the end of a run, once: who sleeps for ever, what is left behind.
 */
void checker_open(struct checker *c, struct run *r);
void checker_saved(struct checker *c);
void checker_begin(struct checker *c);
void checker_before_step(struct checker *c, struct run *r, unsigned thread);
void checker_after_step(struct checker *c, struct run *r, unsigned thread);
void checker_end(struct checker *c, struct run *r);
/* The init or final step under way goes round for ever. */
void checker_endless(struct checker *c, struct run *r);
/* All that decides a later verdict, appended. */
void checker_key(const struct checker *c, const struct run *r, struct keybuf *k);

/* The first finding that no quirk explains; NULL: none. */
const struct finding *checker_first(const struct checker *c);

/* "I19", "unfounded"; of "target" what the target calls it. Into buf if need be; returns it. */
const char *finding_label(const struct finding *f, char buf[FINDING_TEXT_MAX]);
enum program_verdict finding_kind(const struct finding *f);
/*
 * Is it what a verdict line says: of this kind, and of the check that the first word of @detail names, if there is one?
 * @detail may be NULL.
 */
bool finding_is(const struct finding *f, enum program_verdict kind, const char *detail);
/* Does a run with these findings, which may have ended in a deadlock, show what this verdict line says? */
bool findings_show_verdict(
    const struct finding *findings, size_t nr, bool deadlock, const struct program_verdict_line *v);
/* Are they about the same thing, so that one report does for both? */
bool finding_same(const struct finding *a, const struct finding *b);
/*
 * "spurious unfounded: T0.0 wire 20 24 user noholes => KERN_INVALID_ADDRESS (wire_hole), steps 3 to 7: ...", without a
 * line end.
 */
void finding_print(const struct finding *f, const struct program *p, struct strbuf *out);
/* The id of a check by name; CHECK_NONE: there is none. */
enum check_id check_find(const char *name, size_t len);
/* What a verdict of this kind means, in half a sentence. */
const char *check_verdict_text(enum program_verdict verdict);
/* "Q1, Q2" */
void check_print_quirks(uint32_t mask, struct strbuf *out);
/* All checks, for `wirestorm help checks`; or as markdown, the tables of docs/checks.md. */
void checks_doc(struct strbuf *out, bool markdown);

#endif
