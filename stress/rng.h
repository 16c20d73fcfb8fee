/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rng.h - splitmix64: a stream of numbers fixed by its seed. Small enough to have one per thread and purpose; streams
 * of one run are seeded with rng_mix(), so that neighbouring numbers give unrelated streams.
 */
#ifndef STRESS_RNG_H
#define STRESS_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t
rng_next(struct rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A number in [0, n), n > 0. The bias of a multiplication is far below what a run can show. */
static inline uint64_t
rng_below(struct rng *r, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)rng_next(r) * n) >> 64);
}

/* True once in @n times. */
static inline bool
rng_one_in(struct rng *r, unsigned n)
{
	return rng_below(r, n) == 0;
}

static inline struct rng
rng_mix(uint64_t seed, uint64_t a, uint64_t b)
{
	struct rng r = { seed };

	r.state = rng_next(&r) ^ a;
	r.state = rng_next(&r) ^ b;
	(void)rng_next(&r);
	return r;
}

#endif
