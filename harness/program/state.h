/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.h - the canonical state of a map, independent of an implementation: runs of pages with equal attributes.
 *
 * Entry boundaries, objects and flags that no operation reports do not show. Units: pages.
 */
#ifndef HARNESS_PROGRAM_STATE_H
#define HARNESS_PROGRAM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm_run {
	uint64_t start, end; /* pages, [start, end) */
	uint8_t prot, max;   /* VM_PROT_*; 0 for a guard */
	uint8_t inherit;     /* VM_INHERIT_*; 0 for a guard */
	bool guard;
	bool user_wired;
	bool transition;
	int32_t wired_count;
};

struct vm_state {
	size_t nr_runs, nr_runs_max;
	struct vm_run *runs; /* ascending */
	int64_t user_wired;  /* pages; the user-wire counter, may be negative */
	bool busy;
};

/* Are the attributes equal, whatever the pages? */
static inline bool
vm_run_alike(const struct vm_run *a, const struct vm_run *b)
{
	return ((a->prot ^ b->prot) | (a->max ^ b->max) | (a->inherit ^ b->inherit) | (a->guard ^ b->guard) |
	           (a->user_wired ^ b->user_wired) | (a->transition ^ b->transition) |
	           (a->wired_count ^ b->wired_count)) == 0;
}

/* Empties *s and keeps its memory; state_free frees it. A zeroed struct is a valid empty state. */
void state_clear(struct vm_state *s);
void state_free(struct vm_state *s);
/* Makes room for one more run. */
void state_grow(struct vm_state *s);

/* Appends a run at or above the end of the last one. Touching runs with equal attributes are merged. */
static inline void
state_add(struct vm_state *s, const struct vm_run *run)
{
	struct vm_run *last = s->nr_runs > 0 ? &s->runs[s->nr_runs - 1] : NULL;

	if (last != NULL && last->end == run->start && vm_run_alike(last, run)) {
		last->end = run->end;
		return;
	}
	if (s->nr_runs == s->nr_runs_max)
		state_grow(s);
	s->runs[s->nr_runs++] = *run;
}

void state_copy(struct vm_state *to, const struct vm_state *from);
bool state_equal(const struct vm_state *a, const struct vm_state *b);

struct strbuf;
/* Appends the text form: "16-24:rw-/rwx:copy:w0 30-31:guard uw=0". */
void state_print(const struct vm_state *s, struct strbuf *out);
/*
 * Parses the text form into *s. Returns NULL, or what was expected: then *ret_at and *ret_len give the word found
 * instead (length 0: the end), and *s is empty. Touching runs with equal attributes are merged, so parse(print(s))
 * equals s.
 */
const char *state_parse(const char *text, size_t len, struct vm_state *s, size_t *ret_at, size_t *ret_len);

#endif
