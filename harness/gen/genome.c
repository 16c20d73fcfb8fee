/* SPDX-License-Identifier: BSD-2-Clause */
/* genome.c - see genome.h. */
#include "harness/gen/genome.h"

#include <assert.h>
#include <err.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/gen/program-edit.h"
#include "harness/program/program.h"

void
genome_of_program(struct genome *g, const struct genome_limits *l, const struct program *p)
{
	assert(l->threads_max <= PROGRAM_THREADS_MAX && l->init_max <= GENOME_OPS_MAX && l->ops_max <= GENOME_OPS_MAX);
	assert(l->poison_max <= GENOME_POISON_MAX && l->choices_max <= GENOME_CHOICES_MAX);
	g->config = p->config;
	g->config.poison = NULL;
	if (g->config.nr_poison > l->poison_max)
		g->config.nr_poison = l->poison_max;
	for (size_t i = 0; i < g->config.nr_poison; i++)
		g->poison[i] = p->config.poison[i];
	for (unsigned i = 0; i < genome_nr_lists(l); i++)
		g->lists[i].nr = 0;
	for (size_t i = 0; i < p->nr_init && i < l->init_max; i++)
		g->lists[0].ops[g->lists[0].nr++] = p->init[i].op;
	for (unsigned i = 0; i < g->lists[0].nr; i++)
		program_drop_refs(&g->lists[0].ops[i], &p->config);
	for (unsigned t = 0; t < p->nr_threads && t < l->threads_max; t++) {
		struct genome_list *to = &g->lists[1 + t];

		to->nr = p->threads[t].nr_ops < l->ops_max ? p->threads[t].nr_ops : l->ops_max;
		memcpy(to->ops, p->threads[t].ops, to->nr * sizeof(to->ops[0]));
		/*
		 * Lists are cut and mixed, so a reference to another operation's result would point anywhere:
		 * references are dropped.
		 */
		for (unsigned i = 0; i < to->nr; i++)
			program_drop_refs(&to->ops[i], &p->config);
	}
	g->nr_choices = 0;
}

/* Memory that is reused from one program to the next. */
static struct program_step steps[GENOME_OPS_MAX];
static struct program_thread threads[PROGRAM_THREADS_MAX];
static struct keybuf out;

void
genome_program(struct genome *g, const struct genome_limits *l, struct program *p)
{
	program_init(p);
	p->config = g->config;
	p->config.poison = g->poison;
	p->init = steps;
	p->nr_init = g->lists[0].nr;
	for (unsigned i = 0; i < g->lists[0].nr; i++)
		steps[i].op = g->lists[0].ops[i];
	p->threads = threads;
	for (unsigned i = 1; i < genome_nr_lists(l); i++) {
		const struct genome_list *from = &g->lists[i];

		if (from->nr == 0)
			continue;
		memcpy(threads[p->nr_threads].ops, from->ops, from->nr * sizeof(from->ops[0]));
		threads[p->nr_threads++].nr_ops = from->nr;
	}
}

/* --- bytes --- */

void
genome_read(struct genome *g, const struct genome_limits *l, const uint8_t *bytes, size_t len)
{
	static struct bytes_room room; /* reused from one program to the next */
	struct program p;
	size_t at = bytes_decode_in(bytes, len, &p, &room);

	genome_of_program(g, l, &p);
	g->config.mutant = NULL;
	g->nr_choices = (unsigned)(len - at < l->choices_max ? len - at : l->choices_max);
	if (g->nr_choices > 0)
		memcpy(g->choices, bytes + at, g->nr_choices);
	bytes_recycle(&p, &room);
}

static void
genome_encode(struct genome *g, const struct genome_limits *l)
{
	struct program p;
	const char *reason;

	genome_program(g, l, &p);
	out.len = 0;
	if (!bytes_encode(&p, &out, &reason))
		errx(1, "a mutation cannot be said in bytes: %s", reason);
}

/* Shortens the longest list by one operation. False: all lists are empty. */
static bool
genome_shorten(struct genome *g, const struct genome_limits *l)
{
	struct genome_list *longest = &g->lists[0];

	assert(longest->nr <= GENOME_OPS_MAX);
	for (unsigned i = 1; i < genome_nr_lists(l); i++)
		if (g->lists[i].nr > longest->nr)
			longest = &g->lists[i];
	if (longest->nr == 0)
		return false;
	longest->nr--;
	return true;
}

size_t
genome_write(struct genome *g, const struct genome_limits *l, uint8_t *bytes, size_t max)
{
	unsigned nr_choices = 0;
	size_t len;

	genome_encode(g, l);
	while (out.len > max && genome_shorten(g, l))
		genome_encode(g, l);
	if (out.len > max) {
		struct program p;

		program_init(&p);
		g->config = p.config;
		genome_encode(g, l);
	}
	if (out.len < max)
		nr_choices = (unsigned)(g->nr_choices < max - out.len - 1 ? g->nr_choices : max - out.len - 1);
	bytes_encode_choices(g->choices, nr_choices, &out);
	/* A program without operations may still be too long; its first bytes are a program, too. */
	len = out.len < max ? out.len : max;
	memcpy(bytes, out.bytes, len);
	return len;
}
