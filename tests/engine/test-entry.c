/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-entry.c - ring, tree, augmentation, merging and splitting against a sorted array (naive-map.h), over a million
 * random operations; and vm_map_check itself, which must find each kind of damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/map.h"
#include "harness/base/base.h"
#include "tests/engine/env-direct.h"
#include "tests/engine/naive-map.h"

#define CHECK_EVERY 128

struct trial {
	vm_map_t map;
	struct naive_map naive;
	struct prng prng;
	uint64_t span_max; /* pages of one operation's range */
	void **object_of;  /* by the naive number: the engine's object */
	size_t nr_objects;
	uint64_t max_entries, inserts, merges;
};

static vm_map_t
make_map(uint64_t min, uint64_t max, uint32_t behaviours)
{
	struct vm_config c = { .env = &env_direct,
		.min = min << VM_PAGE_SHIFT,
		.max = max << VM_PAGE_SHIFT,
		.behaviours = behaviours,
		.wire_limit = VM_WIRE_LIMIT_DEFAULT };
	vm_map_t map;

	direct_begin();
	map = vm_map_create(&c);
	if (map == NULL)
		err(1, "no map");
	return map;
}

static uint64_t
below(struct trial *t, uint64_t n)
{
	return prng_below(&t->prng, n);
}

/* --- comparing --- */

static const char *
compare_object(struct trial *t, const struct vm_map_entry *e, const struct naive_entry *n)
{
	if ((e->object != NULL) != (n->object != 0))
		return "object";
	if (e->object == NULL)
		return NULL;
	while (t->nr_objects <= n->object) {
		t->object_of = reallocarray(t->object_of, t->nr_objects * 2 + 64, sizeof(void *));
		if (t->object_of == NULL)
			err(1, "no memory");
		memset(t->object_of + t->nr_objects, 0, (t->nr_objects + 64) * sizeof(void *));
		t->nr_objects = t->nr_objects * 2 + 64;
	}
	if (t->object_of[n->object] == NULL) {
		t->object_of[n->object] = e->object;
		e->object->key_number = n->object;
	}
	/* One number, one object; one object, one number. */
	if (t->object_of[n->object] != e->object || e->object->key_number != n->object)
		return "object identity";
	if (e->object->charged != t->naive.object_charged[n->object])
		return "object charge";
	return e->offset == n->offset << VM_PAGE_SHIFT ? NULL : "offset";
}

/* The name of a field in which the two entries differ; NULL: they are equal. */
static const char *
compare_entry(struct trial *t, const struct vm_map_entry *e, const struct naive_entry *n)
{
	if (e->start != n->start << VM_PAGE_SHIFT || e->end != n->end << VM_PAGE_SHIFT)
		return "bounds";
	if (e->eflags != n->eflags || e->wired_count != n->wired_count)
		return "flags or wire count";
	if (e->protection != n->prot || e->max_protection != n->max || e->inheritance != n->inherit)
		return "protection or inheritance";
	if (e->charged != n->charged)
		return "charge";
	return compare_object(t, e, n);
}

static const char *
compare_all(struct trial *t)
{
	const struct vm_map_entry *e = t->map->header.next;
	uint64_t size = 0;
	const char *bad;

	for (size_t i = 0; i < t->naive.nr; i++, e = e->next) {
		if (e == &t->map->header)
			return "fewer entries";
		if ((bad = compare_entry(t, e, &t->naive.entries[i])) != NULL)
			return bad;
		size += t->naive.entries[i].end - t->naive.entries[i].start;
	}
	if (e != &t->map->header)
		return "more entries";
	if (t->map->nentries != t->naive.nr || t->map->size != size << VM_PAGE_SHIFT)
		return "nentries or size";
	return NULL;
}

static void
check_all(struct trial *t, uint64_t op) VM_NO_TSA("one thread, between operations")
{
	const char *bad = vm_map_check_entries(t->map); /* no page follows the wire counts that are set here */

	if (bad == NULL)
		bad = compare_all(t);
	if (bad != NULL)
		fail_msg("after operation %llu: %s", (unsigned long long)op, bad);
	if (t->naive.nr > t->max_entries)
		t->max_entries = t->naive.nr;
}

/* --- operations, each in both --- */

static void
random_range(struct trial *t, uint64_t *start, uint64_t *end)
{
	uint64_t pages = t->naive.max - t->naive.min + 4;

	*start = t->naive.min - 2 + below(t, pages);
	*end = *start + below(t, 1 + t->span_max);
}

static void
do_insert(struct trial *t)
{
	static const vm_prot_t prots[] = { VM_PROT_READ, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_NONE };
	vm_prot_t prot = prots[below(t, 3)], max = below(t, 4) == 0 ? prot : VM_PROT_ALL;
	bool guard = below(t, 8) == 0;
	uint64_t start, end;
	size_t before = t->naive.nr;
	int got;

	random_range(t, &start, &end);
	/* Often directly after an entry, in a gap, where the mapping can continue the entry. */
	if (t->naive.nr > 0 && below(t, 3) != 0) {
		size_t i = below(t, t->naive.nr);
		uint64_t next = i + 1 < t->naive.nr ? t->naive.entries[i + 1].start : t->naive.max;

		start = t->naive.entries[i].end;
		end = start + 1 + below(t, next == start || next - start > t->span_max ? t->span_max : next - start);
	}
	if (guard)
		prot = max = VM_PROT_NONE;
	vm_map_lock(t->map);
	got = vm_map_insert(
	    t->map, NULL, 0, start << VM_PAGE_SHIFT, end << VM_PAGE_SHIFT, prot, max, guard ? MAP_CREATE_GUARD : 0);
	vm_map_unlock(t->map);
	assert_int_equal(got, naive_insert(&t->naive, start, end, prot, max, guard));
	t->inserts += got == KERN_SUCCESS;
	t->merges += got == KERN_SUCCESS && t->naive.nr <= before;
}

static void
do_delete(struct trial *t)
{
	uint64_t start, end;
	vm_offset_t s, e;

	random_range(t, &start, &end);
	s = start << VM_PAGE_SHIFT;
	e = end << VM_PAGE_SHIFT;
	vm_map_range_check(t->map, &s, &e);
	(void)vm_op_begin(s, e);
	vm_map_lock(t->map);
	assert_int_equal(vm_map_delete(t->map, s, e), KERN_SUCCESS);
	vm_map_unlock(t->map);
	(void)naive_delete(&t->naive, s >> VM_PAGE_SHIFT, e >> VM_PAGE_SHIFT);
}

/* A random entry of both; false if there is none. Found by address, which tries the lookup too. */
static bool
pick(struct trial *t, size_t *i, vm_map_entry_t *e) VM_REQUIRES_SHARED(&t->map->lock)
{
	const struct naive_entry *n;
	uint64_t page;

	if (t->naive.nr == 0)
		return false;
	*i = below(t, t->naive.nr);
	n = &t->naive.entries[*i];
	page = n->start + below(t, n->end - n->start);
	assert_true(vm_map_lookup_entry(t->map, page << VM_PAGE_SHIFT, e));
	return true;
}

static void
do_clip(struct trial *t, bool at_start)
{
	vm_map_entry_t e;
	uint64_t page;
	size_t i;

	vm_map_lock(t->map);
	if (pick(t, &i, &e)) {
		const struct naive_entry *n = &t->naive.entries[i];

		/* Within the entry; at its start or end it is no clip. */
		page = n->start + below(t, n->end - n->start);
		if (at_start) {
			vm_map_clip_start(t->map, e, page << VM_PAGE_SHIFT);
			(void)naive_clip_start(&t->naive, i, page);
		} else {
			vm_map_clip_end(t->map, e, (page + 1) << VM_PAGE_SHIFT);
			naive_clip_end(&t->naive, i, page + 1);
		}
	}
	vm_map_unlock(t->map);
}

static void
do_simplify(struct trial *t)
{
	vm_map_entry_t e;
	size_t i;

	vm_map_lock(t->map);
	if (pick(t, &i, &e)) {
		vm_map_simplify_entry(t->map, e);
		(void)naive_simplify(&t->naive, i);
	}
	vm_map_unlock(t->map);
}

/* Changes an attribute that decides which entries merge. */
static void
do_attribute(struct trial *t)
{
	vm_map_entry_t e;
	size_t i;

	vm_map_lock(t->map);
	if (pick(t, &i, &e) && (e->eflags & MAP_ENTRY_GUARD) == 0) {
		struct naive_entry *n = &t->naive.entries[i];
		unsigned what = (unsigned)below(t, 5);

		if (what == 0) {
			e->inheritance = n->inherit = (uint8_t)below(t, VM_INHERIT_COUNT);
		} else if (what == 1) {
			e->eflags = n->eflags ^= MAP_ENTRY_NOSYNC;
		} else if (what == 2) {
			e->eflags = n->eflags ^= MAP_ENTRY_USER_WIRED;
			e->wired_count = n->wired_count ^= 1;
		} else if (what == 3) {
			e->protection = n->prot = n->prot & VM_PROT_READ;
		} else {
			e->inheritance = n->inherit = VM_INHERIT_COPY;
		}
	}
	vm_map_unlock(t->map);
}

/* New bounds for an entry, anywhere between its neighbours. */
static void
do_resize(struct trial *t)
{
	vm_map_entry_t e;
	size_t i;

	vm_map_lock(t->map);
	if (pick(t, &i, &e)) {
		struct naive_entry *n = &t->naive.entries[i];
		uint64_t low = i > 0 ? n[-1].end : t->naive.min, high = i + 1 < t->naive.nr ? n[1].start : t->naive.max;
		uint64_t room_low = n->start - low < t->span_max ? n->start - low : t->span_max;
		uint64_t room_high = high - n->end < t->span_max ? high - n->end : t->span_max;

		n->start -= below(t, room_low + 1);
		n->end += below(t, room_high + 1);
		if (below(t, 2) == 0)
			n->start += below(t, n->end - n->start);
		if (below(t, 2) == 0)
			n->end -= below(t, n->end - n->start);
		vm_map_entry_resize(t->map, e, n->start << VM_PAGE_SHIFT, n->end << VM_PAGE_SHIFT);
	}
	vm_map_unlock(t->map);
}

static void
do_lookup(struct trial *t)
{
	uint64_t page = t->naive.min - 2 + below(t, t->naive.max - t->naive.min + 4);
	vm_map_entry_t e, ge;
	bool found, want;
	size_t i;

	vm_map_lock_read(t->map);
	found = vm_map_lookup_entry(t->map, page << VM_PAGE_SHIFT, &e);
	ge = vm_map_lookup_ge(t->map, page << VM_PAGE_SHIFT);
	vm_map_unlock_read(t->map);
	want = naive_lookup(&t->naive, page, &i);
	assert_int_equal(found, want);
	if (i == SIZE_MAX)
		assert_ptr_equal(e, &t->map->header);
	else
		assert_null(compare_entry(t, e, &t->naive.entries[i]));
	assert_ptr_equal(ge, found ? e : e->next);
}

static void
do_findspace(struct trial *t)
{
	uint64_t start = t->naive.min - 2 + below(t, t->naive.max - t->naive.min + 4);
	uint64_t length = 1 + below(t, below(t, 16) == 0 ? t->naive.max - t->naive.min : t->span_max * 2);
	bool quirk = below(t, 2) == 0;
	vm_offset_t place = 0;
	uint64_t want = naive_findspace(&t->naive, start, length, quirk);
	int rv;

	t->map->config.behaviours = quirk ? VM_BEHAVIOUR_BIT(Q4) : 0;
	vm_map_lock_read(t->map);
	rv = vm_map_findspace(t->map, start << VM_PAGE_SHIFT, length << VM_PAGE_SHIFT, &place);
	vm_map_unlock_read(t->map);
	assert_int_equal(rv, want == UINT64_MAX);
	if (rv == 0)
		assert_int_equal(place, want << VM_PAGE_SHIFT);
}

static void
one_operation(struct trial *t, unsigned delete_weight)
{
	unsigned n = (unsigned)below(t, 100);

	if (n < delete_weight)
		do_delete(t);
	else if (n < 40)
		do_insert(t);
	else if (n < 60)
		do_clip(t, n % 2 == 0);
	else if (n < 66)
		do_simplify(t);
	else if (n < 74)
		do_attribute(t);
	else if (n < 80)
		do_resize(t);
	else if (n < 90)
		do_lookup(t);
	else
		do_findspace(t);
}

/* The weight of deletions swings, so that the map fills and empties again and again. */
static void
run_trial(uint64_t pages, uint64_t span_max, uint64_t nr_ops, uint64_t min_entries)
{
	struct trial t = { .prng = { pages }, .span_max = span_max };

	t.map = make_map(16, 16 + pages, VM_PROFILE_ON_strict);
	naive_init(&t.naive, 16, 16 + pages);
	for (uint64_t op = 1; op <= nr_ops; op++) {
		one_operation(&t, op / (pages * 8) % 2 == 0 ? 8 : 26);
		if (op % CHECK_EVERY == 0)
			check_all(&t, op);
	}
	check_all(&t, nr_ops);
	/* If the map never filled, or nothing merged, little was tried. */
	print_message("at most %llu entries, %llu inserts of %llu, %llu merges\n", (unsigned long long)t.max_entries,
	    (unsigned long long)t.inserts, (unsigned long long)nr_ops, (unsigned long long)t.merges);
	assert_true(t.max_entries >= min_entries);
	assert_true(t.inserts > nr_ops / 50 && t.merges > nr_ops / 200);
	vm_map_destroy(t.map);
	naive_free(&t.naive);
	free(t.object_of);
}

static void
test_small(void **state)
{
	(void)state;
	run_trial(24, 8, 1000000, 10);
}

static void
test_random_changes_in_middle_sized_map_match_naive_map(void **state)
{
	(void)state;
	run_trial(400, 12, 1000000, 100);
}

static void
test_random_changes_in_large_map_match_naive_map(void **state)
{
	(void)state;
	run_trial(20000, 20, 100000, 2000);
}

/* Sorted, reversed, and middle-first orders, which degrade an unbalanced tree. */
static void
test_lookup_after_unbalancing_orders(void **state)
{
	enum { PAGES = 4096 };

	(void)state;
	for (unsigned order = 0; order < 3; order++) {
		vm_map_t map = make_map(16, 16 + 2 * PAGES, VM_PROFILE_ON_strict);

		for (unsigned n = 0; n < PAGES; n++) {
			unsigned i = order == 0 ? n : order == 1 ? PAGES - 1 - n : n * 2467 % PAGES;
			vm_offset_t at = (vm_offset_t)(16 + 2 * i) << VM_PAGE_SHIFT;
			int rv;

			vm_map_lock(map);
			rv = vm_map_insert(map, NULL, 0, at, at + VM_PAGE_SIZE, VM_PROT_READ, VM_PROT_ALL, 0);
			if (n % 512 == 0 || n == PAGES - 1)
				assert_null(vm_map_check(map));
			vm_map_unlock(map);
			assert_int_equal(rv, KERN_SUCCESS);
		}
		assert_int_equal(map->nentries, PAGES);
		/* No gap of two pages anywhere, not even after the last entry. */
		vm_map_lock_read(map);
		assert_int_equal(vm_map_findspace(map, 0, 2 * VM_PAGE_SIZE, &(vm_offset_t){ 0 }), 1);
		assert_int_equal(vm_map_findspace(map, 0, VM_PAGE_SIZE, &(vm_offset_t){ 0 }), 0);
		vm_map_unlock_read(map);
		vm_map_destroy(map);
	}
}

/* --- the canaries: the checker finds damage, the comparison finds differences --- */

/*
 * 20 21 22 23 24 25 26 27 28 29 [  A    )     [B    )[C  )     four entries with D at 40, object of B and C shared by a
 * clip.
 */
struct patient {
	vm_map_t map;
	vm_map_entry_t a, b, c, d;
};

static struct patient
make_patient(void) VM_NO_TSA("hands entries out of the lock, to one thread")
{
	static const uint64_t ranges[][2] = { { 20, 22 }, { 24, 28 }, { 40, 41 } };
	struct patient p = { .map = make_map(16, 80, VM_PROFILE_ON_strict) };

	for (unsigned i = 0; i < 3; i++) {
		vm_map_lock(p.map);
		assert_int_equal(vm_map_insert(p.map, NULL, 0, ranges[i][0] << VM_PAGE_SHIFT,
		                     ranges[i][1] << VM_PAGE_SHIFT, VM_PROT_READ, VM_PROT_ALL, 0),
		    KERN_SUCCESS);
		vm_map_unlock(p.map);
	}
	assert_int_equal(vm_map_clip(p.map, (vm_offset_t)26 << VM_PAGE_SHIFT), KERN_SUCCESS);
	p.a = p.map->header.next;
	p.b = p.a->next;
	p.c = p.b->next;
	p.d = p.c->next;
	assert_ptr_equal(p.d->next, &p.map->header);
	assert_non_null(p.b->object);
	assert_null(vm_map_check(p.map));
	return p;
}

static void
expect_label(struct patient *p, const char *label) VM_NO_TSA("one thread")
{
	const char *bad = vm_map_check(p->map);

	if (bad == NULL || strncmp(bad, label, strlen(label)) != 0 || bad[strlen(label)] != ':')
		fail_msg("expected %s, vm_map_check says %s", label, bad == NULL ? "nothing" : bad);
	vm_map_destroy(p->map);
}

#define DAMAGE(label, damage)                                                                                          \
	do {                                                                                                           \
		struct patient p = make_patient();                                                                     \
		damage;                                                                                                \
		expect_label(&p, label);                                                                               \
	} while (0)

static void
test_check_finds(void **state)
{
	(void)state;
	DAMAGE("I1", p.a->end = p.a->start);
	DAMAGE("I1", p.a->end += 1);
	DAMAGE("I2", p.a->start = p.map->header.end - VM_PAGE_SIZE);
	DAMAGE("I2", p.d->end = p.map->header.start + VM_PAGE_SIZE);
	DAMAGE("I2", p.a->end = p.b->start + VM_PAGE_SIZE);
	DAMAGE("I3", p.b->prev = p.map->header.next->prev);
	DAMAGE("I3", p.map->nentries++);
	DAMAGE("I3", RB_LEFT(RB_ROOT(&p.map->root), tree) = NULL; RB_ROOT(&p.map->root)->max_free = 0;
	       RB_ROOT(&p.map->root)->max_free = RB_RIGHT(RB_ROOT(&p.map->root), tree)->max_free);
	DAMAGE("I4", p.a->adj_free += VM_PAGE_SIZE);
	DAMAGE("I4", p.d->max_free -= VM_PAGE_SIZE);
	DAMAGE("I4", RB_ROOT(&p.map->root)->max_free += VM_PAGE_SIZE);
	DAMAGE("I4", p.map->header.adj_free = 0);
	DAMAGE("I5", p.map->size += VM_PAGE_SIZE);
	DAMAGE("I6", p.b->object->ref_count++);
	DAMAGE("I6", p.b->object->ref_count = 0);
	DAMAGE("I6", p.map->objects.nr_live++);
	DAMAGE("I7", p.c->max_protection = VM_PROT_NONE);
	DAMAGE("I8", p.a->eflags |= MAP_ENTRY_IN_TRANSITION);
	DAMAGE("I8", p.a->wiring_thread = vm_curthread);
	DAMAGE("I9", p.a->wired_count = -1);
	DAMAGE("I9", p.a->eflags |= MAP_ENTRY_USER_WIRED);
	DAMAGE("I10", p.a->eflags |= MAP_ENTRY_GUARD; p.a->wired_count = 1);
}

static void
test_comparison_finds(void **state)
{
	struct trial t = { .prng = { 1 }, .span_max = 8 };
	struct naive_entry *n;

	(void)state;
	t.map = make_map(16, 80, VM_PROFILE_ON_strict);
	naive_init(&t.naive, 16, 80);
	while (t.naive.nr < 3 || t.naive.entries[1].object == 0)
		one_operation(&t, 5);
	assert_null(compare_all(&t));
	n = &t.naive.entries[1];
#define DIFFERENCE(field, change)                                                                                      \
	do {                                                                                                           \
		struct naive_entry keep = *n;                                                                          \
		n->field = (change);                                                                                   \
		assert_non_null(compare_all(&t));                                                                      \
		*n = keep;                                                                                             \
	} while (0)
	DIFFERENCE(start, n->start - 1);
	DIFFERENCE(end, n->end + 1);
	DIFFERENCE(offset, n->offset + 1);
	DIFFERENCE(object, 0);
	DIFFERENCE(eflags, n->eflags ^ MAP_ENTRY_NOCORE);
	DIFFERENCE(wired_count, n->wired_count + 1);
	DIFFERENCE(prot, n->prot ^ VM_PROT_EXECUTE);
	DIFFERENCE(max, n->max ^ VM_PROT_EXECUTE);
	DIFFERENCE(inherit, n->inherit ^ 1);
	DIFFERENCE(charged, !n->charged);
	t.naive.object_charged[n->object] ^= true;
	assert_string_equal(compare_all(&t), "object charge");
	t.naive.object_charged[n->object] ^= true;
	t.naive.nr--;
	assert_string_equal(compare_all(&t), "more entries");
	t.naive.nr++;
	assert_null(compare_all(&t));
	vm_map_destroy(t.map);
	naive_free(&t.naive);
	free(t.object_of);
}

/* --- panics --- */

static void
cut(vm_map_t map, vm_map_entry_t e, uint64_t page, bool at_start) VM_NO_TSA("panics with the lock held")
{
	vm_map_lock(map);
	if (at_start)
		vm_map_clip_start(map, e, page << VM_PAGE_SHIFT);
	else
		vm_map_clip_end(map, e, page << VM_PAGE_SHIFT);
}

static void
resize(vm_map_t map, vm_map_entry_t e, uint64_t start, uint64_t end) VM_NO_TSA("panics with the lock held")
{
	vm_map_lock(map);
	vm_map_entry_resize(map, e, start << VM_PAGE_SHIFT, end << VM_PAGE_SHIFT);
}

static void
link_without_lock(vm_map_t map, vm_map_entry_t e) VM_NO_TSA("the error that is tried")
{
	vm_map_simplify_entry(map, e);
}

#define PANICS(call, text)                                                                                             \
	do {                                                                                                           \
		struct patient p = make_patient();                                                                     \
		assert_true(direct_panics(call, text));                                                                \
		vm_map_destroy(p.map);                                                                                 \
	} while (0)

/* Volatile: a siglongjmp comes in between. */
static void
test_panics(void **state)
{
	(void)state;
	PANICS(cut(p.map, p.a, 22, true), "addr < e->end");
	PANICS(cut(p.map, p.a, 20, false), "addr > e->start");
	PANICS(resize(p.map, p.a, 20, 20), "start < end");
	PANICS(resize(p.map, p.a, 20, 25), "end <= e->next->start");
	PANICS(resize(p.map, p.b, 21, 26), "e->prev->end <= start");
	PANICS(link_without_lock(p.map, p.a), "held");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_random_changes_in_middle_sized_map_match_naive_map),
		cmocka_unit_test(test_random_changes_in_large_map_match_naive_map),
		cmocka_unit_test(test_lookup_after_unbalancing_orders),
		cmocka_unit_test(test_check_finds),
		cmocka_unit_test(test_comparison_finds),
		cmocka_unit_test(test_panics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
