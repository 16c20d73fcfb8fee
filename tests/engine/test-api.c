/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-api.c - what the text form cannot say of the engine's interface: arguments that are refused, in bytes; the map
 * lock and its timestamp; find with bounds; save and restore. One OS thread plays all the parts (env-direct.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/map.h"
#include "tests/engine/env-direct.h"

#define P(page) ((vm_offset_t)(page) << VM_PAGE_SHIFT)
#define RW (VM_PROT_READ | VM_PROT_WRITE)

static vm_map_t map;

static struct vm_config
config(uint64_t min, uint64_t max)
{
	return (
	    struct vm_config){ .env = &env_direct, .min = P(min), .max = P(max), .wire_limit = VM_WIRE_LIMIT_DEFAULT };
}

static void
make_map(uint64_t min, uint64_t max)
{
	struct vm_config c = config(min, max);

	direct_begin();
	map = vm_map_create(&c);
	if (map == NULL)
		err(1, "no map");
}

static int
insert(uint64_t start, uint64_t end)
{
	int rv;

	vm_map_lock(map);
	rv = vm_map_insert(map, NULL, 0, P(start), P(end), RW, VM_PROT_ALL, 0);
	vm_map_unlock(map);
	return rv;
}

/* 20-24 and 30-34 are mapped, rw of at most rwx. */
static int
setup(void **state)
{
	(void)state;
	make_map(16, 80);
	assert_int_equal(insert(20, 24), KERN_SUCCESS);
	assert_int_equal(insert(30, 34), KERN_SUCCESS);
	direct.points = direct.wakeups = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	vm_map_destroy(map);
	return 0;
}

/* --- refused --- */

struct before {
	unsigned timestamp, nentries, points;
	vm_size_t size;
	struct vm_map_entry first, second;
};

/* Byte by byte, padding too: it is compared by memcmp. */
static struct before
look(void)
{
	struct before b;

	memset(&b, 0, sizeof(b));
	b.timestamp = map->timestamp;
	b.nentries = map->nentries;
	b.points = direct.points;
	b.size = map->size;
	memcpy(&b.first, map->header.next, sizeof(b.first));
	memcpy(&b.second, map->header.prev, sizeof(b.second));
	return b;
}

/* The call was refused with @want, before any lock was asked for. */
static void
check_refused(const char *call, int got, int want, const struct before *before)
{
	struct before now = look();
	bool same = now.size == before->size && now.nentries == before->nentries &&
	            memcmp(&now.first, &before->first, sizeof(now.first)) == 0 &&
	            memcmp(&now.second, &before->second, sizeof(now.second)) == 0;

	if (got != want)
		fail_msg("%s is %d, not %d", call, got, want);
	if (now.points != before->points || now.timestamp != before->timestamp)
		fail_msg("%s: the lock was taken", call);
	if (!same)
		fail_msg("%s: something changed", call);
}

#define REFUSED(call)                                                                                                  \
	do {                                                                                                           \
		struct before before_ = look();                                                                        \
		check_refused(#call, (call), KERN_INVALID_ARGUMENT, &before_);                                         \
	} while (0)

static void
test_refused_alignment(void **state)
{
	vm_offset_t at = P(40) + 1, at_good = P(40);
	uint64_t tag;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		vm_offset_t odd = (vm_offset_t[]){ 1, 8, 2048, 4095 }[i];

		REFUSED(vm_map_remove(map, P(20) + odd, P(24)));
		REFUSED(vm_map_remove(map, P(20), P(24) + odd));
		REFUSED(vm_map_protect(map, P(20) + odd, P(24), RW, false));
		REFUSED(vm_map_protect(map, P(20), P(24) + odd, RW, true));
		REFUSED(vm_map_protect(map, P(20) + odd, P(20) + odd, RW, true));
		REFUSED(vm_map_inherit(map, P(20) + odd, P(24), VM_INHERIT_NONE));
		REFUSED(vm_map_inherit(map, P(20), P(24) + odd, VM_INHERIT_NONE));
		REFUSED(vm_map_madvise(map, P(20) + odd, P(24), VM_MADV_RANDOM));
		REFUSED(vm_map_madvise(map, P(20), P(24) + odd, VM_MADV_FREE));
		REFUSED(vm_map_wire(map, P(20) + odd, P(24), VM_MAP_WIRE_USER));
		REFUSED(vm_map_wire(map, P(20), P(24) + odd, VM_MAP_WIRE_USER));
		REFUSED(vm_map_unwire(map, P(20) + odd, P(24), VM_MAP_WIRE_USER));
		REFUSED(vm_map_unwire(map, P(20), P(24) + odd, VM_MAP_WIRE_USER));
		REFUSED(vm_map_sync(map, P(20) + odd, P(24), true, false));
		REFUSED(vm_map_sync(map, P(20), P(24) + odd, true, false));
		REFUSED(vm_map_clip(map, P(22) + odd));
		REFUSED(vm_fault(map, P(20) + odd, VM_PROT_READ, VM_FAULT_NORMAL));
		REFUSED(vm_page_read(map, P(20) + odd, &tag));
		REFUSED(vm_page_write(map, P(20) + odd, 7));
		REFUSED(vm_map_fixed(map, NULL, 0, P(20) + odd, P(4), RW, RW, 0));
		REFUSED(vm_map_fixed(map, NULL, 0, P(20), P(4) + odd, RW, RW, 0));
		REFUSED(vm_map_fixed_range(map, P(20) + odd, P(24), RW, RW, 0));
		REFUSED(vm_map_find(map, NULL, 0, &at, P(1), 0, VMFS_ANY_SPACE, RW, RW, 0));
		REFUSED(vm_map_find(map, NULL, 0, &at_good, P(1) + odd, 0, VMFS_ANY_SPACE, RW, RW, 0));
	}
	assert_int_equal(at, P(40) + 1);
	assert_int_equal(at_good, P(40));
}

static void
test_refused_wrap(void **state)
{
	vm_offset_t at = P(40);

	(void)state;
	REFUSED(vm_map_fixed(map, NULL, 0, P(20), -P(19), RW, RW, 0));
	REFUSED(vm_map_fixed(map, NULL, 0, P(20), -P(1), RW, RW, 0));
	REFUSED(vm_map_find(map, NULL, 0, &at, -P(39), 0, VMFS_ANY_SPACE, RW, RW, 0));
	REFUSED(vm_map_find(map, NULL, 0, &at, -P(1), 0, VMFS_NO_SPACE, RW, RW, 0));
	assert_int_equal(at, P(40));
}

static void
test_refused_numbers(void **state)
{
	vm_offset_t at = P(40);

	(void)state;
	/* unknown flags */
	for (int flag = 8; flag > 0; flag = (int)((unsigned)flag << 1)) {
		REFUSED(vm_map_wire(map, P(20), P(24), VM_MAP_WIRE_USER | flag));
		REFUSED(vm_map_unwire(map, P(20), P(24), VM_MAP_WIRE_USER | flag));
	}
	REFUSED(vm_map_wire(map, P(20), P(24), -1));
	REFUSED(vm_map_unwire(map, P(20), P(24), VM_MAP_WIRE_WRITE));
	REFUSED(vm_map_unwire(map, P(20), P(20), VM_MAP_WIRE_WRITE));
	REFUSED(vm_fault(map, P(20), VM_PROT_READ, 2));
	REFUSED(vm_fault(map, P(20), VM_PROT_READ, -1));
	REFUSED(vm_map_fixed(map, NULL, 0, P(20), P(4), RW, RW, 2));
	REFUSED(vm_map_find(map, NULL, 0, &at, P(1), 0, VMFS_ANY_SPACE, RW, RW, 4));
	REFUSED(vm_map_find(map, NULL, 0, &at, P(1), 0, 2, RW, RW, 0));
	REFUSED(vm_map_find(map, NULL, 0, &at, P(1), 0, -1, RW, RW, 0));
	/* unknown protections, inheritance, advice */
	REFUSED(vm_map_protect(map, P(20), P(24), 8, false));
	REFUSED(vm_map_protect(map, P(20), P(24), 0xff, true));
	REFUSED(vm_fault(map, P(20), 8, 0));
	REFUSED(vm_map_fixed(map, NULL, 0, P(20), P(4), 8, 0xff, 0));
	REFUSED(vm_map_fixed(map, NULL, 0, P(20), P(4), RW, RW | 8, 0));
	REFUSED(vm_map_inherit(map, P(20), P(24), VM_INHERIT_COUNT));
	REFUSED(vm_map_inherit(map, P(20), P(20), 0xff));
	REFUSED(vm_map_madvise(map, P(20), P(24), VM_MADV_COUNT));
	REFUSED(vm_map_madvise(map, P(20), P(24), -1));
	/* a protection that is not within its maximum */
	REFUSED(vm_map_fixed(map, NULL, 0, P(20), P(4), RW, VM_PROT_READ, 0));
	REFUSED(vm_map_fixed_range(map, P(20), P(24), RW, VM_PROT_READ, 0));
	REFUSED(vm_map_find(map, NULL, 0, &at, P(1), 0, VMFS_ANY_SPACE, VM_PROT_EXECUTE, RW, 0));
	/* a guard that may become more */
	REFUSED(vm_map_fixed(map, NULL, 0, P(20), P(4), VM_PROT_NONE, RW, MAP_CREATE_GUARD));
}

static void
test_refused_objects(void **state)
{
	struct vm_object object = { .ref_count = 1 };
	vm_offset_t at = P(40);

	(void)state;
	REFUSED(vm_map_fixed(map, &object, 0, P(20), P(4), RW, RW, 0));
	REFUSED(vm_map_fixed(map, NULL, P(1), P(20), P(4), RW, RW, 0));
	REFUSED(vm_map_find(map, &object, 0, &at, P(1), 0, VMFS_ANY_SPACE, RW, RW, 0));
	REFUSED(vm_map_find(map, NULL, P(1), &at, P(1), 0, VMFS_ANY_SPACE, RW, RW, 0));
	assert_int_equal(object.ref_count, 1);
}

/* insert and check ask for the lock: there the map alone must stay as it was. */
static void
test_refused_locked(void **state)
{
	struct vm_object object = { .ref_count = 1 };
	struct before before;

	(void)state;
	vm_map_lock(map);
	before = look();
#define INSERT(...) assert_int_equal(vm_map_insert(map, __VA_ARGS__), KERN_INVALID_ARGUMENT)
	INSERT(NULL, 0, P(40) + 1, P(44), RW, RW, 0);
	INSERT(NULL, 0, P(40), P(44) + 8, RW, RW, 0);
	INSERT(&object, 0, P(40), P(44), RW, RW, 0);
	INSERT(NULL, P(1), P(40), P(44), RW, RW, 0);
	INSERT(NULL, 0, P(40), P(44), RW, VM_PROT_READ, 0);
	INSERT(NULL, 0, P(40), P(44), 8, 8, 0);
	INSERT(NULL, 0, P(40), P(44), RW, RW, 2);
	INSERT(NULL, 0, P(40), P(44), VM_PROT_NONE, RW, MAP_CREATE_GUARD);
	assert_false(vm_map_check_protection(map, P(20) + 1, P(24), VM_PROT_READ));
	assert_false(vm_map_check_protection(map, P(20), P(24) + 1, VM_PROT_READ));
	assert_false(vm_map_check_protection(map, P(20), P(24), 8));
	assert_false(vm_map_check_protection(map, P(20), P(20), 8));
	check_refused("insert and check", 0, 0, &before);
	/* The canary: the same with nothing wrong. */
	assert_true(vm_map_check_protection(map, P(20), P(24), VM_PROT_READ));
	assert_int_equal(vm_map_insert(map, NULL, 0, P(40), P(44), RW, RW, 0), KERN_SUCCESS);
	assert_int_equal(map->nentries, before.nentries + 1);
	vm_map_unlock(map);
}

static void
test_refused_configuration(void **state)
{
	struct vm_config c;

	(void)state;
#define WRONG(change)                                                                                                  \
	do {                                                                                                           \
		c = config(16, 80);                                                                                    \
		change;                                                                                                \
		errno = 0;                                                                                             \
		assert_null(vm_map_create(&c));                                                                        \
		assert_int_equal(errno, EINVAL);                                                                       \
	} while (0)
	WRONG(c.env = NULL);
	WRONG(c.min += 1);
	WRONG(c.max += 8);
	WRONG(c.min = c.max);
	WRONG(c.min = c.max + P(1));
	WRONG(c.behaviours = (uint32_t)1 << VM_BEHAVIOUR_COUNT);
	WRONG(c.wire_limit = UINT64_MAX);
}

/* --- the timestamp, by docs/engine.md section 10 --- */

#define MOVES(by, call)                                                                                                \
	do {                                                                                                           \
		unsigned before_ = map->timestamp;                                                                     \
		(void)(call);                                                                                          \
		if (map->timestamp - before_ != (by))                                                                  \
			fail_msg(                                                                                      \
			    "%s moved the timestamp by %u, not %u", #call, map->timestamp - before_, (unsigned)(by));  \
	} while (0)

static void
test_stamp(void **state)
{
	vm_offset_t at = P(16);
	uint64_t tag;

	(void)state;
	MOVES(1, insert(40, 44));
	MOVES(1, insert(40, 44)); /* the result does not matter */
	MOVES(1, vm_map_fixed(map, NULL, 0, P(50), P(4), RW, VM_PROT_ALL, 0));
	MOVES(1, vm_map_find(map, NULL, 0, &at, P(2), 0, VMFS_ANY_SPACE, RW, VM_PROT_ALL, 0));
	MOVES(1, vm_map_remove(map, P(16), P(18)));
	MOVES(1, vm_map_remove(map, P(60), P(60)));
	MOVES(1, vm_map_clip(map, P(42)));
	MOVES(1, vm_map_clip(map, P(60)));
	MOVES(1, vm_map_inherit(map, P(20), P(22), VM_INHERIT_SHARE));
	MOVES(0, vm_map_inherit(map, P(20), P(20), VM_INHERIT_SHARE));
	for (int advice = VM_MADV_NORMAL; advice <= VM_MADV_CORE; advice++)
		MOVES(1, vm_map_madvise(map, P(20), P(22), advice));
	MOVES(0, vm_map_madvise(map, P(20), P(20), VM_MADV_RANDOM));
	for (int advice = VM_MADV_WILLNEED; advice <= VM_MADV_FREE; advice++)
		MOVES(0, vm_map_madvise(map, P(20), P(22), advice));
	/* protect: at its lock, and when it leaves the busy loop */
	MOVES(2, vm_map_protect(map, P(20), P(22), VM_PROT_READ, false));
	MOVES(0, vm_map_protect(map, P(20), P(20), VM_PROT_READ, false));
	MOVES(0, vm_map_sync(map, P(20), P(24), true, false));
	/* a fault that creates the object, and one that finds it */
	MOVES(1, vm_fault(map, P(30), VM_PROT_READ, 0));
	MOVES(0, vm_fault(map, P(31), VM_PROT_READ, 0));
	MOVES(0, vm_fault(map, P(70), VM_PROT_READ, 0));
	MOVES(0, vm_fault(map, P(30), VM_PROT_EXECUTE, 0));
	MOVES(0, vm_page_read(map, P(30), &tag));
	/* wire: lock, relock; and the fault that creates the object */
	MOVES(3, vm_map_wire(map, P(50), P(54), VM_MAP_WIRE_USER));
	MOVES(1, vm_map_wire(map, P(50), P(54), VM_MAP_WIRE_USER));
	MOVES(2, vm_map_wire(map, P(30), P(34), VM_MAP_WIRE_USER));
	MOVES(1, vm_map_wire(map, P(60), P(60), VM_MAP_WIRE_USER));
	MOVES(1, vm_map_unwire(map, P(50), P(54), VM_MAP_WIRE_USER));
	MOVES(0, vm_map_unwire(map, P(50), P(50), VM_MAP_WIRE_USER));
	assert_int_equal(direct.sleeps, 0);
}

/* --- waits that another thread ends --- */

static vm_map_entry_t
mark(uint64_t page) VM_NO_TSA("one thread")
{
	vm_map_entry_t e;

	if (!vm_map_lookup_entry(map, P(page), &e))
		fail_msg("nothing at page %u", (unsigned)page);
	e->eflags |= MAP_ENTRY_IN_TRANSITION;
	e->wiring_thread = &direct.threads[1];
	return e;
}

/* Thread 1 ends the transition of the entry at page *arg. */
static void
end_transition(void *arg)
{
	struct vm_merging both = { .back = true, .guards = true };
	vm_map_entry_t e;

	direct_be(1);
	vm_map_lock(map);
	assert_true(vm_map_lookup_entry(map, P(*(unsigned *)arg), &e));
	assert_true((e->eflags & MAP_ENTRY_NEEDS_WAKEUP) != 0);
	if (vm_map_entry_end_transition(map, e, &both))
		vm_map_wakeup(map);
	vm_map_unlock(map);
}

static void
sleep_until(void (*what)(void *arg), void *arg)
{
	direct.at_sleep = what;
	direct.arg = arg;
	direct.sleeps = 0;
}

/* Each waiter takes the lock again; with thread 1's own lock hold in between. */
static void
test_stamp_after_waits(void **state)
{
	unsigned page = 30;

	(void)state;
	assert_int_equal(vm_fault(map, P(30), VM_PROT_READ, 0), KERN_SUCCESS);
	(void)mark(30);
	sleep_until(end_transition, &page);
	MOVES(1 + 1, vm_fault(map, P(30), VM_PROT_READ, 0)); /* second step */
	assert_int_equal(direct.sleeps, 1);

	(void)mark(30);
	sleep_until(end_transition, &page);
	MOVES(2 + 1 + 2, vm_map_protect(map, P(30), P(34), VM_PROT_READ, false));
	assert_int_equal(direct.sleeps, 1);

	(void)mark(30);
	sleep_until(end_transition, &page);
	MOVES(1 + 1 + 1, vm_map_unwire(map, P(30), P(34), VM_MAP_WIRE_USER));
	assert_int_equal(direct.sleeps, 1);

	(void)mark(30);
	sleep_until(end_transition, &page);
	MOVES(1 + 1 + 2, vm_map_wire(map, P(30), P(34), VM_MAP_WIRE_USER));
	assert_int_equal(direct.sleeps, 1);

	(void)mark(30);
	sleep_until(end_transition, &page);
	MOVES(1 + 1 + 1, vm_map_remove(map, P(30), P(34)));
	assert_int_equal(direct.sleeps, 1);
	assert_int_equal(map->nentries, 1);
}

static void
make_idle(void *arg)
{
	(void)arg;
	direct_be(1);
	vm_map_lock(map);
	assert_true(map->busy_wanted);
	vm_map_unbusy(map);
	vm_map_unlock(map);
}

/* Wakes the waiter although the map is still busy; the next sleep is for good. */
static void
make_less_busy(void *arg)
{
	(void)arg;
	direct_be(1);
	vm_map_lock(map);
	vm_map_unbusy(map);
	vm_map_unlock(map);
	vm_waitq_wakeup(&map->busy_waitq);
	direct.at_sleep = make_idle;
}

static void
test_protect_waits_while_busy(void **state)
{
	unsigned stamp;

	(void)state;
	vm_map_lock(map);
	stamp = map->timestamp;
	/* Not busy: no wait, but the timestamp moves. */
	vm_map_wait_busy(map);
	assert_int_equal(map->timestamp, stamp + 1);
	assert_int_equal(direct.sleeps, 0);
	/* No thread waits: no wakeup. */
	direct.wakeups = 0;
	vm_map_busy(map);
	vm_map_busy(map);
	assert_int_equal(map->busy, 2);
	vm_map_unbusy(map);
	vm_map_unbusy(map);
	assert_int_equal(map->busy, 0);
	assert_int_equal(direct.wakeups, 0);
	/* Twice busy, woken once too early: that waking does not move the timestamp. */
	vm_map_busy(map);
	vm_map_busy(map);
	stamp = map->timestamp;
	sleep_until(make_less_busy, NULL);
	vm_map_wait_busy(map);
	assert_int_equal(direct.sleeps, 2);
	assert_int_equal(map->busy, 0);
	assert_false(map->busy_wanted);
	assert_int_equal(map->timestamp, stamp + 2 + 1); /* thread 1's two, ours at the end */
	assert_true(vm_map_locked(map));
	vm_map_unlock(map);

	/* protect: at its lock and when it leaves the loop, not when it finds the map still busy. */
	vm_map_lock(map);
	vm_map_busy(map);
	vm_map_busy(map);
	vm_map_unlock(map);
	sleep_until(make_less_busy, NULL);
	MOVES(1 + 2 + 1, vm_map_protect(map, P(20), P(24), VM_PROT_READ, false));
}

/* --- the lock --- */

static void
test_try(void **state) VM_NO_TSA("thread 1 and thread 0 are one to the analysis")
{
	unsigned stamp = map->timestamp;

	(void)state;
	/* Free: both kinds; only the write lock moves the timestamp. */
	assert_int_equal(vm_map_trylock_read(map), 1);
	assert_int_equal(map->timestamp, stamp);
	assert_false(vm_map_locked(map));
	/* One reader: others may read, but not write. */
	direct_be(1);
	assert_int_equal(vm_map_trylock(map), 0);
	assert_int_equal(map->timestamp, stamp);
	assert_int_equal(vm_map_trylock_read(map), 1);
	vm_map_unlock_read(map);
	direct_be(0);
	vm_map_unlock_read(map);
	assert_int_equal(vm_map_trylock(map), 1);
	assert_int_equal(map->timestamp, stamp + 1);
	assert_true(vm_map_locked(map));
	/* One writer: no other thread may read or write. */
	direct_be(1);
	assert_false(vm_map_locked(map));
	assert_int_equal(vm_map_trylock(map), 0);
	assert_int_equal(vm_map_trylock_read(map), 0);
	direct_be(0);
	/* A downgrade lets others read, and changes no stamp. */
	vm_map_lock_downgrade(map);
	assert_false(vm_map_locked(map));
	direct_be(1);
	assert_int_equal(vm_map_trylock(map), 0);
	assert_int_equal(vm_map_trylock_read(map), 1);
	vm_map_unlock_read(map);
	direct_be(0);
	vm_map_unlock_read(map);
	assert_int_equal(map->timestamp, stamp + 1);
	assert_int_equal(direct.threads[0].held | direct.threads[1].held, 0);
}

static void
other_reader_leaves(void *arg) VM_NO_TSA("thread 1's read lock")
{
	(void)arg;
	direct_be(1);
	vm_map_unlock_read(map);
}

static void
other_reader_writes(void *arg) VM_NO_TSA("thread 1's read lock")
{
	(void)arg;
	direct_be(1);
	vm_map_unlock_read(map);
	vm_map_lock(map);
	vm_map_unlock(map);
}

static void
test_upgrade(void **state) VM_NO_TSA("what is held depends on the result")
{
	unsigned stamp;

	(void)state;
	/* The only reader. */
	vm_map_lock_read(map);
	stamp = map->timestamp;
	assert_int_equal(vm_map_lock_upgrade(map), 0);
	assert_true(vm_map_locked(map));
	assert_int_equal(map->timestamp, stamp + 1);
	vm_map_unlock(map);
	/* With a second reader, the upgrade releases the lock; the caller gets the write lock of an unchanged map. */
	direct_be(1);
	vm_map_lock_read(map);
	direct_be(0);
	vm_map_lock_read(map);
	stamp = map->timestamp;
	direct.at_point = other_reader_leaves;
	assert_int_equal(vm_map_lock_upgrade(map), 0);
	assert_true(vm_map_locked(map));
	assert_int_equal(map->timestamp, stamp + 1);
	vm_map_unlock(map);
	/* If the map has changed, the caller holds no lock. */
	direct_be(1);
	vm_map_lock_read(map);
	direct_be(0);
	vm_map_lock_read(map);
	stamp = map->timestamp;
	direct.at_point = other_reader_writes;
	assert_int_not_equal(vm_map_lock_upgrade(map), 0);
	assert_int_equal(map->timestamp, stamp + 1);
	assert_int_equal(direct.threads[0].held, 0);
	assert_int_equal(vm_map_trylock(map), 1);
	vm_map_unlock(map);
}

static void
unlock_only(void) VM_NO_TSA("the error that is tried")
{
	vm_map_unlock(map);
}

static void
unlock_read_of_write(void) VM_NO_TSA("the error that is tried")
{
	vm_map_lock(map);
	vm_map_unlock_read(map);
}

static void
unbusy_idle(void) VM_NO_TSA("the error that is tried")
{
	vm_map_lock(map);
	vm_map_unbusy(map);
}

static void
busy_unlocked(void) VM_NO_TSA("the error that is tried")
{
	vm_map_lock_read(map);
	vm_map_busy(map);
}

static void
wait_with_timeout(void) VM_NO_TSA("the error that is tried")
{
	vm_map_lock(map);
	(void)vm_map_unlock_and_wait(map, 1);
}

static void
test_lock_panics(void **state)
{
	static const struct {
		void (*what)(void);
		const char *text;
	} wrong[] = { { unlock_only, "held" }, { unlock_read_of_write, "map_write" }, { unbusy_idle, "busy > 0" },
		{ busy_unlocked, "map_write" }, { wait_with_timeout, "timo == 0" } };

	(void)state;
	for (volatile size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_true(direct_panics(wrong[i].what(), wrong[i].text));
		vm_map_destroy(map);
		(void)setup(NULL);
	}
}

/* --- save and restore --- */

static void
test_save(void **state)
{
	struct before before;
	vm_map_t same = map;

	(void)state;
	assert_int_equal(vm_map_wire(map, P(20), P(22), VM_MAP_WIRE_USER), KERN_SUCCESS);
	assert_true(vm_map_save(map));
	before = look();
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(vm_map_remove(map, P(16), P(80)), KERN_SUCCESS);
		for (uint64_t page = 16; page < 80; page += 2)
			assert_int_equal(insert(page, page + 1), KERN_SUCCESS);
		assert_int_equal(map->user_wired, 0);
		vm_map_restore(map);
		direct.points = before.points;
		check_refused("restore", 0, 0, &before);
		assert_int_equal(map->user_wired, 2);
		assert_ptr_equal(map, same);
		vm_map_lock(map);
		assert_null(vm_map_check(map));
		vm_map_unlock(map);
		before.timestamp++;
		assert_int_equal(map->timestamp, before.timestamp);
		/* The next one goes back to here. */
		assert_true(vm_map_save(map));
		before = look();
	}
	/* A lock that was held at the time of the restore is free afterwards, as it was when the map was saved. */
	vm_map_lock(map);
	vm_map_restore(map);
	direct_begin();
	assert_int_equal(vm_map_trylock(map), 1);
	vm_map_unlock(map);
}

/* --- find --- */

static int
find(uint64_t from, uint64_t pages, uint64_t max_page, int how, vm_prot_t prot, uint64_t *ret_page)
{
	vm_offset_t at = P(from);
	int rv = vm_map_find(map, NULL, 0, &at, P(pages), P(max_page), how, prot, VM_PROT_ALL, 0);

	*ret_page = at >> VM_PAGE_SHIFT;
	return rv;
}

#define FOUND(at, from, pages, max_page, how)                                                                          \
	do {                                                                                                           \
		uint64_t page_;                                                                                        \
		assert_int_equal(find(from, pages, max_page, how, RW, &page_), KERN_SUCCESS);                          \
		assert_int_equal(page_, at);                                                                           \
	} while (0)
#define NOT_FOUND(want, from, pages, max_page, how)                                                                    \
	do {                                                                                                           \
		uint64_t page_;                                                                                        \
		unsigned entries_ = map->nentries;                                                                     \
		assert_int_equal(find(from, pages, max_page, how, RW, &page_), want);                                  \
		assert_int_equal(page_, from); /* not written */                                                       \
		assert_int_equal(map->nentries, entries_);                                                             \
	} while (0)

/* 16 . . . 20[    )24 . . . 30[    )34 . . . 80 */
static void
test_find_takes_first_gap(void **state)
{
	(void)state;
	NOT_FOUND(KERN_INVALID_ADDRESS, 16, 0, 0, VMFS_ANY_SPACE);
	NOT_FOUND(KERN_INVALID_ADDRESS, 16, 0, 0, VMFS_NO_SPACE);
	NOT_FOUND(KERN_NO_SPACE, 16, 65, 0, VMFS_ANY_SPACE);
	NOT_FOUND(KERN_NO_SPACE, 16, 47, 0, VMFS_ANY_SPACE);
	/* bounds: the end may be the bound, not more */
	NOT_FOUND(KERN_NO_SPACE, 16, 4, 19, VMFS_ANY_SPACE);
	NOT_FOUND(KERN_NO_SPACE, 16, 6, 29, VMFS_ANY_SPACE);
	NOT_FOUND(KERN_NO_SPACE, 16, 7, 34, VMFS_ANY_SPACE);
	FOUND(24, 16, 6, 30, VMFS_ANY_SPACE);
	FOUND(16, 16, 4, 20, VMFS_ANY_SPACE);
	/* at *addr or not at all */
	NOT_FOUND(KERN_NO_SPACE, 22, 1, 0, VMFS_NO_SPACE);
	NOT_FOUND(KERN_NO_SPACE, 18, 3, 0, VMFS_NO_SPACE);
	NOT_FOUND(KERN_NO_SPACE, 40, 2, 41, VMFS_NO_SPACE);
	NOT_FOUND(KERN_INVALID_ADDRESS, 79, 2, 0, VMFS_NO_SPACE);
	NOT_FOUND(KERN_INVALID_ADDRESS, 10, 2, 0, VMFS_NO_SPACE);
	FOUND(40, 40, 2, 42, VMFS_NO_SPACE);
	/* from a hint on; one below the map is its start */
	FOUND(42, 41, 2, 0, VMFS_ANY_SPACE);
	FOUND(34, 3, 6, 0, VMFS_ANY_SPACE);
	FOUND(79, 79, 1, 0, VMFS_ANY_SPACE);
	NOT_FOUND(KERN_NO_SPACE, 79, 1, 0, VMFS_ANY_SPACE);
	assert_int_equal(map->anon_loc, 0); /* the map does not begin at 0 */
}

static void
test_find_clusters_in_map_from_0(void **state)
{
	uint64_t page;

	(void)state;
	vm_map_destroy(map);
	make_map(0, 64);
	FOUND(0, 0, 4, 0, VMFS_ANY_SPACE);
	assert_int_equal(map->anon_loc, P(4));
	/* Inaccessible memory is not clustered, and moves nothing. */
	assert_int_equal(find(40, 2, 0, VMFS_ANY_SPACE, VM_PROT_NONE, &page), KERN_SUCCESS);
	assert_int_equal(page, 40);
	assert_int_equal(map->anon_loc, P(4));
	/* After the last mapping, whatever the hint. */
	FOUND(4, 20, 2, 0, VMFS_ANY_SPACE);
	assert_int_equal(map->anon_loc, P(6));
	/* A mapping at a given address does not move the hint. */
	FOUND(50, 50, 2, 0, VMFS_NO_SPACE);
	assert_int_equal(map->anon_loc, P(6));
	/* The hint moves down only when the mapping before it is deleted. */
	assert_int_equal(vm_map_remove(map, P(0), P(2)), KERN_SUCCESS);
	assert_int_equal(map->anon_loc, P(6));
	assert_int_equal(vm_map_remove(map, P(5), P(6)), KERN_SUCCESS);
	assert_int_equal(map->anon_loc, P(5));
	FOUND(5, 0, 3, 0, VMFS_ANY_SPACE);
	/* No space after the hint: the search starts at the given address. Free: 8-40 and 42-50 after it, 0-2 before.
	 */
	FOUND(8, 0, 32, 0, VMFS_ANY_SPACE);
	assert_int_equal(map->anon_loc, P(40));
	FOUND(42, 0, 8, 0, VMFS_ANY_SPACE);
	FOUND(52, 0, 12, 0, VMFS_ANY_SPACE);
	assert_int_equal(map->anon_loc, P(64));
	FOUND(0, 0, 1, 0, VMFS_ANY_SPACE);
	assert_int_equal(map->anon_loc, P(1));
}

/* The bound also holds after the last mapping; if that is above the bound, the search from the hint decides. */
static void
test_clustering_bound(void **state)
{
	(void)state;
	vm_map_destroy(map);
	make_map(0, 64);
	FOUND(30, 30, 4, 0, VMFS_ANY_SPACE);
	assert_int_equal(map->anon_loc, P(34));
	FOUND(0, 0, 4, 32, VMFS_ANY_SPACE);
	assert_int_equal(map->anon_loc, P(4));
	NOT_FOUND(KERN_NO_SPACE, 0, 4, 7, VMFS_ANY_SPACE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_refused_alignment),
		TEST(test_refused_wrap),
		TEST(test_refused_numbers),
		TEST(test_refused_objects),
		TEST(test_refused_locked),
		TEST(test_refused_configuration),
		TEST(test_stamp),
		TEST(test_stamp_after_waits),
		TEST(test_protect_waits_while_busy),
		TEST(test_try),
		TEST(test_upgrade),
		TEST(test_lock_panics),
		TEST(test_save),
		TEST(test_find_takes_first_gap),
		TEST(test_find_clusters_in_map_from_0),
		TEST(test_clustering_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
