/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-stress.c - the parts of the stress runner that a silent run relies on: each check reports what is broken on
 * purpose, at the end of a round and at a stop in the middle; a hang is seen, and a shortage of frames is none; the
 * book and the ledger follow their rules; a failure's window is a program; a seed fixes the stream; and the command
 * line is strict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/map.h"
#include "engine/native.h"
#include "harness/hunt/hunt.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "stress/book.h"
#include "stress/check.h"
#include "stress/history.h"
#include "stress/runner.h"
#include "stress/stress-main.h"
#include "stress/workload.h"

#define MIN_PAGE 16
#define MAX_PAGE 80

/* --- the check at the end: each case breaks one thing --- */

static vm_map_entry_t
first_entry(vm_map_t map)
{
	return map->header.next;
}

static void
break_nothing(vm_map_t map)
{
	(void)map;
}

static void
break_busy(vm_map_t map)
{
	map->busy++;
}

static void
break_busy_wanted(vm_map_t map)
{
	map->busy_wanted = true;
}

static void
break_account(vm_map_t map)
{
	map->user_wired++;
}

static void
break_limit(vm_map_t map)
{
	map->config.wire_limit = 1;
}

static void
break_transition(vm_map_t map)
{
	first_entry(map)->eflags |= MAP_ENTRY_IN_TRANSITION;
	first_entry(map)->wiring_thread = vm_curthread;
}

static void
break_skipped(vm_map_t map)
{
	first_entry(map)->eflags |= MAP_ENTRY_WIRE_SKIPPED;
}

static void
break_system_wiring(vm_map_t map)
{
	first_entry(map)->wired_count++;
}

static void
break_wire_count(vm_map_t map)
{
	first_entry(map)->wired_count = -1;
}

static void
break_size(vm_map_t map)
{
	map->size += VM_PAGE_SIZE;
}

static void
break_lock(vm_map_t map) VM_NO_TSA("left held on purpose")
{
	vm_map_lock(map);
	vm_curthread->held = 0;
	vm_curthread->map_write = false;
}

static const struct {
	void (*breaks)(vm_map_t map);
	const char *report, *report_freebsd12; /* NULL: nothing is to be reported */
} breakages[] = {
	{ break_nothing, NULL, NULL },
	{ break_busy, "busy", "busy" },
	{ break_busy_wanted, "not busy", "not busy" },
	{ break_account, "user-wire counter", NULL },
	{ break_limit, "limit", NULL },
	{ break_transition, "in transition", "in transition" },
	{ break_skipped, "skipped", "skipped" },
	{ break_system_wiring, "system wiring", "system wiring" },
	{ break_wire_count, "wire count", "wire count" },
	{ break_size, "I5", "I5" },
	{ break_lock, "lock", "lock" },
};

static void
check_breakage(size_t i, uint32_t behaviours, const char *report)
{
	const struct vm_config config = { .env = &vm_env_native,
		.min = MIN_PAGE * VM_PAGE_SIZE,
		.max = MAX_PAGE * VM_PAGE_SIZE,
		.behaviours = behaviours,
		.wire_limit = 100 };
	struct vm_thread td;
	const char *found;
	vm_map_t map;

	vm_native_thread_init(&td, 0);
	map = vm_map_create(&config);
	assert_non_null(map);
	assert_int_equal(vm_map_fixed(map, NULL, 0, 20 * VM_PAGE_SIZE, 4 * VM_PAGE_SIZE, VM_PROT_READ, VM_PROT_ALL, 0),
	    KERN_SUCCESS);
	assert_int_equal(vm_map_wire(map, 20 * VM_PAGE_SIZE, 24 * VM_PAGE_SIZE, VM_MAP_WIRE_USER), KERN_SUCCESS);
	breakages[i].breaks(map);
	found = stress_check(map);
	if ((found == NULL) != (report == NULL) || (found != NULL && strstr(found, report) == NULL))
		fail_msg("breakage %zu: found \"%s\", expected \"%s\"", i, found == NULL ? "nothing" : found,
		    report == NULL ? "nothing" : report);
	vm_map_destroy(map);
}

static void
test_check_reports_each_breakage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(breakages) / sizeof(breakages[0]); i++) {
		check_breakage(i, VM_PROFILE_ON_strict, breakages[i].report);
		check_breakage(i, VM_PROFILE_ON_freebsd12, breakages[i].report_freebsd12);
	}
}

/* --- the runner --- */

static void
short_config(struct stress_config *c)
{
	stress_config_default(c);
	c->ops = 3000;
	c->round_ops = 1000;
	c->seed = 7;
}

static void
test_run_counts_and_checks(void **state)
{
	struct stress_config c;
	struct stress_result r;
	uint64_t sum = 0;

	(void)state;
	short_config(&c);
	assert_int_equal(stress_run(&c, &r), STRESS_OK);
	assert_int_equal(r.rounds, 3);
	assert_true(r.counts.nr_ops >= c.threads * c.ops);
	assert_true(r.counts.least_ops >= c.ops && r.counts.most_ops >= r.counts.least_ops);
	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++) {
		uint64_t of_code = 0;

		for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++)
			of_code += r.counts.nr[code][kern];
		if (vm_op_table[code].name != NULL)
			assert_true(of_code > 0); /* every operation is in the default mix */
		sum += of_code;
	}
	assert_int_equal(sum, r.counts.nr_ops);
	assert_true(r.counts.edges[VM_EDGE_wire_start_unmapped] > 0);
}

/* Every KERN_INVALID_ADDRESS has an edge that says why. */
static void
test_every_invalid_address_has_an_edge(void **state)
{
	struct stress_config c;
	struct stress_result r;
	uint64_t nr = 0, edges = 0;

	(void)state;
	short_config(&c);
	assert_int_equal(stress_run(&c, &r), STRESS_OK);
	for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++)
		if (vm_op_table[code].name != NULL && vm_op_table[code].result != VM_RESULT_BOOL)
			nr += r.counts.nr[code][KERN_INVALID_ADDRESS];
	for (unsigned edge = 0; edge < VM_EDGE_COUNT; edge++)
		edges += r.counts.edges[edge];
	assert_true(nr > 0);
	assert_true(edges >= nr); /* one operation may pass several */
}

static void
break_busy_at_end(vm_map_t map, bool clean)
{
	if (clean)
		map->busy++;
}

static void
test_run_reports_a_breakage(void **state)
{
	struct stress_config c;
	struct stress_result r;

	(void)state;
	short_config(&c);
	c.before_check = break_busy_at_end;
	assert_int_equal(stress_run(&c, &r), STRESS_BROKEN);
	assert_non_null(strstr(r.broken, "I24: the map's busy count is not the number of faulting wires (round 1)"));
}

/* At a stop: adds a system wiring that the book does not have, to the first entry that is not in transition. */
static void
break_wiring_at_stop(vm_map_t map, bool clean)
{
	if (clean)
		return;
	for (vm_map_entry_t e = map->header.next; e != &map->header; e = e->next)
		if ((e->eflags & MAP_ENTRY_IN_TRANSITION) == 0 && e->wired_count > 0) {
			e->wired_count++;
			return;
		}
}

static void
break_size_at_stop(vm_map_t map, bool clean)
{
	if (!clean)
		map->size += VM_PAGE_SIZE;
}

/* Clears NEEDS_WAKEUP: the end of a transition wakes no thread. */
static void
break_wakeups_at_stop(vm_map_t map, bool clean)
{
	if (clean)
		return;
	for (vm_map_entry_t e = map->header.next; e != &map->header; e = e->next)
		e->eflags &= ~(uint32_t)MAP_ENTRY_NEEDS_WAKEUP;
}

static void
break_idling_at_stop(vm_map_t map, bool clean)
{
	if (!clean)
		map->busy_wanted = false;
}

/* The threads and their map stay after the run. */
static void
test_stops_report_breakages(void **state)
{
	static const struct {
		void (*breaks)(vm_map_t map, bool clean);
		const char *report;
	} cases[] = {
		{ break_size_at_stop, "I5" },
		{ break_wiring_at_stop, "ledger: a system wiring was left over" },
		{ break_wakeups_at_stop, "I22" },
		{ break_idling_at_stop, "I23" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stress_config c;
		struct stress_result r;

		short_config(&c);
		c.ops = 0;
		c.seconds = 20;
		c.check_ms = 2;
		c.pages = 8; /* so that threads sleep */
		c.before_check = cases[i].breaks;
		assert_int_equal(stress_run(&c, &r), STRESS_BROKEN);
		if (strstr(r.broken, cases[i].report) == NULL)
			fail_msg("found \"%s\", expected \"%s\"", r.broken, cases[i].report);
	}
}

/* With far too few frames, threads sleep until all sleep; then one of them fails, and the run does not hang. */
static void
test_shortage_is_no_hang(void **state)
{
	struct stress_config c;
	struct stress_result r;
	char bad[64];

	(void)state;
	short_config(&c);
	assert_true(workload_mix_parse(&c.mix, "pageout,wire=40", bad, sizeof(bad)));
	c.frames = 2;
	c.pages = 32;
	c.mix.limit = 1000; /* a shortage of frames, not of the limit */
	c.hang_s = 5;
	assert_int_equal(stress_run(&c, &r), STRESS_OK);
	assert_true(r.counts.waits[VM_CHANNEL_FRAME] > 0);
	assert_true(r.counts.nr[VM_OP_wire][KERN_RESOURCE_SHORTAGE] > 0);
}

static void
stop_for_ever(struct world_thread *t)
{
	(void)t;
	for (;;)
		pause();
}

/* Its threads stay after the test, as those of the next test do. */
static void
test_run_sees_a_hang(void **state)
{
	struct stress_config c;
	struct stress_result r;

	(void)state;
	short_config(&c);
	c.hang_s = 1;
	c.check_ms = 0;
	c.on_point = stop_for_ever;
	assert_int_equal(stress_run(&c, &r), STRESS_HANG);
	assert_non_null(strstr(r.broken, "no operation finished"));
}

/* A process that is stopped for long, or gets no processor, does not count as hung: the watchdog's clock stops, too. */
static void
test_time_without_a_look_hardly_counts(void **state)
{
	const struct timespec stopped = { .tv_sec = 2 };
	struct world w = { 0 };
	double before;

	(void)state;
	(void)world_watched(&w);
	before = world_watched(&w);
	(void)nanosleep(&stopped, NULL);
	assert_true(world_watched(&w) - before < 1);
	/* With regular checks, the clock advances. */
	while (world_watched(&w) - before < 1.5)
		continue;
}

static struct vm_waitq nowhere;

/* All threads sleep for ever: the run must detect it long before hang_s, or the test does not end. */
static void
sleep_for_ever(struct world_thread *t)
{
	t->td.env->sleep(&t->td, &nowhere, vm_waitq_sample(&nowhere));
}

static void
test_run_sees_a_deadlock_at_once(void **state)
{
	struct stress_config c;
	struct stress_result r;

	(void)state;
	short_config(&c);
	vm_waitq_init(&nowhere, VM_CHANNEL_BUSY);
	c.hang_s = 3600;
	c.check_ms = 0;
	c.on_point = sleep_for_ever;
	assert_int_equal(stress_run(&c, &r), STRESS_HANG);
}

/* --- windows --- */

/* Somewhere in the middle of things. */
static void
break_once_there_is_something(vm_map_t map, bool clean)
{
	if (clean && map->nentries > 4 && map->user_wired > 2)
		map->busy++;
}

/* The window parses; its init steps run, and lead to a map that was good. */
static void
test_window_is_a_program(void **state)
{
	char path[] = "stress-test-XXXXXX";
	struct strbuf text = { 0 }, error = { 0 };
	struct stress_config c;
	struct stress_result r;
	struct program p;
	struct run run;
	uint32_t excuse;
	struct sim *sim = sim_create();
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && sim != NULL);
	close(fd);
	assert_int_equal(unlink(path), 0); /* else the window gets another name */
	short_config(&c);
	c.ops = 5000;
	c.round_ops = 10;
	c.window = path;
	c.before_check = break_once_there_is_something;
	assert_int_equal(stress_run(&c, &r), STRESS_BROKEN);
	assert_string_equal(r.window, path);
	if (!vmt_load(path, &p, &text, &error))
		fail_msg("%s", strbuf_text(&error));
	assert_int_equal(p.nr_threads, c.threads);
	assert_int_equal(program_verdict(&p)->kind, PROGRAM_VERDICT_INVARIANT);
	assert_non_null(strstr(program_verdict(&p)->detail, "busy"));
	assert_true(p.order.nr_steps > 0);
	assert_true(p.nr_init > 4);
	assert_int_equal(run_open(&run, &p, &target_engine, sim), RUN_OPENED);
	assert_null(target_check(&target_engine, run.self, false, &excuse));
	run_close(&run);
	program_free(&p);
	strbuf_free(&text);
	strbuf_free(&error);
	sim_destroy(sim);
	unlink(path);
}

/* Prints the window that starts with @map, with one operation, into @out. */
static void
print_window(vm_map_t map, struct strbuf *out)
{
	static struct history_base base;
	static struct history history;
	static struct world_thread thread;
	static struct world world = { .nr_threads = 1, .threads = { &thread } };
	const struct history *const histories[] = { &history };
	struct program p;
	const struct window w = { .config = &p.config,
		.base = &base,
		.nr_threads = 1,
		.histories = histories,
		.world = &world,
		.verdict = PROGRAM_VERDICT_INVARIANT,
		.detail = "I5: made up" };

	program_init(&p);
	history = (struct history){ 0 };
	history_begin(&history, &(struct vm_op){ .code = VM_OP_lookup, .start = 20 });
	history_base_take(&base, map);
	assert_true(base.good);
	assert_true(history_print(&w, out));
	program_free(&p);
}

static void
test_window_keeps_the_attributes_of_entries(void **state)
{
	const struct vm_config config = { .env = &vm_env_native,
		.min = MIN_PAGE * VM_PAGE_SIZE,
		.max = MAX_PAGE * VM_PAGE_SIZE,
		.behaviours = VM_PROFILE_ON_strict,
		.wire_limit = 100 };
	const vm_offset_t start = 20 * VM_PAGE_SIZE, end = 24 * VM_PAGE_SIZE;
	static const char *const steps[] = { "insert 20 24 rwx rwx", "wire 20 24 user noholes", "inherit 20 24 share",
		"madvise 20 24 random", "madvise 20 24 nosync", "madvise 20 24 nocore", "protect 20 24 r",
		"protect 20 24 rw setmax" };
	struct strbuf text = { 0 };
	struct vm_thread td;
	vm_map_t map;

	(void)state;
	vm_native_thread_init(&td, 0);
	map = vm_map_create(&config);
	assert_non_null(map);
	assert_int_equal(vm_map_fixed(map, NULL, 0, start, end - start, VM_PROT_READ, VM_PROT_READ | VM_PROT_WRITE, 0),
	    KERN_SUCCESS);
	assert_int_equal(vm_map_wire(map, start, end, VM_MAP_WIRE_USER), KERN_SUCCESS);
	assert_int_equal(vm_map_inherit(map, start, end, VM_INHERIT_SHARE), KERN_SUCCESS);
	assert_int_equal(vm_map_madvise(map, start, end, VM_MADV_RANDOM), KERN_SUCCESS);
	assert_int_equal(vm_map_madvise(map, start, end, VM_MADV_NOSYNC), KERN_SUCCESS);
	assert_int_equal(vm_map_madvise(map, start, end, VM_MADV_NOCORE), KERN_SUCCESS);
	print_window(map, &text);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strstr(strbuf_text(&text), steps[i]) == NULL)
			fail_msg("no step \"%s\" in:\n%s", steps[i], strbuf_text(&text));
	strbuf_free(&text);
	vm_map_destroy(map);
}

/* --- the book --- */

struct desk {
	struct book book;
	struct vm_thread td;
	vm_map_t map;
};

static void
desk_open(struct desk *d)
{
	const struct vm_config config = {
		.env = &vm_env_native, .min = MIN_PAGE * VM_PAGE_SIZE, .max = MAX_PAGE * VM_PAGE_SIZE, .wire_limit = 100
	};

	vm_native_thread_init(&d->td, 0);
	d->map = vm_map_create(&config);
	assert_non_null(d->map);
	book_init(&d->book, MIN_PAGE, MAX_PAGE, 2);
	assert_int_equal(
	    vm_map_fixed(d->map, NULL, 0, MIN_PAGE * VM_PAGE_SIZE, 8 * VM_PAGE_SIZE, VM_PROT_ALL, VM_PROT_ALL, 0),
	    KERN_SUCCESS);
}

static void
desk_close(struct desk *d)
{
	book_free(&d->book);
	vm_map_destroy(d->map);
}

/* Records an operation in the book without doing it on the map. */
static const char *
tell(struct desk *d, unsigned thread, struct vm_op op, int code, uint64_t value)
{
	struct vm_result r = { .outcome = VM_OUTCOME_DONE, .code = code, .value = value };

	book_before(&d->book, thread, &op);
	return book_after(&d->book, thread, &op, &r);
}

static struct vm_op
wiring(uint8_t code, uint64_t start, uint64_t end, uint8_t flags)
{
	return (struct vm_op){ .code = code, .start = start, .end = end, .flags = flags };
}

static void
wire_really(struct desk *d, uint64_t start, uint64_t end)
{
	assert_int_equal(
	    vm_map_wire(d->map, start * VM_PAGE_SIZE, end * VM_PAGE_SIZE, VM_MAP_WIRE_SYSTEM), KERN_SUCCESS);
}

static void
expect_text(const char *found, const char *expected)
{
	bool as_expected = expected == NULL ? found == NULL : found != NULL && strstr(found, expected) != NULL;

	if (!as_expected)
		fail_msg("found \"%s\", expected \"%s\"", found == NULL ? "nothing" : found,
		    expected == NULL ? "nothing" : expected);
}

static void
test_book_of_wirings(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d);
	expect_text(book_check(&d.book, d.map), NULL);
	/* Two threads wire; half of the wirings are removed. */
	wire_really(&d, 16, 20);
	expect_text(tell(&d, 0, wiring(VM_OP_wire, 16, 20, 0), KERN_SUCCESS, 0), NULL);
	expect_text(book_check(&d.book, d.map), NULL);
	wire_really(&d, 18, 22);
	expect_text(tell(&d, 1, wiring(VM_OP_wire, 18, 22, 0), KERN_SUCCESS, 0), NULL);
	expect_text(tell(&d, 1, wiring(VM_OP_wire, 16, 22, 0), KERN_INVALID_ADDRESS, 0), NULL);
	expect_text(book_check(&d.book, d.map), NULL);
	/* The book ignores user wirings. */
	expect_text(tell(&d, 1, wiring(VM_OP_unwire, 16, 22, VM_OPF_USER), KERN_SUCCESS, 0), NULL);
	expect_text(book_check(&d.book, d.map), NULL);
	/* With holes allowed it may be so or so. */
	expect_text(tell(&d, 0, wiring(VM_OP_unwire, 16, 22, VM_OPF_HOLESOK), KERN_SUCCESS, 0), NULL);
	expect_text(book_check(&d.book, d.map), NULL);
	desk_close(&d);
}

static void
test_book_misses_wirings(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d);
	expect_text(tell(&d, 0, wiring(VM_OP_wire, 16, 20, 0), KERN_SUCCESS, 0), NULL);
	expect_text(book_check(&d.book, d.map), "lost");
	desk_close(&d);
	desk_open(&d);
	wire_really(&d, 16, 20);
	expect_text(book_check(&d.book, d.map), "left over");
	desk_close(&d);
	desk_open(&d);
	wire_really(&d, 16, 20);
	expect_text(tell(&d, 0, wiring(VM_OP_wire, 16, 20, 0), KERN_SUCCESS, 0), NULL);
	expect_text(book_check(&d.book, d.map), NULL);
	((struct vm_page *)vm_slots_get(&first_entry(d.map)->object->pages, 1))->resident = false;
	expect_text(book_check(&d.book, d.map), "not in a frame");
	desk_close(&d);
}

static void
test_book_of_content(void **state)
{
	const struct vm_op write = { .code = VM_OP_write, .start = 18 }, read = { .code = VM_OP_read, .start = 18 },
	                   other = { .code = VM_OP_read, .start = 19 };
	const struct vm_op remove = { .code = VM_OP_remove, .start = 17, .end = 20 };
	uint64_t first, last;
	struct desk d;

	(void)state;
	desk_open(&d); /* page 18 is thread 0's */
	expect_text(tell(&d, 0, read, KERN_SUCCESS, 0), NULL);
	expect_text(tell(&d, 0, write, KERN_SUCCESS, 0), NULL);
	first = d.book.contents[2].tag;
	expect_text(tell(&d, 0, write, KERN_SUCCESS, 0), NULL);
	last = d.book.contents[2].tag;
	assert_true(first != 0 && last != first);
	expect_text(tell(&d, 0, write, KERN_PROTECTION_FAILURE, 0), NULL);
	expect_text(tell(&d, 0, read, KERN_SUCCESS, last), NULL);
	expect_text(tell(&d, 1, read, KERN_SUCCESS, first), NULL); /* it may have read before the write */
	expect_text(tell(&d, 0, read, KERN_SUCCESS, first), "before the last write");
	expect_text(tell(&d, 0, read, KERN_SUCCESS, 0), "lost");
	expect_text(tell(&d, 1, other, KERN_SUCCESS, last), "another one");
	expect_text(tell(&d, 1, remove, KERN_SUCCESS, 0), NULL);
	expect_text(tell(&d, 0, read, KERN_SUCCESS, last), NULL); /* the remove may not have come to it */
	expect_text(tell(&d, 0, read, KERN_SUCCESS, 0), NULL);
	expect_text(tell(&d, 0, read, KERN_SUCCESS, last), "before the last write"); /* once gone it is gone */
	desk_close(&d);
}

/* --- the workload --- */

static void
workload_new(struct workload *w, const struct workload_mix *mix, uint64_t seed)
{
	const struct workload_place place = {
		.thread = 1, .nr_threads = 4, .overlap = 50, .min = MIN_PAGE, .max = MAX_PAGE
	};

	workload_init(w, mix, &place);
	workload_seed(w, prng_mix(seed, 0, 0));
}

static bool
has_arg(const struct vm_op *op, enum vm_arg_kind kind)
{
	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
		if (vm_op_table[op->code].args[i] == kind)
			return true;
	return false;
}

static void
check_op(const struct workload *w, const struct vm_op *op)
{
	bool system = (op->flags & VM_OPF_USER) == 0;

	assert_non_null(vm_op_table[op->code].name);
	assert_int_equal(op->prot & ~VM_PROT_ALL, 0);
	if (has_arg(op, VM_ARG_MAPPING) || has_arg(op, VM_ARG_MAX))
		assert_int_equal(op->prot & ~op->max, 0);
	if (has_arg(op, VM_ARG_START))
		assert_in_range(op->start, w->min, has_arg(op, VM_ARG_END) ? w->max : w->max - 1);
	if (has_arg(op, VM_ARG_END))
		assert_in_range(op->end, op->start, w->max);
	if (op->code == VM_OP_remove || op->code == VM_OP_fixed) /* L2 */
		assert_int_equal(w->nr_held, 0);
	if (op->code == VM_OP_wire && system && op->start < w->middle) { /* the kept zone */
		assert_true(op->end <= w->middle);
		assert_int_equal(op->flags & VM_OPF_HOLESOK, 0);
	}
	if (op->code == VM_OP_unwire && system && op->start < w->middle)
		assert_true(w->draining);
	if (op->code == VM_OP_write)
		assert_int_equal((op->start - w->min) % w->place.nr_threads, w->place.thread);
}

static void
test_workload_follows_its_rules(void **state)
{
	struct workload_mix mix;
	struct workload w;
	unsigned held_for = 0;
	struct vm_op op;

	(void)state;
	workload_mix_default(&mix);
	workload_new(&w, &mix, 1);
	for (unsigned i = 0; i < 200000; i++) {
		workload_next(&w, &op);
		check_op(&w, &op);
		assert_null(workload_done(&w, &op, KERN_SUCCESS));
		held_for = w.nr_held == 0 ? 0 : held_for + 1;
		assert_true(held_for < WORKLOAD_HOLD_MAX * (WORKLOAD_WIRE_MAX + 2)); /* L3 */
	}
	while (workload_last(&w, &op))
		assert_null(workload_done(&w, &op, KERN_SUCCESS));
	for (uint64_t page = 0; page < MAX_PAGE - MIN_PAGE; page++)
		assert_int_equal(w.held[page], 0);
	workload_free(&w);
}

/* A drain that finds nothing: a finding in the kept zone, usual in the open one. */
static void
test_workload_reports_a_lost_wiring(void **state)
{
	unsigned nr_kept = 0, nr_open = 0;
	struct workload_mix mix;
	struct workload w;
	struct vm_op op;

	(void)state;
	workload_mix_default(&mix);
	workload_new(&w, &mix, 2);
	for (unsigned i = 0; i < 20000; i++) {
		bool drain, lost;

		workload_next(&w, &op);
		drain = op.code == VM_OP_unwire && w.draining;
		lost = workload_done(&w, &op, drain ? KERN_INVALID_ARGUMENT : KERN_SUCCESS) != NULL;
		assert_int_equal(lost, drain && op.start < w.middle);
		nr_kept += drain && op.start < w.middle;
		nr_open += drain && op.start >= w.middle;
	}
	assert_true(nr_kept > 0 && nr_open > 0);
	workload_free(&w);
}

/* Without overlap, a thread stays in its part, whatever the zones. This mix has no operations on the whole map. */
static void
test_workload_keeps_to_its_part(void **state)
{
	struct workload_mix mix;

	(void)state;
	workload_mix_default(&mix);
	mix.whole = 0;
	for (unsigned thread = 0; thread < 3; thread++) {
		const struct workload_place place = {
			.thread = thread, .nr_threads = 3, .min = MIN_PAGE, .max = MAX_PAGE
		};
		uint64_t len = (MAX_PAGE - MIN_PAGE) / 3, low = MIN_PAGE + thread * len, high = low + len;
		struct workload w;
		struct vm_op op;

		workload_init(&w, &mix, &place);
		workload_seed(&w, prng_mix(5, 0, thread));
		for (unsigned i = 0; i < 50000; i++) {
			workload_next(&w, &op);
			check_op(&w, &op);
			if (has_arg(&op, VM_ARG_START))
				assert_in_range(op.start, low, high);
			if (has_arg(&op, VM_ARG_END))
				assert_in_range(op.end, low, high);
			(void)workload_done(&w, &op, KERN_SUCCESS);
		}
		workload_free(&w);
	}
}

/* Each named mix is drawn from, and pageout's frames are few. */
static void
test_mixes_have_their_names(void **state)
{
	static const char *const names[] = { "everything", "mlockall", "munmap-race", "clip-storm", "protect",
		"pageout" };
	struct workload_mix mix, changed;
	char bad[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(workload_mix_parse(&mix, names[i], bad, sizeof(bad)));
		assert_true(mix.sum > 0 && mix.weight[VM_OP_wire] > 0 && mix.weight[VM_OP_unwire] > 0);
		assert_int_equal(mix.frames > 0, strcmp(names[i], "pageout") == 0);
		assert_int_equal(mix.whole > 50, strcmp(names[i], "mlockall") == 0);
	}
	assert_true(workload_mix_parse(&changed, "pageout,wire=0", bad, sizeof(bad)));
	assert_int_equal(changed.weight[VM_OP_wire], 0);
	assert_int_equal(changed.weight[VM_OP_write], mix.weight[VM_OP_write]);
	workload_mix_default(&changed);
	assert_false(workload_mix_parse(&changed, "pageouts", bad, sizeof(bad)));
	assert_string_equal(bad, "pageouts");
}

static void
test_seed_fixes_the_stream(void **state)
{
	struct workload_mix mix;
	struct workload a, b, c;
	struct vm_op x, y, z;
	unsigned nr_other = 0;

	(void)state;
	workload_mix_default(&mix);
	workload_new(&a, &mix, 3);
	workload_new(&b, &mix, 3);
	workload_new(&c, &mix, 4);
	for (unsigned i = 0; i < 1000; i++) {
		workload_next(&a, &x);
		workload_next(&b, &y);
		workload_next(&c, &z);
		assert_true(vm_op_equal(&x, &y));
		nr_other += !vm_op_equal(&x, &z);
		(void)workload_done(&a, &x, KERN_SUCCESS);
		(void)workload_done(&b, &y, KERN_SUCCESS);
		(void)workload_done(&c, &z, KERN_SUCCESS);
	}
	assert_true(nr_other > 900);
	workload_free(&a);
	workload_free(&b);
	workload_free(&c);
}

/* --- the command line --- */

static int
run_main(char *const *words)
{
	char *argv[16] = { 0 };
	int argc = 0;

	while (words[argc] != NULL) {
		argv[argc] = words[argc];
		argc++;
	}
	optind = 0; /* from the beginning, whatever was parsed before */
	return stress_main(argc, argv);
}

/* A wrong value ends the process. */
static int
run_elsewhere(char *const *words)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run_main(words));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define MAIN(...) run_main((char *[]){ (char[]){ "stress" }, __VA_ARGS__, NULL })
#define REFUSED(...)                                                                                                   \
	assert_int_equal(run_elsewhere((char *[]){ (char[]){ "stress" }, __VA_ARGS__, NULL }), STRESS_USAGE)
#define W(text) ((char[]){ text })

static void
test_wrong_usage_is_refused(void **state)
{
	(void)state;
	REFUSED(W("--threads"), W("0"));
	REFUSED(W("--threads"), W("65"));
	REFUSED(W("--seconds"), W("1s"));
	REFUSED(W("--pages"), W("7"));
	REFUSED(W("--profile"), W("freebsd"));
	REFUSED(W("--mix"), W("wire=1,nothing=2"));
	REFUSED(W("--mix"), W("wire="));
	REFUSED(W("--mix"), W("pageout,wire"));
	REFUSED(W("--overlap"), W("101"));
	REFUSED(W("--window"), W("/no/such/folder/w.vmt"), W("--ops"), W("1"));
	REFUSED(W("--unknown"));
	REFUSED(W("--seed"));
	REFUSED(W("--seed"), W("-1"));
	REFUSED(W("--seed"), W("18446744073709551616"));
	REFUSED(W("word"));
	assert_int_equal(MAIN(W("--help")), STRESS_OK);
}

static void
test_small_runs_through_the_command_line(void **state)
{
	(void)state;
	assert_int_equal(MAIN(W("--ops"), W("100"), W("--seed"), W("5"), W("--json")), STRESS_OK);
	assert_int_equal(MAIN(W("--ops"), W("100"), W("--seed"), W("18446744073709551615")), STRESS_OK);
	assert_int_equal(MAIN(W("--ops"), W("2000"), W("--threads"), W("1"), W("--pages"), W("8")), STRESS_OK);
	assert_int_equal(MAIN(W("--ops"), W("500"), W("--pages"), W("65536"), W("--chaos"), W("0")), STRESS_OK);
	assert_int_equal(
	    MAIN(W("--ops"), W("500"), W("--mix"), W("pageout=0,read=100"), W("--profile"), W("freebsd12")), STRESS_OK);
	assert_int_equal(MAIN(W("--ops"), W("500"), W("--mix"), W("pageout"), W("--overlap"), W("0")), STRESS_OK);
	assert_int_equal(MAIN(W("--ops"), W("500"), W("--threads"), W("16"), W("--pages"), W("8")), STRESS_OK);
}

/* In the mutant build the run must find the canary; any other refuses to have it. */
static void
test_canary(void **state)
{
	struct stress_config c;
	struct stress_result r;

	(void)state;
	if (!VM_HAS_MUTANTS) {
		REFUSED(W("--mutant"), W("canary"));
		return;
	}
	REFUSED(W("--mutant"), W("no-such-mutant"));
	short_config(&c);
	c.threads = 1; /* more would meet an assertion sooner */
	c.mutant = VM_MUTANT_canary;
	assert_int_equal(stress_run(&c, &r), STRESS_BROKEN);
	assert_non_null(strstr(r.broken, "lost"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_reports_each_breakage),
		cmocka_unit_test(test_run_counts_and_checks),
		cmocka_unit_test(test_every_invalid_address_has_an_edge),
		cmocka_unit_test(test_run_reports_a_breakage),
		cmocka_unit_test(test_shortage_is_no_hang),
		cmocka_unit_test(test_window_is_a_program),
		cmocka_unit_test(test_window_keeps_the_attributes_of_entries),
		cmocka_unit_test(test_book_of_wirings),
		cmocka_unit_test(test_book_misses_wirings),
		cmocka_unit_test(test_book_of_content),
		cmocka_unit_test(test_workload_follows_its_rules),
		cmocka_unit_test(test_workload_reports_a_lost_wiring),
		cmocka_unit_test(test_workload_keeps_to_its_part),
		cmocka_unit_test(test_mixes_have_their_names),
		cmocka_unit_test(test_seed_fixes_the_stream),
		cmocka_unit_test(test_wrong_usage_is_refused),
		cmocka_unit_test(test_small_runs_through_the_command_line),
		cmocka_unit_test(test_canary),
		cmocka_unit_test(test_stops_report_breakages),
		cmocka_unit_test(test_run_sees_a_hang),
		cmocka_unit_test(test_time_without_a_look_hardly_counts),
		cmocka_unit_test(test_run_sees_a_deadlock_at_once),
	};

	return cmocka_run_group_tests_name("stress", tests, NULL, NULL);
}
