/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate.c - see mutate.h. New operations and arguments are drawn as for random programs (harness/random-draw.h): from
 * what the program has named before, so that a mutation mostly stays about the same pages.
 */
#include "fuzz/mutate.h"

#include <string.h>

#include "engine/vm.h"
#include "fuzz/genome.h"
#include "harness/random-draw.h"

#define LCM_OF_COUNTS 12 /* a choice is taken modulo 2, 3 or 4: below it all of them are equally likely */

struct mutation {
	const struct mutator *m;
	struct genome g;
	struct draw d;
};

static unsigned
below(struct mutation *m, unsigned n)
{
	return (unsigned)prng_below(&m->d.prng, n);
}

static bool
percent(struct mutation *m, unsigned chance)
{
	return prng_percent(&m->d.prng, chance);
}

/* What has been named so far, for drawing from. */
static void
prepare_draw(struct mutation *m)
{
	static const unsigned as_usual[] = { 1 };
	struct draw *d = &m->d;

	d->cfg = &m->g.config;
	d->lo = m->g.config.min;
	d->hi = m->g.config.max;
	if (d->hi - d->lo > 16)
		d->hi = d->lo + 16;
	d->span = 4;
	d->wide_span = 12;
	d->wide = 10;
	d->user = 60;
	d->holes = 40;
	draw_weights(d, as_usual, 1);
	for (unsigned i = 0; i < GENOME_LISTS; i++) {
		const struct genome_list *l = &m->g.lists[i];

		/* Half of them at most: what is drawn later is named, too. */
		for (unsigned j = 0; j < l->nr && d->nr_seen < DRAW_RANGES_MAX / 2; j++)
			if (draw_has_kind(l->ops[j].code, VM_ARG_END))
				d->seen[d->nr_seen++] = (struct draw_range){ l->ops[j].start, l->ops[j].end };
	}
}

/* --- operations --- */

/* A list to work on: the threads are where things happen, if there are any. */
static unsigned
some_list(struct mutation *m)
{
	return m->m->schedules && !percent(m, 15) ? 1 + below(m, MUTATE_THREADS_MAX) : below(m, GENOME_LISTS);
}

/* A list that is not empty, or any if all are. */
static struct genome_list *
some_full_list(struct mutation *m)
{
	struct genome_list *l = &m->g.lists[some_list(m)];

	for (unsigned tries = 0; l->nr == 0 && tries < 16; tries++)
		l = &m->g.lists[some_list(m)];
	return l;
}

/* In a map at the end of all pages, what is drawn can be behind the last one that a program may name. */
static struct vm_op
drawn_op(struct mutation *m, uint8_t code)
{
	struct vm_op op = draw_op(&m->d, code);

	if (op.start > VM_OP_PAGE_MAX)
		op.start = VM_OP_PAGE_MAX;
	if (op.end > VM_OP_PAGE_MAX)
		op.end = VM_OP_PAGE_MAX;
	return op;
}

static struct vm_op
new_op(struct mutation *m)
{
	return drawn_op(m, draw_code(&m->d));
}

static void
insert(struct mutation *m, unsigned list, struct vm_op op)
{
	struct genome_list *l = &m->g.lists[list];
	unsigned at = below(m, l->nr + 1);

	if (l->nr == genome_room(list)) {
		l->ops[below(m, l->nr)] = op;
		return;
	}
	memmove(&l->ops[at + 1], &l->ops[at], (l->nr - at) * sizeof(op));
	l->ops[at] = op;
	l->nr++;
}

static void
drop(struct mutation *m)
{
	struct genome_list *l = some_full_list(m);
	unsigned at;

	if (l->nr == 0)
		return;
	at = below(m, l->nr--);
	memmove(&l->ops[at], &l->ops[at + 1], (l->nr - at) * sizeof(l->ops[0]));
}

/* Some operation that there is, or a new one. */
static struct vm_op
old_op(struct mutation *m)
{
	const struct genome_list *l = some_full_list(m);

	return l->nr > 0 ? l->ops[below(m, l->nr)] : new_op(m);
}

static void
swap(struct mutation *m)
{
	struct genome_list *a = some_full_list(m), *b = some_full_list(m);
	struct vm_op *x, *y, op;

	if (a->nr == 0 || b->nr == 0)
		return;
	x = &a->ops[below(m, a->nr)];
	y = &b->ops[below(m, b->nr)];
	op = *x;
	*x = *y;
	*y = op;
}

/* The same operation on a range that is drawn anew, or with one end moved: to a page next to it, or onto another's. */
static void
retarget(struct mutation *m, struct vm_op *op)
{
	struct vm_op other = old_op(m), fresh = drawn_op(m, op->code);
	bool range = draw_has_kind(op->code, VM_ARG_END);

	switch (below(m, 5)) {
	case 0:
		op->start = fresh.start;
		op->end = fresh.end;
		break;
	case 1:
		op->start += op->start < VM_OP_PAGE_MAX;
		break;
	case 2:
		op->start -= op->start > 0 && draw_has_kind(op->code, VM_ARG_START);
		break;
	case 3:
		op->end += op->end < VM_OP_PAGE_MAX;
		break;
	case 4:
		op->start = other.start;
		op->end = other.end;
		break;
	}
	/* What the operation has no word for stays zero. */
	if (!draw_has_kind(op->code, VM_ARG_START))
		op->start = 0;
	if (!range && !draw_has_kind(op->code, VM_ARG_LEN))
		op->end = 0;
}

/* The same operation on the same pages, the rest drawn anew. */
static void
redraw(struct mutation *m, struct vm_op *op)
{
	struct vm_op fresh = drawn_op(m, op->code);

	fresh.start = op->start;
	fresh.end = op->end;
	*op = fresh;
}

/* A thread becomes another's copy, for two doing the same, or ends. */
static void
change_threads(struct mutation *m)
{
	struct genome_list *to = &m->g.lists[1 + below(m, MUTATE_THREADS_MAX)];

	if (percent(m, 50))
		*to = m->g.lists[1 + below(m, MUTATE_THREADS_MAX)];
	else
		to->nr = 0;
}

static void
change_config(struct mutation *m)
{
	struct program_config *cfg = &m->g.config;

	switch (below(m, 5)) {
	case 0:
		cfg->profile_freebsd12 = !cfg->profile_freebsd12;
		cfg->quirks = cfg->profile_freebsd12 ? VM_QUIRKS_FREEBSD12 : VM_QUIRKS_STRICT;
		break;
	case 1:
		cfg->quirks ^= (uint32_t)1 << below(m, VM_QUIRK_COUNT);
		break;
	case 2:
		cfg->limit = percent(m, 50) ? below(m, 12) : VM_WIRE_LIMIT_DEFAULT;
		break;
	case 3:
		cfg->frames = percent(m, 50) ? 1 + below(m, 8) : 0;
		break;
	case 4:
		cfg->nr_poison = percent(m, 60);
		m->g.poison[0].page = drawn_op(m, VM_OP_fault).start;
		m->g.poison[0].code = percent(m, 70) ? KERN_OUT_OF_BOUNDS : 1 + (int)below(m, 10);
		break;
	}
}

static void
change_op(struct mutation *m)
{
	struct genome_list *l = some_full_list(m);
	unsigned kind = below(m, 100);
	struct vm_op *op = l->nr > 0 ? &l->ops[below(m, l->nr)] : NULL;

	if (kind < 22 || op == NULL)
		insert(m, some_list(m), new_op(m));
	else if (kind < 34)
		insert(m, some_list(m), old_op(m));
	else if (kind < 50)
		drop(m);
	else if (kind < 68)
		retarget(m, op);
	else if (kind < 80)
		redraw(m, op);
	else if (kind < 90)
		swap(m);
	else if (kind < 94)
		change_threads(m);
	else
		change_config(m);
}

/* --- choices --- */

/* All of them anew: each on its own, or long stretches of one thread, as a run with few preemptions has. */
static void
new_choices(struct mutation *m, bool stretches)
{
	uint8_t choice = 0;

	m->g.nr_choices = 1 + below(m, percent(m, 80) ? 24 : MUTATE_CHOICES_MAX);
	for (unsigned i = 0; i < m->g.nr_choices; i++) {
		if (!stretches || i == 0 || percent(m, 20))
			choice = (uint8_t)below(m, LCM_OF_COUNTS);
		m->g.choices[i] = choice;
	}
}

/* One of them: in, out, other, or moved to its neighbour's place. */
static void
change_choice(struct mutation *m)
{
	uint8_t *c = m->g.choices;
	unsigned nr = m->g.nr_choices, at = nr > 0 ? below(m, nr) : 0, kind = nr > 0 ? below(m, 4) : 0;

	switch (kind) {
	case 0:
		if (nr == MUTATE_CHOICES_MAX)
			nr--;
		memmove(c + at + 1, c + at, nr - at);
		c[at] = (uint8_t)below(m, LCM_OF_COUNTS);
		m->g.nr_choices = nr + 1;
		break;
	case 1:
		memmove(c + at, c + at + 1, nr - at - 1);
		m->g.nr_choices--;
		break;
	case 2:
		c[at] = (uint8_t)(c[at] + 1 + below(m, LCM_OF_COUNTS - 1));
		break;
	case 3:
		if (at + 1 < nr) {
			uint8_t first = c[at];

			c[at] = c[at + 1];
			c[at + 1] = first;
		}
		break;
	}
}

static void
change_schedule(struct mutation *m)
{
	unsigned kind = below(m, 100);

	if (kind < 55)
		new_choices(m, kind >= 40);
	else
		change_choice(m);
}

/* --- whole inputs --- */

/* Where threads are wanted there are two at least. */
static void
complete(struct mutation *m)
{
	unsigned nr = 0;

	for (unsigned i = 1; i < GENOME_LISTS; i++)
		nr += m->g.lists[i].nr > 0;
	for (unsigned i = 1; m->m->schedules && nr < 2; i++)
		if (m->g.lists[i].nr == 0) {
			insert(m, i, new_op(m));
			nr++;
		}
}

/* As an engine would that knows nothing: a byte in, out or other. For engines that lend no mutator of their own. */
static size_t
mutate_simply(struct prng *prng, uint8_t *data, size_t len, size_t max)
{
	size_t at = len > 0 ? prng_below(prng, len) : 0;

	switch (len > 0 ? prng_below(prng, 3) : 0) {
	case 0:
		if (len == max)
			len--;
		if (at > len)
			at = len;
		memmove(data + at + 1, data + at, len - at);
		data[at] = (uint8_t)prng_next(prng);
		return len + 1;
	case 1:
		memmove(data + at, data + at + 1, len - at - 1);
		return len - 1;
	default:
		data[at] = (uint8_t)prng_next(prng);
		return len;
	}
}

size_t
mutate(const struct mutator *how, uint8_t *data, size_t len, size_t max, uint64_t seed)
{
	static struct mutation m;
	unsigned kind;

	m = (struct mutation){ .m = how, .d = { .prng = prng_mix(seed, 0, 0) } };
	kind = below(&m, how->schedules ? 100 : 65);
	if (kind < 10) {
		len = how->bytes != NULL ? how->bytes(data, len, max, (unsigned)seed)
		                         : mutate_simply(&m.d.prng, data, len, max);
	}
	genome_read(&m.g, data, len);
	prepare_draw(&m);
	if (kind >= 10 && kind < 65)
		for (unsigned n = 1 + below(&m, 3); n > 0; n--)
			change_op(&m);
	if (kind >= 55 && how->schedules)
		change_schedule(&m);
	complete(&m);
	return genome_write(&m.g, data, max);
}

/* The head of @a and the tail of @b, either of which may be all of it. */
static void
splice(struct mutation *m, unsigned list, const struct genome_list *a, const struct genome_list *b)
{
	struct genome_list *to = &m->g.lists[list];
	unsigned head = below(m, a->nr + 1), tail = below(m, b->nr + 1);

	if (percent(m, 60)) {
		head = percent(m, 50) ? a->nr : 0;
		tail = head == 0 ? 0 : b->nr;
	}
	if (head + b->nr - tail > genome_room(list))
		tail = head + b->nr - genome_room(list);
	memmove(to->ops, a->ops, head * sizeof(a->ops[0]));
	memcpy(to->ops + head, b->ops + tail, (b->nr - tail) * sizeof(b->ops[0]));
	to->nr = head + b->nr - tail;
}

size_t
mutate_cross(const struct mutator *how, const uint8_t *a, size_t len_a, const uint8_t *b, size_t len_b, uint8_t *out,
    size_t max, uint64_t seed)
{
	static struct mutation m;
	static struct genome other;

	m = (struct mutation){ .m = how, .d = { .prng = prng_mix(seed, 1, 0) } };
	genome_read(&m.g, a, len_a);
	genome_read(&other, b, len_b);
	prepare_draw(&m);
	/* The operations of one, the schedule of the other; or a mixture. */
	if (percent(&m, 60))
		for (unsigned i = 0; i < GENOME_LISTS; i++)
			splice(&m, i, &m.g.lists[i], &other.lists[i]);
	if (percent(&m, 50)) {
		m.g.nr_choices = other.nr_choices;
		memcpy(m.g.choices, other.choices, other.nr_choices);
	}
	if (percent(&m, 30)) {
		m.g.config = other.config;
		memcpy(m.g.poison, other.poison, sizeof(other.poison));
	}
	complete(&m);
	return genome_write(&m.g, out, max);
}
