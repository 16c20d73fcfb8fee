/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check-effect.c - the list of effects: what the steps of an operation have changed so far, page by page.
 *
 *	before  20---------26:rw-:w0          a step of wire 22 30:     22-26  wired +1, transition +1
 *	now     20-22:rw-:w0 22-26:rw-:w1!T   the difference is         on the operation's list of effects
 *
 * check-step.c adds to the list. check-result.c reads it when the operation has ended.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/check/check-inside.h"

/* --- ranges --- */

void
check_clamp(const struct program_config *cfg, const struct vm_op *op, struct check_range *ret)
{
	const struct op_ranges ranges = op_ranges(op);
	struct op_range cut = { 0 };

	if (ranges.nr > 0)
		cut = op_range_cut(&ranges.at[0], cfg);
	*ret = (struct check_range){ .start = cut.start, .end = cut.end };
	assert(ret->start <= ret->end);
}

/* --- the list of effects --- */

static struct check_effect *
effect_make_room(struct check_op *o, size_t at)
{
	assert(at <= o->nr_effects);
	MEMORY_GROW(o->effects, o->cap_effects, o->nr_effects + 1, "the checker");
	memmove(&o->effects[at + 1], &o->effects[at], (o->nr_effects - at) * sizeof(*o->effects));
	o->nr_effects++;
	assert(o->nr_effects <= o->cap_effects);
	return &o->effects[at];
}

/* Splits the effect that contains @page, so that an effect starts there. */
static void
effect_cut_at(struct check_op *o, uint64_t page)
{
	for (size_t i = 0; i < o->nr_effects; i++) {
		struct check_effect *e = &o->effects[i];

		if (e->start >= page || e->end <= page)
			continue;
		e = effect_make_room(o, i + 1);
		*e = o->effects[i];
		e->start = page;
		o->effects[i].end = page;
		return;
	}
}

static void
effect_add_to(struct check_effect *e, const struct check_effect *d)
{
	e->wired = (int16_t)(e->wired + d->wired);
	e->user = (int16_t)(e->user + d->user);
	e->transition = (int16_t)(e->transition + d->transition);
	e->mapped = (int16_t)(e->mapped + d->mapped);
	e->grown = (int16_t)(e->grown + d->grown);
	e->attributes |= d->attributes;
	e->others |= d->others;
	e->others_grew |= d->others_grew;
}

static bool
effect_is_nothing(const struct check_effect *e)
{
	return e->wired == 0 && e->user == 0 && e->transition == 0 && e->mapped == 0 && e->grown == 0 &&
	       !e->attributes && !e->others && !e->others_grew;
}

static bool
effect_is_alike(const struct check_effect *a, const struct check_effect *b)
{
	return a->wired == b->wired && a->user == b->user && a->transition == b->transition && a->mapped == b->mapped &&
	       a->grown == b->grown && a->attributes == b->attributes && a->others == b->others &&
	       a->others_grew == b->others_grew;
}

/* Makes equal lists identical: drops zeros, and joins equal neighbours. */
static void
effects_tidy(struct check_op *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->nr_effects; i++) {
		const struct check_effect *e = &o->effects[i];

		if (effect_is_nothing(e))
			continue;
		if (n > 0 && o->effects[n - 1].end == e->start && effect_is_alike(&o->effects[n - 1], e))
			o->effects[n - 1].end = e->end;
		else if (&o->effects[n++] != e)
			o->effects[n - 1] = *e;
	}
	o->nr_effects = n;
}

void
check_effects_add(struct check_op *o, const struct check_effect *d)
{
	uint64_t page = d->start;
	size_t i = 0;

	assert(d->start < d->end);
	effect_cut_at(o, d->start);
	effect_cut_at(o, d->end);
	while (page < d->end) {
		while (i < o->nr_effects && o->effects[i].end <= page)
			i++;
		if (i < o->nr_effects && o->effects[i].start == page) {
			effect_add_to(&o->effects[i], d);
			page = o->effects[i].end;
		} else {
			struct check_effect *e = effect_make_room(o, i);

			*e = *d;
			e->start = page;
			if (i + 1 < o->nr_effects && o->effects[i + 1].start < e->end)
				e->end = o->effects[i + 1].start;
			page = e->end;
		}
	}
	effects_tidy(o);
}

void
check_effects_unmark(struct check_op *o, uint64_t start, uint64_t end)
{
	uint64_t until;

	for (uint64_t page = start; page < end; page = until) {
		const struct check_effect *e = check_effect_at(o, page, end, &until);

		if (e != NULL && e->transition != 0)
			check_effects_add(o, &(struct check_effect){
			                         .start = page, .end = until, .transition = (int16_t)-e->transition });
	}
}

const struct check_effect *
check_effect_at(const struct check_op *o, uint64_t page, uint64_t end, uint64_t *until)
{
	*until = end;
	for (size_t i = 0; i < o->nr_effects && o->effects[i].start < end; i++) {
		const struct check_effect *e = &o->effects[i];

		if (e->end <= page)
			continue;
		if (e->start > page) {
			*until = e->start;
			return NULL;
		}
		*until = e->end < end ? e->end : end;
		return e;
	}
	return NULL;
}
