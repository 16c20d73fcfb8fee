/* SPDX-License-Identifier: BSD-2-Clause */
/* random-draw.c - see random-draw.h. */
#include "harness/gen/random-draw.h"

#include <err.h>

#include "engine/vm.h"

#define DRAWS_MAX 1000 /* attempts to draw an operation that the target supports */

static uint64_t
below(struct draw *d, uint64_t n)
{
	return prng_below(&d->prng, n);
}

static bool
percent(struct draw *d, unsigned chance)
{
	return prng_percent(&d->prng, chance);
}

/* --- pages and ranges --- */

/* A page of the map, or rarely one near it. */
static uint64_t
any_page(struct draw *d)
{
	uint64_t page = d->lo + below(d, d->hi - d->lo);

	if (percent(d, 4))
		page = d->cfg->max + below(d, 4);
	else if (percent(d, 3))
		page = d->cfg->min - (d->cfg->min < 4 ? d->cfg->min : below(d, 4));
	return page;
}

/* An edge of a range that was named before, or the page before or after it. */
static uint64_t
near_edge(struct draw *d)
{
	const struct draw_range *r = &d->seen[below(d, d->nr_seen)];
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
	const struct draw_range *r;

	if (d->nr_seen == 0 || percent(d, 20))
		return any_page(d);
	r = &d->seen[below(d, d->nr_seen)];
	return r->start < r->end && percent(d, 60) ? r->start + below(d, r->end - r->start) : near_edge(d);
}

static uint64_t
some_length(struct draw *d)
{
	return 1 + below(d, percent(d, d->wide) ? d->wide_span : d->span);
}

static struct draw_range
fresh_range(struct draw *d)
{
	uint64_t start = any_page(d);

	return (struct draw_range){ start, start + some_length(d) };
}

static struct draw_range
inside(struct draw *d, struct draw_range r)
{
	uint64_t pages = r.end > r.start ? r.end - r.start : 1;

	r.start += below(d, pages);
	r.end = r.start + 1 + below(d, pages);
	return r;
}

static struct draw_range
between_edges(struct draw *d)
{
	uint64_t a = near_edge(d), b = near_edge(d);

	return a < b ? (struct draw_range){ a, b } : (struct draw_range){ b, a };
}

/* A range that was named before. */
static struct draw_range
old_range(struct draw *d)
{
	if (d->nr_seen == 0)
		return (struct draw_range){ d->cfg->min, d->cfg->max };
	return d->seen[below(d, percent(d, d->focus) ? d->nr_focus : d->nr_seen)];
}

/* A range for an operation. The last rows are the odd ones: empty, inverted. */
static struct draw_range
some_range(struct draw *d)
{
	const struct program_config *cfg = d->cfg;
	struct draw_range old = old_range(d);
	uint64_t kind = below(d, 100), start;

	if (d->nr_seen == 0 || kind < 15)
		return fresh_range(d);
	if (kind < 40)
		return old;
	if (kind < 60)
		return inside(d, old);
	if (kind < 75)
		return between_edges(d);
	if (kind < 85)
		return (struct draw_range){ old.end, old.end + 1 + below(d, d->span) };
	if (kind < 92)
		return (struct draw_range){ cfg->min, cfg->max };
	if (kind >= 94 && kind < 96)
		return (struct draw_range){ old.start, old.start };
	start = some_page(d);
	return (struct draw_range){ start, kind < 94 ? cfg->max + below(d, 8) : some_page(d) };
}

/* --- arguments --- */

static uint8_t
some_prot(struct draw *d)
{
	static const uint8_t usual[] = { VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL, VM_PROT_READ, VM_PROT_NONE };

	return percent(d, 80) ? usual[below(d, 4)] : (uint8_t)below(d, 8);
}

/* Mostly all, so that mappings are equal and merge; rarely less than @prot. */
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

static void
draw_range(struct draw *d, struct vm_op *op)
{
	struct draw_range r = some_range(d);

	op->start = r.start;
	op->end = r.end;
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
	case VM_ARG_END:
		draw_range(d, op);
		break;
	case VM_ARG_LEN:
		op->end = percent(d, 90) ? some_length(d) : below(d, 70);
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
		op->flags |= some_flag(d, d->user, VM_OPF_USER);
		break;
	case VM_ARG_HOLES:
		op->flags |= some_flag(d, d->holes, VM_OPF_HOLESOK);
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

/* --- operations --- */

/* Weights of the operations. An operation that is not listed has weight 1, so a new one needs no row. */
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

void
draw_weights(struct draw *d, const unsigned *factors, unsigned nr_factors)
{
	unsigned total = 0;

	for (unsigned c = 1; c <= VM_OP_CODE_MAX; c++) {
		unsigned weight = usual_weights[c] != 0 ? usual_weights[c] : 1;

		d->weights[c] = vm_op_table[c].name != NULL ? weight * factors[below(d, nr_factors)] : 0;
		total += d->weights[c];
	}
	if (total == 0)
		d->weights[VM_OP_wire] = 1;
}

uint8_t
draw_code(struct draw *d)
{
	uint64_t total = 0, at;
	uint8_t code = 1;

	for (unsigned c = 1; c <= VM_OP_CODE_MAX; c++)
		total += d->weights[c];
	for (at = below(d, total); at >= d->weights[code]; code++)
		at -= d->weights[code];
	return code;
}

bool
draw_has_kind(uint8_t code, enum vm_arg_kind kind)
{
	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
		if (vm_op_table[code].args[i] == kind)
			return true;
	return false;
}

static bool
can_do(const struct draw *d, const struct vm_op *op)
{
	return d->target == NULL || d->target->op_reason == NULL || d->target->op_reason(op) == NULL;
}

struct vm_op
draw_op(struct draw *d, uint8_t code)
{
	struct vm_op op;

	for (unsigned tries = 0;; tries++) {
		op = (struct vm_op){ .code = code };
		for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
			draw_arg(d, vm_op_table[code].args[i], &op);
		if (can_do(d, &op))
			break;
		if (tries == DRAWS_MAX)
			errx(2, "target %s can do next to nothing", d->target->name);
		/* The program's weights may allow only operations that the target does not support. */
		code = (uint8_t)(1 + below(d, VM_OP_CODE_MAX));
	}
	if (op_takes_range(code) && d->nr_seen < DRAW_RANGES_MAX)
		d->seen[d->nr_seen++] = (struct draw_range){ op.start, op.end };
	return op;
}
