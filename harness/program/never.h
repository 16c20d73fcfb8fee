/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * never.h - "never" lines of a program: outcomes that must not be possible. docs/vmt.md has the form.
 *
 * A pattern names results and pages of the state. Everything that it does not name may have any value.
 */
#ifndef HARNESS_PROGRAM_NEVER_H
#define HARNESS_PROGRAM_NEVER_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/program/program-data.h"

struct lex;
struct strbuf;
struct vm_state;

/* Parses the rest of a "never" line of @p, whose threads are known. False: the error is set, and *n is empty. */
bool never_parse(struct lex *l, const struct program *p, struct program_never *n);
/* Appends "T0: *,KERN_SUCCESS | 20-22:*w1*". */
void never_print(const struct program *p, const struct program_never *n, struct strbuf *out);
/* Does the pattern match this outcome? results[t] are all results of thread t. */
bool never_matches(const struct program_never *n, const struct vm_result *const results[], const struct vm_state *s);

/* Does a pattern name the result of operation @number, as program_op counts? */
bool never_names(const struct program *p, unsigned number);
bool never_equal(const struct program_never *a, const struct program_never *b);
void never_free(struct program_never *n);
/* Copies the patterns of @from to *to, which has none. Ends the program if memory runs out. */
void never_copy_all(struct program *to, const struct program *from);

/*
 * Call these after an edit of the program: never_op_dropped after operation @op of @thread was dropped, and so on. They
 * renumber the patterns, and drop a pattern that names a dropped operation, which can match nothing.
 */
void never_op_dropped(struct program *p, unsigned thread, unsigned op);
void never_op_inserted(struct program *p, unsigned thread, unsigned op);
void never_thread_dropped(struct program *p, unsigned thread);

#endif
