/* SPDX-License-Identifier: BSD-2-Clause */
/* random-draw.c - see random-draw.h. */
#include "harness/gen/random-draw.h"

#include <assert.h>
#include <err.h>

#include "engine/vm.h"

#define DRAWS_MAX 1000 /* attempts to draw an operation that the target supports */

/* --- pages and ranges --- */

/* A page of the map, or rarely one near it. */
static uint64_t
draw_any_page(struct draw *d)
{
	uint64_t page = d->lo + draw_below(d, d->hi - d->lo);

	if (draw_percent(d, 4))
		page = d->cfg->max + draw_below(d, 4);
	else if (draw_percent(d, 3))
		page = d->cfg->min - (d->cfg->min < 4 ? d->cfg->min : draw_below(d, 4));
	return page;
}

/* An edge of a range that was named before, or the page before or after it. */
static uint64_t
draw_near_edge(struct draw *d)
{
	const struct draw_range *r = &d->seen[draw_below(d, d->nr_seen)];
	uint64_t page = draw_percent(d, 50) ? r->start : r->end;

	if (draw_percent(d, 20))
		page++;
	else if (draw_percent(d, 20) && page > 0)
		page--;
	return page;
}

static uint64_t
draw_some_page(struct draw *d)
{
	const struct draw_range *r;

	if (d->nr_seen == 0 || draw_percent(d, 20))
		return draw_any_page(d);
	r = &d->seen[draw_below(d, d->nr_seen)];
	return r->start < r->end && draw_percent(d, 60) ? r->start + draw_below(d, r->end - r->start)
	                                                : draw_near_edge(d);
}

static uint64_t
draw_some_length(struct draw *d)
{
	return 1 + draw_below(d, draw_percent(d, d->wide) ? d->wide_span : d->span);
}

static struct draw_range
draw_fresh_range(struct draw *d)
{
	uint64_t start = draw_any_page(d);

	return (struct draw_range){ start, start + draw_some_length(d) };
}

static struct draw_range
draw_inside(struct draw *d, struct draw_range r)
{
	uint64_t pages = r.end > r.start ? r.end - r.start : 1;

	r.start += draw_below(d, pages);
	r.end = r.start + 1 + draw_below(d, pages);
	return r;
}

static struct draw_range
draw_between_edges(struct draw *d)
{
	uint64_t a = draw_near_edge(d), b = draw_near_edge(d);

	return a < b ? (struct draw_range){ a, b } : (struct draw_range){ b, a };
}

/* A range that was named before. */
static struct draw_range
draw_old_range(struct draw *d)
{
	if (d->nr_seen == 0)
		return (struct draw_range){ d->cfg->min, d->cfg->max };
	return d->seen[draw_below(d, draw_percent(d, d->focus) ? d->nr_focus : d->nr_seen)];
}

/* A range for an operation. The last rows are the odd ones: empty, inverted. */
static struct draw_range
draw_some_range(struct draw *d)
{
	const struct program_config *cfg = d->cfg;
	struct draw_range old = draw_old_range(d);
	uint64_t kind = draw_below(d, 100), start;

	if (d->nr_seen == 0 || kind < 15)
		return draw_fresh_range(d);
	if (kind < 40)
		return old;
	if (kind < 60)
		return draw_inside(d, old);
	if (kind < 75)
		return draw_between_edges(d);
	if (kind < 85)
		return (struct draw_range){ old.end, old.end + 1 + draw_below(d, d->span) };
	if (kind < 92)
		return (struct draw_range){ cfg->min, cfg->max };
	if (kind >= 94 && kind < 96)
		return (struct draw_range){ old.start, old.start };
	start = draw_some_page(d);
	return (struct draw_range){ start, kind < 94 ? cfg->max + draw_below(d, 8) : draw_some_page(d) };
}

/* --- arguments --- */

static uint8_t
draw_some_prot(struct draw *d)
{
	static const uint8_t usual[] = { VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL, VM_PROT_READ, VM_PROT_NONE };

	return draw_percent(d, 80) ? usual[draw_below(d, 4)] : (uint8_t)draw_below(d, 8);
}

/* Mostly all, so that mappings are equal and merge; rarely less than @prot. */
static uint8_t
draw_some_max(struct draw *d, uint8_t prot)
{
	if (draw_percent(d, 70))
		return VM_PROT_ALL;
	return draw_percent(d, 95) ? prot | (uint8_t)draw_below(d, 8) : (uint8_t)draw_below(d, 8);
}

/*
 * How a kind of argument is drawn. The table of all kinds is made from args.def; a kind without a row DRAW_KIND does
 * not compile.
 */
struct arg_draw {
	void (*draw)(struct draw *d, const struct arg_draw *a, struct vm_op *op);
	unsigned limit;  /* choices and numbers: how many there are */
	unsigned chance; /* flags: percent */
	uint8_t flag;    /* VM_OPF_* */
};

/* A page of the last stack: its guard page, the page above that, or any. */
static uint64_t
stack_page(struct draw *d)
{
	uint64_t pages = d->stack.end - d->stack.start, kind = draw_below(d, 4);

	if (kind < 2 && pages > 1)
		return d->stack.start + kind;
	return d->stack.start + draw_below(d, pages);
}

/* Growth needs a gap, so grow and faults prefer the stack, if there is one. */
static void
draw_start(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	bool grows = op->code == VM_OP_grow || op->code == VM_OP_fault || op->code == VM_OP_write;

	(void)a;
	if (grows && d->stack.start < d->stack.end && draw_percent(d, op->code == VM_OP_grow ? 80 : 50))
		op->start = stack_page(d);
	else
		op->start = draw_some_page(d);
}

/* The start was drawn as a page before; it is drawn again with the end. */
static void
draw_range(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	struct draw_range r = draw_some_range(d);

	(void)a;
	op->start = r.start;
	op->end = r.end;
}

static void
draw_length(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	op->end = draw_percent(d, 90) ? draw_some_length(d) : draw_below(d, a->limit);
}

static void
draw_prot(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	(void)a;
	op->prot = draw_some_prot(d);
}

static void
draw_max(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	(void)a;
	op->max = draw_some_max(d, op->prot);
}

static void
draw_mapping(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	if (draw_percent(d, a->chance)) {
		op->flags |= a->flag;
		return;
	}
	op->prot = draw_percent(d, 60) ? VM_PROT_READ | VM_PROT_WRITE : draw_some_prot(d);
	op->max = draw_some_max(d, op->prot);
}

static void
draw_choice(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	op->choice = (uint8_t)draw_below(d, a->limit);
}

static void
draw_flag(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	if (draw_percent(d, a->chance))
		op->flags |= a->flag;
}

static void
draw_who(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	if (draw_percent(d, d->user))
		op->flags |= a->flag;
}

static void
draw_holes(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	if (draw_percent(d, d->holes))
		op->flags |= a->flag;
}

static void
draw_tag(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	op->value = 1 + draw_below(d, a->limit);
}

static void
draw_count(struct draw *d, const struct arg_draw *a, struct vm_op *op)
{
	op->value = draw_below(d, a->limit);
}

#define DRAW_START draw_start
#define DRAW_END draw_range
#define DRAW_LEN draw_length, .limit = 70
#define DRAW_PROT draw_prot
#define DRAW_MAX draw_max
#define DRAW_MAPPING draw_mapping, .chance = 12, .flag = VM_OPF_GUARD
#define DRAW_INHERIT draw_choice, .limit = VM_INHERIT_COUNT
#define DRAW_ADVICE draw_choice, .limit = VM_MADV_COUNT
#define DRAW_WHO draw_who, .flag = VM_OPF_USER
#define DRAW_HOLES draw_holes, .flag = VM_OPF_HOLESOK
#define DRAW_SETMAX draw_flag, .chance = 20, .flag = VM_OPF_SETMAX
#define DRAW_WRITE draw_flag, .chance = 20, .flag = VM_OPF_WRITE
#define DRAW_INVALIDATE draw_flag, .chance = 40, .flag = VM_OPF_INVALIDATE
#define DRAW_TAG draw_tag, .limit = 9
#define DRAW_COUNT draw_count, .limit = 100
#define DRAW_SWITCH draw_flag, .chance = 70, .flag = VM_OPF_ON

static const struct arg_draw arg_draws[] = {
#define VM_ARG(kind, letter, expected, meaning) [VM_ARG_##kind] = { DRAW_##kind },
#include "engine/args.def"
#undef VM_ARG
};

static void
draw_arg(struct draw *d, enum vm_arg_kind kind, struct vm_op *op)
{
	if (arg_draws[kind].draw != NULL)
		arg_draws[kind].draw(d, &arg_draws[kind], op);
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
	[VM_OP_wirefuture] = 3,
	[VM_OP_mmap] = 5,
	[VM_OP_stack] = 5,
	[VM_OP_grow] = 4,
};

void
draw_weights(struct draw *d, const unsigned *factors, unsigned nr_factors)
{
	unsigned total = 0;

	assert(nr_factors > 0);
	for (unsigned c = 1; c <= VM_OP_CODE_MAX; c++) {
		unsigned weight = usual_weights[c] != 0 ? usual_weights[c] : 1;

		d->weights[c] = vm_op_table[c].name != NULL ? weight * factors[draw_below(d, nr_factors)] : 0;
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
	assert(total > 0);
	for (at = draw_below(d, total); at >= d->weights[code]; code++)
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

bool
draw_can_do(const struct draw *d, const struct vm_op *op)
{
	return d->target == NULL || target_op_reason(d->target, d->cfg, op) == NULL;
}

void
draw_growsize(struct draw *d, struct program_config *cfg)
{
	if (draw_percent(d, 75))
		cfg->growsize = 1 + draw_below(d, 4);
}

/* Remembers a stack. A short one has no room for growth, so most become longer. */
static void
draw_stack(struct draw *d, struct vm_op *op)
{
	if (op->end < op->start + 4 && op->end > op->start && draw_percent(d, 80))
		op->end += 1 + draw_below(d, 4);
	if (op->end > d->cfg->max && op->start < d->cfg->max && draw_percent(d, 90))
		op->end = d->cfg->max;
	if (op->start < op->end)
		d->stack = (struct draw_range){ op->start, op->end };
}

struct vm_op
draw_op(struct draw *d, uint8_t code)
{
	struct vm_op op;

	assert(code > 0 && code <= VM_OP_CODE_MAX);
	for (unsigned tries = 0;; tries++) {
		op = (struct vm_op){ .code = code };
		for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
			draw_arg(d, vm_op_table[code].args[i], &op);
		if (draw_can_do(d, &op))
			break;
		if (tries == DRAWS_MAX)
			errx(2, "target %s can do next to nothing", d->target->name);
		/* The program's weights may allow only operations that the target does not support. */
		code = (uint8_t)(1 + draw_below(d, VM_OP_CODE_MAX));
	}
	assert(op.code == code);
	if (op.code == VM_OP_stack)
		draw_stack(d, &op);
	if (op_takes_range(code) && d->nr_seen < DRAW_RANGES_MAX)
		d->seen[d->nr_seen++] = (struct draw_range){ op.start, op.end };
	return op;
}
