/* SPDX-License-Identifier: BSD-2-Clause */
/* bench-map.c - the engine alone, in the native world, on one thread. */
#include <err.h>
#include <stdlib.h>

#include "engine/map.h"
#include "engine/native.h"
#include "harness/bench.h"
#include "harness/cli.h"
#include "harness/prng.h"

#define SMALL 1000
#define LARGE 1000000
#define STRIDE (3 * VM_PAGE_SIZE) /* an entry of one page, a gap of two */

/* A map of @nr one-page entries with gaps of two pages, and one gap of three in the very middle. */
static struct vm_map *
map_of(size_t nr)
{
	vm_offset_t addr = VM_PAGE_SIZE;
	struct vm_map *map = vm_map_create(&(struct vm_config){ .env = &vm_env_native,
	    .min = VM_PAGE_SIZE,
	    .max = VM_PAGE_SIZE + nr * STRIDE + VM_PAGE_SIZE,
	    .wire_limit = VM_WIRE_LIMIT_DEFAULT });

	if (map == NULL)
		err(EXIT_USAGE, "no memory for a map of %zu entries", nr);
	vm_map_lock(map);
	for (size_t i = 0; i < nr; i++) {
		if (i == nr / 2)
			addr += VM_PAGE_SIZE;
		if (vm_map_insert(map, NULL, 0, addr, addr + VM_PAGE_SIZE, VM_PROT_READ, VM_PROT_ALL, 0) != KERN_SUCCESS)
			errx(EXIT_USAGE, "the bench's own insert failed");
		addr += STRIDE;
	}
	vm_map_unlock(map);
	return map;
}

typedef void bench_body(struct vm_map *map, uint64_t random);

/* Nanoseconds per call, over about @seconds. */
static double
time_calls(struct vm_map *map, double seconds, bench_body *body)
{
	struct prng prng = { 1 };
	double start = bench_now(), spent;
	uint64_t calls = 0;

	do {
		for (unsigned i = 0; i < 4096; i++)
			body(map, prng_next(&prng));
		calls += 4096;
		spent = bench_now() - start;
	} while (spent < seconds && cli_stop == 0);
	return spent * 1e9 / (double)calls;
}

static vm_offset_t
random_addr(const struct vm_map *map, uint64_t random)
{
	uint64_t pages = (vm_map_max(map) - vm_map_min(map)) >> VM_PAGE_SHIFT;

	return vm_map_min(map) + ((vm_offset_t)((unsigned __int128)random * pages >> 64) << VM_PAGE_SHIFT);
}

static void
do_lookup(struct vm_map *map, uint64_t random)
{
	vm_map_entry_t e;

	vm_map_lock_read(map);
	(void)vm_map_lookup_entry(map, random_addr(map, random), &e);
	vm_map_unlock_read(map);
}

/* From somewhere in the lower half the first fit for three pages is the gap in the middle. */
static void
do_findspace(struct vm_map *map, uint64_t random)
{
	vm_offset_t addr;

	vm_map_lock_read(map);
	(void)vm_map_findspace(map, random_addr(map, random >> 1), 3 * VM_PAGE_SIZE, &addr);
	vm_map_unlock_read(map);
}

static void
do_wire(struct vm_map *map, uint64_t random)
{
	vm_offset_t addr = VM_PAGE_SIZE;

	(void)random;
	if (vm_map_wire(map, addr, addr + VM_PAGE_SIZE, VM_MAP_WIRE_USER) != KERN_SUCCESS ||
	    vm_map_unwire(map, addr, addr + VM_PAGE_SIZE, VM_MAP_WIRE_USER) != KERN_SUCCESS)
		errx(EXIT_USAGE, "the bench's own wire failed");
}

int
bench_map(const struct bench_options *o, struct bench_report *r)
{
	struct vm_thread td;
	struct vm_map *small, *large;
	double lookup[2], find[2];

	vm_native_thread_init(&td, 0);
	small = map_of(SMALL);
	large = map_of(LARGE);
	lookup[0] = time_calls(small, o->seconds, do_lookup);
	lookup[1] = time_calls(large, o->seconds, do_lookup);
	find[0] = time_calls(small, o->seconds, do_findspace);
	find[1] = time_calls(large, o->seconds, do_findspace);
	bench_figure(r, "lookup_ns_1e3", lookup[0]);
	bench_figure(r, "lookup_ns_1e6", lookup[1]);
	bench_figure(r, "lookup_ratio", lookup[1] / lookup[0]);
	bench_figure(r, "findspace_ns_1e3", find[0]);
	bench_figure(r, "findspace_ns_1e6", find[1]);
	bench_figure(r, "findspace_ratio", find[1] / find[0]);
	bench_figure(r, "wire_unwire_ns", time_calls(small, o->seconds, do_wire));
	vm_map_destroy(small);
	vm_map_destroy(large);
	return EXIT_OK;
}
