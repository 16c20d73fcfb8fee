/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schedule.h - a schedule: which thread takes each step of a run. Everything that chooses, keeps, follows, prints or
 * parses the steps of a run uses this type.
 *
 * The text form is "T0*3 T1 T0": three steps of T0, one of T1, one of T0. A schedule that was recorded may also say in
 * which operation each step is, so that it still fits the program after an edit (shrink-inside.h). The text form and
 * schedule_equal ignore the operations.
 */
#ifndef HARNESS_PROGRAM_SCHEDULE_H
#define HARNESS_PROGRAM_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lex;
struct strbuf;
struct vmt_error;

#define SCHEDULE_OP_ANY UINT8_MAX

/* Thread @thread takes @count steps, all in its operation number @op. SCHEDULE_OP_ANY: the operations are not known. */
struct schedule_choice {
	uint32_t count; /* >= 1 */
	uint8_t thread, op;
};

/* All 0 is an empty schedule. The owner of the struct calls schedule_free. */
struct schedule {
	size_t nr, cap;
	struct schedule_choice *choices; /* neighbours differ in thread or operation; NULL: there is no schedule */
	uint64_t nr_steps;
	unsigned preemptions; /* counted by explore and shrink; 0 in other schedules */
};

/* Makes the schedule empty. It exists then, even without a choice. */
void schedule_begin(struct schedule *s);
/* Appends one step. */
void schedule_append(struct schedule *s, unsigned thread);
/* Appends @count steps of operation @op, or SCHEDULE_OP_ANY. */
void schedule_add(struct schedule *s, unsigned thread, unsigned op, uint32_t count);
/* Makes *to a copy of @from, and frees what it was. */
void schedule_copy(struct schedule *to, const struct schedule *from);
/* As schedule_copy, without operations. */
void schedule_copy_plain(struct schedule *to, const struct schedule *from);
/* Moves step number @from to place @to; the steps between move up by one place. Both are below nr_steps. */
void schedule_move_step(struct schedule *s, uint64_t from, uint64_t to);
/* Do both choose the same thread for each step? */
bool schedule_equal(const struct schedule *a, const struct schedule *b);
void schedule_free(struct schedule *s);

/* Appends "T0*3 T1 T0". */
void schedule_print(const struct schedule *s, struct strbuf *out);
/* Parses a text of one line. False: *e has the error, in line 1. *s must be empty; it stays so on an error. */
bool schedule_parse(const char *text, struct schedule *s, struct vmt_error *e);
/* Parses the rest of the line: choices of threads below @nr_threads. As schedule_parse otherwise. */
bool schedule_parse_words(struct lex *l, unsigned nr_threads, struct schedule *s);

/* Walks over the steps: `struct schedule_walk w = { s }`, then schedule_next until it returns false. */
struct schedule_walk {
	const struct schedule *s;
	size_t at;     /* the present choice */
	uint32_t made; /* steps of it so far */
};

/* The next step. *ret_thread keeps its value when there is none. */
static inline bool
schedule_next(struct schedule_walk *w, unsigned *ret_thread)
{
	if (w->at == w->s->nr)
		return false;
	*ret_thread = w->s->choices[w->at].thread;
	if (++w->made == w->s->choices[w->at].count) {
		w->at++;
		w->made = 0;
	}
	return true;
}

/* Is there a schedule, even an empty one? */
static inline bool
schedule_exists(const struct schedule *s)
{
	return s->choices != NULL;
}

#endif
