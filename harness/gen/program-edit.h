/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program-edit.h - edits of a program in memory, for shrinking and mutating.
 *
 * Edits concern what a program does, so the copy to edit has directives, init steps and threads, but no expectations.
 * An edit keeps the program valid: a thread without operations is removed, and the threads after it move up. The
 * process ends if memory runs out.
 */
#ifndef HARNESS_GEN_PROGRAM_EDIT_H
#define HARNESS_GEN_PROGRAM_EDIT_H

#include <stdbool.h>

#include "harness/program/program.h"

/*
 * Copies directives, init steps, threads and "never" lines; no final steps, no other expectations, no comments. *to is
 * program_init'ed here.
 */
void program_copy_bare(struct program *to, const struct program *from);

void program_drop_thread(struct program *p, unsigned thread);
/* True: that was the thread's last operation, and the thread was removed. */
bool program_drop_op(struct program *p, unsigned thread, unsigned op);
void program_drop_init(struct program *p, size_t i);
/* False: the thread is full. */
bool program_insert_op(struct program *p, unsigned thread, unsigned at, const struct vm_op *op);
void program_insert_init(struct program *p, size_t at, const struct vm_op *op);
/* Replaces arguments of @op that are results by numbers: a page becomes the map's first page. */
void program_drop_refs(struct vm_op *op, const struct program_config *cfg);
/* Is the result of operation @number an argument of another operation? */
bool program_refers_to(const struct program *p, unsigned number);
/* Adds a thread with one operation. False: the program has the most threads already. */
bool program_add_thread(struct program *p, const struct vm_op *op);

/*
 * Turns the init steps into the only thread, so that findings in them have a schedule. False: there are none or too
 * many, and *p is unchanged.
 */
bool program_init_as_thread(struct program *p);

/* The page numbers that operations and poison name, ascending, each once. *ret is malloc'ed. */
size_t program_pages(const struct program *p, uint64_t **ret);
/* Adds @by, taken as signed, to every page number that is at least @from. */
void program_shift_pages(struct program *p, uint64_t from, uint64_t by);

#endif
