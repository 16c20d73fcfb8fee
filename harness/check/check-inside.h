/* SPDX-License-Identifier: BSD-2-Clause */
/* check-inside.h - the inside of the checker, private to the check*.c files. */
#ifndef HARNESS_CHECK_CHECK_INSIDE_H
#define HARNESS_CHECK_CHECK_INSIDE_H

#include "harness/check/check.h"
#include "harness/target/target.h"

/* One operation that has just ended, or a step of a running one. */
struct check_call {
	struct checker *c;
	struct run *r;
	unsigned thread;
	unsigned index; /* of the operation in its thread */
	const struct vm_op *op;
	const struct vm_result *result; /* NULL: not ended */
	struct check_op *state;
	struct check_range range; /* its pages */
};

/*
 * Sets of operations. Where code depends on a set, an assertion says that this set and the other ones together are all
 * operations. So the compiler names a missing operation, as in a switch, and there is no unpredictable jump.
 */
#define CHECK_OP(name) (1u << VM_OP_##name)
#define CHECK_OPS_ALL ((2u << VM_OP_CODE_MAX) - 2)

/* Does the program's profile have this behaviour of behaviours.def? A target's own profile has none of them. */
#define check_behaves(r, id) check_has((r)->program->config.profile, VM_BEHAVIOUR_BIT(id))

static inline bool
check_has(struct vm_profile profile, uint32_t behaviour)
{
	return profile.base < VM_PROFILE_COUNT && (profile.on & behaviour) != 0;
}

/* The pages of an operation that its results are judged by: its first range. */
void check_clamp(const struct program_config *cfg, const struct vm_op *op, struct check_range *ret);

/* Is thread @t in the middle of an operation? */
static inline bool
check_is_running(const struct checker *c, unsigned t)
{
	return (c->running >> t & 1) != 0;
}

/* Operation @index of @thread, as far as it is known; the init thread has only the running one. */
static inline const struct vm_op *
check_op_at(const struct run *r, unsigned thread, unsigned index)
{
	return thread == SIM_INIT_THREAD ? r->init_op : run_op(r, thread, index);
}

/* The run of pages that contains @page, or NULL. *until is its end (or the gap's), at most @end. */
const struct vm_run *check_run_at(const struct vm_state *s, uint64_t page, uint64_t end, uint64_t *until);

/* check-report.c: reports a finding about @call's operation; @call NULL: about no operation. */
void check_report(struct checker *c, struct run *r, enum check_id check, const struct check_call *call, uint64_t start,
    uint64_t end, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* check-reason.c: does a wire lack the access to read or execute these pages, or to write them if it has to? */
bool check_lacks_access(const struct vm_run *run, const struct vm_op *op);
/*
 * Arguments that an operation rejects before it looks at the map: a mapping whose protection exceeds its maximum, or a
 * range of mmap or stack that is empty or outside the map.
 */
bool check_malformed(const struct program_config *cfg, const struct vm_op *op);
/*
 * The codes that have a reason in this state, as bits. *must: an operation that meets this state must return one of
 * these codes.
 */
uint16_t check_reasons(const struct check_call *call, const struct vm_state *s, uint16_t *must);
/* Checks that the code with which the operation ended had a reason. */
void check_code(const struct check_call *call);

/* check-step.c: checks what the step has changed from before to now, and adds the effects of @call's operation. */
void check_step_effects(const struct check_call *call);
/* check-result.c: checks what the operation has left behind when it ended. */
void check_result(const struct check_call *call);

/* check-effect.c */
/* Adds a difference to the list, which stays the shortest possible. */
void check_effects_add(struct check_op *o, const struct check_effect *d);
/* The operation has these pages in transition no longer. */
void check_effects_unmark(struct check_op *o, uint64_t start, uint64_t end);
/* The effect on @page; NULL: none. *until is where it ends, at most @end. */
const struct check_effect *check_effect_at(const struct check_op *o, uint64_t page, uint64_t end, uint64_t *until);

/* check-content.c */
void check_content(const struct check_call *call);
void check_cleaned(const struct check_call *call); /* a step of a sync */
/* Pages [start, end) are newly mapped or unmapped: forgets what was written to them. */
void check_tags_clear(struct check_tags *t, uint64_t start, uint64_t end);

#endif
