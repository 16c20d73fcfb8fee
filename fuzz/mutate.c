/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate.c - see mutate.h. harness/gen/mutate.h changes operations and directives; this file changes the parts that
 * only fuzz inputs have: the choices of a schedule, and bytes.
 */
#include "fuzz/mutate.h"

#include <assert.h>
#include <string.h>

#include "harness/gen/gen.h"

#define LCM_OF_COUNTS 12 /* a choice is taken modulo 2, 3 or 4: below it all of them are equally likely */

const struct genome_limits mutate_limits[2] = {
	{ .threads_max = MUTATE_THREADS_MAX,
	    .ops_max = 8,
	    .init_max = 24,
	    .poison_max = GENOME_POISON_MAX,
	    .choices_max = GENOME_CHOICES_MAX,
	    .profile = true },
	{ .threads_min = 2,
	    .threads_max = MUTATE_THREADS_MAX,
	    .ops_max = 8,
	    .init_max = 24,
	    .poison_max = GENOME_POISON_MAX,
	    .choices_max = GENOME_CHOICES_MAX,
	    .profile = true },
};

/* --- choices --- */

/* Draws all choices again: each one separately, or long stretches of one thread, for runs with few preemptions. */
static void
mutate_new_choices(struct mutation *m, bool stretches)
{
	uint8_t choice = 0;

	m->g->nr_choices = 1 + mutation_below(m, mutation_percent(m, 80) ? 24 : GENOME_CHOICES_MAX);
	for (unsigned i = 0; i < m->g->nr_choices; i++) {
		if (!stretches || i == 0 || mutation_percent(m, 20))
			choice = (uint8_t)mutation_below(m, LCM_OF_COUNTS);
		m->g->choices[i] = choice;
	}
	assert(m->g->nr_choices <= GENOME_CHOICES_MAX);
}

/* Inserts, removes or changes one choice, or swaps it with its neighbour. */
static void
mutate_change_choice(struct mutation *m)
{
	uint8_t *c = m->g->choices;
	unsigned nr = m->g->nr_choices, at = nr > 0 ? mutation_below(m, nr) : 0,
	         kind = nr > 0 ? mutation_below(m, 4) : 0;

	assert(m->g->nr_choices <= GENOME_CHOICES_MAX);
	switch (kind) {
	case 0:
		if (nr == GENOME_CHOICES_MAX)
			nr--;
		memmove(c + at + 1, c + at, nr - at);
		c[at] = (uint8_t)mutation_below(m, LCM_OF_COUNTS);
		m->g->nr_choices = nr + 1;
		break;
	case 1:
		memmove(c + at, c + at + 1, nr - at - 1);
		m->g->nr_choices--;
		break;
	case 2:
		c[at] = (uint8_t)(c[at] + 1 + mutation_below(m, LCM_OF_COUNTS - 1));
		break;
	case 3:
		if (at + 1 < nr) {
			uint8_t first = c[at];

			c[at] = c[at + 1];
			c[at + 1] = first;
		}
		break;
	}
	assert(m->g->nr_choices <= GENOME_CHOICES_MAX);
}

static void
mutate_change_schedule(struct mutation *m)
{
	unsigned kind = mutation_below(m, 100);

	if (kind < 55)
		mutate_new_choices(m, kind >= 40);
	else
		mutate_change_choice(m);
}

/* --- whole inputs --- */

/* Inserts, removes or changes a byte, for fuzzing engines without their own mutator. */
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

/* Static, because a genome is too large for a small stack. */
static struct genome genome, second;

size_t
mutate(const struct mutator *how, uint8_t *data, size_t len, size_t max, uint64_t seed)
{
	const struct genome_limits *l = &mutate_limits[how->schedules];
	struct prng prng = prng_mix(seed, 0, 0);
	uint64_t kind = prng_below(&prng, how->schedules ? 100 : 65);
	struct mutation m;

	assert(len <= max && max >= MUTATE_SIZE_MIN);
	if (kind < 10)
		len = how->bytes != NULL ? how->bytes(data, len, max, (unsigned)seed)
		                         : mutate_simply(&prng, data, len, max);
	genome_read(&genome, l, data, len);
	mutation_begin(&m, &genome, l, prng);
	if (kind >= 10 && kind < 65)
		mutation_change(&m);
	if (kind >= 55 && how->schedules)
		mutate_change_schedule(&m);
	mutation_end(&m);
	return genome_write(&genome, l, data, max);
}

size_t
mutate_cross(const struct mutator *how, const uint8_t *a, size_t len_a, const uint8_t *b, size_t len_b, uint8_t *out,
    size_t max, uint64_t seed)
{
	const struct genome_limits *l = &mutate_limits[how->schedules];
	struct mutation m;

	assert(max >= MUTATE_SIZE_MIN);
	genome_read(&genome, l, a, len_a);
	genome_read(&second, l, b, len_b);
	mutation_begin(&m, &genome, l, prng_mix(seed, 1, 0));
	/* The operations of one input with the schedule of the other, or a mixture. */
	if (mutation_percent(&m, 60))
		mutation_cross(&m, &second);
	if (mutation_percent(&m, 50)) {
		genome.nr_choices = second.nr_choices;
		memcpy(genome.choices, second.choices, second.nr_choices);
	}
	mutation_end(&m);
	return genome_write(&genome, l, out, max);
}
