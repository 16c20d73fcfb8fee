/* SPDX-License-Identifier: BSD-2-Clause */
/* genome.c - see genome.h. */
#include "fuzz/genome.h"

#include <err.h>
#include <string.h>

#include "harness/bytes.h"
#include "harness/keybuf.h"

static void
read_config(struct genome *g, const struct program_config *cfg)
{
	g->config = *cfg;
	g->config.mutant = NULL;
	g->config.poison = NULL;
	if (g->config.nr_poison > GENOME_POISON_MAX)
		g->config.nr_poison = GENOME_POISON_MAX;
	for (size_t i = 0; i < g->config.nr_poison; i++)
		g->poison[i] = cfg->poison[i];
}

void
genome_read(struct genome *g, const uint8_t *bytes, size_t len)
{
	static struct bytes_room room; /* kept from one to the next */
	struct program p;
	size_t at = bytes_decode_in(bytes, len, &p, &room);

	read_config(g, &p.config);
	for (unsigned i = 0; i < GENOME_LISTS; i++)
		g->lists[i].nr = 0;
	for (size_t i = 0; i < p.nr_init && i < MUTATE_INIT_MAX; i++)
		g->lists[0].ops[g->lists[0].nr++] = p.init[i].op;
	for (unsigned t = 0; t < p.nr_threads && t < MUTATE_THREADS_MAX; t++) {
		struct genome_list *l = &g->lists[1 + t];

		while (l->nr < p.threads[t].nr_ops && l->nr < MUTATE_THREAD_OPS_MAX) {
			l->ops[l->nr] = p.threads[t].ops[l->nr];
			l->nr++;
		}
	}
	g->nr_choices = (unsigned)(len - at < MUTATE_CHOICES_MAX ? len - at : MUTATE_CHOICES_MAX);
	if (g->nr_choices > 0)
		memcpy(g->choices, bytes + at, g->nr_choices);
	bytes_recycle(&p, &room);
}

/* Memory that is kept from one input to the next. */
static struct program_step steps[MUTATE_INIT_MAX];
static struct program_thread threads[MUTATE_THREADS_MAX];
static struct keybuf out;

static void
encode(struct genome *g)
{
	struct program p;
	const char *reason;

	program_init(&p);
	p.config = g->config;
	p.config.poison = g->poison;
	p.init = steps;
	p.nr_init = g->lists[0].nr;
	for (unsigned i = 0; i < g->lists[0].nr; i++)
		steps[i].op = g->lists[0].ops[i];
	p.threads = threads;
	for (unsigned t = 0; t < MUTATE_THREADS_MAX; t++) {
		const struct genome_list *l = &g->lists[1 + t];

		if (l->nr == 0)
			continue;
		memcpy(threads[p.nr_threads].ops, l->ops, l->nr * sizeof(l->ops[0]));
		threads[p.nr_threads++].nr_ops = l->nr;
	}
	out.len = 0;
	if (!bytes_encode(&p, &out, &reason))
		errx(1, "a mutation cannot be said in bytes: %s", reason);
}

/* The longest list is one shorter. False: all are empty. */
static bool
drop_op(struct genome *g)
{
	struct genome_list *longest = &g->lists[0];

	for (unsigned i = 1; i < GENOME_LISTS; i++)
		if (g->lists[i].nr > longest->nr)
			longest = &g->lists[i];
	if (longest->nr == 0)
		return false;
	longest->nr--;
	return true;
}

size_t
genome_write(struct genome *g, uint8_t *bytes, size_t max)
{
	unsigned nr_choices = 0;

	encode(g);
	while (out.len > max && drop_op(g))
		encode(g);
	if (out.len > max) {
		struct program p;

		program_init(&p);
		g->config = p.config;
		encode(g);
	}
	if (out.len < max)
		nr_choices = (unsigned)(g->nr_choices < max - out.len - 1 ? g->nr_choices : max - out.len - 1);
	bytes_encode_choices(g->choices, nr_choices, &out);
	memcpy(bytes, out.bytes, out.len);
	return out.len;
}
