/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-pages.c - pages, frames and the page daemon: docs/engine.md section 12, invariants [I11] to [I18].
 *
 * Three ways to look: programs with expected results, in the simulated world; the engine's own structures, natively,
 * in one thread and in several; random programs whose results must be those of the reference model, which knows no
 * frames, until the first one that runs out of them.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/map.h"
#include "engine/native.h"
#include "harness/base/base.h"
#include "harness/explore/explore.h"
#include "harness/gen/gen.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

#define PAGE(n) ((vm_offset_t)(n) << VM_PAGE_SHIFT)
#define RW (VM_PROT_READ | VM_PROT_WRITE)

/* --- programs with expected results --- */

static void
parse(const char *text, struct program *p)
{
	struct vmt_error e;

	if (!vmt_parse(text, strlen(text), p, &e))
		fail_msg("%u:%u: %s\n%s", e.line, e.column, e.text, text);
}

static void
check_text(const char *text)
{
	struct seqdiff d = { 0 };
	struct sim *sim = sim_create();
	struct program p;

	assert_non_null(sim);
	parse(text, &p);
	if (!seqdiff_recorded(&d, &target_engine, &p, sim))
		fail_msg("%s", strbuf_text(&d.text));
	assert_int_equal(d.nr_steps, p.nr_init);
	program_free(&p);
	seqdiff_free(&d);
	sim_destroy(sim);
}

static void
test_content_survives_eviction(void **state)
{
	(void)state;
	check_text("init insert 20 24 rw rw\n"
	           "init write 20 5\ninit write 21 6\n"
	           "init pageout 100\n"
	           "init read 20 => 5\n"
	           "init pageout 100\n" /* clean now: the pager has it already */
	           "init read 20 => 5\ninit read 21 => 6\n"
	           "init write 20 7\n"
	           "init pageout 1\ninit pageout 1\ninit pageout 1\n"
	           "init read 20 => 7\ninit read 21 => 6\ninit read 22 => 0\n");
}

static void
test_few_frames_serve_many_pages(void **state)
{
	(void)state;
	check_text("frames 1\n"
	           "init insert 20 24 rw rw\n"
	           "init write 20 1\ninit write 21 2\ninit write 22 3\ninit write 23 4\n"
	           "init read 20 => 1\ninit read 21 => 2\ninit read 22 => 3\ninit read 23 => 4\n"
	           "init wire 21 22 user noholes => KERN_SUCCESS\n"
	           "init read 21 => 2\n"
	           "init read 20 => KERN_RESOURCE_SHORTAGE\n"
	           "init read 21 => 2\n"
	           "init unwire 21 22 user noholes\n"
	           "init read 20 => 1\n");
}

static void
test_a_wire_out_of_frames_takes_all_back(void **state)
{
	(void)state;
	check_text("frames 2\nlimit 3\n"
	           "init insert 20 23 rw rw\n"
	           "init insert 30 32 rw rw\n"
	           "init wire 30 31 user noholes => KERN_SUCCESS\n"
	           "init wire 20 22 user noholes => KERN_RESOURCE_SHORTAGE\n"
	           "state 20-23:rw-/rw-:copy:w0 30-31:rw-/rw-:copy:w1u 31-32:rw-/rw-:copy:w0 uw=1\n"
	           "init write 20 3 => KERN_SUCCESS\n"
	           "init write 21 4 => KERN_SUCCESS\n"
	           "init read 20 => 3\n"
	           "init wire 20 21 system noholes => KERN_SUCCESS\n"
	           "init read 21 => KERN_RESOURCE_SHORTAGE\n"
	           "init remove 30 32\n"
	           "init read 21 => 4\n");
}

static void
test_a_wiring_of_a_wiring_takes_no_frame(void **state)
{
	(void)state;
	check_text("frames 1\n"
	           "init insert 20 22 rw rw\n"
	           "init wire 20 21 user noholes => KERN_SUCCESS\n"
	           "init wire 20 21 system noholes => KERN_SUCCESS\n"
	           "init wire 20 21 system noholes => KERN_SUCCESS\n"
	           "init unwire 20 21 system noholes\ninit unwire 20 21 user noholes\n"
	           "init read 21 => KERN_RESOURCE_SHORTAGE\n"
	           "init unwire 20 21 system noholes\n"
	           "init read 21 => 0\n");
}

static void
test_removal_drops_content(void **state)
{
	(void)state;
	check_text("init insert 20 24 rw rw\n"
	           "init write 20 1\ninit write 21 2\ninit write 22 3\ninit write 23 4\n"
	           "init pageout 2\n" /* 20 and 21, the others stay resident */
	           "init remove 21 23\n"
	           "init insert 21 23 rw rw\n" /* continues the object */
	           "init read 20 => 1\ninit read 21 => 0\ninit read 22 => 0\ninit read 23 => 4\n"
	           "init fixed 20 24 rw rw\n"
	           "init read 20 => 0\ninit read 23 => 0\n");
}

static void
test_protection_none_loses_no_wiring(void **state)
{
	(void)state;
	check_text("frames 1\n"
	           "init insert 20 22 rw rw\n"
	           "init write 20 8\n"
	           "init wire 20 21 user noholes\n"
	           "init protect 20 21 none\n"
	           "init read 20 => KERN_PROTECTION_FAILURE\n"
	           "init pageout 5\n"
	           "init read 21 => KERN_RESOURCE_SHORTAGE\n"
	           "init unwire 20 21 user noholes\n"
	           "init read 21 => 0\n"
	           "init protect 20 21 r\n"
	           "init read 20 => 8\n"
	           "init write 20 9 => KERN_PROTECTION_FAILURE\n");
}

static void
test_a_kernel_map_deletes_system_wirings(void **state)
{
	(void)state;
	check_text("map 16 80 kernel\nframes 2\n"
	           "init insert 20 22 rw rw\ninit insert 30 32 rw rw\n"
	           "init wire 20 22 system noholes\n"
	           "init read 30 => KERN_RESOURCE_SHORTAGE\n"
	           "init remove 20 21 => KERN_SUCCESS\n"
	           "init read 30 => 0\n"
	           "init remove 20 22 => KERN_SUCCESS\n"
	           "init read 31 => 0\n");
}

/* --- the engine's structures, natively --- */

static struct vm_thread self;

static vm_map_t
make_map(uint64_t nr_frames, const struct vm_poison *poison, size_t nr_poison)
{
	vm_map_t map = vm_map_create(&(struct vm_config){
	    .env = &vm_env_native,
	    .min = PAGE(16),
	    .max = PAGE(80),
	    .wire_limit = VM_WIRE_LIMIT_DEFAULT,
	    .nr_frames = nr_frames,
	    .poison = poison,
	    .nr_poison = nr_poison,
	});

	assert_non_null(map);
	vm_native_thread_init(&self, 0);
	assert_int_equal(vm_map_fixed(map, NULL, 0, PAGE(20), PAGE(20), RW, VM_PROT_ALL, 0), KERN_SUCCESS);
	return map;
}

static void
check_map(vm_map_t map)
{
	const char *broken;

	vm_map_lock(map);
	broken = vm_map_check(map);
	vm_map_unlock(map);
	if (broken != NULL)
		fail_msg("%s", broken);
}

/* The page at @addr; NULL: it was never faulted. */
static struct vm_page *
page_at(vm_map_t map, vm_offset_t addr)
{
	vm_map_entry_t e;
	struct vm_page *p;

	vm_map_lock(map);
	assert_true(vm_map_lookup_entry(map, addr, &e));
	p = e->object == NULL ? NULL : (struct vm_page *)vm_slots_get(&e->object->pages, vm_entry_page_index(e, addr));
	vm_map_unlock(map);
	return p;
}

static void
test_wired_pages_stay(void **state)
{
	vm_map_t map = make_map(3, NULL, 0);
	uint64_t tag;

	(void)state;
	assert_int_equal(vm_page_write(map, PAGE(20), 11), KERN_SUCCESS);
	assert_int_equal(vm_map_wire(map, PAGE(20), PAGE(22), VM_MAP_WIRE_USER), KERN_SUCCESS);
	for (unsigned i = 22; i < 40; i++) {
		assert_int_equal(vm_page_write(map, PAGE(i), i), KERN_SUCCESS);
		assert_int_equal(vm_pageout(map, i % 4), KERN_SUCCESS);
		assert_true(page_at(map, PAGE(20))->resident);
		assert_true(page_at(map, PAGE(20))->mapped);
		assert_true(page_at(map, PAGE(21))->resident);
		check_map(map);
	}
	assert_int_equal(vm_page_read(map, PAGE(20), &tag), KERN_SUCCESS);
	assert_int_equal(tag, 11);
	assert_int_equal(vm_map_unwire(map, PAGE(20), PAGE(22), VM_MAP_WIRE_USER), KERN_SUCCESS);
	assert_int_equal(vm_pageout(map, UINT64_MAX), KERN_SUCCESS);
	assert_false(page_at(map, PAGE(20))->resident);
	assert_int_equal(map->frames.nr_used, 0);
	check_map(map);
	vm_map_destroy(map);
}

static void
test_a_failed_wire_leaves_no_page_wired(void **state)
{
	const struct vm_poison poison = { .addr = PAGE(25), .code = KERN_OUT_OF_BOUNDS };
	vm_map_t map = make_map(0, &poison, 1);

	(void)state;
	assert_int_equal(vm_map_wire(map, PAGE(20), PAGE(30), VM_MAP_WIRE_USER), KERN_OUT_OF_BOUNDS);
	assert_int_equal(map->frames.nr_used, 5);
	assert_int_equal(map->frames.nr_queued, 5);
	assert_int_equal(page_at(map, PAGE(24))->wire_count, 0);
	assert_null(page_at(map, PAGE(25)));
	check_map(map);
	vm_map_destroy(map);
}

static void
test_removal_frees_frames(void **state)
{
	vm_map_t map = make_map(0, NULL, 0);
	size_t used;

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		assert_int_equal(vm_map_fixed(map, NULL, 0, PAGE(40), PAGE(20), RW, VM_PROT_ALL, 0), KERN_SUCCESS);
		for (unsigned i = 40; i < 60; i++)
			assert_int_equal(vm_page_write(map, PAGE(i), i), KERN_SUCCESS);
		assert_int_equal(vm_pageout(map, 7), KERN_SUCCESS);
		assert_int_equal(vm_map_wire(map, PAGE(40), PAGE(50), VM_MAP_WIRE_USER), KERN_SUCCESS);
		check_map(map);
		assert_int_equal(vm_map_remove(map, PAGE(16), PAGE(80)), KERN_SUCCESS);
		assert_int_equal(map->frames.nr_used, 0);
		assert_int_equal(map->frames.nr_pages, 0);
		assert_true(vm_slots_empty(&map->pmap.ptes));
		check_map(map);
		if (round == 1)
			used = map->arena.used;
		else if (round > 1)
			assert_int_equal(map->arena.used, used); /* everything comes from the free lists */
	}
	vm_map_destroy(map);
}

/* A map with every kind of page: 20 and 21 unwired, 22 wired, 23 paged out, 24 unwired in its own object. */
static vm_map_t
make_damageable(struct vm_page *p[5])
{
	vm_map_t map = make_map(6, NULL, 0);

	assert_int_equal(vm_page_write(map, PAGE(23), 3), KERN_SUCCESS);
	assert_int_equal(vm_pageout(map, 1), KERN_SUCCESS);
	for (unsigned i = 20; i < 22; i++)
		assert_int_equal(vm_page_write(map, PAGE(i), i), KERN_SUCCESS);
	assert_int_equal(vm_map_wire(map, PAGE(22), PAGE(23), VM_MAP_WIRE_USER), KERN_SUCCESS);
	assert_int_equal(vm_map_remove(map, PAGE(40), PAGE(80)), KERN_SUCCESS);
	assert_int_equal(vm_map_fixed(map, NULL, 0, PAGE(50), PAGE(4), RW, VM_PROT_ALL, 0), KERN_SUCCESS);
	assert_int_equal(vm_page_write(map, PAGE(50), 4), KERN_SUCCESS);
	for (unsigned i = 0; i < 4; i++)
		p[i] = page_at(map, PAGE(20 + i));
	p[4] = page_at(map, PAGE(50));
	check_map(map);
	return map;
}

#define DAMAGE(label, damage)                                                                                          \
	do {                                                                                                           \
		struct vm_page *p[5];                                                                                  \
		vm_map_t map = make_damageable(p);                                                                     \
		const char *bad;                                                                                       \
                                                                                                                       \
		vm_map_lock(map);                                                                                      \
		damage;                                                                                                \
		bad = vm_map_check(map);                                                                               \
		if (bad == NULL || strncmp(bad, label ":", sizeof(label)) != 0)                                        \
			fail_msg(                                                                                      \
			    "%s: expected %s, vm_map_check says %s", #damage, label, bad != NULL ? bad : "nothing");   \
		vm_map_unlock(map);                                                                                    \
		vm_map_destroy(map);                                                                                   \
	} while (0)

/* vm_map_check finds each kind of damage, and calls it by its label. */
static void
test_check_finds(void **state)
{
	(void)state;
	DAMAGE("I11", p[0]->index++);
	DAMAGE("I11", p[0]->object = p[4]->object);
	DAMAGE("I11", map->frames.nr_pages++);
	DAMAGE("I12", p[0]->wire_count = 1);
	DAMAGE("I12", p[2]->wire_count = 0);
	DAMAGE("I12", p[2]->wire_count = 2);
	DAMAGE("I12", map->header.prev->wired_count = 1);
	DAMAGE("I13", p[2]->resident = false; p[2]->mapped = false);
	DAMAGE("I14", p[3]->mapped = true);
	DAMAGE("I14", p[0]->mapped = false);
	DAMAGE("I14", p[0]->va = PAGE(21));
	DAMAGE("I14", vm_slots_clear(&map->pmap.ptes, &map->frames.leaves, 20));
	DAMAGE("I14", vm_slots_set(&map->pmap.ptes, &map->frames.leaves, 70, (uintptr_t)p[0] | VM_PROT_READ));
	DAMAGE("I15", vm_slots_set(&map->pmap.ptes, &map->frames.leaves, 20, (uintptr_t)p[0] | VM_PROT_EXECUTE));
	DAMAGE("I15", map->header.next->protection = VM_PROT_READ);
	DAMAGE("I16", p[0]->queued = false);
	DAMAGE("I16", TAILQ_REMOVE(&map->frames.clock, p[0], queue));
	DAMAGE("I16", map->frames.nr_queued--);
	DAMAGE("I17", map->frames.nr_used--);
	DAMAGE("I17", map->frames.nr_frames = 2);
	DAMAGE("I18", p[0]->dirty = false);
	DAMAGE("I18", p[3]->dirty = true);
}

/* The check also reports the place; for a wrong total it reports none, whatever it found before. */
static void
test_check_says_where(void **state)
{
	struct vm_page *p[5];
	vm_map_t map = make_damageable(p);

	(void)state;
	vm_map_lock(map);
	p[2]->wire_count = 2;
	assert_non_null(vm_map_check(map));
	assert_int_equal(map->broken_start, PAGE(22));
	assert_int_equal(map->broken_end, PAGE(23));
	p[2]->wire_count = 1;
	map->frames.nr_used--;
	assert_non_null(vm_map_check(map));
	assert_int_equal(map->broken_start, map->broken_end);
	vm_map_unlock(map);
	vm_map_destroy(map);
}

/* --- the check after a step of a large map --- */

#define NR_LARGE (4 * VM_CHECK_ALL_MAX)

/* [20 NR_LARGE wired) [one page, not wired], all checked. */
static vm_map_t
make_large(void)
{
	vm_map_t map = vm_map_create(&(struct vm_config){
	    .env = &vm_env_native, .min = PAGE(16), .max = PAGE(40 + NR_LARGE), .wire_limit = VM_WIRE_LIMIT_DEFAULT });

	assert_non_null(map);
	vm_native_thread_init(&self, 0);
	assert_int_equal(vm_map_fixed(map, NULL, 0, PAGE(20), PAGE(NR_LARGE + 1), RW, VM_PROT_ALL, 0), KERN_SUCCESS);
	assert_int_equal(vm_map_wire(map, PAGE(20), PAGE(20 + NR_LARGE), VM_MAP_WIRE_USER), KERN_SUCCESS);
	return map;
}

/* As between steps: no thread holds the lock. */
static const char *
check_step(vm_map_t map) VM_NO_TSA("nobody else is there")
{
	return vm_map_check_step(map);
}

static struct vm_page *
page_unlocked(vm_map_t map, unsigned page) VM_NO_TSA("nobody else is there")
{
	vm_map_entry_t e;

	assert_true(vm_map_lookup_entry(map, PAGE(page), &e));
	return (struct vm_page *)vm_slots_get(&e->object->pages, vm_entry_page_index(e, PAGE(page)));
}

static void
expect_label(const char *bad, const char *label, const char *damage)
{
	if (bad == NULL || strncmp(bad, label, strlen(label)) != 0)
		fail_msg("%s: expected %s, vm_map_check_step says %s", damage, label, bad != NULL ? bad : "nothing");
}

/* A fault of @page, which takes the lock shared, and does the damage. */
#define DAMAGE_STEP(label, page, damage)                                                                               \
	do {                                                                                                           \
		vm_map_t map = make_large();                                                                           \
		struct vm_page *p;                                                                                     \
		uint64_t tag;                                                                                          \
                                                                                                                       \
		assert_null(check_step(map));                                                                          \
		assert_int_equal(vm_page_read(map, PAGE(page), &tag), KERN_SUCCESS);                                   \
		assert_null(check_step(map));                                                                          \
		assert_int_equal(vm_page_read(map, PAGE(page), &tag), KERN_SUCCESS);                                   \
		p = page_unlocked(map, page);                                                                          \
		damage;                                                                                                \
		assert_non_null(p);                                                                                    \
		expect_label(check_step(map), label ":", #damage);                                                     \
		vm_map_destroy(map);                                                                                   \
	} while (0)

static void
test_check_step_finds_damage_where_the_step_was(void **state)
{
	(void)state;
	DAMAGE_STEP("I12", 30, p->wire_count = 2);
	DAMAGE_STEP("I12", 30, p->wire_count = 0);
	DAMAGE_STEP("I12", 20 + NR_LARGE, p->wire_count = 1);
	DAMAGE_STEP("I13", 30, p->resident = false);
	DAMAGE_STEP("I14", 30, p->mapped = false);
	DAMAGE_STEP("I14", 30, vm_slots_clear(&map->pmap.ptes, &map->frames.leaves, 30));
	DAMAGE_STEP("I14", 30, p->va = PAGE(31));
	DAMAGE_STEP("I15", 30,
	    vm_slots_set(&map->pmap.ptes, &map->frames.leaves, 30, (uintptr_t)p | VM_PROT_READ | VM_PROT_EXECUTE));
	DAMAGE_STEP("I16", 20 + NR_LARGE, p->queued = false);
	DAMAGE_STEP("I18", 30, p->tag = 7);
	/* Sums, wherever the step was. */
	DAMAGE_STEP("I16", 30, map->frames.nr_queued--);
	DAMAGE_STEP("I17", 30, map->frames.nr_used--);
	DAMAGE_STEP("I17", 30, map->frames.nr_frames = 2);
	DAMAGE_STEP("I12", 20 + NR_LARGE, map->header.next->wired_count = 0; map->header.next->eflags = 0);
}

/* A fault in a page that no step touched is found after the next write lock, or at the latest after a number of steps.
 */
static void
test_check_step_walks_all_pages_in_the_end(void **state)
{
	for (unsigned locked = 0; locked < 2; locked++) {
		vm_map_t map = make_large();
		const char *bad = NULL;
		uint64_t tag;
		unsigned nr = 0;

		(void)state;
		assert_null(check_step(map));
		page_unlocked(map, 700)->tag = 7;
		if (locked != 0) {
			vm_map_lock(map);
			vm_map_unlock(map);
		}
		for (; bad == NULL && nr < NR_LARGE; nr++) {
			assert_int_equal(vm_page_read(map, PAGE(30), &tag), KERN_SUCCESS);
			bad = check_step(map);
		}
		expect_label(bad, "I18:", "a tag");
		if (locked != 0)
			assert_int_equal(nr, 1);
		else
			assert_in_range(nr, 2, NR_LARGE / 16 + 1);
		assert_int_equal(map->broken_start, PAGE(700));
		vm_map_destroy(map);
	}
}

/* Going back to a saved state takes the memory of the check back, too. */
static void
test_check_step_remembers_nothing_over_a_restore(void **state)
{
	vm_map_t map = make_large();
	uint64_t tag;

	(void)state;
	assert_null(check_step(map));
	assert_true(vm_map_save(map));
	assert_int_equal(vm_page_read(map, PAGE(30), &tag), KERN_SUCCESS);
	page_unlocked(map, 30)->wire_count = 2;
	assert_non_null(check_step(map));
	vm_map_restore(map);
	assert_null(check_step(map));
	assert_int_equal(vm_page_read(map, PAGE(30), &tag), KERN_SUCCESS);
	page_unlocked(map, 30)->wire_count = 2;
	assert_non_null(check_step(map));
	vm_map_destroy(map);
}

/* Does a thread sleep for a frame, or is it about to? */
static bool
frame_wanted(vm_map_t map)
{
	bool wanted;

	vm_spinlock_lock(&map->frames.lock);
	wanted = map->frames.wanted;
	vm_spinlock_unlock(&map->frames.lock);
	return wanted;
}

static void *
read_page_30(void *arg)
{
	struct vm_thread td;
	uint64_t tag = 99;

	vm_native_thread_init(&td, 1);
	return vm_page_read(arg, PAGE(30), &tag) == KERN_SUCCESS && tag == 0 ? arg : NULL;
}

static void
woken_by(int (*give_back)(vm_map_t map))
{
	vm_map_t map = make_map(1, NULL, 0);
	pthread_t sleeper;
	void *ok;

	assert_int_equal(vm_map_wire(map, PAGE(20), PAGE(21), VM_MAP_WIRE_USER), KERN_SUCCESS);
	assert_int_equal(pthread_create(&sleeper, NULL, read_page_30, map), 0);
	while (!frame_wanted(map))
		sched_yield();
	assert_int_equal(give_back(map), KERN_SUCCESS);
	assert_int_equal(pthread_join(sleeper, &ok), 0);
	assert_non_null(ok);
	check_map(map);
	vm_map_destroy(map);
}

static int
by_unwire(vm_map_t map)
{
	return vm_map_unwire(map, PAGE(20), PAGE(21), VM_MAP_WIRE_USER);
}

static int
by_remove(vm_map_t map)
{
	return vm_map_remove(map, PAGE(20), PAGE(21));
}

static void
test_threads_sleep_for_a_frame(void **state)
{
	(void)state;
	woken_by(by_unwire);
	woken_by(by_remove);
}

#define WORKERS 4
#define ROUNDS 3000

struct worker {
	vm_map_t map;
	pthread_t thread;
	unsigned number;
	uint64_t tags[4]; /* of its own four pages */
	unsigned nr_wrong;
};

/* Works on its own four pages, in an object shared with the other workers, and competes with all for frames. */
static void *
work(void *arg)
{
	struct worker *w = arg;
	struct prng prng = { .state = w->number };
	vm_offset_t base = PAGE(20 + 4 * w->number);
	struct vm_thread td;

	vm_native_thread_init(&td, w->number + 1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned n = (unsigned)prng_below(&prng, 4);
		uint64_t tag = 0;

		switch (prng_below(&prng, 5)) {
		case 0:
			w->nr_wrong += vm_page_write(w->map, base + PAGE(n), w->tags[n] = i) != KERN_SUCCESS;
			break;
		case 1:
			w->nr_wrong += vm_pageout(w->map, 1 + n) != KERN_SUCCESS;
			break;
		case 2:
			w->nr_wrong +=
			    vm_map_wire(w->map, base + PAGE(n), base + PAGE(n + 1), VM_MAP_WIRE_USER) != KERN_SUCCESS;
			w->nr_wrong +=
			    vm_map_unwire(w->map, base + PAGE(n), base + PAGE(n + 1), VM_MAP_WIRE_USER) != KERN_SUCCESS;
			break;
		default:
			w->nr_wrong += vm_page_read(w->map, base + PAGE(n), &tag) != KERN_SUCCESS || tag != w->tags[n];
		}
	}
	return NULL;
}

/* Each worker wires at most one page, and there are two more frames: no thread sleeps for ever. */
static void
test_threads_share_few_frames(void **state)
{
	vm_map_t map = make_map(WORKERS + 2, NULL, 0);
	struct worker workers[WORKERS] = { 0 };

	(void)state;
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i].map = map;
		workers[i].number = i;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_int_equal(workers[i].nr_wrong, 0);
	}
	check_map(map);
	vm_map_destroy(map);
}

/* --- random programs --- */

#define SEQUENTIAL 10000
#define CONCURRENT 4000
#define SCHEDULES_MAX 4000

/* An operation on pages, at one of the first pages that @near is about. */
static struct vm_op
page_op(struct prng *prng, const struct vm_op *near)
{
	static const uint8_t codes[] = { VM_OP_read, VM_OP_read, VM_OP_write, VM_OP_write, VM_OP_pageout };
	struct vm_op op = { .code = codes[prng_below(prng, 5)] };

	if (op.code != VM_OP_pageout)
		op.start = near->start + prng_below(prng, 3);
	if (op.code != VM_OP_read)
		op.value = 1 + prng_below(prng, 4);
	return op;
}

/* The operations of both up to the first shortage of frames. */
struct pressure {
	size_t nr_steps, nr_shortages, nr_reads;
};

static bool
same_step(struct seqrun *few, struct seqrun *ample, const struct vm_op *op, struct pressure *n)
{
	struct vm_result a = seqrun_step(few, op), b = seqrun_step(ample, op);
	uint32_t excuse;
	const char *broken = target_check(few->target, few->self, true, &excuse);

	if (a.outcome == VM_OUTCOME_DONE && broken != NULL)
		fail_msg("%s", broken);
	n->nr_steps++;
	/* The other one may be short of its limit. Quirks Q8 and Q9 hide the shortage of a wire. */
	if ((a.edges & (VM_EDGE_BIT(fault_shortage) | VM_EDGE_BIT(mmap_unwired) | VM_EDGE_BIT(stack_unwired) |
	                   VM_EDGE_BIT(fault_growth_unwired))) != 0) {
		n->nr_shortages++;
		return false;
	}
	assert_int_equal(a.outcome, b.outcome);
	assert_int_equal(a.code, b.code);
	assert_int_equal(a.value, b.value);
	n->nr_reads += op->code == VM_OP_read && a.code == KERN_SUCCESS && a.value != 0;
	return a.outcome == VM_OUTCOME_DONE;
}

/* Memory pressure changes no result but by running out of frames. */
static void
test_pressure_changes_no_result(void **state)
{
	struct sim *sim = sim_create();
	struct pressure n = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < SEQUENTIAL; seed++) {
		struct prng prng = { .state = seed };
		struct seqrun few, ample;
		struct program p;
		bool on = true;

		random_program(seed, &p);
		seqrun_open(&ample, &target_model, &p.config, sim);
		p.config.frames = 1 + seed % 7;
		seqrun_open(&few, &target_engine, &p.config, sim);
		for (size_t i = 0; i < p.nr_init && on; i++) {
			on = same_step(&few, &ample, &p.init[i].op, &n);
			for (unsigned extra = 0; extra < 3 && on; extra++) {
				struct vm_op op = page_op(&prng, &p.init[i].op);

				on = same_step(&few, &ample, &op, &n);
			}
		}
		seqrun_close(&few);
		seqrun_close(&ample);
		program_free(&p);
	}
	print_message("%zu steps, %zu reads of content, %zu shortages\n", n.nr_steps, n.nr_reads, n.nr_shortages);
	assert_true(n.nr_shortages > SEQUENTIAL / 20);
	assert_true(n.nr_reads > SEQUENTIAL / 20);
	sim_destroy(sim);
}

/* Moves the steps after the first @nr_init of a sequential program to two threads, and adds page operations. */
static void
make_concurrent(struct program *p, size_t nr_init, unsigned nr_ops, uint64_t seed)
{
	struct prng prng = { .state = seed };

	p->nr_threads = 2;
	p->threads = calloc(2, sizeof(*p->threads));
	assert_non_null(p->threads);
	for (size_t i = nr_init; i < p->nr_init && i < nr_init + 2 * nr_ops; i++) {
		struct program_thread *t = &p->threads[i % 2];

		t->ops[t->nr_ops++] = p->init[i].op;
		if (prng_below(&prng, 2) == 0)
			t->ops[t->nr_ops++] = page_op(&prng, &p->init[prng_below(&prng, nr_init)].op);
	}
	p->nr_init = nr_init;
}

/* One mapping, and two threads that do nothing but work on its pages. */
static void
make_page_program(struct program *p, uint64_t seed)
{
	static const char *const ops[] = { "read 20", "read 21", "read 22", "read 20", "write 20 1", "write 20 2",
		"write 21 3", "pageout 1", "pageout 2", "wire 20 21 user noholes", "unwire 20 21 user noholes",
		"wire 21 23 system noholes", "unwire 21 23 system noholes", "protect 20 22 none", "protect 20 22 rw",
		"remove 21 22", "insert 21 22 rw rw" };
	struct prng prng = { .state = seed };
	struct strbuf text = { 0 };

	if (seed % 4 != 0)
		strbuf_printf(&text, "frames %u\n", (unsigned)(seed % 4));
	strbuf_add(&text, "init insert 20 23 rw rw\n");
	for (unsigned i = 0; i < 8; i++)
		strbuf_printf(&text, "T%u %s\n", i / 4, ops[prng_below(&prng, sizeof(ops) / sizeof(ops[0]))]);
	parse(strbuf_text(&text), p);
	strbuf_free(&text);
}

static void
assert_same_outcomes(const struct explore_result *a, const struct explore_result *b)
{
	assert_true(a->schedules == b->schedules);
	assert_int_equal(a->nr_outcomes, b->nr_outcomes);
	for (size_t i = 0; i < a->nr_outcomes; i++) {
		assert_string_equal(a->outcomes[i].text, b->outcomes[i].text);
		assert_true(a->outcomes[i].count == b->outcomes[i].count);
	}
}

/* Random runs, with the invariants looked at after each step. */
static void
check_steps(struct run *r, uint64_t seed)
{
	struct prng prng = { .state = seed };

	for (unsigned i = 0; i < 10; i++) {
		run_begin(r);
		while (run_enabled(r) != 0) {
			unsigned t = (unsigned)prng_below(&prng, 2);
			const char *broken;
			uint32_t excuse;

			if ((run_enabled(r) & 1u << t) == 0)
				continue;
			run_step(r, t);
			broken = target_check(r->target, r->self, true, &excuse);
			if (broken != NULL)
				fail_msg("seed %u: %s", (unsigned)seed, broken);
		}
	}
}

/* The state key is complete for programs that see pages, and the invariants hold between any two steps. */
static void
test_states_merge_rightly(void **state)
{
	struct explore_options merged = { 0 }, plain = { .by_schedules = true, .schedules_max = SCHEDULES_MAX };
	struct sim *sim = sim_create();
	unsigned nr_compared = 0;
	uint64_t states = 0;

	(void)state;
	for (uint64_t seed = 0; seed < CONCURRENT; seed++) {
		struct explore_result a, b;
		struct program p;
		struct run r;

		if (seed % 2 == 0) {
			make_page_program(&p, seed / 2);
		} else {
			random_program(seed, &p);
			p.config.frames = seed / 2 % 4;
			make_concurrent(&p, p.nr_init < 4 ? 1 : 4, 2, seed);
		}
		if (run_open(&r, &p, &target_engine, sim) == RUN_OPENED) {
			explore(&r, &merged, &a);
			if (a.schedules < SCHEDULES_MAX) {
				explore(&r, &plain, &b);
				assert_same_outcomes(&a, &b);
				explore_result_free(&b);
				nr_compared++;
			}
			states += a.states;
			explore_result_free(&a);
			check_steps(&r, seed);
		}
		run_close(&r);
		program_free(&p);
	}
	print_message("%u programs compared, %u states\n", nr_compared, (unsigned)states);
	assert_true(nr_compared > CONCURRENT / 2);
	sim_destroy(sim);
}

/* With an argument: only the tests whose names match it. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_survives_eviction),
		cmocka_unit_test(test_few_frames_serve_many_pages),
		cmocka_unit_test(test_a_wire_out_of_frames_takes_all_back),
		cmocka_unit_test(test_a_wiring_of_a_wiring_takes_no_frame),
		cmocka_unit_test(test_removal_drops_content),
		cmocka_unit_test(test_protection_none_loses_no_wiring),
		cmocka_unit_test(test_a_kernel_map_deletes_system_wirings),
		cmocka_unit_test(test_wired_pages_stay),
		cmocka_unit_test(test_a_failed_wire_leaves_no_page_wired),
		cmocka_unit_test(test_removal_frees_frames),
		cmocka_unit_test(test_check_finds),
		cmocka_unit_test(test_check_says_where),
		cmocka_unit_test(test_check_step_finds_damage_where_the_step_was),
		cmocka_unit_test(test_check_step_walks_all_pages_in_the_end),
		cmocka_unit_test(test_check_step_remembers_nothing_over_a_restore),
		cmocka_unit_test(test_threads_sleep_for_a_frame),
		cmocka_unit_test(test_threads_share_few_frames),
		cmocka_unit_test(test_pressure_changes_no_result),
		cmocka_unit_test(test_states_merge_rightly),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
