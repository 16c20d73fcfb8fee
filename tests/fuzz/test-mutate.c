/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-mutate.c - mutation and crossover of fuzz inputs: the result is canonical, fits, and depends only on input and
 * seed; every kind of change happens about as often as mutate.h says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/vm.h"
#include "fuzz/mutate.h"
#include "harness/base/base.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"

#define ROUNDS 20000
#define SIZE 1024

static const struct mutator sched = { .schedules = true }, seq = { .schedules = false };

static const struct genome_limits *const limits = &mutate_limits[1];
static struct keybuf canonical;

/* Checks for a program's canonical form, followed by choices if the program has several threads. */
static void
check_canonical(const uint8_t *bytes, size_t len, bool schedules)
{
	struct program p;
	const char *reason;
	size_t at = bytes_decode(bytes, len, &p);

	canonical.len = 0;
	assert_true(bytes_encode(&p, &canonical, &reason));
	if (at < len)
		bytes_encode_choices(bytes + at, len - at, &canonical);
	assert_int_equal(canonical.len, len);
	assert_memory_equal(canonical.bytes, bytes, len);
	assert_true(p.nr_threads <= MUTATE_THREADS_MAX);
	assert_true(!schedules || p.nr_threads >= 2);
	program_free(&p);
}

/* Bytes of a random program and random choices. */
static size_t
random_input(uint64_t seed, uint8_t *bytes)
{
	struct prng prng = prng_mix(seed, 7, 0);
	struct keybuf out = { 0 };
	struct program p;
	const char *reason;
	uint8_t choices[20];
	size_t len;

	random_concurrent(&(struct random_params){ .seed = seed }, &p);
	assert_true(bytes_encode(&p, &out, &reason));
	for (size_t i = 0; i < sizeof(choices); i++)
		choices[i] = (uint8_t)prng_next(&prng);
	bytes_encode_choices(choices, 1 + prng_below(&prng, sizeof(choices)), &out);
	len = out.len;
	assert_true(len <= SIZE);
	memcpy(bytes, out.bytes, len);
	keybuf_free(&out);
	program_free(&p);
	return len;
}

/* From any bytes, canonical or not, with room or without. */
static void
test_what_comes_out_is_canonical_and_fits(void **state)
{
	struct prng prng = prng_mix(1, 0, 0);
	uint8_t bytes[SIZE];

	(void)state;
	for (uint64_t seed = 0; seed < ROUNDS; seed++) {
		size_t len = prng_below(&prng, 200), max = len + prng_below(&prng, SIZE - len);
		const struct mutator *m = seed % 2 == 0 ? &sched : &seq;

		if (max < MUTATE_SIZE_MIN)
			max = MUTATE_SIZE_MIN;
		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)prng_next(&prng);
		len = mutate(m, bytes, len, max, seed);
		assert_true(len > 0 && len <= max);
		/* In next to no room the threads have to go. */
		check_canonical(bytes, len, m->schedules && max > 200);
	}
}

static void
test_the_seed_decides(void **state)
{
	uint8_t from[SIZE], one[SIZE], two[SIZE];
	unsigned differ = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 2000; seed++) {
		size_t len = random_input(seed, from), len_one, len_two;

		memcpy(one, from, len);
		memcpy(two, from, len);
		len_one = mutate(&sched, one, len, SIZE, seed);
		(void)mutate(&sched, two, len, SIZE, seed + 1);
		memcpy(two, from, len);
		len_two = mutate(&sched, two, len, SIZE, seed);
		assert_int_equal(len_one, len_two);
		assert_memory_equal(one, two, len_one);
		differ += len_one != len || memcmp(one, from, len) != 0;
	}
	print_message("%u of 2000 are another input\n", differ);
	assert_true(differ > 1800);
}

static bool
same_lists(const struct genome *a, const struct genome *b)
{
	for (unsigned i = 0; i < GENOME_LISTS; i++) {
		if (a->lists[i].nr != b->lists[i].nr)
			return false;
		for (unsigned j = 0; j < a->lists[i].nr; j++)
			if (!vm_op_equal(&a->lists[i].ops[j], &b->lists[i].ops[j]))
				return false;
	}
	return true;
}

static bool
same_choices(const struct genome *a, const struct genome *b)
{
	return a->nr_choices == b->nr_choices && memcmp(a->choices, b->choices, a->nr_choices) == 0;
}

/* 45 % operations, 35 % choices, 10 % both, 10 % bytes, which may change either: so much of each is seen at least. */
static void
test_all_kinds_happen(void **state)
{
	static struct genome before, after;
	unsigned ops = 0, choices = 0, both = 0;
	uint8_t bytes[SIZE];

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		size_t len = random_input(seed, bytes);
		bool same_ops, same_schedule;

		genome_read(&before, limits, bytes, len);
		len = mutate(&sched, bytes, len, SIZE, seed * 31);
		genome_read(&after, limits, bytes, len);
		same_ops = same_lists(&before, &after);
		same_schedule = same_choices(&before, &after);
		ops += !same_ops && same_schedule;
		choices += same_ops && !same_schedule;
		both += !same_ops && !same_schedule;
	}
	print_message("of %u: %u operations only, %u choices only, %u both\n", ROUNDS, ops, choices, both);
	assert_true(ops > ROUNDS * 35 / 100 && ops < ROUNDS * 55 / 100);
	assert_true(choices > ROUNDS * 30 / 100 && choices < ROUNDS * 45 / 100);
	assert_true(both > ROUNDS * 6 / 100 && both < ROUNDS * 15 / 100);
}

/* In a program without threads, no mutation changes the choices. */
static void
test_no_choices_where_none_are_read(void **state)
{
	static struct genome before, after;
	unsigned changed = 0;
	uint8_t bytes[SIZE];

	(void)state;
	for (uint64_t seed = 1; seed <= 5000; seed++) {
		size_t len = random_input(seed, bytes);

		genome_read(&before, limits, bytes, len);
		len = mutate(&seq, bytes, len, SIZE, seed);
		genome_read(&after, limits, bytes, len);
		changed += !same_choices(&before, &after);
	}
	/* Those on bytes, 10 of 65, mostly hit them. */
	assert_true(changed < 5000 * 20 / 100);
}

static void
check_limits(const struct genome *g, const struct genome_limits *l)
{
	unsigned nr = 0;

	assert_true(g->lists[0].nr <= l->init_max);
	for (unsigned i = 1; i < genome_nr_lists(l); i++) {
		assert_true(g->lists[i].nr <= l->ops_max);
		nr += g->lists[i].nr > 0;
	}
	assert_true(nr >= l->threads_min && nr <= l->threads_max);
	assert_true(g->config.nr_poison <= l->poison_max);
	for (size_t i = 1; i < g->config.nr_poison; i++)
		assert_true(g->poison[i - 1].page < g->poison[i].page);
}

/* A genome takes as many init steps, operations of a thread and threads as its limits allow, and no more. */
static void
test_genome_is_cut_at_its_limits(void **state)
{
	static const struct genome_limits l = { .threads_max = 1, .ops_max = 2, .init_max = 2 };
	static const char text[] = "init clip 20\ninit clip 21\ninit clip 22\nT0 clip 23\nT0 clip 24\nT0 clip 25\n"
	                           "T1 clip 26\n";
	static struct genome g;
	struct program p;
	struct vmt_error e;

	(void)state;
	assert_true(vmt_parse(text, strlen(text), &p, &e));
	g.lists[2].nr = 0;
	genome_of_program(&g, &l, &p);
	assert_int_equal(g.lists[0].nr, 2);
	assert_int_equal(g.lists[0].ops[0].start, 20);
	assert_int_equal(g.lists[0].ops[1].start, 21);
	assert_int_equal(g.lists[1].nr, 2);
	assert_int_equal(g.lists[1].ops[1].start, 24);
	assert_int_equal(g.lists[2].nr, 0);
	program_free(&p);
}

/* Programs that are repeatedly mutated and crossed stay within a hunt's limits, and keep their profile. */
static void
test_limits_hold(void **state)
{
	static const struct genome_limits l = {
		.threads_min = 2, .threads_max = 3, .ops_max = 4, .init_max = 5, .poison_max = 2
	};
	static struct genome g, other;
	unsigned at_most = 0, kernels = 0;
	struct program p;

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS / 10; seed++) {
		struct mutation m;

		random_concurrent(&(struct random_params){ .seed = seed }, &p);
		genome_of_program(&g, &l, &p);
		program_free(&p);
		random_concurrent(&(struct random_params){ .seed = seed + ROUNDS }, &p);
		genome_of_program(&other, &l, &p);
		program_free(&p);
		for (unsigned i = 0; i < 20; i++) {
			mutation_begin(&m, &g, &l, prng_mix(seed, i, 0));
			if (i % 5 == 0)
				mutation_cross(&m, &other);
			else
				mutation_change(&m);
			mutation_end(&m);
			check_limits(&g, &l);
			at_most += g.lists[1].nr == l.ops_max;
		}
		assert_true(vm_profile_equal(g.config.profile, vm_profile(VM_PROFILE_strict)));
		kernels += g.config.kernel;
		genome_program(&g, &l, &p);
		assert_true(p.nr_threads >= l.threads_min && p.nr_threads <= l.threads_max);
	}
	print_message("%u times a thread was full, %u kernel maps\n", at_most, kernels);
	assert_true(at_most > 0 && kernels > 0);
}

static bool
has_op(const struct genome *g, const struct vm_op *op)
{
	for (unsigned i = 0; i < GENOME_LISTS; i++)
		for (unsigned j = 0; j < g->lists[i].nr; j++)
			if (vm_op_equal(&g->lists[i].ops[j], op))
				return true;
	return false;
}

/* A child has only parts of its parents, mostly of both, and a schedule of either. */
static void
test_crossover_takes_from_both(void **state)
{
	static struct genome a, b, child;
	unsigned mixed = 0, choices_of_a = 0, choices_of_b = 0;
	uint8_t one[SIZE], two[SIZE], out[SIZE], again[SIZE];

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		size_t len_one = random_input(seed, one), len_two = random_input(seed + ROUNDS, two);
		size_t len = mutate_cross(&sched, one, len_one, two, len_two, out, SIZE, seed);
		bool of_a = false, of_b = false;

		assert_int_equal(len, mutate_cross(&sched, one, len_one, two, len_two, again, SIZE, seed));
		assert_memory_equal(out, again, len);
		check_canonical(out, len, true);
		genome_read(&a, limits, one, len_one);
		genome_read(&b, limits, two, len_two);
		genome_read(&child, limits, out, len);
		for (unsigned i = 0; i < GENOME_LISTS; i++)
			for (unsigned j = 0; j < child.lists[i].nr; j++) {
				of_a |= has_op(&a, &child.lists[i].ops[j]);
				of_b |= has_op(&b, &child.lists[i].ops[j]);
			}
		mixed += of_a && of_b;
		choices_of_a += same_choices(&child, &a);
		choices_of_b += same_choices(&child, &b);
	}
	print_message("of %u: %u of both, choices %u of the first, %u of the second\n", ROUNDS, mixed, choices_of_a,
	    choices_of_b);
	assert_true(mixed > ROUNDS * 40 / 100);
	assert_true(choices_of_a > ROUNDS * 40 / 100 && choices_of_b > ROUNDS * 40 / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_comes_out_is_canonical_and_fits),
		cmocka_unit_test(test_the_seed_decides),
		cmocka_unit_test(test_all_kinds_happen),
		cmocka_unit_test(test_no_choices_where_none_are_read),
		cmocka_unit_test(test_genome_is_cut_at_its_limits),
		cmocka_unit_test(test_limits_hold),
		cmocka_unit_test(test_crossover_takes_from_both),
	};
	int rv = cmocka_run_group_tests(tests, NULL, NULL);

	keybuf_free(&canonical);
	return rv;
}
