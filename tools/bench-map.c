/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-map.c - benches of the engine alone, in the native world, on one thread.
 *
 * Lookup and find-space use HOT addresses spread evenly over the map, in random order. There are as many in the large
 * map as in the small one, so that the figures differ by the depth of the tree, not by the caches. The "cold" figure is
 * the other extreme: any address of the large map, where nearly each level of the tree is a cache miss.
 */
#include <assert.h>
#include <err.h>
#include <stdlib.h>

#include "engine/map.h"
#include "engine/native.h"
#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "tools/bench.h"

#define SMALL 1000
#define LARGE 1000000
#define HOT 256
#define STRIDE (3 * VM_PAGE_SIZE) /* an entry of one page and a gap of two */

/* The numbers 0 .. nr-1 in random order. */
static uint32_t *
bench_shuffled(size_t nr)
{
	uint32_t *order = memory_new(nr, sizeof(*order), "the numbers of the entries");
	struct prng prng = { nr };

	for (size_t i = 0; i < nr; i++) {
		size_t j = prng_below(&prng, i + 1);

		order[i] = order[j];
		order[j] = (uint32_t)i;
	}
	return order;
}

/*
 * Makes a map of @nr one-page entries with gaps of two pages, and one gap of three in the middle. Entries are inserted
 * in random order, as in a map in use. In ascending order, the upper levels of the tree would be at distances that are
 * powers of two, and would compete for a few cache lines.
 */
static struct vm_map *
bench_map_of(size_t nr)
{
	uint32_t *order = bench_shuffled(nr);
	struct vm_map *map = vm_map_create(&(struct vm_config){ .env = &vm_env_native,
	    .min = VM_PAGE_SIZE,
	    .max = VM_PAGE_SIZE + nr * STRIDE + VM_PAGE_SIZE,
	    .wire_limit = VM_WIRE_LIMIT_DEFAULT });

	assert(nr > 0);
	if (map == NULL)
		memory_out_for_map();
	vm_map_lock(map);
	for (size_t i = 0; i < nr; i++) {
		vm_offset_t addr = VM_PAGE_SIZE + order[i] * STRIDE + (order[i] >= nr / 2 ? VM_PAGE_SIZE : 0);

		if (vm_map_insert(map, NULL, 0, addr, addr + VM_PAGE_SIZE, VM_PROT_READ, VM_PROT_ALL, 0) !=
		    KERN_SUCCESS)
			errx(EXIT_USAGE, "internal error: an insert of the bench failed");
	}
	vm_map_unlock(map);
	free(order);
	return map;
}

typedef void bench_body(struct vm_map *map, uint64_t random);

/* Nanoseconds per call, measured over about @seconds. */
static double
bench_time_calls(struct vm_map *map, double seconds, bench_body *body)
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

/* One of @nr addresses spread evenly over the first @part of the map. */
static vm_offset_t
bench_one_of(const struct vm_map *map, uint64_t random, uint64_t nr, uint64_t part)
{
	uint64_t pages = part * ((vm_map_max(map) - vm_map_min(map)) >> VM_PAGE_SHIFT) / 16;
	uint64_t n = (uint64_t)((unsigned __int128)random * nr >> 64);

	return vm_map_min(map) + (n * pages / nr << VM_PAGE_SHIFT);
}

static void
bench_look_up(struct vm_map *map, vm_offset_t addr)
{
	vm_map_entry_t e;

	vm_map_lock_read(map);
	(void)vm_map_lookup_entry(map, addr, &e);
	vm_map_unlock_read(map);
}

static void
bench_do_lookup_cold(struct vm_map *map, uint64_t random)
{
	bench_look_up(map, bench_one_of(map, random, LARGE, 16));
}

static void
bench_do_lookup(struct vm_map *map, uint64_t random)
{
	bench_look_up(map, bench_one_of(map, random, HOT, 16));
}

/* Starts in the lower half. The first fit for three pages is the gap in the middle. */
static void
bench_do_findspace(struct vm_map *map, uint64_t random)
{
	vm_offset_t addr;

	vm_map_lock_read(map);
	(void)vm_map_findspace(map, bench_one_of(map, random, HOT, 7), 3 * VM_PAGE_SIZE, &addr);
	vm_map_unlock_read(map);
}

static void
bench_do_wire(struct vm_map *map, uint64_t random)
{
	vm_offset_t addr = VM_PAGE_SIZE;

	(void)random;
	if (vm_map_wire(map, addr, addr + VM_PAGE_SIZE, VM_MAP_WIRE_USER) != KERN_SUCCESS ||
	    vm_map_unwire(map, addr, addr + VM_PAGE_SIZE, VM_MAP_WIRE_USER) != KERN_SUCCESS)
		errx(EXIT_USAGE, "internal error: a wire of the bench failed");
}

int
bench_map(const struct bench_options *o, struct bench_report *r)
{
	struct vm_thread td;
	struct vm_map *small, *large;
	double lookup[2], find[2];

	vm_native_thread_init(&td, 0);
	small = bench_map_of(SMALL);
	large = bench_map_of(LARGE);
	lookup[0] = bench_time_calls(small, o->seconds, bench_do_lookup);
	lookup[1] = bench_time_calls(large, o->seconds, bench_do_lookup);
	find[0] = bench_time_calls(small, o->seconds, bench_do_findspace);
	find[1] = bench_time_calls(large, o->seconds, bench_do_findspace);
	bench_figure(r, "lookup_ns_1e3", lookup[0]);
	bench_figure(r, "lookup_ns_1e6", lookup[1]);
	bench_figure(r, "lookup_ratio", lookup[1] / lookup[0]);
	bench_figure(r, "lookup_cold_ns_1e6", bench_time_calls(large, o->seconds, bench_do_lookup_cold));
	bench_figure(r, "findspace_ns_1e3", find[0]);
	bench_figure(r, "findspace_ns_1e6", find[1]);
	bench_figure(r, "findspace_ratio", find[1] / find[0]);
	bench_figure(r, "wire_unwire_ns", bench_time_calls(small, o->seconds, bench_do_wire));
	vm_map_destroy(small);
	vm_map_destroy(large);
	return EXIT_OK;
}
