/* SPDX-License-Identifier: BSD-2-Clause */
/* check-inside.h - the inside of the checker, private to the check*.c files. */
#ifndef HARNESS_CHECK_CHECK_INSIDE_H
#define HARNESS_CHECK_CHECK_INSIDE_H

#include "harness/check/check.h"
#include "harness/target/target.h"

/* One operation that has just ended, or a step of one that has not. */
struct check_call {
	struct checker *c;
	struct run *r;
	unsigned thread;
	unsigned index; /* of the operation */
	const struct vm_op *op;
	const struct vm_result *result; /* NULL: not ended */
	struct check_op *state;
	struct check_range range; /* its pages */
};

/*
 * Sets of operations. Where one of them decides, the others stand beside it and an assertion that all are in one: so
 * the compiler names what is missing, as in a switch, and no jump is taken that nobody can guess.
 */
#define CHECK_OP(name) (1u << VM_OP_##name)
#define CHECK_OPS_ALL ((2u << VM_OP_CODE_MAX) - 2)

/* The pages of an operation. */
void check_clamp(const struct program_config *cfg, const struct vm_op *op, struct check_range *ret);

/* Is thread @t in the middle of an operation? */
static inline bool
check_is_running(const struct checker *c, unsigned t)
{
	return (c->running >> t & 1) != 0;
}

/* The run of pages that contains @page, or NULL; *until is where that ends, at most @end. */
const struct vm_run *check_run_at(const struct vm_state *s, uint64_t page, uint64_t end, uint64_t *until);

/* check-report.c: a finding about @call's operation, or with NULL about nobody's. */
void check_report(struct checker *c, struct run *r, enum check_id check, const struct check_call *call, uint64_t start,
    uint64_t end, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* check-reason.c: may a wire not read or execute such pages, or not write them where it is to? */
bool check_lacks_access(const struct vm_run *run, const struct vm_op *op);
/* A mapping whose protection is not within its maximum, which is refused. */
bool check_malformed(const struct vm_op *op);
/*
 * The codes that have a reason in this state, as bits. *must: those of them that an operation which finds the state so
 * must fail with, one or the other.
 */
uint16_t check_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must);
/* Is the code that the operation ended with one that had a reason? */
void check_code(const struct check_call *call);

/* check-step.c: what the step from before to now has changed: is it in order, and what of it is @call's operation's. */
void check_step_effects(const struct check_call *call);
/* check-result.c: what the operation has left behind, now that it has ended. */
void check_result(const struct check_call *call);

/* check-effect.c */
/* Adds a difference to the list, which stays the shortest that says the same. */
void check_effects_add(struct check_op *o, const struct check_effect *d);
/* The effect on @page; NULL: none. *until is where that ends, at most @end. */
const struct check_effect *check_effect_at(const struct check_op *o, uint64_t page, uint64_t end, uint64_t *until);

/* check-content.c */
void check_content(const struct check_call *call);
void check_cleaned(const struct check_call *call); /* a sync's step */
/* Pages [start, end) are new, or gone: nothing is written to them. */
void check_tags_clear(struct check_tags *t, uint64_t start, uint64_t end);

#endif
