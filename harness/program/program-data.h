/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program-data.h - a program: a few threads with a few operations each, a small address space, and the expectations.
 *
 * vmt.h reads and writes the text form (.vmt). Units: pages, as in the text form. Ownership: program_free frees
 * everything that a program points to; every array may be NULL when its count is 0.
 */
#ifndef HARNESS_PROGRAM_PROGRAM_DATA_H
#define HARNESS_PROGRAM_PROGRAM_DATA_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/ops.h"
#include "engine/vm.h"
#include "harness/program/schedule.h"

#define PROGRAM_THREADS_MAX 16
#define PROGRAM_OPS_MAX 64 /* per thread */
#define PROGRAM_MIN_DEFAULT 16
#define PROGRAM_MAX_DEFAULT 80

/* The directives. */
struct program_config {
	bool profile_given; /* there is a "profile" line */
	struct vm_profile profile;
	const char *mutant; /* a name in mutants.def, static; NULL: none */
	uint64_t min, max;  /* pages */
	bool kernel;        /* a kernel map */
	bool limit_given;
	uint64_t limit;    /* pages; VM_WIRE_LIMIT_DEFAULT */
	uint64_t frames;   /* page frames; 0: unlimited */
	uint64_t growsize; /* pages by which stacks begin and grow; 0: VM_GROW_PAGES_DEFAULT */
	bool whole_key;    /* not in the text: use the state key for mutants even without one */
	size_t nr_poison;  /* sorted by page, no duplicates */
	struct program_poison {
		uint64_t page;
		int code; /* KERN_* */
	} * poison;
};

/* A step of the "init" and "final" parts, which run alone. */
struct program_step {
	struct vm_op op;
	bool has_result;
	struct vm_result result; /* expected; valid if has_result */
	char *state;             /* expected state as canonical text; NULL: none given */
	unsigned line;           /* the operation's line in its file, 1-based; 0: made in memory */
	unsigned state_line;
};

/* One "outcome" line: the canonical text after the word "outcome", exactly as the explorer prints it. */
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

/* One "verdict" line: a finding that the run under the schedule shows. */
struct program_verdict_line {
	enum program_verdict kind;
	char *detail; /* the name of the check, then free text; NULL: none */
	unsigned line;
};

/* The kinds of line that start with a word of their own. */
enum program_line {
#define VMT_LINE(word, part, repeats) PROGRAM_LINE_##word,
#include "harness/program/vmt-lines.def"
#undef VMT_LINE
	PROGRAM_LINES
};

#define PROGRAM_NOTE_END UINT_MAX /* after the last line */

/* A comment after the head. It belongs to the line with its number: it moves and disappears with that line. */
struct program_note {
	unsigned line; /* the line that it belongs to, or PROGRAM_NOTE_END */
	bool beside;   /* at the end of that line; false: on a line of its own before it */
	char *text;    /* from its '#' on, without the line end */
};

/* A "never" line: an outcome that must not be possible (never.h). */
struct program_never {
	size_t nr_results;
	struct program_never_result {
		uint8_t thread, op;
		struct vm_result result; /* VM_OUTCOME_NONE: not finished */
	} * results;                     /* ascending; results that are not listed may have any value */
	char *state;                     /* words about the state, with single blanks between them; NULL: any state */
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

	/* the expectations */
	size_t nr_outcomes;
	struct program_outcome *outcomes; /* sorted bytewise, no duplicates */
	size_t nr_nevers;
	struct program_never *nevers; /* in the order of the file */
	bool has_schedules;
	unsigned __int128 schedules; /* "schedules N" */
	size_t nr_verdicts;
	/*
	 * the first is the verdict that the program shows; the others are sorted by kind, then by detail; each kind and
	 * check once
	 */
	struct program_verdict_line *verdicts;
	char *result; /* canonical text after the word "result"; NULL: none */
	/* in which real threads passed their scheduling points: the "order" line; empty: there is none */
	struct schedule order;
	bool has_schedule; /* there is a "schedule" line, possibly an empty one */
	struct schedule schedule;
	bool version_given;            /* there is a "vmt 1" line */
	unsigned lines[PROGRAM_LINES]; /* the first line of each kind in its file, 1-based; 0: none */
	/* comment lines before the first other line, each with its '#' and line end; NULL: none */
	char *head;
	size_t nr_notes;
	struct program_note *notes; /* the other comments, by ascending line */
};

/* An operation's place in its program. */
struct program_place {
	uint8_t from; /* as in struct vm_op_ref */
	size_t op;    /* the number of the operation there */
};

static inline uint64_t
program_growsize(const struct program_config *cfg)
{
	return cfg->growsize != 0 ? cfg->growsize : VM_GROW_PAGES_DEFAULT;
}

/* Sets *p to an empty program: profile strict, map 16 80, no limit. */
void program_init(struct program *p);
void program_free(struct program *p);
/* Are directives, steps and expectations equal? Line numbers and comments do not count. */
bool program_equal(const struct program *a, const struct program *b);
/*
 * Can a result depend on which pages are resident, or on their content? Only with a limited number of frames, or with a
 * read, write or pageout among the steps.
 */
bool program_sees_pages(const struct program *p);
/* The most pages that its wires and faults can bring in, whatever is mapped. */
uint64_t program_wires(const struct program *p);
/* The first verdict line: the verdict that the program shows. PROGRAM_VERDICT_NONE if there is none. */
const struct program_verdict_line *program_verdict(const struct program *p);
/* Adds a verdict line with a copy of @detail, which may be NULL. The kind and check must be new. */
void program_add_verdict(struct program *p, enum program_verdict kind, const char *detail);
/* As program_add_verdict, but takes over the detail and line number of an existing verdict line. */
void program_take_verdict(struct program *p, const struct program_verdict_line *v);
void program_drop_verdicts(struct program *p);
/* The name of the check: the first word of the detail, of length @len. NULL: the line names no check. */
const char *program_verdict_check(const struct program_verdict_line *v, size_t *len);
/* Do both have the same kind and check? */
bool program_verdict_same(const struct program_verdict_line *a, const struct program_verdict_line *b);
/* Compares verdict lines for sorting; the first line of a program is not sorted. */
int program_verdict_order(const void *a, const void *b);
/* The number of operations in the init steps and all threads. */
unsigned program_nr_ops(const struct program *p);
/* Where operation @number is. The init steps count first, then the threads one after the other, then the final steps.
 */
struct program_place program_place(const struct program *p, size_t number);
/* The operation there, or operation @number; NULL: there is none. */
struct vm_op *program_op_at(const struct program *p, struct program_place at);
struct vm_op *program_op(const struct program *p, size_t number);
/* Does any of its steps or threads have this operation? */
bool program_has_op(const struct program *p, enum vm_op_code code);
/* Is the result of an operation an argument of another one? */
bool program_has_refs(const struct program *p);
bool vm_op_equal(const struct vm_op *a, const struct vm_op *b);
/* Two results that are missing are equal. */
bool vm_result_equal(const struct vm_result *a, const struct vm_result *b);

#endif
