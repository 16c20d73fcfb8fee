/* SPDX-License-Identifier: BSD-2-Clause */
/* vmt-inside.h - what the parts of the parser of programs share. Private to harness/program/vmt-*.c. */
#ifndef HARNESS_PROGRAM_VMT_INSIDE_H
#define HARNESS_PROGRAM_VMT_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/base.h"
#include "harness/program/lex.h"
#include "harness/program/program-data.h"
#include "harness/program/state.h"

#define VMT_FILE_MAX ((size_t)1 << 28) /* bytes; a larger file is refused */

enum vmt_part {
	VMT_PART_DIRECTIVES,
	VMT_PART_STEPS,
	VMT_PART_EXPECTATIONS,
};

/* What a "state" line would belong to. */
enum vmt_state_of {
	VMT_STATE_OF_NOTHING,
	VMT_STATE_OF_INIT,
	VMT_STATE_OF_FINAL,
};

/* A poisoned page, and where it was named. */
struct vmt_poisoned {
	struct program_poison page;
	unsigned line, column;
};

/* An argument that is a result, where it was written, and whose it is. */
struct vmt_ref {
	struct vm_op_ref ref;
	bool tag;    /* it must be a tag; else a page */
	uint8_t who; /* as vm_op_ref.from */
	unsigned op; /* of who */
	unsigned line, column;
	const char *word;
	size_t word_len;
};

struct vmt_parser {
	struct lex lex;
	struct program *p;
	enum vmt_part part;
	enum vmt_state_of state_of;
	bool blocked;            /* the last init step would sleep for ever */
	unsigned first_line;     /* that is no comment: the head is complete; 0: none yet */
	uint32_t seen;           /* bit i: line_words[i] */
	struct strbuf head;      /* comment lines that no other line followed yet */
	size_t first_pending;    /* notes from here on wait for the line they belong to */
	unsigned highest_thread; /* valid if p->threads != NULL */
	struct {
		unsigned line, column;
	} first_op[PROGRAM_THREADS_MAX]; /* of each thread that has one */
	struct vmt_poisoned *poison;     /* every page named, in the order of the file */
	size_t nr_poison;
	struct vmt_ref *refs;
	size_t nr_refs;
	struct vm_state state; /* scratch */
};

/* Each of these reads the rest of one kind of line; false: the error is set. Words behind what they know are left. */
bool vmt_parse_version(struct vmt_parser *ps);
bool vmt_parse_profile(struct vmt_parser *ps);
bool vmt_parse_mutant(struct vmt_parser *ps);
bool vmt_parse_map(struct vmt_parser *ps);
bool vmt_parse_poison(struct vmt_parser *ps);
bool vmt_parse_limit(struct vmt_parser *ps);
bool vmt_parse_frames(struct vmt_parser *ps);
bool vmt_parse_init(struct vmt_parser *ps);
bool vmt_parse_final(struct vmt_parser *ps);
bool vmt_parse_outcome_line(struct vmt_parser *ps);
bool vmt_parse_never(struct vmt_parser *ps);
bool vmt_parse_schedules(struct vmt_parser *ps);
bool vmt_parse_verdict(struct vmt_parser *ps);
bool vmt_parse_result(struct vmt_parser *ps);
bool vmt_parse_schedule(struct vmt_parser *ps);
/* These two begin at the line's first word. */
bool vmt_parse_thread_op(struct vmt_parser *ps);
bool vmt_parse_state(struct vmt_parser *ps);

/* What can be said only when all lines of a part were read. The threads must be finished before any outcome is read. */
bool vmt_finish_threads(struct vmt_parser *ps);
bool vmt_finish_poison(struct vmt_parser *ps);
bool vmt_finish_outcomes(struct vmt_parser *ps);
bool vmt_finish_verdicts(struct vmt_parser *ps);

/* Comments: of a line that has nothing else; those that belong to the current line; at the end. */
void vmt_keep_comment_line(struct vmt_parser *ps);
void vmt_settle_comments(struct vmt_parser *ps);
void vmt_finish_notes(struct vmt_parser *ps);
/* Moves the notes of the current line before line @line, of which it becomes a part. */
void vmt_move_notes(struct vmt_parser *ps, unsigned line);

/* After the words of operation @op of @who, which is @parsed: keeps the results that are its arguments. */
void vmt_keep_refs(struct vmt_parser *ps, const struct vm_op *parsed, uint8_t who, unsigned op);
/* When all operations are known: are those results there to be had? */
bool vmt_finish_refs(struct vmt_parser *ps);

/* Something stands behind an operation; @optional is the word that could, or NULL. Gives false. */
bool vmt_fail_behind_op(const struct lex *l, const char *optional, bool may_have_result);

/*
 * The rest of an "outcome" or "result" line of @p as canonical text, malloc'ed; NULL: the error is set. @final: a run
 * that went as far as it can, so threads that are not finished are in a deadlock, which must be said.
 */
char *vmt_parse_outcome(struct lex *l, const struct program *p, bool final);

/*
 * The rest of a "schedule" line: choices of threads below @nr_threads. Sets *choices, malloc'ed or NULL, and *nr on
 * success only.
 */
bool vmt_parse_choice_words(struct lex *l, unsigned nr_threads, struct program_choice **choices, size_t *nr);

/* Room for one more element behind @nr in an array that doubles when it is full. Ends the program without memory. */
void *vmt_grow(void *array, size_t nr, size_t size);

#endif
