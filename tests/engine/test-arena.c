/* SPDX-License-Identifier: BSD-2-Clause */
/* test-arena.c - an arena that grows beyond its first range: allocation, save and restore, no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/arena.h"

#define BLOCK ((size_t)1 << 20)
#define NR_BLOCKS 40

static void
fill(char *block, int value)
{
	memset(block, value, BLOCK);
}

static void
expect(const char *block, int value)
{
	for (size_t i = 0; i < BLOCK; i += 4093)
		assert_int_equal(block[i], value);
	assert_int_equal(block[BLOCK - 1], value);
}

static void
test_grows_and_never_moves(void **state)
{
	struct vm_arena a;
	char *blocks[NR_BLOCKS];

	(void)state;
	assert_true(vm_arena_init(&a, VM_ARENA_SIZE));
	for (int i = 0; i < NR_BLOCKS; i++) {
		blocks[i] = vm_arena_alloc(&a, BLOCK);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % 64, 0);
		expect(blocks[i], 0);
		fill(blocks[i], i + 1);
	}
	for (int i = 0; i < NR_BLOCKS; i++)
		expect(blocks[i], i + 1);
	vm_arena_fini(&a);
}

/* A restore brings back the memory allocated before the save; later allocations are reused, zeroed. */
static void
test_restores_all_ranges(void **state)
{
	static const int saved_at[] = { 2, 5, 20 }; /* in the first range, in the first chunk, in a later one */

	(void)state;
	for (size_t at = 0; at < sizeof(saved_at) / sizeof(saved_at[0]); at++) {
		struct vm_arena a, *in;
		char *blocks[NR_BLOCKS], *again;

		/* As a map does: the arena lies in its own memory. */
		assert_true(vm_arena_init(&a, VM_ARENA_SIZE));
		in = vm_arena_alloc(&a, sizeof(*in));
		*in = a;
		for (int i = 0; i < saved_at[at]; i++)
			fill(blocks[i] = vm_arena_alloc(in, BLOCK), i + 1);
		assert_true(vm_arena_save(in));
		for (int round = 0; round < 3; round++) {
			for (int i = 0; i < saved_at[at]; i++)
				fill(blocks[i], 99);
			for (int i = saved_at[at]; i < NR_BLOCKS; i++) {
				again = vm_arena_alloc(in, BLOCK);
				if (round > 0)
					assert_ptr_equal(again, blocks[i]);
				blocks[i] = again;
				expect(blocks[i], 0);
				fill(blocks[i], 98);
				vm_arena_poison(blocks[i], BLOCK);
			}
			vm_arena_restore(in);
			for (int i = 0; i < saved_at[at]; i++)
				expect(blocks[i], i + 1);
		}
		a = *in;
		vm_arena_fini(&a);
	}
}

static jmp_buf out;

static void
no_memory(void)
{
	longjmp(out, 1);
}

/* More than there can be. */
static void
test_says_when_there_is_no_memory(void **state)
{
	struct vm_arena a;
	volatile bool said = false; /* survives longjmp */

	(void)state;
	assert_true(vm_arena_init(&a, VM_ARENA_SIZE));
	vm_arena_no_memory = NULL;
	assert_null(vm_arena_alloc(&a, (size_t)1 << 60));
	vm_arena_no_memory = no_memory;
	if (setjmp(out) == 0)
		(void)vm_arena_alloc(&a, (size_t)1 << 60);
	else
		said = true;
	vm_arena_no_memory = NULL;
	assert_true(said);
	assert_non_null(vm_arena_alloc(&a, BLOCK)); /* it goes on */
	vm_arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_never_moves),
		cmocka_unit_test(test_restores_all_ranges),
		cmocka_unit_test(test_says_when_there_is_no_memory),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
