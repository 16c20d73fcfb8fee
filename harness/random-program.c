/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random-program.c - see random-program.h. Random numbers come from SplitMix64 (Steele, Lea, Flood 2014): the state
 * counts, the output mixes it. No other source of chance is used.
 */
#include "harness/random-program.h"

#include <err.h>
#include <stdlib.h>

#include "engine/vm.h"

#define RANGES_MAX 24
#define POISON_MAX 3
#define PROBES 6
#define WINDOW 16 /* pages; in a larger map most operations are kept together */

struct range {
	uint64_t start, end;
};

struct draw {
	uint64_t state;
	struct program *p;
	uint64_t lo, hi;                      /* most of what happens, happens here: a part of the map */
	unsigned weights[VM_OP_CODE_MAX + 1]; /* of the operations, in this program */
	struct range seen[RANGES_MAX];        /* that operations have named */
	size_t nr_seen;
};

static uint64_t
next(struct draw *d)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t
below(struct draw *d, uint64_t n)
{
	return next(d) % n;
}

static bool
percent(struct draw *d, unsigned chance)
{
	return below(d, 100) < chance;
}

/* A page of the map, or seldom one near it. */
static uint64_t
any_page(struct draw *d)
{
	const struct program_config *cfg = &d->p->config;
	uint64_t page = d->lo + below(d, d->hi - d->lo);

	if (percent(d, 4))
		page = cfg->max + below(d, 4);
	else if (percent(d, 3))
		page = cfg->min - (cfg->min < 4 ? cfg->min : below(d, 4));
	return page;
}

/* An edge of something that was named before, or the page before or behind it. */
static uint64_t
near_edge(struct draw *d)
{
	const struct range *r = &d->seen[below(d, d->nr_seen)];
	uint64_t page = percent(d, 50) ? r->start : r->end;

	if (percent(d, 20))
		page++;
	else if (percent(d, 20) && page > 0)
		page--;
	return page;
}

static uint64_t
some_page(struct draw *d)
{
	const struct range *r;

	if (d->nr_seen == 0 || percent(d, 20))
		return any_page(d);
	r = &d->seen[below(d, d->nr_seen)];
	return r->start < r->end && percent(d, 60) ? r->start + below(d, r->end - r->start) : near_edge(d);
}

static struct range
fresh_range(struct draw *d)
{
	uint64_t start = any_page(d);

	return (struct range){ start, start + 1 + below(d, percent(d, 80) ? 8 : 40) };
}

static struct range
inside(struct draw *d, struct range r)
{
	uint64_t pages = r.end > r.start ? r.end - r.start : 1;

	r.start += below(d, pages);
	r.end = r.start + 1 + below(d, pages);
	return r;
}

static struct range
between_edges(struct draw *d)
{
	uint64_t a = near_edge(d), b = near_edge(d);

	return a < b ? (struct range){ a, b } : (struct range){ b, a };
}

/* A range for an operation. Towards the end come the odd ones: empty, inverted. */
static struct range
some_range(struct draw *d)
{
	const struct program_config *cfg = &d->p->config;
	struct range old = d->nr_seen > 0 ? d->seen[below(d, d->nr_seen)] : (struct range){ cfg->min, cfg->max };
	uint64_t kind = below(d, 100);

	if (d->nr_seen == 0 || kind < 15)
		return fresh_range(d);
	if (kind < 40)
		return old;
	if (kind < 60)
		return inside(d, old);
	if (kind < 75)
		return between_edges(d);
	if (kind < 85)
		return (struct range){ old.end, old.end + 1 + below(d, 8) };
	if (kind < 92)
		return (struct range){ cfg->min, cfg->max };
	if (kind < 94)
		return (struct range){ some_page(d), cfg->max + below(d, 8) };
	if (kind < 96)
		return (struct range){ old.start, old.start };
	return (struct range){ some_page(d), some_page(d) };
}

static uint8_t
some_prot(struct draw *d)
{
	static const uint8_t usual[] = { VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL, VM_PROT_READ, VM_PROT_NONE };

	return percent(d, 80) ? usual[below(d, 4)] : (uint8_t)below(d, 8);
}

/* Mostly everything, so that mappings are alike and merge; seldom less than @prot. */
static uint8_t
some_max(struct draw *d, uint8_t prot)
{
	if (percent(d, 70))
		return VM_PROT_ALL;
	return percent(d, 95) ? prot | (uint8_t)below(d, 8) : (uint8_t)below(d, 8);
}

static void
draw_mapping(struct draw *d, struct vm_op *op)
{
	if (percent(d, 12)) {
		op->flags |= VM_OPF_GUARD;
		return;
	}
	op->prot = percent(d, 60) ? VM_PROT_READ | VM_PROT_WRITE : some_prot(d);
	op->max = some_max(d, op->prot);
}

static uint8_t
some_flag(struct draw *d, unsigned chance, uint8_t flag)
{
	return percent(d, chance) ? flag : 0;
}

static void
draw_arg(struct draw *d, enum vm_arg_kind kind, struct vm_op *op)
{
	switch (kind) {
	case VM_ARG_NONE:
		break;
	case VM_ARG_START:
		op->start = some_page(d);
		break;
	case VM_ARG_END: {
		struct range r = some_range(d);

		op->start = r.start;
		op->end = r.end;
		break;
	}
	case VM_ARG_LEN:
		op->end = percent(d, 80) ? 1 + below(d, 8) : below(d, 70);
		break;
	case VM_ARG_PROT:
		op->prot = some_prot(d);
		break;
	case VM_ARG_MAX:
		op->max = some_max(d, op->prot);
		break;
	case VM_ARG_MAPPING:
		draw_mapping(d, op);
		break;
	case VM_ARG_INHERIT:
		op->choice = (uint8_t)below(d, VM_INHERIT_COUNT);
		break;
	case VM_ARG_ADVICE:
		op->choice = (uint8_t)below(d, VM_MADV_COUNT);
		break;
	case VM_ARG_WHO:
		op->flags |= some_flag(d, 65, VM_OPF_USER);
		break;
	case VM_ARG_HOLES:
		op->flags |= some_flag(d, 50, VM_OPF_HOLESOK);
		break;
	case VM_ARG_SETMAX:
		op->flags |= some_flag(d, 20, VM_OPF_SETMAX);
		break;
	case VM_ARG_WRITE:
		op->flags |= some_flag(d, 20, VM_OPF_WRITE);
		break;
	case VM_ARG_INVALIDATE:
		op->flags |= some_flag(d, 40, VM_OPF_INVALIDATE);
		break;
	case VM_ARG_TAG:
		op->value = 1 + below(d, 9);
		break;
	case VM_ARG_COUNT:
		op->value = below(d, 100);
		break;
	}
}

/* How often an operation is drawn. One that is not listed has weight 1: a new one is drawn without a word here. */
static const unsigned usual_weights[VM_OP_CODE_MAX + 1] = {
	[VM_OP_insert] = 12,
	[VM_OP_fixed] = 4,
	[VM_OP_find] = 3,
	[VM_OP_remove] = 5,
	[VM_OP_protect] = 8,
	[VM_OP_inherit] = 4,
	[VM_OP_madvise] = 4,
	[VM_OP_wire] = 20,
	[VM_OP_unwire] = 14,
	[VM_OP_sync] = 4,
	[VM_OP_clip] = 4,
	[VM_OP_fault] = 4,
	[VM_OP_read] = 3,
	[VM_OP_write] = 4,
};

/* Each program has operations that it likes and some that it leaves out, so that programs differ more. */
static void
draw_weights(struct draw *d)
{
	static const unsigned factors[] = { 0, 1, 1, 4 };

	for (unsigned c = 1; c <= VM_OP_CODE_MAX; c++) {
		unsigned weight = usual_weights[c] != 0 ? usual_weights[c] : 1;

		d->weights[c] = vm_op_table[c].name != NULL ? weight * factors[below(d, 4)] : 0;
	}
	d->weights[VM_OP_insert] += 4;
}

static uint8_t
some_code(struct draw *d)
{
	uint64_t total = 0, at;
	uint8_t code = 1;

	for (unsigned c = 1; c <= VM_OP_CODE_MAX; c++)
		total += d->weights[c];
	for (at = below(d, total); at >= d->weights[code]; code++)
		at -= d->weights[code];
	return code;
}

static bool
has_kind(uint8_t code, enum vm_arg_kind kind)
{
	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
		if (vm_op_table[code].args[i] == kind)
			return true;
	return false;
}

static struct vm_op
some_op(struct draw *d, uint8_t code)
{
	struct vm_op op = { .code = code };

	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
		draw_arg(d, vm_op_table[code].args[i], &op);
	if (has_kind(code, VM_ARG_END) && d->nr_seen < RANGES_MAX)
		d->seen[d->nr_seen++] = (struct range){ op.start, op.end };
	return op;
}

static void
draw_poison(struct draw *d, struct program_config *cfg)
{
	static const uint8_t codes[] = { KERN_OUT_OF_BOUNDS, KERN_OUT_OF_BOUNDS, KERN_FAILURE, KERN_NO_ACCESS };
	uint64_t page = d->lo;

	cfg->poison = calloc(POISON_MAX, sizeof(*cfg->poison));
	if (cfg->poison == NULL)
		err(1, "poison");
	while (cfg->nr_poison < POISON_MAX && percent(d, 80)) {
		page += below(d, 8);
		cfg->poison[cfg->nr_poison++] = (struct program_poison){ page++, codes[below(d, 4)] };
	}
}

static void
draw_quirks(struct draw *d, struct program_config *cfg)
{
	cfg->profile_given = true;
	cfg->profile_freebsd12 = percent(d, 50);
	cfg->quirks = cfg->profile_freebsd12 ? VM_QUIRKS_FREEBSD12 : VM_QUIRKS_STRICT;
	if (percent(d, 20))
		cfg->quirks ^= (uint32_t)1 << below(d, VM_QUIRK_COUNT);
	else if (percent(d, 10))
		cfg->quirks = (uint32_t)below(d, VM_QUIRKS_FREEBSD12 + 1);
}

/* Poison in a map with a low limit: draw_probes says what for. */
static void
draw_limits(struct draw *d, struct program_config *cfg, bool probing)
{
	if (probing || percent(d, 50)) {
		cfg->limit_given = true;
		cfg->limit = probing ? 1 + below(d, 8) : below(d, percent(d, 70) ? 12 : 40);
	}
	if (probing || percent(d, 30))
		draw_poison(d, cfg);
}

static void
draw_config(struct draw *d, struct program_config *cfg)
{
	draw_quirks(d, cfg);
	if (percent(d, 30)) {
		cfg->min = 0;
		cfg->max = 64;
	} else if (percent(d, 20)) {
		cfg->min = below(d, 40);
		cfg->max = cfg->min + 1 + below(d, 30);
	}
	cfg->kernel = percent(d, 5);
	d->lo = cfg->min;
	d->hi = cfg->max;
	if (cfg->max - cfg->min > WINDOW && percent(d, 75)) {
		d->lo += below(d, cfg->max - cfg->min - WINDOW + 1);
		d->hi = d->lo + WINDOW;
	}
}

/*
 * Entry boundaries that no attribute shows decide which error a user wire meets first: the limit is tested per entry, a
 * poisoned page fails when its entry is faulted. A row of failing wires changes nothing and feels for them.
 */
static void
draw_probes(struct draw *d, size_t nr)
{
	for (; nr > 0; nr--) {
		struct vm_op *op = &d->p->init[d->p->nr_init++].op;

		*op = some_op(d, VM_OP_wire);
		op->flags |= VM_OPF_USER;
		op->flags &= (uint8_t)~VM_OPF_WRITE;
		if (d->p->config.nr_poison > 0 && percent(d, 50))
			op->start = d->p->config.poison[below(d, d->p->config.nr_poison)].page;
	}
}

void
random_program(uint64_t seed, struct program *p)
{
	struct draw d = { .state = seed, .p = p };
	bool probing;
	size_t nr_ops, nr_probes;

	program_init(p);
	(void)next(&d);
	draw_config(&d, &p->config);
	draw_weights(&d);
	probing = percent(&d, 30);
	draw_limits(&d, &p->config, probing);
	nr_probes = probing ? PROBES : 0;
	nr_ops = 4 + below(&d, probing ? 8 : 16);
	p->init = calloc(nr_ops + nr_probes, sizeof(*p->init));
	if (p->init == NULL)
		err(1, "steps");
	/* An empty map is soon explored: mostly begin with mappings. */
	for (; p->nr_init < nr_ops; p->nr_init++) {
		bool map = p->nr_init < 3 && percent(&d, 80);

		p->init[p->nr_init].op = some_op(&d, map ? VM_OP_insert : some_code(&d));
	}
	draw_probes(&d, nr_probes);
}
