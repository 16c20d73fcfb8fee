/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-bytes.c - the byte form of programs: it is total, canonical, and agrees with the text form.
 *
 *   bytes -> program -> bytes    is a fixed point from the first encoding on
 *   program -> bytes -> program  gives the same program
 *   bytes -> program -> text -> program -> bytes  too
 *   choices -> run -> schedule -> choices         is a fixed point, and the schedule replays
 *
 * usage: test-bytes [--count K] K random strings; the default is small enough for every build of CI
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/explore/explore.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

#define PROGRAMS 20000
#define RUNS 5000
#define INPUT_MAX 300

static unsigned long inputs = 100000;

static void
encode(const struct program *p, struct keybuf *out)
{
	const char *reason;

	out->len = 0;
	if (!bytes_encode(p, out, &reason))
		fail_msg("%s", reason);
}

/* Memory that is kept from one program to the next. */
static struct keybuf first, second;
static struct strbuf text;

static void
check_bytes_of(const struct program *p, const struct program *again)
{
	assert_true(program_equal(p, again));
	encode(again, &second);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.bytes, second.bytes, first.len);
}

/* program -> bytes -> program -> bytes, and the same through text. */
static void
check_round_trips(const struct program *p)
{
	struct program again;
	struct vmt_error e;

	encode(p, &first);
	assert_int_equal(bytes_decode(first.bytes, first.len, &again), first.len);
	check_bytes_of(p, &again);
	program_free(&again);

	strbuf_clear(&text);
	vmt_print(p, &text);
	if (!vmt_parse(text.text, text.len, &again, &e))
		fail_msg("line %u: %s\n%s", e.line, e.text, text.text);
	check_bytes_of(p, &again);
	program_free(&again);
}

/* Choices after a program are returned unchanged, and do not become part of the program. */
static void
check_choices(const struct program *p, const uint8_t *choices, size_t nr)
{
	struct program again;
	size_t at;

	encode(p, &first);
	bytes_encode_choices(choices, nr, &first);
	at = bytes_decode(first.bytes, first.len, &again);
	assert_int_equal(first.len - at, nr);
	assert_true(nr == 0 || memcmp(first.bytes + at, choices, nr) == 0);
	assert_true(program_equal(p, &again));
	program_free(&again);
}

/* Most programs are short; one in four has many bytes that mean "end" or "section". */
static size_t
random_bytes(struct prng *prng, uint8_t *bytes)
{
	size_t len = prng_below(prng, prng_one_in(prng, 4) ? INPUT_MAX : 80);
	bool odd = prng_one_in(prng, 4);

	for (size_t i = 0; i < len; i++) {
		bytes[i] = (uint8_t)prng_next(prng);
		if (odd && prng_one_in(prng, 3))
			bytes[i] |= 0x80;
	}
	return len;
}

static void
test_any_bytes_are_a_program(void **state)
{
	struct prng prng = prng_mix(1, 0, 0);
	unsigned long concurrent = 0, final = 0, choices = 0;

	(void)state;
	for (unsigned long i = 0; i < inputs; i++) {
		uint8_t bytes[INPUT_MAX];
		size_t len = random_bytes(&prng, bytes), at;
		struct program p;

		at = bytes_decode(bytes, len, &p);
		assert_true(at <= len);
		assert_true(p.config.min < p.config.max);
		assert_true(p.nr_init <= BYTES_OPS_MAX && p.nr_final <= BYTES_OPS_MAX);
		check_round_trips(&p);
		check_choices(&p, bytes + at, len - at);
		concurrent += p.nr_threads > 1;
		final += p.nr_final > 0;
		choices += at < len;
		program_free(&p);
	}
	print_message(
	    "%lu strings: %lu have threads, %lu final steps, %lu choices\n", inputs, concurrent, final, choices);
	/* All parts are reached. */
	assert_true(concurrent > inputs / 4 && final > inputs / 100 && choices > inputs / 20);
}

/* Nothing of one program is in the next that has its memory. */
static void
test_memory_is_used_again(void **state)
{
	struct prng prng = prng_mix(2, 0, 0);
	struct bytes_room room = { .poison = NULL };
	unsigned long poisoned = 0, final = 0;

	(void)state;
	for (unsigned long i = 0; i < inputs; i++) {
		uint8_t bytes[INPUT_MAX];
		size_t len = random_bytes(&prng, bytes);
		struct program p, fresh;

		assert_int_equal(bytes_decode_in(bytes, len, &p, &room), bytes_decode(bytes, len, &fresh));
		assert_true(program_equal(&p, &fresh));
		poisoned += p.config.nr_poison > 0;
		final += p.nr_final > 0;
		bytes_recycle(&p, &room);
		program_free(&fresh);
	}
	assert_true(poisoned > inputs / 100 && final > inputs / 100);
	bytes_room_free(&room);
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
	for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
		struct program p;

		random_program(seed, &p);
		check_round_trips(&p);
		program_free(&p);
		random_concurrent(&(struct random_params){ .seed = seed, .threads = (unsigned)(seed % 17) }, &p);
		assert_true(p.nr_threads == seed % 17 || (seed % 17 == 0 && p.nr_threads >= 2 && p.nr_threads <= 4));
		check_round_trips(&p);
		program_free(&p);
	}
}

/* Extremes that no random byte reaches. */
static void
test_large_numbers_survive(void **state)
{
	static const char source[] =
	    "profile freebsd12 -Q3\nmap 4294967295 4294967296\npoison 4294967296 KERN_RESTART\n"
	    "limit 4294967296\ninit insert 4294967296 0 none none\n"
	    "init insert 0 4294967296 rwx r\ninit find 4294967296 rwx none\n"
	    "init write 7 18446744073709551615\ninit pageout 4294967296\n"
	    "T0 fixed 4294967296 4294967295 guard\nfinal wire 0 4294967296 user noholes\n";
	struct program p;
	struct vmt_error e;

	(void)state;
	if (!vmt_parse(source, strlen(source), &p, &e))
		fail_msg("line %u: %s", e.line, e.text);
	check_round_trips(&p);
	program_free(&p);
}

static void
test_what_has_no_room_is_refused(void **state)
{
	static const char *const texts[] = { "mutant canary\n", "limit 4294967297\n" };
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

/* The schedule that @choices make, as text. */
static void
schedule_of(struct run *r, const uint8_t *choices, size_t nr, struct schedule *c, struct strbuf *out)
{
	*c = (struct schedule){ 0 };
	(void)strategy_bytes(r, choices, nr, replay_record, c);
	strbuf_clear(out);
	schedule_print(c, out);
}

/* choices -> schedule -> fewest choices -> the same schedule, by the same outcome. */
static void
check_schedule(struct run *r, const uint8_t *choices, size_t nr)
{
	struct strbuf schedule = { 0 }, again = { 0 }, outcome = { 0 }, other = { 0 }, error = { 0 };
	struct schedule a, b;

	schedule_of(r, choices, nr, &a, &schedule);
	run_outcome(r, &outcome);
	first.len = second.len = 0;
	if (!strategy_bytes_of(r, &a, &first, &error))
		fail_msg("%s: %s", strbuf_text(&schedule), strbuf_text(&error));
	run_outcome(r, &other);
	assert_string_equal(strbuf_text(&outcome), strbuf_text(&other));
	schedule_of(r, first.bytes, first.len, &b, &again);
	assert_string_equal(strbuf_text(&schedule), strbuf_text(&again));
	assert_true(strategy_bytes_of(r, &b, &second, &error));
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.bytes, second.bytes, first.len);
	schedule_free(&a);
	schedule_free(&b);
	strbuf_free(&schedule);
	strbuf_free(&again);
	strbuf_free(&outcome);
	strbuf_free(&other);
	strbuf_free(&error);
}

static void
test_choices_are_a_schedule(void **state)
{
	struct prng prng = prng_mix(2, 0, 0);
	struct sim *sim = sim_create();
	unsigned ran = 0;

	(void)state;
	assert_non_null(sim);
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		uint8_t choices[40];
		size_t nr = prng_below(&prng, sizeof(choices));
		struct program p;
		struct run r;

		for (size_t i = 0; i < nr; i++)
			choices[i] = (uint8_t)prng_next(&prng);
		random_concurrent(&(struct random_params){ .seed = seed, .target = &target_engine }, &p);
		if (run_open(&r, &p, &target_engine, sim) == RUN_OPENED) {
			check_schedule(&r, choices, nr);
			ran++;
		}
		run_close(&r);
		program_free(&p);
	}
	sim_destroy(sim);
	print_message("%u runs\n", ran);
	assert_true(ran > RUNS / 2);
}

/* The result of a run: its outcome and its findings. */
static void
describe(struct run *r, const uint8_t *choices, size_t nr, struct strbuf *out)
{
	strbuf_clear(out);
	(void)strategy_bytes(r, choices, nr, NULL, NULL);
	run_outcome(r, out);
	for (size_t i = 0; i < r->checker->nr_findings; i++) {
		strbuf_addc(out, '\n');
		finding_print(&r->checker->findings[i], r->program, out);
	}
}

/* A run that nothing is kept for is the run that can be begun again. */
static void
test_once_is_the_first_time(void **state)
{
	struct prng prng = prng_mix(3, 0, 0);
	struct sim *sim = sim_create();
	struct strbuf many = { 0 }, again = { 0 }, once = { 0 };
	static struct checker checker;
	unsigned found = 0;

	(void)state;
	assert_non_null(sim);
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		uint8_t choices[40];
		struct program p;
		static struct run r;

		for (size_t i = 0; i < sizeof(choices); i++)
			choices[i] = (uint8_t)prng_next(&prng);
		random_concurrent(&(struct random_params){ .seed = seed, .target = &target_engine }, &p);
		p.config.profile.on = VM_PROFILE_ON_freebsd12; /* so that there are findings */
		assert_int_equal(run_open_checked(&r, &p, &target_engine, sim, &checker), RUN_OPENED);
		describe(&r, choices, sizeof(choices), &many);
		describe(&r, choices, sizeof(choices), &again);
		found += checker.nr_findings > 0;
		run_close(&r);
		assert_int_equal(run_open_once(&r, &p, &target_engine, sim, &checker), RUN_OPENED);
		describe(&r, choices, sizeof(choices), &once);
		run_close(&r);
		assert_string_equal(strbuf_text(&many), strbuf_text(&again));
		assert_string_equal(strbuf_text(&many), strbuf_text(&once));
		program_free(&p);
	}
	assert_true(found > 0);
	checker_free(&checker);
	sim_destroy(sim);
	strbuf_free(&many);
	strbuf_free(&again);
	strbuf_free(&once);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_bytes_are_a_program),
		cmocka_unit_test(test_memory_is_used_again),
		cmocka_unit_test(test_no_bytes_are_the_default_program),
		cmocka_unit_test(test_random_programs_survive),
		cmocka_unit_test(test_large_numbers_survive),
		cmocka_unit_test(test_what_has_no_room_is_refused),
		cmocka_unit_test(test_choices_are_a_schedule),
		cmocka_unit_test(test_once_is_the_first_time),
	};
	int rv;

	if (argc == 3 && strcmp(argv[1], "--count") == 0)
		inputs = strtoul(argv[2], NULL, 10);
	else if (argc != 1) {
		fprintf(stderr, "usage: %s [--count K]\n", argv[0]);
		return 2;
	}
	rv = cmocka_run_group_tests(tests, NULL, NULL);
	keybuf_free(&first);
	keybuf_free(&second);
	strbuf_free(&text);
	return rv;
}
