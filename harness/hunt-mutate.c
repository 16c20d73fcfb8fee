/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt-mutate.c - a program that did something new, changed a little: operations come, go, are copied, change places
 * between threads; pages move to the edges of what is named nearby; arguments and directives are drawn anew.
 */
#include <stdlib.h>

#include "engine/vm.h"
#include "harness/hunt-inside.h"
#include "harness/program-edit.h"
#include "harness/random-draw.h"

#define CHANGES_MAX 4
#define INIT_MAX 6   /* steps */
#define POISON_MAX 3 /* pages */

struct mutation {
	struct draw draw;
	struct program *p;
	const struct hunt_limits *limits;
};

static uint64_t
below(struct mutation *m, uint64_t n)
{
	return prng_below(&m->draw.prng, n);
}

static bool
percent(struct mutation *m, unsigned chance)
{
	return prng_percent(&m->draw.prng, chance);
}

/* New operations are drawn about what the program names. */
static void
prepare_draw(struct mutation *m, uint64_t seed)
{
	static const unsigned factors[] = { 1, 1, 1, 2 };
	struct draw *d = &m->draw;
	const struct program_config *cfg = &m->p->config;

	*d = (struct draw){ .prng = prng_mix(seed, 0, 2),
		.cfg = cfg,
		.target = m->limits->target,
		.lo = cfg->min,
		.hi = cfg->max,
		.span = 4,
		.wide_span = 12,
		.wide = 5,
		.user = 65,
		.holes = 40,
		.focus = 30 };
	draw_weights(d, factors, 4);
	for (unsigned i = 0; i < program_nr_ops(m->p) && d->nr_seen < DRAW_RANGES_MAX; i++) {
		const struct vm_op *op = program_op(m->p, i);

		if (draw_has_kind(op->code, VM_ARG_END))
			d->seen[d->nr_seen++] = (struct draw_range){ op->start, op->end };
	}
	d->nr_focus = d->nr_seen < 3 ? d->nr_seen : 3;
	if (d->nr_focus == 0)
		d->focus = 0;
}

static unsigned
some_thread(struct mutation *m)
{
	return (unsigned)below(m, m->p->nr_threads);
}

static struct vm_op *
some_op(struct mutation *m)
{
	return program_op(m->p, (unsigned)below(m, program_nr_ops(m->p)));
}

/* --- changes; each may find that there is nothing to do --- */

/* Into a thread, seldom among the init steps, now and then a thread of its own. */
static void
put(struct mutation *m, const struct vm_op *op)
{
	unsigned t = some_thread(m);

	if (percent(m, 20) && m->p->nr_init < INIT_MAX)
		program_insert_init(m->p, below(m, m->p->nr_init + 1), op);
	else if (percent(m, 10) && m->p->nr_threads < m->limits->threads_max)
		(void)program_add_thread(m->p, op);
	else if (m->p->threads[t].nr_ops < m->limits->ops_max)
		(void)program_insert_op(m->p, t, (unsigned)below(m, m->p->threads[t].nr_ops + 1), op);
}

static void
insert(struct mutation *m)
{
	struct vm_op op = draw_op(&m->draw, draw_code(&m->draw));

	put(m, &op);
}

static void
duplicate(struct mutation *m)
{
	struct vm_op op = *some_op(m);

	put(m, &op);
}

static void
drop(struct mutation *m)
{
	unsigned t = some_thread(m), least = m->limits->threads_min;

	if (percent(m, 25) && m->p->nr_init > 0)
		program_drop_init(m->p, below(m, m->p->nr_init));
	else if (m->p->threads[t].nr_ops > 1 || m->p->nr_threads > (least > 1 ? least : 1))
		(void)program_drop_op(m->p, t, (unsigned)below(m, m->p->threads[t].nr_ops));
}

/* The same operation with other arguments. */
static void
retarget(struct mutation *m)
{
	struct vm_op *op = some_op(m);

	*op = draw_op(&m->draw, op->code);
}

/* One edge of one operation goes to an edge of another, or a page beside where it is. */
static void
move_edge(struct mutation *m)
{
	struct vm_op *op = some_op(m);
	uint64_t *pages, *edge = &op->start;
	size_t nr;

	if (!draw_has_kind(op->code, VM_ARG_START))
		return;
	if (draw_has_kind(op->code, VM_ARG_END) && percent(m, 50))
		edge = &op->end;
	nr = program_pages(m->p, &pages);
	if (nr > 1 && percent(m, 60))
		*edge = pages[below(m, nr)];
	else if (percent(m, 50))
		(*edge)++;
	else if (*edge > 0)
		(*edge)--;
	free(pages);
}

static void
swap(struct mutation *m)
{
	struct vm_op *a = some_op(m), *b = some_op(m), was = *a;

	*a = *b;
	*b = was;
}

static void
flip_flag(struct mutation *m)
{
	struct vm_op *op = some_op(m);
	struct vm_op drawn = draw_op(&m->draw, op->code);

	/* It may have become another operation, of a target that cannot do this one with every argument. */
	if (drawn.code != op->code)
		return;
	op->flags = drawn.flags;
	op->prot = drawn.prot;
	op->max = drawn.max;
	op->choice = drawn.choice;
}

static void
poison_some(struct mutation *m)
{
	struct program_config *c = &m->p->config;
	uint64_t *pages;
	size_t nr;

	if (c->nr_poison > 0 && percent(m, 50)) {
		c->nr_poison--;
		return;
	}
	nr = program_pages(m->p, &pages);
	if (nr > 0 && c->nr_poison < POISON_MAX) {
		uint64_t page = pages[below(m, nr)] + below(m, 2);
		struct program_poison *more = reallocarray(c->poison, c->nr_poison + 1, sizeof(*more));

		if (more != NULL) {
			c->poison = more;
			/* Sorted, each page once. */
			if (c->nr_poison == 0 || more[c->nr_poison - 1].page < page)
				more[c->nr_poison++] = (struct program_poison){ page, KERN_OUT_OF_BOUNDS };
		}
	}
	free(pages);
}

static void
directive(struct mutation *m)
{
	struct program_config *c = &m->p->config;
	uint64_t kind = below(m, 100);

	if (kind < 40) {
		poison_some(m);
	} else if (kind < 75) {
		c->limit_given = percent(m, 60);
		c->limit = c->limit_given ? below(m, 8) : VM_WIRE_LIMIT_DEFAULT;
	} else if (kind < 90) {
		c->frames = percent(m, 50) ? 1 + below(m, 8) : 0;
	} else {
		c->kernel = !c->kernel;
	}
	random_suit_target(m->limits->target, c);
}

void
hunt_mutate(struct program *p, const struct hunt_limits *limits, uint64_t seed)
{
	static void (*const changes[])(struct mutation * m) = { insert, insert, duplicate, drop, drop, retarget,
		retarget, move_edge, move_edge, move_edge, swap, flip_flag, flip_flag, directive };
	struct mutation m = { .p = p, .limits = limits };
	uint64_t nr;

	prepare_draw(&m, seed);
	nr = 1 + below(&m, CHANGES_MAX);
	for (uint64_t i = 0; i < nr; i++)
		changes[below(&m, sizeof(changes) / sizeof(changes[0]))](&m);
}
