/* SPDX-License-Identifier: BSD-2-Clause */
/* vmt-inside.h - what the files of the program parser share. Private to harness/program/vmt-*.c. */
#ifndef HARNESS_PROGRAM_VMT_INSIDE_H
#define HARNESS_PROGRAM_VMT_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/base.h"
#include "harness/program/lex.h"
#include "harness/program/program-data.h"
#include "harness/program/state.h"

#define VMT_FILE_MAX ((size_t)1 << 28) /* bytes; a larger file is rejected */

enum vmt_part {
	VMT_PART_DIRECTIVES,
	VMT_PART_STEPS,
	VMT_PART_EXPECTATIONS,
};

/* What a "state" line belongs to. */
enum vmt_state_of {
	VMT_STATE_OF_NOTHING,
	VMT_STATE_OF_INIT,
	VMT_STATE_OF_FINAL,
};

/* A poisoned page, and its place in the text. */
struct vmt_poisoned {
	struct program_poison page;
	unsigned line, column;
};

/* An argument that is a result, its place in the text, and its operation. */
struct vmt_ref {
	struct vm_op_ref ref;
	bool tag;    /* a tag is expected; otherwise a page */
	uint8_t who; /* the operation's thread or part, as in vm_op_ref.from */
	unsigned op; /* the operation's number in @who */
	unsigned line, column;
	const char *word;
	size_t word_len;
};

struct vmt_parser {
	struct lex lex;
	struct program *p;
	enum vmt_part part;
	enum vmt_state_of state_of;
	bool blocked;            /* the last init step blocks forever */
	unsigned first_line;     /* of the first line that is not a comment; it ends the head; 0: not read yet */
	struct strbuf head;      /* comment lines that no other line has followed yet */
	size_t first_pending;    /* notes from this one on belong to the next line */
	unsigned highest_thread; /* valid if p->threads != NULL */
	struct {
		unsigned line, column;
	} first_op[PROGRAM_THREADS_MAX]; /* the first operation of each thread */
	struct vmt_poisoned *poison;     /* every page named, in the order of the file */
	size_t nr_poison;
	struct vmt_ref *refs;
	size_t nr_refs;
	struct vm_state state; /* scratch */
};

/*
 * Each function parses the rest of one kind of line. False: the error is set. Words after the known ones are left for
 * the caller.
 */
#define VMT_LINE(word, part, repeats) bool vmt_line_##word(struct vmt_parser *ps);
#include "harness/program/vmt-lines.def"
#undef VMT_LINE
/* These two start at the line's first word. */
bool vmt_line_thread_op(struct vmt_parser *ps);
bool vmt_line_state(struct vmt_parser *ps);

/* Checks that need all lines of a part. The threads must be finished before an outcome is parsed. */
bool vmt_finish_threads(struct vmt_parser *ps);
bool vmt_finish_poison(struct vmt_parser *ps);
bool vmt_finish_outcomes(struct vmt_parser *ps);
bool vmt_finish_verdicts(struct vmt_parser *ps);

/* Keep comments: of a line with nothing else; those that belong to the current line; those at the end. */
void vmt_keep_comment_line(struct vmt_parser *ps);
void vmt_settle_comments(struct vmt_parser *ps);
void vmt_finish_notes(struct vmt_parser *ps);
/* Moves the notes of the current line before line @line, into which the current line is merged. */
void vmt_move_notes(struct vmt_parser *ps, unsigned line);

/* Call it after the words of operation @op of @who, which is @parsed: keeps the arguments that are results. */
void vmt_keep_refs(struct vmt_parser *ps, const struct vm_op *parsed, uint8_t who, unsigned op);
/* Checks, when all operations are known, that those results exist. */
bool vmt_finish_refs(struct vmt_parser *ps);

/*
 * Sets the error about a word after an operation. @optional is the word that could stand there, or NULL. Returns false.
 */
bool vmt_fail_after_op(const struct lex *l, const char *optional, bool may_have_result);

/*
 * Parses the rest of an "outcome" or "result" line of @p. Returns canonical text, malloc'ed; NULL: the error is set.
 * @final: the run has ended, so threads that are not finished are deadlocked, and the line must list them.
 */
char *vmt_parse_outcome(struct lex *l, const struct program *p, bool final);

#endif
