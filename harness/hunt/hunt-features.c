/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt-features.c - features: the ways in which operations met, which make a program worth keeping.
 *
 * A feature is one of these:
 *   - two operations of different threads: the place of each in the code, and the relation of their pages;
 *   - a return with a name, and the place of another operation at that time; in a target that has other rules than the
 *     engine, and so other returns, an operation and its result;
 *   - an operation, and the condition of a page that it names. So a program that needs several operations on one page
 *     is seen to make progress.
 *
 * The place of an operation is what the target's where function says, without its numbers. Page numbers and thread
 * numbers are not part of a feature, so programs that differ only in them are equal. A feature is hashed to 16 bits:
 * two features may share a number, which now and then loses a program.
 */
#include <assert.h>
#include <string.h>

#include "harness/hunt/hunt-inside.h"
#include "harness/run/run.h"

#define WHERE_MAX 128
#define PAGES_MAX 1024 /* a longer operation has no range */

/* The relation of the pages of two operations. */
enum lie { LIE_APART = 1, LIE_TOUCH, LIE_SAME, LIE_INSIDE, LIE_AROUND, LIE_ACROSS };

void
features_clear(struct features *f)
{
	for (size_t i = 0; i < f->nr; i++)
		f->seen[f->list[i] / 64] = 0;
	f->nr = 0;
	f->edges = 0;
}

static uint64_t
features_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static void
features_add(struct features *f, uint64_t hash)
{
	uint16_t number = (uint16_t)(hash >> 40);
	uint64_t bit = (uint64_t)1 << number % 64;

	if ((f->seen[number / 64] & bit) != 0)
		return;
	f->seen[number / 64] |= bit;
	f->list[f->nr++] = number;
	assert(f->nr <= FEATURES_COUNT);
}

/* The thread's operation and its place in the code. */
static uint64_t
features_place_of(const struct run *r, unsigned thread, const struct vm_op *op)
{
	uint64_t hash =
	    features_mix(1, op->code | (uint64_t)sim_status(r->sim, thread) << 8 | (uint64_t)op->flags << 16);
	char where[WHERE_MAX] = "";

	if (r->target->where != NULL)
		r->target->where(r->self, thread, where, sizeof(where));
	for (const char *c = where; *c != '\0'; c++)
		if (*c < '0' || *c > '9')
			hash = features_mix(hash, (uint8_t)*c);
	return hash;
}

static enum lie
features_lie_of_ranges(const struct op_range *a, const struct op_range *b)
{
	if (a->end == b->start || b->end == a->start)
		return LIE_TOUCH;
	if (!op_ranges_meet(a, b))
		return LIE_APART;
	if (a->start == b->start && a->end == b->end)
		return LIE_SAME;
	if (a->start >= b->start && a->end <= b->end)
		return LIE_INSIDE;
	if (a->start <= b->start && a->end >= b->end)
		return LIE_AROUND;
	return LIE_ACROSS;
}

/* The relation of the first two ranges that are not apart. */
static enum lie
features_lie_of(const struct vm_op *a, const struct vm_op *b)
{
	const struct op_ranges x = strategy_op_ranges(a), y = strategy_op_ranges(b);
	enum lie lie = LIE_APART;

	for (unsigned i = 0; i < x.nr && lie == LIE_APART; i++)
		for (unsigned j = 0; j < y.nr && lie == LIE_APART; j++)
			lie = features_lie_of_ranges(&x.at[i], &y.at[j]);
	return lie;
}

/* Notes each edge of a finished operation, together with the place of another thread at that time. */
static void
features_look_at_edges(struct features *f, uint64_t edges, uint64_t place)
{
	for (; edges != 0; edges &= edges - 1)
		features_add(f, features_mix(features_mix(2, (uint64_t)__builtin_ctzll(edges)), place));
}

/* Has the last return of the thread no name? All returns of the engine have one. */
static bool
features_has_no_name(const struct run *r, unsigned thread)
{
	const struct run_thread *t = &r->threads[thread];

	return t->results[t->nr_done - 1].edges == 0 && r->target != &target_engine;
}

/* The same for a return without a name: the operation and its result. */
static void
features_look_at_result(struct features *f, const struct run *r, unsigned thread, uint64_t place)
{
	unsigned last = r->threads[thread].nr_done - 1u;
	uint64_t code = (uint64_t)r->threads[thread].results[last].code;

	features_add(f, features_mix(features_mix(5, run_op(r, thread, last)->code | code << 8), place));
}

static void
features_look_at_pair(struct features *f, const struct run *r, unsigned a, unsigned b, const uint64_t *places)
{
	const struct vm_op *x = run_op(r, a, r->threads[a].nr_done);
	const struct vm_op *y = run_op(r, b, r->threads[b].nr_done);

	/* Sorted, so that the order of the two threads does not matter. */
	if (places[a] <= places[b])
		features_add(
		    f, features_mix(features_mix(features_mix(3, places[a]), places[b]), features_lie_of(x, y)));
	else
		features_add(
		    f, features_mix(features_mix(features_mix(3, places[b]), places[a]), features_lie_of(y, x)));
}

/*
 * Notes the condition of the first and the last page of each range of @op: before and during the operation, or after it
 * (@after).
 */
static void
features_look_at_pages(struct features *f, const struct run *r, const struct vm_op *op, bool after)
{
	const struct op_ranges ranges = strategy_op_ranges(op);

	for (unsigned i = 0; i < ranges.nr; i++) {
		uint64_t start = ranges.at[i].start, end = ranges.at[i].end;

		if (end - start > PAGES_MAX)
			continue; /* the operation concerns all pages */
		features_add(
		    f, features_mix(features_mix(4, r->target->condition(r->self, start)), after ? 0 : op->code));
		if (end > start + 1)
			features_add(f, features_mix(features_mix(4, r->target->condition(r->self, end - 1)),
			                    after ? 0 : op->code));
	}
}

void
features_look(struct features *f, const struct run *r)
{
	const struct program *p = r->program;
	uint64_t places[PROGRAM_THREADS_MAX] = { 0 };
	uint32_t under_way = 0;

	assert(p->nr_threads <= PROGRAM_THREADS_MAX);
	for (unsigned t = 0; t < p->nr_threads; t++) {
		const struct run_thread *rt = &r->threads[t];

		if (rt->nr_done > 0)
			f->edges |= rt->results[rt->nr_done - 1].edges;
		if (rt->nr_done > 0 && r->target->condition != NULL)
			features_look_at_pages(f, r, run_op(r, t, rt->nr_done - 1u), true);
		if (rt->nr_done == p->threads[t].nr_ops)
			continue;
		if (r->target->condition != NULL)
			features_look_at_pages(f, r, run_op(r, t, rt->nr_done), false);
		under_way |= (uint32_t)1 << t;
		places[t] = features_place_of(r, t, run_op(r, t, rt->nr_done));
	}
	for (uint32_t rest = under_way; rest != 0; rest &= rest - 1) {
		unsigned b = (unsigned)__builtin_ctz(rest);

		for (unsigned a = 0; a < p->nr_threads; a++) {
			const struct run_thread *rt = &r->threads[a];

			if (a != b && rt->nr_done > 0)
				features_look_at_edges(f, rt->results[rt->nr_done - 1].edges, places[b]);
			if (a != b && rt->nr_done > 0 && features_has_no_name(r, a))
				features_look_at_result(f, r, a, places[b]);
			if (a < b && (under_way >> a & 1) != 0)
				features_look_at_pair(f, r, a, b, places);
		}
	}
}
