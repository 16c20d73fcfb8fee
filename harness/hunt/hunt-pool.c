/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt-pool.c - the programs that are kept for mutation, and the choice among them. It prefers programs with rare
 * features and few steps.
 *
 * To choose one, it samples a few programs and takes the one with the smallest product of cost and count of its rarest
 * feature. Features are counted over all attempts, so a feature that becomes common loses its value.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/hunt/hunt-inside.h"

#define POOL_MAX 2048 /* programs */
#define BROUGHT_MAX 8 /* features remembered for each program */
#define CANDIDATES 4

struct kept {
	char *text;
	uint64_t cost; /* in steps, including PROGRAM_COST */
	unsigned nr_brought;
	uint32_t brought[BROUGHT_MAX]; /* numbers of features; from FEATURES_COUNT on: edges */
};

struct hunt_pool {
	uint64_t nr_ways, edges;
	uint32_t seen[FEATURES_COUNT + 64]; /* number of attempts that had each feature */
	struct kept fresh;                  /* the new features of the last attempt */
	uint64_t nr_kept;                   /* all that were ever kept */
	size_t nr;
	struct kept kept[POOL_MAX];
};

struct hunt_pool *
hunt_pool_new(void)
{
	return memory_new(1, sizeof(struct hunt_pool), "a hunt");
}

void
hunt_pool_free(struct hunt_pool *p)
{
	for (size_t i = 0; i < p->nr; i++)
		free(p->kept[i].text);
	free(p);
}

/* Counts a feature. True: it is new. */
static bool
hunt_pool_note(struct hunt_pool *p, uint32_t what)
{
	if (p->seen[what]++ != 0)
		return false;
	if (p->fresh.nr_brought < BROUGHT_MAX)
		p->fresh.brought[p->fresh.nr_brought++] = what;
	return true;
}

bool
hunt_pool_look(struct hunt_pool *p, struct message_reader *r)
{
	uint64_t edges = message_read_number(r);

	p->fresh.nr_brought = 0;
	p->edges |= edges;
	for (; edges != 0; edges &= edges - 1)
		(void)hunt_pool_note(p, FEATURES_COUNT + (uint32_t)__builtin_ctzll(edges));
	for (uint64_t nr = message_read_number(r); nr > 0 && !r->bad; nr--)
		p->nr_ways += hunt_pool_note(p, (uint32_t)(message_read_number(r) % FEATURES_COUNT));
	return p->fresh.nr_brought > 0;
}

void
hunt_pool_keep(struct hunt_pool *p, char *text, uint64_t cost)
{
	struct prng prng = prng_mix(p->nr_kept++, 0, 6);
	size_t at = p->nr < POOL_MAX ? p->nr++ : prng_below(&prng, POOL_MAX);

	free(p->kept[at].text);
	p->kept[at] = p->fresh;
	p->kept[at].text = text;
	p->kept[at].cost = cost;
	assert(p->nr > 0 && p->nr <= POOL_MAX);
}

/* The count of its rarest feature, times its cost. */
static uint64_t
hunt_pool_price(const struct hunt_pool *p, const struct kept *k)
{
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < k->nr_brought; i++)
		if (p->seen[k->brought[i]] < least)
			least = p->seen[k->brought[i]];
	return least * k->cost;
}

const char *
hunt_pool_choose(const struct hunt_pool *p, struct prng *prng)
{
	const struct kept *best = NULL;

	assert(p->nr > 0);
	for (unsigned i = 0; i < CANDIDATES; i++) {
		const struct kept *k = &p->kept[prng_below(prng, p->nr)];

		if (best == NULL || hunt_pool_price(p, k) < hunt_pool_price(p, best))
			best = k;
	}
	assert(best != NULL);
	return best->text;
}

size_t
hunt_pool_nr(const struct hunt_pool *p)
{
	return p->nr;
}

const char *
hunt_pool_text(const struct hunt_pool *p, size_t i)
{
	assert(i < p->nr);
	return p->kept[i].text;
}

void
hunt_pool_report(const struct hunt_pool *p, struct hunt_report *report)
{
	report->edges = p->edges;
	report->features = p->nr_ways;
	report->kept = p->nr_kept;
}
