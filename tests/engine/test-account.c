/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-account.c - each invariant of wiring is broken by hand, and must be reported by its label; see engine/account.c.
 *
 *   page  16  17  18  19  20  21
 *         [ user  )[ plain )[ system )
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/map.h"
#include "engine/native.h"

#define ADDR(page) ((vm_offset_t)(page) << VM_PAGE_SHIFT)

static struct vm_thread thread, other;
static vm_map_t map;

static vm_map_entry_t
entry_at(unsigned page) VM_NO_TSA("one thread")
{
	vm_map_entry_t e;

	assert_true(vm_map_lookup_entry(map, ADDR(page), &e));
	return e;
}

static const char *
account(void) VM_NO_TSA("one thread")
{
	return vm_map_check_account(map, true);
}

static const char *
sleeper(enum vm_channel channel) VM_NO_TSA("one thread")
{
	return vm_map_check_sleeper(map, &thread, channel);
}

static int
setup_quirks(uint32_t behaviours)
{
	thread = (struct vm_thread){ .id = 0, .env = &vm_env_native };
	other = (struct vm_thread){ .id = 1, .env = &vm_env_native };
	vm_curthread = &thread;
	map = vm_map_create(&(struct vm_config){
	    .env = &vm_env_native, .min = ADDR(16), .max = ADDR(80), .behaviours = behaviours, .wire_limit = 4 });
	assert_non_null(map);
	for (unsigned page = 16; page < 22; page += 2)
		assert_int_equal(vm_map_fixed(map, NULL, 0, ADDR(page), 2 * VM_PAGE_SIZE, VM_PROT_READ,
		                     page == 18 ? VM_PROT_READ : VM_PROT_ALL, 0),
		    KERN_SUCCESS);
	assert_int_equal(vm_map_wire(map, ADDR(16), ADDR(18), VM_MAP_WIRE_USER), KERN_SUCCESS);
	assert_int_equal(vm_map_wire(map, ADDR(20), ADDR(22), VM_MAP_WIRE_SYSTEM), KERN_SUCCESS);
	assert_null(account());
	return 0;
}

static int
setup(void **unused)
{
	(void)unused;
	return setup_quirks(VM_PROFILE_ON_strict);
}

static int
teardown(void **unused)
{
	(void)unused;
	vm_map_destroy(map);
	return 0;
}

static void
assert_label(const char *found, const char *label)
{
	assert_non_null(found);
	if (strncmp(found, label, strlen(label)) != 0)
		fail_msg("%s instead of %s", found, label);
}

static void
test_wrong_counter_is_I19(void **unused)
{
	(void)unused;
	map->user_wired++;
	assert_label(account(), "I19:");
	map->user_wired -= 2;
	assert_label(account(), "I19:");
}

static void
test_user_wired_flag(void **unused)
{
	(void)unused;
	entry_at(16)->eflags &= ~(uint32_t)MAP_ENTRY_USER_WIRED;
	assert_label(account(), "I19:");
}

/* With Q1 or Q2 the account drifts as it did in the recorded kernel. */
static void
test_quirks_excuse(void **unused)
{
	(void)unused;
	vm_map_destroy(map);
	(void)setup_quirks(VM_BEHAVIOUR_BIT(Q2));
	map->user_wired++;
	assert_null(account());
}

/* The pages that a running user wire has marked are reserved. Pages that it skipped, or that a system wire or an unwire
 * marked, are not. */
static void
test_only_marked_user_wires_are_reserved(void **unused)
{
	vm_map_entry_t e = entry_at(18);

	(void)unused;
	e->eflags |= MAP_ENTRY_IN_TRANSITION;
	e->wiring_thread = &other;
	assert_null(account());
	other.ctx.user_wire = true;
	assert_label(account(), "I19:");
	map->user_wired += 2;
	assert_null(account());
	e->eflags |= MAP_ENTRY_WIRE_SKIPPED;
	assert_label(account(), "I19:");
}

static void
test_counter_above_limit_is_I20(void **unused)
{
	(void)unused;
	map->config.wire_limit = 2;
	assert_null(account());
	map->config.wire_limit = 1;
	assert_label(account(), "I20:");
}

static void
test_left_over_marks_are_I21(void **unused)
{
	vm_map_entry_t e = entry_at(18);

	(void)unused;
	e->eflags |= MAP_ENTRY_WIRE_SKIPPED;
	assert_label(account(), "I21:");
	e->eflags &= ~(uint32_t)MAP_ENTRY_WIRE_SKIPPED;
	e->wired_count = -1;
	assert_label(account(), "I21:");
}

/* A remove that sleeps on a system wiring; then its entry forgets, then it is free, then it is gone. */
static void
test_sleeper(void **unused)
{
	vm_map_entry_t e = entry_at(20);

	(void)unused;
	thread.ctx.point = VM_POINT_transition_wait;
	thread.ctx.cursor = ADDR(20);
	e->eflags |= MAP_ENTRY_NEEDS_WAKEUP;
	assert_null(sleeper(VM_CHANNEL_TRANSITION));
	e->eflags &= ~(uint32_t)MAP_ENTRY_NEEDS_WAKEUP;
	assert_label(sleeper(VM_CHANNEL_TRANSITION), "I22:");
	e->eflags |= MAP_ENTRY_NEEDS_WAKEUP;
	e->wired_count = 0;
	assert_label(sleeper(VM_CHANNEL_TRANSITION), "I22:");
	thread.ctx.cursor = ADDR(30);
	assert_label(sleeper(VM_CHANNEL_TRANSITION), "I22:");
}

static void
test_busy_sleeper(void **unused)
{
	(void)unused;
	thread.ctx.point = VM_POINT_busy_wait;
	assert_label(sleeper(VM_CHANNEL_BUSY), "I23:");
	map->busy = 1;
	assert_label(sleeper(VM_CHANNEL_BUSY), "I23:");
	map->busy_wanted = true;
	assert_null(sleeper(VM_CHANNEL_BUSY));
	map->busy = 0;
	assert_label(sleeper(VM_CHANNEL_BUSY), "I23:");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_wrong_counter_is_I19, setup, teardown),
		cmocka_unit_test_setup_teardown(test_user_wired_flag, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quirks_excuse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_marked_user_wires_are_reserved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counter_above_limit_is_I20, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_over_marks_are_I21, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sleeper, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy_sleeper, setup, teardown),
	};

	return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
