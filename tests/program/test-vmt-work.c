/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-vmt-work.c - reading and printing are linear in the size of a program, by counting instead of timing.
 *
 * The text sources are built once more with a call at every edge between basic blocks (-fsanitize-coverage=trace-pc)
 * and without builtins; the linker sends the calls by which the C library could be made to do quadratic work here too.
 * The work of a run is the edges taken, and the bytes that those calls looked at or moved. It is the same in every run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"

static uint64_t work;

void __sanitizer_cov_trace_pc(void);
void *__wrap_realloc(void *at, size_t size);
void *__wrap_reallocarray(void *at, size_t nr, size_t size);
size_t __wrap_strlen(const char *text);
void *__wrap_memchr(const void *at, int c, size_t len);
void *__real_realloc(void *at, size_t size);
void *__real_reallocarray(void *at, size_t nr, size_t size);
size_t __real_strlen(const char *text);
void *__real_memchr(const void *at, int c, size_t len);

void
__sanitizer_cov_trace_pc(void)
{
	work++;
}

/* An array that grows may move: all of it counts. */
void *
__wrap_realloc(void *at, size_t size)
{
	work += size;
	return __real_realloc(at, size);
}

void *
__wrap_reallocarray(void *at, size_t nr, size_t size)
{
	work += nr * size;
	return __real_reallocarray(at, nr, size);
}

size_t
__wrap_strlen(const char *text)
{
	size_t len = __real_strlen(text);

	work += len;
	return len;
}

void *
__wrap_memchr(const void *at, int c, size_t len)
{
	const char *found = __real_memchr(at, c, len);

	work += found != NULL ? (size_t)(found - (const char *)at) : len;
	return __real_memchr(at, c, len);
}

/* A program of @nr times something. */
typedef void writer(struct strbuf *out, unsigned nr);

static void
write_init(struct strbuf *out, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		strbuf_printf(out, "init insert %u 0x%x prot=rw max=rwx => KERN_SUCCESS\n", i, i + 1);
}

static void
write_states_and_comments(struct strbuf *out, unsigned nr)
{
	strbuf_add(out, "map 16 80\n");
	for (unsigned i = 0; i < nr; i++)
		strbuf_printf(
		    out, "# before %u\ninit lookup %u # beside\n\nstate 16-24:rw-/rwx:copy:w0 uw=0 # of it\n", i, i);
}

static void
write_head(struct strbuf *out, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		strbuf_printf(out, "# line %u\n", i);
}

/* Each its own page, the highest first. */
static void
write_poison(struct strbuf *out, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		strbuf_printf(out, "poison %u # %u\n", nr - i, i);
}

static void
write_one_long_state(struct strbuf *out, unsigned nr)
{
	strbuf_add(out, "init lookup 16\nstate");
	for (unsigned i = 0; i < nr; i++)
		strbuf_printf(out, " %u-%u:guard", 2 * i, 2 * i + 1);
	strbuf_add(out, " uw=0\n");
}

static void
write_schedule(struct strbuf *out, unsigned nr)
{
	strbuf_add(out, "T0 lookup 16\nT1 lookup 16\nschedule");
	for (unsigned i = 0; i < nr; i++)
		strbuf_printf(out, " T%u*%u", i & 1, i + 1);
	strbuf_addc(out, '\n');
}

static void
write_outcomes(struct strbuf *out, unsigned nr)
{
	strbuf_add(out, "T0 read 16\n");
	for (unsigned i = 0; i < nr; i++)
		strbuf_printf(out, "outcome T0: %u | (empty) uw=0\n", i * 7919 % nr);
}

/* All operations of one thread, then of the next: at most PROGRAM_THREADS_MAX * PROGRAM_OPS_MAX. */
static void
write_threads(struct strbuf *out, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		strbuf_printf(out, "T%u insert %u 0x%x prot=rw max=rwx\n", i / PROGRAM_OPS_MAX, i, i + 1);
}

static uint64_t
work_of(writer *write, unsigned nr)
{
	struct strbuf text = { 0 }, printed = { 0 };
	struct vmt_error e;
	struct program p;

	write(&text, nr);
	work = 0;
	if (!vmt_parse(strbuf_text(&text), text.len, &p, &e))
		fail_msg("%u:%u: %s", e.line, e.column, e.text);
	vmt_print(&p, &printed);
	/* The counter works: the parser reads each byte. */
	assert_true(work > text.len);
	program_free(&p);
	strbuf_free(&text);
	strbuf_free(&printed);
	return work;
}

/* Twice the program, about twice the work. Quadratic work would be four times as much. */
static void
test_linear(void **unused)
{
	static const struct {
		const char *name;
		writer *write;
		unsigned nr;
	} cases[] = {
		{ "init lines", write_init, 100000 },
		{ "states and comments", write_states_and_comments, 30000 },
		{ "a head", write_head, 100000 },
		{ "poison lines", write_poison, 30000 },
		{ "one long state", write_one_long_state, 100000 },
		{ "a schedule", write_schedule, 100000 },
		{ "outcomes", write_outcomes, 30000 },
		{ "operations of threads", write_threads, PROGRAM_THREADS_MAX * PROGRAM_OPS_MAX },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t half = work_of(cases[i].write, cases[i].nr / 2), whole = work_of(cases[i].write, cases[i].nr);
		double ratio = (double)whole / (double)half;

		print_message("%u %s: work %.2f times that of half as many\n", cases[i].nr, cases[i].name, ratio);
		if (ratio > 2.5)
			fail_msg("%s: not linear", cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_linear) };

	return cmocka_run_group_tests_name("vmt-work", tests, NULL, NULL);
}
