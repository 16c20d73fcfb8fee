/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink-passes.c - the passes of shrinking. Each tries to make the program smaller in one respect. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "harness/shrink/shrink-inside.h"

/* --- threads --- */

/* A copy of the best program and of its trail, which are edited together. */
struct candidate {
	struct program p;
	struct schedule hint;
};

static struct candidate
candidate_copy(const struct shrink *s)
{
	struct candidate c = { .p = shrink_copy(s) };

	schedule_copy(&c.hint, &s->trail);
	return c;
}

/* Drops operation @op of @thread, and the thread with its last operation. */
static void
candidate_drop_op(struct candidate *c, unsigned thread, unsigned op)
{
	trail_drop_op(&c->hint, thread, op);
	if (program_drop_op(&c->p, thread, op))
		trail_drop_thread(&c->hint, thread);
}

/* As shrink_try. Frees the candidate. */
static bool
candidate_try(struct shrink *s, struct candidate *c)
{
	bool kept = shrink_try(s, &c->p, &c->hint);

	schedule_free(&c->hint);
	return kept;
}

static bool
pass_without_thread(struct shrink *s, unsigned thread)
{
	struct candidate c = candidate_copy(s);

	assert(thread < c.p.nr_threads);
	program_drop_thread(&c.p, thread);
	trail_drop_thread(&c.hint, thread);
	return candidate_try(s, &c);
}

/* Appends the operations of thread @from to thread @to. */
static bool
pass_join_threads(struct shrink *s, unsigned from, unsigned to)
{
	struct program p = shrink_copy(s);
	bool room = true;

	assert(from != to && from < p.nr_threads && to < p.nr_threads);
	for (unsigned i = 0; i < p.threads[from].nr_ops && room; i++)
		room = program_insert_op(&p, to, p.threads[to].nr_ops, &p.threads[from].ops[i]);
	if (!room) {
		program_free(&p);
		return false;
	}
	program_drop_thread(&p, from);
	return shrink_try(s, &p, NULL);
}

static bool
pass_join_any(struct shrink *s)
{
	for (unsigned from = s->best.nr_threads; from-- > 0;)
		for (unsigned to = 0; to < s->best.nr_threads; to++)
			if (to != from && pass_join_threads(s, from, to))
				return true;
	return false;
}

void
shrink_threads(struct shrink *s)
{
	for (unsigned t = s->best.nr_threads; t-- > 0;)
		if (s->best.nr_threads > 1)
			(void)pass_without_thread(s, t);
	while (pass_join_any(s))
		;
}

/* --- operations --- */

/* Drops @nr operations from @at on. @thread PROGRAM_THREADS_MAX means the init steps. */
static bool
pass_without_ops(struct shrink *s, unsigned thread, unsigned at, unsigned nr)
{
	struct candidate c = candidate_copy(s);

	assert(thread == PROGRAM_THREADS_MAX || at + nr <= c.p.threads[thread].nr_ops);
	for (unsigned i = 0; i < nr; i++) {
		if (thread == PROGRAM_THREADS_MAX)
			program_drop_init(&c.p, at);
		else
			candidate_drop_op(&c, thread, at);
	}
	return candidate_try(s, &c);
}

static unsigned
pass_nr_ops(const struct shrink *s, unsigned thread)
{
	if (thread == PROGRAM_THREADS_MAX)
		return (unsigned)s->best.nr_init;
	return thread < s->best.nr_threads ? s->best.threads[thread].nr_ops : 0;
}

/* Drops halves, then quarters, and so on, from the end. */
static void
pass_fewer_ops(struct shrink *s, unsigned thread)
{
	assert(thread <= PROGRAM_THREADS_MAX);
	for (unsigned nr = pass_nr_ops(s, thread); nr > 0; nr /= 2) {
		unsigned threads = s->best.nr_threads;

		for (unsigned at = pass_nr_ops(s, thread); at > 0 && s->best.nr_threads == threads;) {
			at = at > nr ? at - nr : 0;
			if (at + nr <= pass_nr_ops(s, thread))
				(void)pass_without_ops(s, thread, at, nr);
		}
		if (s->best.nr_threads != threads)
			return; /* the thread was dropped, and another one has its number */
	}
}

/* Makes a thread's first operation an init step. */
static bool
pass_first_op_as_init(struct shrink *s, unsigned thread)
{
	struct candidate c;

	assert(thread < s->best.nr_threads && s->best.threads[thread].nr_ops > 0);
	if (vm_op_has_refs(&s->best.threads[thread].ops[0]))
		return false;
	c = candidate_copy(s);
	program_insert_init(&c.p, c.p.nr_init, &c.p.threads[thread].ops[0]);
	candidate_drop_op(&c, thread, 0);
	return candidate_try(s, &c);
}

/* Joins two init steps that do the same to touching ranges. */
static bool
pass_touching_init_steps(struct shrink *s)
{
	for (size_t i = 0; i < s->best.nr_init; i++) {
		for (size_t j = 0; j < s->best.nr_init; j++) {
			const struct vm_op *a = &s->best.init[i].op, *b = &s->best.init[j].op;
			struct program p;

			if (i == j || a->code != b->code || !op_takes_range(a->code) || a->end != b->start)
				continue;
			p = shrink_copy(s);
			p.init[i].op.end = b->end;
			program_drop_init(&p, j);
			if (shrink_try(s, &p, NULL))
				return true;
		}
	}
	return false;
}

/* If the finding is in an init step, that step replaces the only operation. */
static bool
pass_init_step_instead(struct shrink *s)
{
	struct program p;

	if (s->best.nr_init == 0 || s->best.nr_nevers > 0 || s->best.nr_threads > 1 || s->best.threads[0].nr_ops > 1)
		return false;
	p = shrink_copy(s);
	p.threads[0].ops[0] = p.init[p.nr_init - 1].op;
	program_drop_init(&p, p.nr_init - 1);
	return shrink_try(s, &p, NULL);
}

void
shrink_ops(struct shrink *s)
{
	for (unsigned t = s->best.nr_threads; t-- > 0;)
		if (t < s->best.nr_threads)
			pass_fewer_ops(s, t);
	pass_fewer_ops(s, PROGRAM_THREADS_MAX);
	for (unsigned t = s->best.nr_threads; t-- > 0;)
		while (t < s->best.nr_threads && pass_first_op_as_init(s, t))
			;
	while (pass_init_step_instead(s) || pass_touching_init_steps(s))
		;
}

/* --- directives --- */

/* Changes a directive to the value @n. */
typedef void change_function(struct program_config *c, uint64_t n);

static bool
pass_with_directive(struct shrink *s, change_function *change, uint64_t n)
{
	struct program p = shrink_copy(s);

	change(&p.config, n);
	return shrink_try(s, &p, NULL);
}

static void
directive_no_mutant(struct program_config *c, uint64_t n)
{
	(void)n;
	c->mutant = NULL;
}

static void
directive_user_map(struct program_config *c, uint64_t n)
{
	(void)n;
	c->kernel = false;
}

static void
directive_set_limit(struct program_config *c, uint64_t n)
{
	c->limit = n;
	c->limit_given = n != VM_WIRE_LIMIT_DEFAULT;
}

static void
directive_set_frames(struct program_config *c, uint64_t n)
{
	c->frames = n;
}

static void
directive_set_growsize(struct program_config *c, uint64_t n)
{
	c->growsize = n;
}

/* Profile strict with these quirks, VM_BEHAVIOUR_BIT()s. */
static void
directive_set_quirks(struct program_config *c, uint64_t quirks)
{
	c->profile_given = true;
	c->profile = (struct vm_profile){ VM_PROFILE_strict, (uint32_t)quirks };
}

static void
directive_no_poison(struct program_config *c, uint64_t n)
{
	assert(n < c->nr_poison);
	c->nr_poison--;
	memmove(&c->poison[n], &c->poison[n + 1], (c->nr_poison - n) * sizeof(*c->poison));
}

static void
directive_usual_poison(struct program_config *c, uint64_t n)
{
	assert(n < c->nr_poison);
	c->poison[n].code = KERN_OUT_OF_BOUNDS;
}

/* Drops quirks that are not needed. */
static void
pass_fewer_quirks(struct shrink *s)
{
	const struct vm_profile *best = &s->best.config.profile;
	uint32_t quirks = best->on;

	if (quirks == 0 || pass_with_directive(s, directive_set_quirks, 0))
		return;
	for (uint32_t rest = quirks; rest != 0; rest &= rest - 1)
		if (__builtin_popcount(best->on) > 1)
			(void)pass_with_directive(s, directive_set_quirks, best->on & ~(rest & -rest));
	if (best->base != VM_PROFILE_strict)
		(void)pass_with_directive(s, directive_set_quirks, best->on);
}

/* The least value that keeps the finding, of the first few. */
static void
pass_least(struct shrink *s, change_function *change, uint64_t from, uint64_t present)
{
	for (uint64_t n = from; n < present && n < 8; n++)
		if (pass_with_directive(s, change, n))
			return;
}

void
shrink_directives(struct shrink *s)
{
	const struct program_config *c = &s->best.config;

	if (c->mutant != NULL)
		(void)pass_with_directive(s, directive_no_mutant, 0);
	if (c->kernel)
		(void)pass_with_directive(s, directive_user_map, 0);
	pass_fewer_quirks(s);
	if (c->limit_given && !pass_with_directive(s, directive_set_limit, VM_WIRE_LIMIT_DEFAULT))
		pass_least(s, directive_set_limit, 0, c->limit);
	if (c->frames != 0 && !pass_with_directive(s, directive_set_frames, 0))
		pass_least(s, directive_set_frames, 1, c->frames);
	if (c->growsize != 0 && !pass_with_directive(s, directive_set_growsize, 0))
		pass_least(s, directive_set_growsize, 1, c->growsize);
	for (size_t i = c->nr_poison; i-- > 0;)
		if (!pass_with_directive(s, directive_no_poison, i) && c->poison[i].code != KERN_OUT_OF_BOUNDS)
			(void)pass_with_directive(s, directive_usual_poison, i);
}

/* --- arguments --- */

static bool
pass_with_op(struct shrink *s, unsigned number, const struct vm_op *op)
{
	struct program p;

	assert(number < program_nr_ops(&s->best) && op->code <= VM_OP_CODE_MAX);
	/* An operation keeps its code if a "never" line or an argument refers to its result. */
	if (op->code != program_op(&s->best, number)->code &&
	    (never_names(&s->best, number) || program_refers_to(&s->best, number)))
		return false;
	p = shrink_copy(s);
	*program_op(&p, number) = *op;
	return shrink_try(s, &p, NULL);
}

/* Protections and maxima, simplest first. */
static const uint8_t plain_prots[] = { VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ, VM_PROT_NONE, VM_PROT_ALL,
	VM_PROT_WRITE, VM_PROT_EXECUTE, VM_PROT_READ | VM_PROT_EXECUTE, VM_PROT_WRITE | VM_PROT_EXECUTE };
static const uint8_t plain_maxima[] = { VM_PROT_ALL, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ, VM_PROT_NONE,
	VM_PROT_WRITE, VM_PROT_EXECUTE, VM_PROT_READ | VM_PROT_EXECUTE, VM_PROT_WRITE | VM_PROT_EXECUTE };

/* Sets field @field of the operation to the simplest value of @from that keeps the finding. */
static void
pass_plainest(struct shrink *s, unsigned number, const uint8_t *from, size_t field)
{
	assert(field < sizeof(struct vm_op));
	for (unsigned i = 0; i < 8; i++) {
		struct vm_op op = *program_op(&s->best, number);
		uint8_t *at = (uint8_t *)&op + field;

		if (*at == from[i])
			return;
		*at = from[i];
		if (pass_with_op(s, number, &op))
			return;
	}
}

static void
pass_fewer_flags(struct shrink *s, unsigned number)
{
	for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
		struct vm_op op = *program_op(&s->best, number);

		/* A guard is not simpler than a mapping. */
		if (bit == VM_OPF_GUARD || (op.flags & bit) == 0)
			continue;
		op.flags &= (uint8_t)~bit;
		(void)pass_with_op(s, number, &op);
	}
}

static void
pass_lower_choice(struct shrink *s, unsigned number)
{
	uint8_t present = program_op(&s->best, number)->choice;

	for (uint8_t choice = 0; choice < present; choice++) {
		struct vm_op op = *program_op(&s->best, number);

		op.choice = choice;
		if (pass_with_op(s, number, &op))
			return;
	}
}

static void
pass_lower_number(struct shrink *s, unsigned number, bool length)
{
	uint64_t present = length ? program_op(&s->best, number)->end : program_op(&s->best, number)->value;

	/* n may wrap to 0, because a tag can be that large */
	for (uint64_t n = 1; n != 0 && n < present; n = n < 8 ? n + 1 : 2 * n) {
		struct vm_op op = *program_op(&s->best, number);

		*(length ? &op.end : &op.value) = n;
		if (pass_with_op(s, number, &op))
			return;
	}
}

/* Of two operations with the same kinds of argument, the one with the lower code is simpler: insert, not fixed. */
static void
pass_plainer_code(struct shrink *s, unsigned number)
{
	uint8_t present = program_op(&s->best, number)->code;

	for (uint8_t code = 1; code < present; code++) {
		struct vm_op op = *program_op(&s->best, number);

		op.code = code;
		if (vm_op_table[code].name != NULL &&
		    memcmp(vm_op_table[code].args, vm_op_table[present].args, sizeof(vm_op_table[code].args)) == 0 &&
		    pass_with_op(s, number, &op))
			return;
	}
}

/* The number of an operation's arguments. With @pages_only, 0 if an argument is not a page. */
static unsigned
pass_nr_arguments(uint8_t code, bool pages_only)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < VM_OP_ARGS_MAX && vm_op_table[code].args[i] != VM_ARG_NONE; i++, nr++)
		if (pages_only && vm_op_table[code].args[i] != VM_ARG_START && vm_op_table[code].args[i] != VM_ARG_END)
			return 0;
	return nr;
}

static bool
pass_with_code(struct shrink *s, unsigned number, uint8_t code, uint64_t start, uint64_t end)
{
	const struct vm_op op = { .code = code, .start = start, .end = op_takes_range(code) ? end : 0 };

	return pass_with_op(s, number, &op);
}

/*
 * Replaces an operation by one that takes fewer arguments, all pages: clip is simpler than an inherit that only clips.
 */
static void
pass_fewer_arguments(struct shrink *s, unsigned number)
{
	const struct vm_op op = *program_op(&s->best, number);
	unsigned present = pass_nr_arguments(op.code, false);

	if (!draw_has_kind(op.code, VM_ARG_START))
		return;
	for (unsigned nr = 1; nr < present; nr++) {
		for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
			if (vm_op_table[code].name == NULL || pass_nr_arguments(code, true) != nr)
				continue;
			if (pass_with_code(s, number, code, op.start, op.end) ||
			    (nr == 1 && op.end > op.start && pass_with_code(s, number, code, op.end, op.end)))
				return;
		}
	}
}

/*
 * Replaces an operation that chooses its place (find) by one that maps from a page that the program names: as many
 * pages as before, or all that it names. A named place is simpler.
 */
static void
pass_named_place(struct shrink *s, unsigned number)
{
	struct vm_op op = *program_op(&s->best, number);
	uint64_t *pages, length = op.end;
	size_t nr;

	if (!draw_has_kind(op.code, VM_ARG_LEN))
		return;
	nr = program_pages(&s->best, &pages);
	op.code = VM_OP_insert;
	for (size_t i = 0; i < nr && program_op(&s->best, number)->code != op.code; i++) {
		op.start = pages[i];
		op.end = pages[i] + length;
		if (!pass_with_op(s, number, &op) && i == 0 && nr > 1) {
			op.end = pages[nr - 1];
			(void)pass_with_op(s, number, &op);
		}
	}
	free(pages);
}

/*
 * How a kind of argument of operation @number is made plainer; @before is the operation without that. The table of all
 * kinds is made from args.def; a kind without a row SHRINK_KIND does not compile. Flags are gone already
 * (pass_fewer_flags), and pages come later.
 */
typedef void arg_shrink_function(struct shrink *s, unsigned number, const struct vm_op *before);

static void
shrink_nothing(struct shrink *s, unsigned number, const struct vm_op *before)
{
	(void)s;
	(void)number;
	(void)before;
}

static void
shrink_max(struct shrink *s, unsigned number, const struct vm_op *before)
{
	(void)before;
	pass_plainest(s, number, plain_maxima, offsetof(struct vm_op, max));
}

static void
shrink_prot(struct shrink *s, unsigned number, const struct vm_op *before)
{
	(void)before;
	pass_plainest(s, number, plain_prots, offsetof(struct vm_op, prot));
}

static void
shrink_mapping(struct shrink *s, unsigned number, const struct vm_op *before)
{
	if ((before->flags & VM_OPF_GUARD) != 0)
		return;
	shrink_max(s, number, before);
	shrink_prot(s, number, before);
}

static void
shrink_choice(struct shrink *s, unsigned number, const struct vm_op *before)
{
	(void)before;
	pass_lower_choice(s, number);
}

static void
shrink_value(struct shrink *s, unsigned number, const struct vm_op *before)
{
	(void)before;
	pass_lower_number(s, number, false);
}

static void
shrink_length(struct shrink *s, unsigned number, const struct vm_op *before)
{
	(void)before;
	pass_lower_number(s, number, true);
}

#define SHRINK_START shrink_nothing
#define SHRINK_END shrink_nothing
#define SHRINK_LEN shrink_length
#define SHRINK_PROT shrink_prot
#define SHRINK_MAX shrink_max
#define SHRINK_MAPPING shrink_mapping
#define SHRINK_INHERIT shrink_choice
#define SHRINK_ADVICE shrink_choice
#define SHRINK_WHO shrink_nothing
#define SHRINK_HOLES shrink_nothing
#define SHRINK_SETMAX shrink_nothing
#define SHRINK_WRITE shrink_nothing
#define SHRINK_INVALIDATE shrink_nothing
#define SHRINK_TAG shrink_value
#define SHRINK_COUNT shrink_value
#define SHRINK_SWITCH shrink_nothing

static arg_shrink_function *const arg_shrinks[] = {
#define VM_ARG(kind, letter, expected, meaning) [VM_ARG_##kind] = SHRINK_##kind,
#include "engine/args.def"
#undef VM_ARG
};

void
shrink_arguments(struct shrink *s)
{
	for (unsigned i = 0; i < program_nr_ops(&s->best); i++) {
		pass_plainer_code(s, i);
		pass_named_place(s, i);
		pass_fewer_arguments(s, i);
	}
	for (unsigned i = 0; i < program_nr_ops(&s->best); i++) {
		const struct vm_op before = *program_op(&s->best, i);
		const uint8_t *args = vm_op_table[before.code].args;

		if (before.flags != 0)
			pass_fewer_flags(s, i);
		for (unsigned arg = VM_OP_ARGS_MAX; arg-- > 0;)
			if (args[arg] != VM_ARG_NONE)
				arg_shrinks[args[arg]](s, i, &before);
	}
}

/* --- pages --- */

static bool
pass_with_range(struct shrink *s, unsigned number, uint64_t start, uint64_t end)
{
	struct vm_op op = *program_op(&s->best, number);

	if (vm_op_has_refs(&op))
		return false;
	op.start = start;
	op.end = end;
	return pass_with_op(s, number, &op);
}

/* Narrows a range from one side as far as possible: to one page, or to a page that is named elsewhere. */
static void
pass_narrow(struct shrink *s, unsigned number, const uint64_t *pages, size_t nr, bool from_below)
{
	const struct vm_op *op = program_op(&s->best, number);
	uint64_t start = op->start, end = op->end;

	assert(number < program_nr_ops(&s->best) && (nr == 0 || pages != NULL));
	if (end <= start + 1 || pass_with_range(s, number, from_below ? end - 1 : start, from_below ? end : start + 1))
		return;
	for (size_t i = 0; i < nr; i++) {
		uint64_t page = pages[from_below ? nr - 1 - i : i];

		if (page > start && page < end &&
		    pass_with_range(s, number, from_below ? page : start, from_below ? end : page))
			return;
	}
}

void
shrink_ranges(struct shrink *s)
{
	for (unsigned i = 0; i < program_nr_ops(&s->best); i++) {
		uint64_t *pages;
		size_t nr;

		if (!op_takes_range(program_op(&s->best, i)->code))
			continue;
		nr = program_pages(&s->best, &pages);
		pass_narrow(s, i, pages, nr, true);
		pass_narrow(s, i, pages, nr, false);
		free(pages);
	}
}

static bool
pass_shifted(struct shrink *s, uint64_t from, uint64_t by)
{
	struct program p = shrink_copy(s);

	program_shift_pages(&p, from, by);
	for (size_t i = 1; i < p.config.nr_poison; i++)
		if (p.config.poison[i].page == p.config.poison[i - 1].page)
			directive_no_poison(&p.config, i--);
	return shrink_try(s, &p, NULL);
}

/* Uses the usual map and moves all pages so that @from becomes @to. @lowest is the lowest page. */
static bool
pass_usual_map(struct shrink *s, uint64_t lowest, uint64_t from, uint64_t to)
{
	struct program p;

	if (lowest + to < from)
		return false; /* would be below page 0 */
	p = shrink_copy(s);
	p.config.min = PROGRAM_MIN_DEFAULT;
	p.config.max = PROGRAM_MAX_DEFAULT;
	program_shift_pages(&p, 0, to - from);
	return shrink_try(s, &p, NULL);
}

/* Reduces the distance between a named page and the next one, or makes them equal. */
static void
pass_closer(struct shrink *s)
{
	uint64_t *pages;
	size_t nr = program_pages(&s->best, &pages);

	for (size_t i = nr; i-- > 1;) {
		uint64_t gap = pages[i] - pages[i - 1];

		if (!pass_shifted(s, pages[i], -gap) && gap > 1 && !pass_shifted(s, pages[i], 1 - gap) && gap > 3)
			(void)pass_shifted(s, pages[i], -(gap / 2));
	}
	free(pages);
}

/* The longest range that an operation searches room for from the map's edge; 0: no operation does. */
static uint64_t
pass_longest(struct shrink *s)
{
	uint64_t length = 0;

	for (unsigned i = 0; i < program_nr_ops(&s->best); i++) {
		const struct vm_op *op = program_op(&s->best, i);

		if (draw_has_kind(op->code, VM_ARG_LEN) && op->end > length)
			length = op->end;
	}
	return length;
}

/* If lengths matter, so does the room before the first page: reduces both at once. */
static bool
pass_less_room(struct shrink *s, uint64_t lowest)
{
	for (uint64_t length = 1; length <= pass_longest(s); length++) {
		struct program p = shrink_copy(s);

		program_shift_pages(&p, 0, p.config.min + 1 - lowest);
		for (unsigned i = 0; i < program_nr_ops(&p); i++) {
			struct vm_op *op = program_op(&p, i);

			if (draw_has_kind(op->code, VM_ARG_LEN) && op->end > length)
				op->end = length;
		}
		if (shrink_try(s, &p, NULL))
			return true;
	}
	return false;
}

void
shrink_pages(struct shrink *s)
{
	const struct program_config *c = &s->best.config;
	uint64_t *pages, lowest;
	size_t nr;

	pass_closer(s);
	nr = program_pages(&s->best, &pages);
	lowest = nr > 0 ? pages[0] : PROGRAM_MIN_DEFAULT;
	free(pages);
	if (c->min != PROGRAM_MIN_DEFAULT || c->max != PROGRAM_MAX_DEFAULT)
		(void)(pass_usual_map(s, lowest, lowest, SHRINK_FIRST_PAGE) ||
		       pass_usual_map(s, lowest, c->min, PROGRAM_MIN_DEFAULT));
	else if (pass_longest(s) > 0 && (lowest == c->min + 1 || pass_less_room(s, lowest)))
		return;
	else if (lowest != SHRINK_FIRST_PAGE)
		(void)pass_shifted(s, 0, SHRINK_FIRST_PAGE - lowest);
}
