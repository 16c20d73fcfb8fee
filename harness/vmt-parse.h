/* SPDX-License-Identifier: BSD-2-Clause */
/* vmt-parse.h - what the parts of the parser of programs share. Private to harness/vmt-*.c. */
#ifndef HARNESS_VMT_PARSE_H
#define HARNESS_VMT_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/lex.h"
#include "harness/program.h"

#define VMT_FILE_MAX ((size_t)1 << 28) /* bytes; a larger file is refused */

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

/* "T7", the number below PROGRAM_THREADS_MAX, or -1. */
int vmt_thread_number(const char *text, size_t len);

/* Room for one more element behind @nr in an array that doubles when it is full. Ends the program without memory. */
void *vmt_grow(void *array, size_t nr, size_t size);

/* The word for a verdict and for no verdict NULL. */
const char *vmt_verdict_word(enum program_verdict verdict);

#endif
