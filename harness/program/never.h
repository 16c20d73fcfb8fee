/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * never.h - "never" lines of a program: outcomes that must not be possible. docs/vmt.md has the form.
 *
 * A pattern names results, and pages of the state; what it does not name may be anything.
 */
#ifndef HARNESS_PROGRAM_NEVER_H
#define HARNESS_PROGRAM_NEVER_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/program/program-data.h"

struct lex;
struct strbuf;
struct vm_state;

/* The rest of a "never" line, whose program's threads are known. False: the error is set, and *n is empty. */
bool never_parse(struct lex *l, const struct program *p, struct program_never *n);
/* "T0: *,KERN_SUCCESS | 20-22:*w1*", appended. */
void never_print(const struct program *p, const struct program_never *n, struct strbuf *out);
/* Is it the outcome with these results (results[t] are thread t's, all of them) and this state? */
bool never_matches(const struct program_never *n, const struct vm_result *const results[], const struct vm_state *s);

/* Does a pattern name a result of the operation with this number, as program_op counts? */
bool never_names(const struct program *p, unsigned number);
bool never_equal(const struct program_never *a, const struct program_never *b);
void never_free(struct program_never *n);
/* The patterns of @from, for *to that has none. Ends the program without memory. */
void never_copy_all(struct program *to, const struct program *from);

/*
 * The patterns after a change of the program, which has been made: operation @op of @thread is gone, or a new one is
 * there; @thread is gone with its operations. A pattern that names what is gone goes, too: nothing can match it.
 */
void never_op_dropped(struct program *p, unsigned thread, unsigned op);
void never_op_inserted(struct program *p, unsigned thread, unsigned op);
void never_thread_dropped(struct program *p, unsigned thread);

#endif
