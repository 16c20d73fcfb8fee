/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program-data.h - a program: a few threads, a few operations each, on a small address space; and what is expected of
 * it.
 *
 * The text form (.vmt) is read and written by vmt.h; here is only the data. Units: pages, as in the text form.
 * Ownership: program_free frees everything a program points to; every array may be NULL when its count is 0.
 */
#ifndef HARNESS_PROGRAM_PROGRAM_DATA_H
#define HARNESS_PROGRAM_PROGRAM_DATA_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/ops.h"

#define PROGRAM_THREADS_MAX 16
#define PROGRAM_OPS_MAX 64 /* per thread */
#define PROGRAM_MIN_DEFAULT 16
#define PROGRAM_MAX_DEFAULT 80

/* What is under the program: the directives. */
struct program_config {
	bool profile_given;     /* a "profile" line was there */
	bool profile_freebsd12; /* the base profile; false: strict */
	uint32_t quirks;        /* VM_QUIRK_BIT()s that are on, +Q and -Q applied */
	const char *mutant;     /* a name in mutants.def, static; NULL: none */
	uint64_t min, max;      /* pages */
	bool kernel;            /* a kernel map */
	bool limit_given;
	uint64_t limit;   /* pages; VM_WIRE_LIMIT_DEFAULT */
	uint64_t frames;  /* page frames; 0: ample */
	bool whole_key;   /* not in the text: the state key is the one that a mutant needs, mutant or not */
	size_t nr_poison; /* sorted by page, no duplicates */
	struct program_poison {
		uint64_t page;
		int code; /* KERN_* */
	} * poison;
	/* where the directives stood in their file, 1-based, 0: nowhere; of several "poison" lines the first */
	unsigned profile_line, mutant_line, map_line, poison_line, limit_line, frames_line;
};

/* A step of the sequential parts, "init" and "final". */
struct program_step {
	struct vm_op op;
	bool has_result;
	struct vm_result result; /* expected; valid if has_result */
	char *state;             /* expected canonical state, canonical text; NULL: none given */
	unsigned line;           /* of the op in its file, 1-based; 0: made in memory */
	unsigned state_line;
};

/* One "outcome" line: canonical text behind the word "outcome ", exactly as the explorer prints it. */
struct program_outcome {
	char *text;
	unsigned line;
};

enum program_verdict {
	PROGRAM_VERDICT_NONE = 0,
#define VERDICT(name, text) PROGRAM_VERDICT_##name,
#include "harness/program/verdicts.def"
#undef VERDICT
};

/* One "verdict" line: a finding that the run by the schedule shows. */
struct program_verdict_line {
	enum program_verdict kind;
	char *detail; /* the name of the check, then free text; NULL: none */
	unsigned line;
};

/* A choice of a schedule: thread @thread makes @count steps. */
struct program_choice {
	uint8_t thread;
	uint32_t count; /* >= 1 */
};

#define PROGRAM_NOTE_END UINT_MAX /* behind the last line */

/* A comment behind the head. It belongs to the line with that number and goes where that line goes, or away with it. */
struct program_note {
	unsigned line; /* of what it belongs to, or PROGRAM_NOTE_END */
	bool beside;   /* stands at the end of that line; false: on a line of its own before it */
	char *text;    /* from its '#', without the line end */
};

/* A "never" line: an outcome that must not be possible (never.h). */
struct program_never {
	size_t nr_results;
	struct program_never_result {
		uint8_t thread, op;
		struct vm_result result; /* VM_OUTCOME_NONE: not finished */
	} * results;                     /* ascending; any other result may be anything */
	char *state;                     /* words about the state, between single blanks; NULL: it may be anything */
	unsigned line;
};

struct program {
	struct program_config config;
	size_t nr_init, nr_final;
	struct program_step *init, *final;
	unsigned nr_threads; /* 0: a sequential program */
	struct program_thread {
		unsigned nr_ops; /* >= 1: the text form has no thread without operations */
		struct vm_op ops[PROGRAM_OPS_MAX];
		unsigned line[PROGRAM_OPS_MAX];
	} * threads; /* nr_threads of them */

	/* expectations */
	size_t nr_outcomes;
	struct program_outcome *outcomes; /* sorted bytewise, no duplicates */
	size_t nr_nevers;
	struct program_never *nevers; /* in the order of the file */
	bool has_schedules;
	unsigned __int128 schedules; /* "schedules N" */
	unsigned schedules_line;
	size_t nr_verdicts;
	/* the first is what the program is about; the others by kind, then by detail; each kind and check once */
	struct program_verdict_line *verdicts;
	char *result; /* text behind "result ", canonical; NULL: none */
	unsigned result_line;
	bool has_schedule; /* "schedule" was given, possibly empty */
	size_t nr_choices;
	struct program_choice *choices; /* neighbours name different threads */
	unsigned schedule_line;
	bool version_given; /* a "vmt 1" line was there */
	unsigned version_line;
	/* comment lines in front of the first other line, each with its '#' and newline; kept by fmt. NULL: none */
	char *head;
	size_t nr_notes;
	struct program_note *notes; /* the other comments, by ascending line; kept by fmt */
};

/* Sets *p to an empty program: profile strict, map 16 80, no limit. */
void program_init(struct program *p);
void program_free(struct program *p);
/* Same directives, steps and expectations (line numbers and comments do not count). */
bool program_equal(const struct program *a, const struct program *b);
/*
 * Can a result depend on which pages are resident, or on their content? Only with a finite number of frames, or with
 * read, write or pageout among the steps.
 */
bool program_sees_pages(const struct program *p);
/* How many pages its wires and faults can bring in at most, whatever is mapped. */
uint64_t program_wires(const struct program *p);
/* The verdict that the program is about. Without verdict lines: of kind PROGRAM_VERDICT_NONE. */
const struct program_verdict_line *program_verdict(const struct program *p);
/* Copies @detail, which may be NULL. Not for a kind and check that is there. */
void program_add_verdict(struct program *p, enum program_verdict kind, const char *detail);
/* The same for one that is taken, detail and line number with it. */
void program_take_verdict(struct program *p, const struct program_verdict_line *v);
void program_drop_verdicts(struct program *p);
/* The name of the check: the first word of the detail, @len bytes; NULL: the line names none. */
const char *program_verdict_check(const struct program_verdict_line *v, size_t *len);
/* Of the same kind, and of the same check? */
bool program_verdict_same(const struct program_verdict_line *a, const struct program_verdict_line *b);
/* The order of verdict lines after the first one. */
int program_verdict_order(const void *a, const void *b);
/* Is the result of an operation an argument of another one? */
bool program_has_refs(const struct program *p);
bool vm_op_equal(const struct vm_op *a, const struct vm_op *b);

#endif
