/* SPDX-License-Identifier: BSD-2-Clause */
/* mutate.c - see mutate.h. */
#include "harness/gen/mutate.h"

#include <assert.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/gen/random-program.h"

#define CHANGES_MAX 3
#define WINDOW 16 /* pages; most new ranges that follow no earlier range stay within this many */

/* Sets the window: the part of the map that the program uses, and a few pages after it. */
static void
mutate_set_window(struct draw *d)
{
	uint64_t lo = d->nr_seen > 0 ? UINT64_MAX : d->cfg->min;

	for (size_t i = 0; i < d->nr_seen; i++)
		lo = d->seen[i].start < lo ? d->seen[i].start : lo;
	if (lo < d->cfg->min || lo >= d->cfg->max)
		lo = d->cfg->min;
	d->lo = lo;
	d->hi = d->cfg->max - lo > WINDOW ? lo + WINDOW : d->cfg->max;
}

void
mutation_begin(struct mutation *m, struct genome *g, const struct genome_limits *l, struct prng prng)
{
	static const unsigned factors[] = { 1, 1, 1, 2 };
	struct draw *d = &m->draw;

	m->g = g;
	m->limits = l;
	*d = (struct draw){ .prng = prng,
		.cfg = &g->config,
		.target = l->target,
		.span = 4,
		.wide_span = 12,
		.wide = 8,
		.focus = 30,
		.user = 60,
		.holes = 40 };
	draw_weights(d, factors, 4);
	for (unsigned i = 0; i < genome_nr_lists(l); i++) {
		const struct genome_list *list = &g->lists[i];

		/* At most half of the ranges: ranges that are drawn later are added, too. */
		for (unsigned j = 0; j < list->nr && d->nr_seen < DRAW_RANGES_MAX / 2; j++) {
			const struct draw_range r = { list->ops[j].start, list->ops[j].end };

			if (op_takes_range(list->ops[j].code))
				d->seen[d->nr_seen++] = r;
			if (list->ops[j].code == VM_OP_stack && r.start < r.end)
				d->stack = r;
		}
	}
	d->nr_focus = d->nr_seen < 3 ? d->nr_seen : 3;
	if (d->nr_focus == 0)
		d->focus = 0;
	mutate_set_window(d);
}

/* --- operations --- */

static uint64_t
mutate_as_page(uint64_t page)
{
	return page < VM_OP_PAGE_MAX ? page : VM_OP_PAGE_MAX;
}

/* In a map that ends at the last page, a drawn operation may name a page after the last one that a program can name. */
static struct vm_op
mutate_drawn_op(struct mutation *m, uint8_t code)
{
	struct vm_op op = draw_op(&m->draw, code);

	op.start = mutate_as_page(op.start);
	op.end = mutate_as_page(op.end);
	return op;
}

static struct vm_op
mutate_new_op(struct mutation *m)
{
	return mutate_drawn_op(m, draw_code(&m->draw));
}

/* A list to add something to. Prefers threads, because most happens there. */
static unsigned
mutate_some_list(struct mutation *m)
{
	unsigned nr = genome_nr_lists(m->limits), list;

	if (m->limits->threads_min == 0)
		return mutation_below(m, nr);
	if (mutation_percent(m, 18))
		return 0;
	list = 1 + mutation_below(m, nr - 1);
	/* Prefers threads that exist: one more thread multiplies the schedules. */
	for (unsigned tries = 0;
	     m->limits->explored && m->g->lists[list].nr == 0 && tries < 4 && !mutation_percent(m, 10); tries++)
		list = 1 + mutation_below(m, nr - 1);
	return list;
}

/* A list that is not empty, or any list if all are empty. */
static struct genome_list *
mutate_some_full_list(struct mutation *m)
{
	struct genome_list *l = &m->g->lists[mutate_some_list(m)];

	for (unsigned tries = 0; l->nr == 0 && tries < 16; tries++)
		l = &m->g->lists[mutate_some_list(m)];
	return l;
}

/* NULL: there is no operation. */
static struct vm_op *
mutate_some_op(struct mutation *m)
{
	struct genome_list *l = mutate_some_full_list(m);

	return l->nr > 0 ? &l->ops[mutation_below(m, l->nr)] : NULL;
}

/* Adds an operation to a list; replaces one if the list is full. */
static void
mutation_put(struct mutation *m, unsigned list, struct vm_op op)
{
	struct genome_list *l = &m->g->lists[list];
	unsigned at = mutation_below(m, l->nr + 1);

	assert(list < genome_nr_lists(m->limits) && l->nr <= genome_room(m->limits, list));
	if (l->nr == genome_room(m->limits, list)) {
		if (l->nr > 0)
			l->ops[mutation_below(m, l->nr)] = op;
		return;
	}
	memmove(&l->ops[at + 1], &l->ops[at], (l->nr - at) * sizeof(op));
	l->ops[at] = op;
	l->nr++;
}

/* --- the rows of mutate.def --- */

static void
mutate_change_insert(struct mutation *m)
{
	unsigned list = mutate_some_list(m);

	mutation_put(m, list, mutate_new_op(m));
}

static void
mutate_change_copy(struct mutation *m)
{
	const struct vm_op *op = mutate_some_op(m);
	unsigned list = mutate_some_list(m);

	mutation_put(m, list, op != NULL ? *op : mutate_new_op(m));
}

static void
mutate_change_drop(struct mutation *m)
{
	struct genome_list *l = mutate_some_full_list(m);
	unsigned at;

	if (l->nr == 0)
		return;
	at = mutation_below(m, l->nr--);
	memmove(&l->ops[at], &l->ops[at + 1], (l->nr - at) * sizeof(l->ops[0]));
}

static void
mutate_move_edge(struct mutation *m, struct vm_op *op, const struct vm_op *other)
{
	bool end = !draw_has_kind(op->code, VM_ARG_START) || (op_takes_range(op->code) && mutation_percent(m, 50));
	uint64_t *edge = end ? &op->end : &op->start;

	if (mutation_percent(m, 50))
		*edge = mutation_percent(m, 50) && op_takes_range(other->code) ? other->end : other->start;
	else if (mutation_percent(m, 50))
		*edge = mutate_as_page(*edge + 1);
	else if (*edge > 0)
		(*edge)--;
}

static void
mutate_change_retarget(struct mutation *m)
{
	struct vm_op *op = mutate_some_op(m), fresh;
	const struct vm_op *other = mutate_some_op(m);

	if (op == NULL || other == NULL)
		return;
	switch (mutation_below(m, 4)) {
	case 0:
		fresh = mutate_drawn_op(m, op->code);
		op->start = fresh.start;
		op->end = fresh.end;
		break;
	case 1:
		op->start = other->start;
		op->end = other->end;
		break;
	default:
		mutate_move_edge(m, op, other);
		break;
	}
	/* Fields that the operation has no argument for stay zero. */
	if (!draw_has_kind(op->code, VM_ARG_START))
		op->start = 0;
	if (!op_takes_range(op->code) && !draw_has_kind(op->code, VM_ARG_LEN))
		op->end = 0;
}

static void
mutate_change_redraw(struct mutation *m)
{
	struct vm_op *op = mutate_some_op(m), fresh;

	if (op == NULL)
		return;
	fresh = mutate_drawn_op(m, op->code);
	/* draw_op gives another operation if the target does not support this one with all arguments. */
	if (fresh.code != op->code)
		return;
	fresh.start = op->start;
	fresh.end = op->end;
	*op = fresh;
}

static void
mutate_change_swap(struct mutation *m)
{
	struct vm_op *a = mutate_some_op(m), *b = mutate_some_op(m), was;

	if (a == NULL || b == NULL)
		return;
	was = *a;
	*a = *b;
	*b = was;
}

static void
mutate_change_thread(struct mutation *m)
{
	struct genome_list *to = &m->g->lists[1 + mutation_below(m, m->limits->threads_max)];
	const struct genome_list *from = &m->g->lists[1 + mutation_below(m, m->limits->threads_max)];

	to->nr = mutation_percent(m, 50) ? from->nr : 0;
	memmove(to->ops, from->ops, to->nr * sizeof(to->ops[0]));
}

/* Poisons one more page, or unpoisons the last one. The pages are sorted, each once. */
static void
mutate_change_poison(struct mutation *m)
{
	struct program_config *c = &m->g->config;
	uint64_t page;

	assert(c->nr_poison <= m->limits->poison_max);
	if (c->nr_poison > 0 && (c->nr_poison == m->limits->poison_max || mutation_percent(m, 50))) {
		c->nr_poison--;
		return;
	}
	page = mutate_drawn_op(m, VM_OP_fault).start;
	if (c->nr_poison == m->limits->poison_max)
		return;
	if (c->nr_poison > 0 && m->g->poison[c->nr_poison - 1].page >= page)
		return;
	m->g->poison[c->nr_poison++] = (struct program_poison){ page,
		mutation_percent(m, 70) ? KERN_OUT_OF_BOUNDS : 1 + (int)mutation_below(m, 10) };
}

static void
mutate_change_profile(struct mutation *m)
{
	struct program_config *c = &m->g->config;

	if (mutation_percent(m, 50)) {
		/* Never the profile that the program has. */
		unsigned by = VM_PROFILE_COUNT == 2 ? 1 : 1 + mutation_below(m, VM_PROFILE_COUNT - 1);

		c->profile = vm_profile((enum vm_profile_id)((c->profile.base + by) % VM_PROFILE_COUNT));
	} else {
		c->profile.on ^= (uint32_t)1 << mutation_below(m, VM_BEHAVIOUR_COUNT);
	}
}

static void
mutate_change_directive(struct mutation *m)
{
	struct program_config *c = &m->g->config;
	unsigned kind = mutation_below(m, m->limits->profile ? 135 : 100);

	if (kind < 35) {
		mutate_change_poison(m);
	} else if (kind < 65) {
		c->limit_given = mutation_percent(m, 60);
		c->limit = c->limit_given ? mutation_below(m, 10) : VM_WIRE_LIMIT_DEFAULT;
	} else if (kind < 85) {
		c->frames = mutation_percent(m, 50) ? 1 + mutation_below(m, 8) : 0;
	} else if (kind < 95) {
		c->growsize = mutation_percent(m, 80) ? 1 + mutation_below(m, 4) : 0;
	} else if (kind < 100) {
		c->kernel = !c->kernel;
	} else {
		mutate_change_profile(m);
	}
	if (m->limits->target != NULL)
		random_suit_target(m->limits->target, c);
}

static const struct {
	void (*change)(struct mutation *m);
	unsigned chances[2]; /* indexed by genome_limits.explored */
} changes[] = {
#define MUTATION(name, explored, fuzzed, what) { mutate_change_##name, { (fuzzed), (explored) } },
#include "harness/gen/mutate.def"
#undef MUTATION
};

#define MUTATION(name, explored, fuzzed, what) +(explored)
enum {
	EXPLORED_SUM =
#include "harness/gen/mutate.def"
};
#undef MUTATION
#define MUTATION(name, explored, fuzzed, what) +(fuzzed)
enum {
	FUZZED_SUM =
#include "harness/gen/mutate.def"
};
#undef MUTATION
_Static_assert(EXPLORED_SUM == 100 && FUZZED_SUM == 100, "chances are percentages");

void
mutation_change(struct mutation *m)
{
	assert(m->g != NULL && m->limits != NULL); /* mutation_begin was called */
	for (unsigned n = 1 + mutation_below(m, CHANGES_MAX); n > 0; n--) {
		unsigned at = mutation_below(m, 100), i = 0;

		for (; at >= changes[i].chances[m->limits->explored]; i++)
			at -= changes[i].chances[m->limits->explored];
		changes[i].change(m);
	}
}

/* --- crossover --- */

/* Joins the head of the list and the tail of @b; either part may be the whole. */
static void
mutate_splice(struct mutation *m, unsigned list, const struct genome_list *b)
{
	struct genome_list *to = &m->g->lists[list];
	unsigned head = mutation_below(m, to->nr + 1), tail = mutation_below(m, b->nr + 1),
	         room = genome_room(m->limits, list);

	if (mutation_percent(m, 60)) {
		head = mutation_percent(m, 50) ? to->nr : 0;
		tail = head == 0 ? 0 : b->nr;
	}
	if (head + b->nr - tail > room)
		tail = head + b->nr - room;
	assert(to->nr <= room && tail <= b->nr);
	memcpy(to->ops + head, b->ops + tail, (b->nr - tail) * sizeof(b->ops[0]));
	to->nr = head + b->nr - tail;
}

void
mutation_cross(struct mutation *m, const struct genome *other)
{
	for (unsigned i = 0; i < genome_nr_lists(m->limits); i++)
		mutate_splice(m, i, &other->lists[i]);
	if (mutation_percent(m, 40)) {
		m->g->config = other->config;
		memcpy(m->g->poison, other->poison, sizeof(other->poison));
	}
}

void
mutation_end(struct mutation *m)
{
	unsigned nr = 0;

	assert(m->limits->threads_min <= m->limits->threads_max);
	for (unsigned i = 1; i < genome_nr_lists(m->limits); i++)
		nr += m->g->lists[i].nr > 0;
	for (unsigned i = 1; nr < m->limits->threads_min; i++)
		if (m->g->lists[i].nr == 0) {
			mutation_put(m, i, mutate_new_op(m));
			nr++;
		}
}
