/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prng.h - random numbers that are the same everywhere for the same seed: splitmix64 (Steele, Lea, Flood: Fast
 * splittable pseudorandom number generators, OOPSLA 2014). The state counts, the output mixes it: neighbouring seeds
 * are unlike. Small enough to have one per thread and purpose; streams of one run are seeded with prng_mix().
 */
#ifndef HARNESS_BASE_PRNG_H
#define HARNESS_BASE_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
	uint64_t state;
};

static inline uint64_t
prng_next(struct prng *p)
{
	uint64_t z = p->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Uniform in [0, n), n > 0; the bias is below n / 2^64. */
static inline uint64_t
prng_below(struct prng *p, uint64_t n)
{
	return (uint64_t)((unsigned __int128)prng_next(p) * n >> 64);
}

/* True once in @n times. */
static inline bool
prng_one_in(struct prng *p, unsigned n)
{
	return prng_below(p, n) == 0;
}

/* True @percent times in a hundred. */
static inline bool
prng_percent(struct prng *p, unsigned percent)
{
	return prng_below(p, 100) < percent;
}

/* A stream of its own for (seed, a, b): neighbouring numbers give unrelated streams. */
static inline struct prng
prng_mix(uint64_t seed, uint64_t a, uint64_t b)
{
	struct prng p = { seed };

	p.state = prng_next(&p) ^ a;
	p.state = prng_next(&p) ^ b;
	(void)prng_next(&p);
	return p;
}

#endif
