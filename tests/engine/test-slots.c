/* SPDX-License-Identifier: BSD-2-Clause */
/* test-slots.c - compares sparse arrays of words with a plain array, by each function that reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/arena.h"
#include "engine/slots.h"
#include "harness/base/base.h"

#define WORDS 64 /* indices 0 to 63, and the same far away */
#define FAR ((uint64_t)1 << 40)
#define CHANGES 20000

struct plain {
	uintptr_t near[WORDS], far[WORDS];
};

static uintptr_t *
plain_at(struct plain *p, uint64_t index)
{
	return index < WORDS ? &p->near[index] : &p->far[index - FAR];
}

/* The first word at or after @i, by a linear search. */
static bool
plain_next(struct plain *p, uint64_t *i, uint64_t end)
{
	for (; *i < end; (*i)++) {
		if (*i == WORDS)
			*i = FAR;
		if (*i == FAR + WORDS)
			return false;
		if (*i < end && *plain_at(p, *i) != 0)
			return true;
	}
	return false;
}

static uint64_t
random_index(struct prng *prng)
{
	uint64_t index = prng_below(prng, WORDS);

	return prng_one_in(prng, 3) ? FAR + index : index;
}

/* One by one and by a walk, from any place to any other. */
static void
check_range(const struct vm_slots *s, struct plain *p, uint64_t start, uint64_t end)
{
	struct vm_slots_walk w;
	uint64_t i = start, j = start;
	uintptr_t word;

	vm_slots_walk(&w, s, start, end);
	for (; plain_next(p, &i, end); i++, j++) {
		assert_true(vm_slots_next(s, &j, end, &word));
		assert_int_equal(j, i);
		assert_int_equal(word, *plain_at(p, i));
		assert_true(vm_slots_walk_next(&w));
		assert_int_equal(w.index, i);
		assert_int_equal(w.value, word);
	}
	assert_false(vm_slots_next(s, &j, end, &word));
	assert_false(vm_slots_walk_next(&w));
}

static void
test_random(void **state)
{
	struct prng prng = prng_mix(1, 0, 0);
	struct vm_arena arena;
	struct vm_slots s = { 0 };
	struct plain p = { 0 };
	unsigned nr = 0;

	(void)state;
	assert_true(vm_arena_init(&arena, (size_t)1 << 20));
	struct vm_slots_pool pool = { .arena = &arena };

	for (unsigned n = 0; n < CHANGES; n++) {
		/* By turns they become more and fewer, down to none. */
		bool more = prng_one_in(&prng, n / 500 % 2 == 0 ? 2 : 8);
		uint64_t i = random_index(&prng), start, end;
		uintptr_t *at = plain_at(&p, i);

		if (more) {
			nr += *at == 0;
			*at = (uintptr_t)prng_next(&prng) | 1;
			vm_slots_set(&s, &pool, i, *at);
		} else if (*at != 0) {
			nr--;
			*at = 0;
			vm_slots_clear(&s, &pool, i);
		}
		assert_int_equal(vm_slots_get(&s, i), *at);
		assert_int_equal(vm_slots_empty(&s), nr == 0);
		start = random_index(&prng);
		end = prng_one_in(&prng, 4) ? UINT64_MAX : random_index(&prng);
		check_range(&s, &p, start, end);
	}
	vm_arena_fini(&arena);
}

/* Memory of cleared words is reused for later ones. */
static void
test_memory_is_used_again(void **state)
{
	struct vm_arena arena;
	struct vm_slots s = { 0 };
	size_t used;

	(void)state;
	assert_true(vm_arena_init(&arena, (size_t)1 << 20));
	struct vm_slots_pool pool = { .arena = &arena };

	vm_slots_set(&s, &pool, 0, 1);
	used = arena.used;
	for (uint64_t i = 0; i < 1000; i++) {
		vm_slots_clear(&s, &pool, i * VM_SLOTS);
		vm_slots_set(&s, &pool, (i + 1) * VM_SLOTS, 1);
	}
	assert_int_equal(arena.used, used);
	vm_arena_fini(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_memory_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
