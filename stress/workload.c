/* SPDX-License-Identifier: BSD-2-Clause */
/* workload.c - see workload.h, which has the rules L1 to L3. */
#include "stress/workload.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"

#define HELD_MAX UINT8_MAX
#define MIX_TEXT_MAX 512

static const struct named_mix {
	const char *name, *weights;
	unsigned whole, limit, frames;
	const char *sentence;
} named_mixes[] = {
#define MIX(name, weights, whole, limit, frames, sentence)                                                             \
	{ (name), (weights), (whole), (limit), (frames), (sentence) },
#include "stress/mixes.def"
#undef MIX
};
#define NR_MIXES (sizeof(named_mixes) / sizeof(named_mixes[0]))

/* --- the mix --- */

static void
mix_sum(struct workload_mix *mix)
{
	mix->sum = 0;
	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++)
		mix->sum += mix->weight[code];
}

/* "wire=20" */
static bool
mix_parse_one(struct workload_mix *mix, char *item)
{
	char *number = strchr(item, '=');
	const char *error = NULL;
	unsigned weight;

	if (number == NULL)
		return false;
	*number++ = '\0';
	weight = (unsigned)strtonum(number, 0, 1000000, &error);
	for (unsigned code = 0; error == NULL && code <= VM_OP_CODE_MAX; code++) {
		if (vm_op_table[code].name == NULL || strcmp(vm_op_table[code].name, item) != 0)
			continue;
		mix->weight[code] = weight;
		return true;
	}
	number[-1] = '=';
	return false;
}

/* Parses @copy, which it cuts into items. Returns NULL, or the wrong item. */
static const char *
mix_parse_list(struct workload_mix *mix, char *copy)
{
	char *rest = copy, *item;

	while ((item = strsep(&rest, ",")) != NULL)
		if (!mix_parse_one(mix, item))
			return item;
	mix_sum(mix);
	return NULL;
}

static void
mix_take(struct workload_mix *mix, const struct named_mix *named)
{
	char copy[MIX_TEXT_MAX];

	*mix = (struct workload_mix){ .whole = named->whole, .limit = named->limit, .frames = named->frames };
	(void)strlcpy(copy, named->weights, sizeof(copy));
	(void)mix_parse_list(mix, copy);
}

void
workload_mix_default(struct workload_mix *mix)
{
	mix_take(mix, &named_mixes[0]);
}

/* The mix whose name @text starts with, or NULL. *ret_rest: the text after the name and its comma. */
static const struct named_mix *
mix_named(const char *text, const char **ret_rest)
{
	size_t len = strcspn(text, ",");

	for (size_t i = 0; i < NR_MIXES; i++) {
		if (strlen(named_mixes[i].name) != len || strncmp(named_mixes[i].name, text, len) != 0)
			continue;
		*ret_rest = text[len] == ',' ? text + len + 1 : text + len;
		return &named_mixes[i];
	}
	return NULL;
}

bool
workload_mix_parse(struct workload_mix *mix, const char *text, char *bad, unsigned bad_size)
{
	char copy[MIX_TEXT_MAX];
	const char *rest = text, *wrong;
	const struct named_mix *named = mix_named(text, &rest);

	(void)strlcpy(bad, text, bad_size);
	if (named != NULL)
		mix_take(mix, named);
	if (named != NULL && *rest == '\0')
		return true;
	if (strlcpy(copy, rest, sizeof(copy)) >= sizeof(copy))
		return false;
	wrong = mix_parse_list(mix, copy);
	if (wrong != NULL)
		(void)strlcpy(bad, wrong, bad_size);
	return wrong == NULL && mix->sum > 0;
}

void
workload_mixes_offer(struct nearest *n)
{
	for (size_t i = 0; i < NR_MIXES; i++)
		nearest_offer(n, named_mixes[i].name);
}

void
workload_mixes_print(struct strbuf *out)
{
	for (size_t i = 0; i < NR_MIXES; i++)
		strbuf_printf(out, "  %-11s  %s\n", named_mixes[i].name, named_mixes[i].sentence);
}

static uint8_t
mix_pick(const struct workload_mix *mix, struct prng *rng)
{
	uint64_t at = prng_below(rng, mix->sum);
	uint8_t code = 0;

	assert(mix->sum > 0);
	while (at >= mix->weight[code])
		at -= mix->weight[code++];
	assert(mix->weight[code] > 0);
	return code;
}

/* --- operations --- */

/*
 * A range within [low, high) of at most @len_max pages; short ones are more likely. Sometimes empty, if @len_max is not
 * 1.
 */
static void
workload_pick_range(struct workload *w, struct vm_op *op, uint64_t low, uint64_t high, uint64_t len_max)
{
	uint64_t len = 1 + prng_below(&w->rng, 1 + prng_below(&w->rng, len_max));

	assert(low < high && len_max > 0);
	if (len_max > 1 && prng_one_in(&w->rng, 64))
		len = 0;
	if (len > high - low)
		len = high - low;
	op->start = low + prng_below(&w->rng, high - low - len + 1);
	op->end = op->start + len;
	assert(op->start >= low && op->end <= high);
}

static uint8_t
workload_pick_prot(struct prng *rng)
{
	static const uint8_t prots[] = { VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ,
		VM_PROT_READ | VM_PROT_EXECUTE, VM_PROT_ALL, VM_PROT_NONE, VM_PROT_WRITE };

	return prots[prng_below(rng, sizeof(prots))];
}

static void
workload_pick_mapping(struct workload *w, struct vm_op *op)
{
	if (op->code != VM_OP_find && prng_one_in(&w->rng, 12)) {
		op->flags = VM_OPF_GUARD;
		return;
	}
	op->max = prng_one_in(&w->rng, 8) ? workload_pick_prot(&w->rng) : VM_PROT_ALL;
	op->prot = workload_pick_prot(&w->rng) & op->max;
}

static void
workload_pick_access(struct workload *w, struct vm_op *op)
{
	static const uint8_t accesses[] = { VM_PROT_READ, VM_PROT_READ, VM_PROT_WRITE, VM_PROT_EXECUTE };

	op->prot = accesses[prng_below(&w->rng, sizeof(accesses))];
}

/* Makes the operation cover the whole map, as mlockall(2) and munlockall(2) do. */
static void
workload_pick_whole(struct workload *w, struct vm_op *op)
{
	if (w->mix->whole == 0 || !prng_percent(&w->rng, w->mix->whole))
		return;
	op->start = w->min;
	op->end = w->max;
	op->flags |= VM_OPF_HOLESOK;
}

/*
 * Draws who, holes and write. Moves a system operation into a zone and applies the zone's rules: in the kept zone, only
 * wires.
 */
static void
workload_pick_wiring(struct workload *w, struct vm_op *op)
{
	bool wire = op->code == VM_OP_wire, kept;

	assert(op->code == VM_OP_wire || op->code == VM_OP_unwire);
	op->flags = prng_one_in(&w->rng, 2) ? VM_OPF_HOLESOK : 0;
	if (wire && prng_one_in(&w->rng, 4))
		op->flags |= VM_OPF_WRITE;
	kept = wire && (w->high <= w->middle || (w->low < w->middle && prng_one_in(&w->rng, 2)));
	if (!prng_one_in(&w->rng, 3) || (!kept && w->high <= w->middle)) {
		op->flags |= VM_OPF_USER;
		workload_pick_whole(w, op);
		return;
	}
	if (kept)
		op->flags &= (uint8_t)~VM_OPF_HOLESOK;
	workload_pick_range(w, op, kept || w->low > w->middle ? w->low : w->middle,
	    kept && w->high > w->middle ? w->middle : w->high, WORKLOAD_WIRE_MAX);
}

/* The page nearest to the drawn one that the thread owns; there is none if there are more threads than pages. */
static void
workload_pick_own_page(struct workload *w, struct vm_op *op)
{
	unsigned nr = w->place.nr_threads;
	uint64_t own = op->start - (op->start - w->min) % nr + w->place.thread;

	assert(op->code == VM_OP_write);
	if (own >= w->high && own >= w->min + nr)
		own -= nr;
	if (own >= w->max)
		op->code = VM_OP_read;
	else
		op->start = own;
}

static void
workload_pick_rest(struct workload *w, struct vm_op *op)
{
	switch ((enum vm_op_code)op->code) {
	case VM_OP_insert:
	case VM_OP_fixed:
	case VM_OP_find:
	case VM_OP_mmap:
		workload_pick_mapping(w, op);
		break;
	case VM_OP_protect:
		op->prot = workload_pick_prot(&w->rng);
		if (prng_one_in(&w->rng, 16)) /* stays until the pages are mapped again */
			op->flags = VM_OPF_SETMAX;
		break;
	case VM_OP_inherit:
		op->choice = (uint8_t)prng_below(&w->rng, VM_INHERIT_COUNT);
		break;
	case VM_OP_madvise:
		op->choice = (uint8_t)prng_below(&w->rng, VM_MADV_COUNT);
		break;
	case VM_OP_wire:
	case VM_OP_unwire:
		workload_pick_wiring(w, op);
		break;
	case VM_OP_sync:
		op->flags = prng_one_in(&w->rng, 3) ? VM_OPF_INVALIDATE : 0;
		break;
	case VM_OP_check:
	case VM_OP_fault:
		workload_pick_access(w, op);
		break;
	case VM_OP_write:
		workload_pick_own_page(w, op);
		break;
	case VM_OP_pageout:
		op->value = 1 + prng_below(&w->rng, 8);
		break;
	case VM_OP_wirefuture:
		op->flags = prng_one_in(&w->rng, 3) ? 0 : VM_OPF_ON;
		break;
	case VM_OP_stack:
	case VM_OP_grow:
	case VM_OP_remove:
	case VM_OP_lookup:
	case VM_OP_clip:
	case VM_OP_read:
	case VM_OP_INVALID:
		break;
	}
}

/* Converts the range to the operation's kinds of argument: a page, a length, or none. */
static void
workload_fit_range(const struct workload *w, struct vm_op *op)
{
	const struct vm_op_desc *desc = &vm_op_table[op->code];
	bool has_start = false, has_end = false, has_len = false;

	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++) {
		has_start |= desc->args[i] == VM_ARG_START;
		has_end |= desc->args[i] == VM_ARG_END;
		has_len |= desc->args[i] == VM_ARG_LEN;
	}
	if (has_len)
		op->end -= op->start;
	else if (!has_end)
		op->end = 0;
	if (!has_start)
		op->start = 0;
	else if (!has_end && op->start == w->max)
		op->start--;
}

/* Chooses the whole map, or the thread's own part of it. */
static void
workload_pick_place(struct workload *w)
{
	const struct workload_place *p = &w->place;
	uint64_t len = (w->max - w->min) / p->nr_threads;

	w->low = w->min;
	w->high = w->max;
	if (len == 0 || p->overlap == 100 || prng_percent(&w->rng, p->overlap))
		return;
	w->low = w->min + p->thread * len;
	w->high = w->low + len;
}

static void
workload_pick_op(struct workload *w, struct vm_op *op)
{
	*op = (struct vm_op){ .code = mix_pick(w->mix, &w->rng) };
	workload_pick_place(w);
	workload_pick_range(w, op, w->low, w->high, 1 + (w->high - w->low) / 4);
	workload_pick_rest(w, op);
	workload_fit_range(w, op);
}

/* --- the ledger --- */

static bool
op_is_system(const struct vm_op *op, enum vm_op_code code)
{
	return op->code == code && (op->flags & VM_OPF_USER) == 0;
}

static bool
op_may_wait_for_wirings(const struct vm_op *op)
{
	return op->code == VM_OP_remove || op->code == VM_OP_fixed;
}

/* Is there room for one more wiring of each page? */
static bool
ledger_fits(const struct workload *w, const struct vm_op *op)
{
	for (uint64_t page = op->start; page < op->end; page++)
		if (w->held[page - w->min] == HELD_MAX)
			return false;
	return true;
}

static void
ledger_add(struct workload *w, const struct vm_op *op)
{
	assert(op->start >= w->min && op->end <= w->max);
	for (uint64_t page = op->start; page < op->end; page++)
		w->held[page - w->min]++;
	w->nr_held += op->end - op->start;
}

static void
ledger_sub(struct workload *w, const struct vm_op *op)
{
	assert(op->start >= w->min && op->end <= w->max && w->nr_held >= op->end - op->start);
	for (uint64_t page = op->start; page < op->end; page++)
		w->held[page - w->min]--;
	w->nr_held -= op->end - op->start;
	if (w->nr_held == 0) {
		w->draining = false;
		w->hold_ops = 0;
	}
}

static void
drain_begin(struct workload *w)
{
	assert(w->nr_held > 0);
	w->draining = true;
	w->drain_page = w->min;
}

/* A system unwire of the next page in the ledger, which may hold a page several times. */
static void
drain_next(struct workload *w, struct vm_op *op)
{
	assert(w->nr_held > 0 && w->draining);
	while (w->held[w->drain_page - w->min] == 0)
		w->drain_page++;
	*op = (struct vm_op){ .code = VM_OP_unwire, .start = w->drain_page, .end = w->drain_page + 1 };
}

void
workload_init(struct workload *w, const struct workload_mix *mix, const struct workload_place *place)
{
	uint64_t nr = place->max - place->min;

	assert(place->min < place->max && place->thread < place->nr_threads);
	*w = (struct workload){
		.mix = mix, .place = *place, .min = place->min, .middle = place->min + nr / 2, .max = place->max
	};
	w->held = memory_new(nr, sizeof(*w->held), "the threads of a stress run");
}

void
workload_free(struct workload *w)
{
	free(w->held);
	w->held = NULL;
}

void
workload_seed(struct workload *w, struct prng rng)
{
	assert(w->nr_held == 0);
	w->rng = rng;
	w->has_pending = false;
}

void
workload_next(struct workload *w, struct vm_op *op)
{
	if (w->nr_held > 0 && ++w->hold_ops >= WORKLOAD_HOLD_MAX && !w->draining) /* L3 */
		drain_begin(w);
	if (w->draining) {
		drain_next(w, op);
		return;
	}
	if (w->has_pending) {
		w->has_pending = false;
		*op = w->pending;
		return;
	}
	workload_pick_op(w, op);
	if (op_may_wait_for_wirings(op) && w->nr_held > 0) { /* L2 */
		w->has_pending = true;
		w->pending = *op;
		drain_begin(w);
		drain_next(w, op);
		return;
	}
	if (op_is_system(op, VM_OP_wire)) { /* L1 */
		if (ledger_fits(w, op))
			ledger_add(w, op);
		else
			*op = (struct vm_op){ .code = VM_OP_lookup, .start = w->min };
	}
}

bool
workload_last(struct workload *w, struct vm_op *op)
{
	w->has_pending = false;
	if (w->nr_held == 0)
		return false;
	if (!w->draining)
		drain_begin(w);
	drain_next(w, op);
	return true;
}

const char *
workload_done(struct workload *w, const struct vm_op *op, int code)
{
	if (op_is_system(op, VM_OP_wire) && code != KERN_SUCCESS)
		ledger_sub(w, op);
	if (op_is_system(op, VM_OP_unwire) && w->draining) {
		bool lost = op->start < w->middle && code != KERN_SUCCESS;

		ledger_sub(w, op);
		return lost ? "a system wiring was lost: its own thread cannot unwire it" : NULL;
	}
	return NULL;
}
