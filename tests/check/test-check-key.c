/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-check-key.c - the state key contains the data that the checker and the engine keep about an operation: each
 * datum is changed, and the key must change with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "engine/thread.h"
#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

static const char text[] = "map 16 80\ninit insert 20 24 rw rwx\nT0 wire 20 24 user noholes\nT1 clip 22\n";

static struct sim *sim;
static struct program program;
static struct checker checker;
static struct run run;
static unsigned nr_tried;

/* The key is @before, or it is not. */
static bool
key_is(const struct keybuf *before)
{
	struct keybuf now = { 0 };
	bool same;

	checker_key(&checker, &run, &now);
	same = now.len == before->len && memcmp(now.bytes, before->bytes, now.len) == 0;
	keybuf_free(&now);
	return same;
}

/* Changes the value at @datum, then restores it. */
static void
assert_in_key(void *datum, size_t size, bool in_key, const char *name)
{
	unsigned char *byte = datum, was = *byte;
	struct keybuf before = { 0 };

	(void)size;
	checker_key(&checker, &run, &before);
	*byte ^= 1;
	if (key_is(&before) == in_key)
		fail_msg("%s is %s the key", name, in_key ? "not in" : "in");
	*byte = was;
	assert_true(key_is(&before));
	keybuf_free(&before);
	nr_tried++;
}

static void
test_every_datum_is_in_the_key(void **state)
{
	(void)state;
	for (unsigned t = 0; t < 2; t++) {
		struct check_op *o = &checker.ops[t];

#define IN_KEY_NUM true
#define IN_KEY_SIGNED true
#define IN_KEY_WORDS false
#define CHECK_DATUM(kind, type, name) assert_in_key(&o->name, sizeof(type), IN_KEY_##kind, #name);
		CHECK_OP_DATA(CHECK_DATUM)
#undef CHECK_DATUM
		assert_in_key(&o->nr_effects, sizeof(o->nr_effects), true, "nr_effects");
	}
	assert_true(nr_tried >= 18);
}

/* The struct is the table and the list of effects, and nothing else. */
static void
test_struct_is_the_table(void **state)
{
	struct data {
#define CHECK_DATUM(kind, type, name) type name;
		CHECK_OP_DATA(CHECK_DATUM)
#undef CHECK_DATUM
		size_t nr_effects, cap_effects;
		struct check_effect *effects;
	};

	(void)state;
	assert_int_equal(sizeof(struct data), sizeof(struct check_op));
}

static void
test_effects_and_tags_are_in_the_key(void **state)
{
	struct check_effect *e = &checker.ops[0].effects[0];

	(void)state;
	assert_in_key(&e->start, sizeof(e->start), true, "start");
	assert_in_key(&e->end, sizeof(e->end), true, "end");
	assert_in_key(&e->wired, sizeof(e->wired), true, "wired");
	assert_in_key(&e->user, sizeof(e->user), true, "user");
	assert_in_key(&e->transition, sizeof(e->transition), true, "transition");
	assert_in_key(&e->mapped, sizeof(e->mapped), true, "mapped");
	assert_in_key(&e->attributes, sizeof(e->attributes), true, "attributes");
	assert_in_key(&e->others, sizeof(e->others), true, "others");
	assert_in_key(&checker.tags.tags[0].page, sizeof(uint64_t), true, "page");
	assert_in_key(&checker.tags.tags[0].tag, sizeof(uint64_t), true, "tag");
	assert_in_key(&checker.running, sizeof(checker.running), true, "running");
}

/* --- the key of the engine --- */

/* Changes a number of a suspended operation: the key of @r must change with it. Puts the number back. */
static void
assert_in_engine_key(struct run *r, uint64_t *number, uint64_t change, const char *name)
{
	struct keybuf before = { 0 }, after = { 0 };

	target_engine.key(r->self, 2, &before);
	*number ^= change;
	target_engine.key(r->self, 2, &after);
	*number ^= change;
	if (before.len == after.len && memcmp(before.bytes, after.bytes, before.len) == 0)
		fail_msg("%s is not in the key", name);
	keybuf_free(&before);
	keybuf_free(&after);
}

/* T0 is faulting in the first page of its piece. With whole_key the key is made by key_graph(). */
static void
test_operation_context_is_in_both_engine_keys(void **state)
{
	static struct run r;

	(void)state;
	for (unsigned whole = 0; whole < 2; whole++) {
		struct sim *own = sim_create();
		struct vm_op_ctx *c;

		program.config.whole_key = whole == 1;
		assert_int_equal(run_open(&r, &program, &target_engine, own), RUN_OPENED);
		run_begin(&r);
		do {
			assert_true((run_enabled(&r) & 1) != 0);
			run_step(&r, 0);
			c = &vm_curthread->ctx;
		} while (c->piece_end == 0);
		assert_in_engine_key(&r, &c->start, VM_PAGE_SIZE, "start");
		assert_in_engine_key(&r, &c->end, VM_PAGE_SIZE, "end");
		assert_in_engine_key(&r, &c->cursor, VM_PAGE_SIZE, "cursor");
		assert_in_engine_key(&r, &c->piece_start, VM_PAGE_SIZE, "piece_start");
		assert_in_engine_key(&r, &c->piece_end, VM_PAGE_SIZE, "piece_end");
		assert_in_engine_key(&r, &c->fault_addr, VM_PAGE_SIZE, "fault_addr");
		assert_in_engine_key(&r, &c->edges, 1, "edges");
		run_close(&r);
		sim_destroy(own);
	}
	program.config.whole_key = false;
}

static int
setup(void **state)
{
	struct vmt_error e;

	(void)state;
	sim = sim_create();
	if (sim == NULL || !vmt_parse(text, strlen(text), &program, &e))
		errx(1, "the program");
	if (run_open_checked(&run, &program, &target_engine, sim, &checker) != RUN_OPENED)
		errx(1, "%s", strbuf_text(&run.error));
	run_begin(&run);
	/* Both in the middle of an operation, with something in every list. */
	checker.running = 3;
	for (unsigned t = 0; t < 2; t++) {
		checker.ops[t].effects = calloc(2, sizeof(struct check_effect));
		checker.ops[t].nr_effects = 1; /* one more or less stays within the memory */
		checker.ops[t].cap_effects = 2;
	}
	checker.tags.tags = calloc(1, sizeof(struct check_tag));
	checker.tags.nr = checker.tags.cap = 1;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	run_close(&run);
	checker_free(&checker);
	program_free(&program);
	sim_destroy(sim);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_datum_is_in_the_key),
		cmocka_unit_test(test_struct_is_the_table),
		cmocka_unit_test(test_effects_and_tags_are_in_the_key),
		cmocka_unit_test(test_operation_context_is_in_both_engine_keys),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
