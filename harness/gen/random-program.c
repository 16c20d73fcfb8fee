/* SPDX-License-Identifier: BSD-2-Clause */
/* random-program.c - whole random programs: see random-program.h. random-draw.c draws single operations. */
#include "harness/gen/random-program.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/gen/random-draw.h"

#define POISON_MAX 3
#define PROBES 6
#define WINDOW 16     /* pages; in a larger map most operations stay within this many */
#define SMALL_MAP 64  /* pages */
#define CONC_WINDOW 8 /* the same for concurrent programs */

/* --- directives --- */

static void
random_draw_poison(struct draw *d, struct program_config *cfg)
{
	static const uint8_t codes[] = { KERN_OUT_OF_BOUNDS, KERN_OUT_OF_BOUNDS, KERN_FAILURE, KERN_NO_ACCESS };
	uint64_t page = d->lo;

	cfg->poison = memory_new(POISON_MAX, sizeof(*cfg->poison), "a random program");
	while (cfg->nr_poison < POISON_MAX && draw_percent(d, 80)) {
		page += draw_below(d, 8);
		cfg->poison[cfg->nr_poison++] = (struct program_poison){ page++, codes[draw_below(d, 4)] };
	}
}

/* A profile other than strict. */
static enum vm_profile_id
random_draw_recorded(struct draw *d)
{
	return VM_PROFILE_COUNT == 2 ? VM_PROFILE_freebsd12
	                             : (enum vm_profile_id)(1 + draw_below(d, VM_PROFILE_COUNT - 1));
}

static void
random_draw_profile(struct draw *d, struct program_config *cfg)
{
	cfg->profile_given = true;
	if (draw_percent(d, 50))
		cfg->profile = vm_profile(random_draw_recorded(d));
	if (draw_percent(d, 20))
		cfg->profile.on ^= (uint32_t)1 << draw_below(d, VM_BEHAVIOUR_COUNT);
	else if (draw_percent(d, 10))
		cfg->profile.on = (uint32_t)draw_below(d, VM_BEHAVIOURS_ALL + 1);
}

/* Draws the map, and the window of at most @window pages in which most operations are. */
static void
random_draw_map(struct draw *d, struct program_config *cfg, uint64_t window)
{
	if (draw_percent(d, 30)) {
		cfg->min = 0;
		cfg->max = SMALL_MAP;
	} else if (draw_percent(d, 20)) {
		cfg->min = draw_below(d, 40);
		cfg->max = cfg->min + 1 + draw_below(d, 30);
	}
	cfg->kernel = draw_percent(d, 5);
	d->lo = cfg->min;
	d->hi = cfg->max;
	if (cfg->max - cfg->min > window && draw_percent(d, 75)) {
		d->lo += draw_below(d, cfg->max - cfg->min - window + 1);
		d->hi = d->lo + window;
	}
}

/*
 * Draws a focus: a part of the map, and two parts of it that become entries of their own if they are mapped one by one.
 * Half of the time the focus is in the map's first pages, where find maps.
 */
static void
random_draw_focus(struct draw *d, struct program_config *cfg)
{
	uint64_t room, pages, start, middle;

	random_draw_map(d, cfg, CONC_WINDOW);
	/* If the target rejects the map, it also rejects most operations on it. */
	if (d->target != NULL && target_config_reason(d->target, cfg) != NULL) {
		cfg->min = d->lo = 0;
		cfg->max = SMALL_MAP;
		d->hi = CONC_WINDOW;
	}
	room = d->hi - d->lo;
	pages = room < 2 ? 1 : 2 + draw_below(d, room < 6 ? room - 1 : 5);
	if (draw_percent(d, 50)) {
		d->hi = cfg->min + (d->hi - d->lo);
		d->lo = cfg->min;
	}
	start = d->lo + draw_below(d, room - pages + 1);
	middle = start + draw_below(d, pages);
	assert(cfg->min <= start && pages <= room && middle < start + pages);
	d->seen[d->nr_seen++] = (struct draw_range){ start, start + pages };
	if (middle == start)
		return;
	d->seen[d->nr_seen++] = (struct draw_range){ start, middle };
	d->seen[d->nr_seen++] = (struct draw_range){ middle, start + pages };
}

/* --- sequential programs --- */

/* Poison in a map with a low limit; random_draw_probes uses them. */
static void
random_draw_limits(struct draw *d, struct program_config *cfg, bool probing)
{
	if (probing || draw_percent(d, 50)) {
		cfg->limit_given = true;
		cfg->limit = probing ? 1 + draw_below(d, 8) : draw_below(d, draw_percent(d, 70) ? 12 : 40);
	}
	if (probing || draw_percent(d, 30))
		random_draw_poison(d, cfg);
}

/*
 * Draws failing wires that probe for entry boundaries. A boundary that no attribute shows still decides which error a
 * user wire meets first: the limit is tested per entry, and a poisoned page fails when its entry is faulted. Failing
 * wires change nothing.
 */
static void
random_draw_probes(struct draw *d, struct program *p, size_t nr)
{
	for (; nr > 0; nr--) {
		struct vm_op *op = &p->init[p->nr_init++].op;

		*op = draw_op(d, VM_OP_wire);
		op->flags |= VM_OPF_USER;
		op->flags &= (uint8_t)~VM_OPF_WRITE;
		if (p->config.nr_poison > 0 && draw_percent(d, 50))
			op->start = p->config.poison[draw_below(d, p->config.nr_poison)].page;
	}
}

void
random_program(uint64_t seed, struct program *p)
{
	static const unsigned factors[] = { 0, 1, 1, 4 };
	struct draw d = {
		.prng = { seed },
		.cfg = &p->config,
		.span = 8,
		.wide_span = 40,
		.wide = 20,
		.user = 65,
		.holes = 50,
	};
	bool probing;
	size_t nr_ops, nr_probes;

	program_init(p);
	random_draw_profile(&d, &p->config);
	random_draw_map(&d, &p->config, WINDOW);
	draw_weights(&d, factors, 4);
	d.weights[VM_OP_insert] += 4;
	/* Accounting errors need several wirings of one range. */
	if (draw_percent(&d, 20)) {
		d.focus = 80;
		d.nr_focus = 1;
		d.weights[VM_OP_wire] += 40;
		d.weights[VM_OP_unwire] += 40;
	}
	probing = draw_percent(&d, 30);
	random_draw_limits(&d, &p->config, probing);
	nr_probes = probing ? PROBES : 0;
	nr_ops = 4 + draw_below(&d, probing ? 8 : 16);
	p->init = memory_new(nr_ops + nr_probes, sizeof(*p->init), "a random program");
	/* An empty map gives little to do: mostly start with mappings. */
	for (; p->nr_init < nr_ops; p->nr_init++) {
		bool map = p->nr_init < 3 && draw_percent(&d, 80);

		p->init[p->nr_init].op = draw_op(&d, map ? VM_OP_insert : draw_code(&d));
	}
	random_draw_probes(&d, p, nr_probes);
	if (program_has_op(p, VM_OP_stack))
		draw_growsize(&d, &p->config);
}

/* --- concurrent programs --- */

#define CONC_MAPPINGS 3 /* most init steps that map */
#define CONC_OTHERS 2   /* most init steps that change the mappings */

/* Poison and limit are drawn in the same way for every profile, so that the seed alone fixes the program. */
static void
random_draw_directives(struct draw *d, const struct random_params *params, struct program_config *cfg)
{
	cfg->profile_given = true;
	cfg->profile = params->profile;
	random_draw_focus(d, cfg);
	if (draw_percent(d, 35)) {
		cfg->limit_given = true;
		cfg->limit = draw_below(d, draw_percent(d, 80) ? 8 : 30);
	}
	if (draw_percent(d, 35))
		random_draw_poison(d, cfg);
	/* Few enough that pages are evicted and wires run out of frames. */
	if (draw_percent(d, 15))
		cfg->frames = 1 + draw_below(d, 8);
}

/* Does the operation map something? */
static bool
random_maps(uint8_t code)
{
	return draw_has_kind(code, VM_ARG_MAPPING) || draw_has_kind(code, VM_ARG_MAX) || code == VM_OP_stack;
}

/* Does the operation change a range in a way that never waits when it runs alone? */
static bool
random_treats(uint8_t code)
{
	return op_takes_range(code) && vm_op_table[code].args[2] != VM_ARG_NONE && !random_maps(code);
}

/* A code that @of_such accepts and that is switched on; any code that @of_such accepts if none is on. */
static uint8_t
random_code_of(struct draw *d, bool (*of_such)(uint8_t))
{
	uint8_t code = draw_code(d);

	for (unsigned tries = 0; tries < 20 && !of_such(code); tries++)
		code = draw_code(d);
	while (!of_such(code))
		code = (uint8_t)(1 + draw_below(d, VM_OP_CODE_MAX));
	return code;
}

/* Draws mappings first, then changes to them. While nothing is wired, a mapping never waits for a wiring to end. */
static void
random_draw_init(struct draw *d, struct program *p)
{
	size_t mappings = 1 + draw_below(d, CONC_MAPPINGS), nr = mappings + draw_below(d, CONC_OTHERS + 1);
	const struct vm_op on = { .code = VM_OP_wirefuture, .flags = VM_OPF_ON };
	bool future =
	    d->weights[VM_OP_mmap] + d->weights[VM_OP_stack] + d->weights[VM_OP_grow] > 0 && draw_percent(d, 50);

	future = future && draw_can_do(d, &on);
	/* The operations that heed wirefuture are of interest if it is on; before the mappings or after them. */
	p->init = memory_new(nr + 1, sizeof(*p->init), "a random program");
	if (future && draw_percent(d, 40))
		p->init[p->nr_init++].op = on;
	mappings += p->nr_init;
	nr += p->nr_init;
	for (; p->nr_init < nr; p->nr_init++) {
		bool map = p->nr_init < mappings;

		p->init[p->nr_init].op = draw_op(d, random_code_of(d, map ? random_maps : random_treats));
	}
	if (future && p->init[0].op.code != VM_OP_wirefuture)
		p->init[p->nr_init++].op = on;
}

/*
 * Takes the smaller of two draws if there are many threads: many threads with many operations have too many schedules.
 */
static unsigned
random_draw_nr_ops(struct draw *d, const struct random_params *params, unsigned nr_threads)
{
	unsigned max = params->ops != 0 ? params->ops : RANDOM_OPS_DEFAULT;
	unsigned nr = 1 + (unsigned)draw_below(d, max), other = 1 + (unsigned)draw_below(d, max);

	return nr_threads > 2 && other < nr ? other : nr;
}

static unsigned
random_draw_nr_threads(struct draw *d, const struct random_params *params)
{
	unsigned kind = (unsigned)draw_below(d, 100), drawn = kind < 60 ? 2 : kind < 90 ? 3 : 4;

	return params->threads != 0 ? params->threads : drawn;
}

/* Draws how extreme the program is, besides the weights. */
static void
random_draw_likes(struct draw *d)
{
	static const unsigned wild[] = { 0, 0, 1, 1, 2, 8 }, narrow[] = { 0, 0, 0, 0, 1, 8 };
	static const unsigned user[] = { 0, 50, 50, 80, 100 }, holes[] = { 0, 30, 50, 100 };

	d->span = 1 + draw_below(d, 4);
	d->wide_span = 12;
	d->wide = draw_percent(d, 20) ? 20 : 0;
	d->focus = 50;
	d->nr_focus = d->nr_seen;
	d->user = user[draw_below(d, 5)];
	d->holes = holes[draw_below(d, 4)];
	draw_weights(d, draw_percent(d, 70) ? wild : narrow, 6);
}

void
random_concurrent(const struct random_params *params, struct program *p)
{
	struct draw d = { .prng = prng_mix(params->seed, 0, 0), .cfg = &p->config, .target = params->target };

	assert(params->threads <= PROGRAM_THREADS_MAX && params->ops <= PROGRAM_OPS_MAX);
	program_init(p);
	random_draw_directives(&d, params, &p->config);
	random_draw_likes(&d);
	random_draw_init(&d, p);
	p->nr_threads = random_draw_nr_threads(&d, params);
	p->threads = memory_new(p->nr_threads, sizeof(*p->threads), "a random program");
	for (unsigned t = 0; t < p->nr_threads; t++) {
		struct program_thread *thread = &p->threads[t];
		unsigned nr = random_draw_nr_ops(&d, params, p->nr_threads);

		while (thread->nr_ops < nr)
			thread->ops[thread->nr_ops++] = draw_op(&d, draw_code(&d));
	}
	if (program_has_op(p, VM_OP_stack))
		draw_growsize(&d, &p->config);
}

void
random_suit_target(const struct vm_target *t, struct program_config *cfg)
{
	if (target_config_reason(t, cfg) == NULL)
		return;
	cfg->nr_poison = 0;
	cfg->limit_given = false;
	cfg->limit = VM_WIRE_LIMIT_DEFAULT;
	cfg->frames = 0;
	cfg->growsize = 0;
	cfg->kernel = false;
}

static size_t
random_suit_steps(const struct vm_target *t, const struct program_config *cfg, struct program_step *steps, size_t nr)
{
	size_t kept = 0;

	for (size_t i = 0; i < nr; i++)
		if (target_op_reason(t, cfg, &steps[i].op) == NULL)
			steps[kept++] = steps[i];
	return kept;
}

void
random_suit_program(const struct vm_target *t, struct program *p)
{
	struct program_config *cfg = &p->config;
	unsigned nr_threads = 0;

	if (target_profile_reason(t, cfg->profile) != NULL)
		cfg->profile = (struct vm_profile){ .base = VM_PROFILE_strict };
	random_suit_target(t, cfg);
	if (target_config_reason(t, cfg) != NULL) {
		cfg->min = 0;
		cfg->max = SMALL_MAP;
	}
	p->nr_init = random_suit_steps(t, cfg, p->init, p->nr_init);
	p->nr_final = random_suit_steps(t, cfg, p->final, p->nr_final);
	for (unsigned i = 0; i < p->nr_threads; i++) {
		struct program_thread *thread = &p->threads[i];
		unsigned kept = 0;

		for (unsigned j = 0; j < thread->nr_ops; j++)
			if (target_op_reason(t, cfg, &thread->ops[j]) == NULL)
				thread->ops[kept++] = thread->ops[j];
		thread->nr_ops = kept;
		if (kept > 0 && nr_threads++ != i)
			p->threads[nr_threads - 1] = *thread;
	}
	p->nr_threads = nr_threads;
}

/* --- sequential programs for a recording --- */

/* A poisoned page among the first pages of @range, so that the entry at its start decides how a fault fails. */
static void
random_poison_start(struct draw *d, struct program_config *cfg, struct draw_range range)
{
	cfg->poison = memory_new(1, sizeof(*cfg->poison), "a random program");
	cfg->poison[cfg->nr_poison++] = (struct program_poison){ range.start + draw_below(d, 3), KERN_OUT_OF_BOUNDS };
}

/* Map, limit and poison; a map that the target accepts if there is one. */
static void
random_draw_recording(struct draw *d, const struct random_params *params, struct program_config *cfg)
{
	cfg->profile_given = true;
	cfg->profile = params->profile;
	random_draw_focus(d, cfg);
	if (draw_percent(d, 60)) {
		cfg->limit_given = true;
		cfg->limit = draw_below(d, draw_percent(d, 80) ? 10 : 30);
	}
	if (draw_percent(d, 50))
		random_poison_start(d, cfg, d->seen[draw_below(d, d->nr_seen)]);
	if (d->target != NULL)
		random_suit_target(d->target, cfg);
}

/* Appends the operation if the target can do it, and there is room for it. */
static void
random_append(struct draw *d, struct program *p, size_t max, struct vm_op op)
{
	if (p->nr_init < max && draw_can_do(d, &op))
		p->init[p->nr_init++].op = op;
}

/*
 * Cuts an entry of @range in the middle, in a way that leaves equal halves: with clip, or with an attribute that is set
 * and reset.
 */
static void
random_hide_boundary(struct draw *d, struct program *p, size_t max, struct draw_range range)
{
	uint64_t end = range.end > range.start ? range.end : range.start + 1;
	uint64_t at = range.start + draw_below(d, end - range.start + 1);

	if (draw_percent(d, 50)) {
		random_append(d, p, max, (struct vm_op){ .code = VM_OP_clip, .start = at });
		return;
	}
	for (unsigned i = 0; i < 2; i++)
		random_append(d, p, max,
		    (struct vm_op){ .code = VM_OP_inherit,
		        .start = at,
		        .end = end,
		        .choice = i == 0 ? VM_INHERIT_SHARE : VM_INHERIT_COPY });
}

void
random_sequential(const struct random_params *params, struct program *p)
{
	struct draw d = { .prng = prng_mix(params->seed, 1, 0), .cfg = &p->config, .target = params->target };
	size_t max = params->ops != 0 ? params->ops : 8 + draw_below(&d, RANDOM_STEPS_DEFAULT - 7);

	program_init(p);
	random_draw_recording(&d, params, &p->config);
	random_draw_likes(&d);
	p->init = memory_new(max, sizeof(*p->init), "a random program");
	while (p->nr_init < max) {
		if (p->nr_init < 2 && draw_percent(&d, 80)) {
			random_append(&d, p, max, draw_op(&d, random_code_of(&d, random_maps)));
		} else if (draw_percent(&d, 25)) {
			random_hide_boundary(&d, p, max, d.seen[draw_below(&d, d.nr_seen)]);
		} else {
			random_append(&d, p, max, draw_op(&d, draw_code(&d)));
		}
	}
}
