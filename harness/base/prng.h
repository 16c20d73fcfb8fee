/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prng.h - random numbers that depend only on the seed: splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom
 * number generators, OOPSLA 2014). The state is a counter and the output mixes it, so neighbouring seeds give unrelated
 * numbers. It is small enough for one generator per thread and purpose; prng_mix() seeds the streams of a run.
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

/* Uniform in [0, n), for n > 0. The bias is below n / 2^64. */
static inline uint64_t
prng_below(struct prng *p, uint64_t n)
{
	return (uint64_t)((unsigned __int128)prng_next(p) * n >> 64);
}

/* True with probability 1/@n. */
static inline bool
prng_one_in(struct prng *p, unsigned n)
{
	return prng_below(p, n) == 0;
}

/* True with probability @percent/100. */
static inline bool
prng_percent(struct prng *p, unsigned percent)
{
	return prng_below(p, 100) < percent;
}

/* A separate stream for (seed, a, b). Neighbouring numbers give unrelated streams. */
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
