/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-bytes.c - the byte form of programs: it is total, canonical, and agrees with the text form.
 *
 *   bytes -> program -> bytes    is a fixed point from the first encoding on
 *   program -> bytes -> program  gives the same program
 *   bytes -> program -> text -> program -> bytes  too
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/bytes.h"
#include "harness/keybuf.h"
#include "harness/random-program.h"
#include "harness/strbuf.h"
#include "harness/vmt.h"

#define INPUTS 20000
#define INPUT_MAX 300

/* Not good chance, but the same everywhere. */
static uint8_t
chance(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint8_t)(*state >> 56);
}

static void
encode(const struct program *p, struct keybuf *out)
{
	const char *reason;

	out->len = 0;
	if (!bytes_encode(p, out, &reason))
		fail_msg("%s", reason);
}

/* program -> bytes -> program -> bytes, and the same through text. */
static void
check_round_trips(const struct program *p)
{
	struct keybuf a = { 0 }, b = { 0 };
	struct strbuf text = { 0 };
	struct program again;
	struct vmt_error e;

	encode(p, &a);
	bytes_decode(a.bytes, a.len, &again);
	assert_true(program_equal(p, &again));
	encode(&again, &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.bytes, b.bytes, a.len);
	program_free(&again);

	vmt_print(p, &text);
	if (!vmt_parse(text.text, text.len, &again, &e))
		fail_msg("line %u: %s\n%s", e.line, e.text, text.text);
	assert_true(program_equal(p, &again));
	encode(&again, &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.bytes, b.bytes, a.len);
	program_free(&again);
	strbuf_free(&text);
	keybuf_free(&a);
	keybuf_free(&b);
}

static void
test_any_bytes_are_a_program(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < INPUTS; i++) {
		uint8_t bytes[INPUT_MAX];
		size_t len = i % INPUT_MAX;
		struct program p;

		for (size_t j = 0; j < len; j++)
			bytes[j] = chance(&seed);
		bytes_decode(bytes, len, &p);
		assert_true(p.config.min < p.config.max);
		assert_true(p.nr_init <= BYTES_OPS_MAX);
		check_round_trips(&p);
		program_free(&p);
	}
}

static void
test_no_bytes_are_the_default_program(void **state)
{
	struct program p, empty;

	(void)state;
	program_init(&empty);
	bytes_decode(NULL, 0, &p);
	assert_true(program_equal(&p, &empty));
	program_free(&p);
}

static void
test_random_programs_survive(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= INPUTS; seed++) {
		struct program p;

		random_program(seed, &p);
		check_round_trips(&p);
		program_free(&p);
	}
}

/* Extremes that no random byte reaches. */
static void
test_large_numbers_survive(void **state)
{
	static const char text[] = "profile freebsd12 -Q3\nmap 4294967295 4294967296\npoison 4294967296 KERN_RESTART\n"
	                           "limit 4294967296\ninit insert 4294967296 0 none none\n"
	                           "init insert 0 4294967296 rwx r\ninit find 4294967296 rwx none\n"
	                           "init write 7 18446744073709551615\ninit pageout 4294967296\n";
	struct program p;
	struct vmt_error e;

	(void)state;
	if (!vmt_parse(text, strlen(text), &p, &e))
		fail_msg("line %u: %s", e.line, e.text);
	check_round_trips(&p);
	program_free(&p);
}

static void
test_what_has_no_room_is_refused(void **state)
{
	static const char *const texts[] = { "T0 lookup 16\n", "final lookup 16\n", "limit 4294967297\n" };
	struct keybuf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct program p;
		struct vmt_error e;
		const char *reason = NULL;

		if (!vmt_parse(texts[i], strlen(texts[i]), &p, &e))
			fail_msg("%s: %s", texts[i], e.text);
		assert_false(bytes_encode(&p, &out, &reason));
		assert_non_null(reason);
		program_free(&p);
	}
	keybuf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_bytes_are_a_program),
		cmocka_unit_test(test_no_bytes_are_the_default_program),
		cmocka_unit_test(test_random_programs_survive),
		cmocka_unit_test(test_large_numbers_survive),
		cmocka_unit_test(test_what_has_no_room_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
