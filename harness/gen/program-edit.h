/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * program-edit.h - changing a program in memory: what shrinking and mutating are made of.
 *
 * Edits are about what a program does, so a copy for editing is bare: directives, init steps and threads, and nothing
 * that was expected. An edit keeps the program valid: a thread without operations goes away, and the ones behind it
 * move up. Memory that runs out ends the program.
 */
#ifndef HARNESS_GEN_PROGRAM_EDIT_H
#define HARNESS_GEN_PROGRAM_EDIT_H

#include <stdbool.h>

#include "harness/program/program.h"

/* *to is program_init'ed here. Of the expectations only what must never be; no final steps, no comments. */
void program_copy_bare(struct program *to, const struct program *from);

void program_drop_thread(struct program *p, unsigned thread);
/* True: the thread went with its last operation. */
bool program_drop_op(struct program *p, unsigned thread, unsigned op);
void program_drop_init(struct program *p, size_t i);
/* False: the thread has as many as it can. */
bool program_insert_op(struct program *p, unsigned thread, unsigned at, const struct vm_op *op);
void program_insert_init(struct program *p, size_t at, const struct vm_op *op);
/* Its arguments that are results become numbers: the map's first page takes the place of a page that is found. */
void program_drop_refs(struct vm_op *op, const struct program_config *cfg);
/* Is the result of the operation with this number an argument of another one? */
bool program_refers_to(struct program *p, unsigned number);
/* With one operation. False: there are as many threads as there can be. */
bool program_add_thread(struct program *p, const struct vm_op *op);

/*
 * The init steps become the only thread: what they find has a schedule then. False: there are none, or too many, and *p
 * is as it was.
 */
bool program_init_as_thread(struct program *p);

/* Operations of the init steps and of all threads, in that order. */
unsigned program_nr_ops(const struct program *p);
struct vm_op *program_op(struct program *p, unsigned number);

/* The page numbers that the program's operations and its poison name, ascending, each once. *ret is malloc'ed. */
size_t program_pages(const struct program *p, uint64_t **ret);
/* Every such page number that is @from or above moves by @by, which is taken as signed. */
void program_shift_pages(struct program *p, uint64_t from, uint64_t by);

#endif
