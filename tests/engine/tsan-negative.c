/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsan-negative.c - breaks the rules of the map lock, one way per run, for ThreadSanitizer to report.
 * tests/common/tsan-run.py expects the report; if it stays away, the annotations of engine/sync.c hide races, and a
 * silent stress run means nothing.
 *
 *   clean         the right way: must be silent
 *   no-lock       a write with no lock, after another thread's write under it
 *   read-lock     two writes under the read lock
 *   wrong-thread  a thread that does not hold the write lock lets it go
 *   engine        a look at the map with no lock, after the engine's own write: the engine is instrumented
 *   lost-release  a write after the release of the lock, before another thread's write under it
 *
 * The second thread starts after the first is done, by a flag that ThreadSanitizer does not see: the order of events is
 * the same in every run, but nothing orders the two threads.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "engine/map.h"
#include "engine/native.h"
#include "engine/sync.h"

static struct vm_rwlock lock;
static unsigned guarded; /* by lock */
static volatile bool first_done;

#define UNSEEN __attribute__((no_sanitize("thread"), noinline))

UNSEEN static void
tell_second(void)
{
	first_done = true;
}

UNSEEN static void
await_first(void)
{
	while (!first_done)
		sched_yield();
}

static void
write_locked(void)
{
	vm_rwlock_wlock(&lock);
	guarded++;
	vm_rwlock_wunlock(&lock);
}

static void
write_unlocked(void)
{
	guarded++;
}

static void
write_read_locked(void)
{
	vm_rwlock_rlock(&lock);
	guarded++;
	vm_rwlock_runlock(&lock);
}

static void
write_late(void)
{
	vm_rwlock_wlock(&lock);
	vm_rwlock_wunlock(&lock);
	guarded++;
}

static void
lock_and_keep(void) VM_NO_TSA("breaks the rule on purpose")
{
	vm_rwlock_wlock(&lock);
	guarded++;
}

/* Forges the thread's own record, or the engine's assertion would speak first. */
static void
unlock_foreign(void) VM_NO_TSA("breaks the rule on purpose")
{
	vm_curthread->held = (uint32_t)1 << VM_RANK_MAP;
	vm_curthread->map_write = true;
	vm_rwlock_wunlock(&lock);
}

static vm_map_t map;

static void
engine_insert(void)
{
	vm_map_lock(map);
	(void)vm_map_insert(map, NULL, 0, 16 * VM_PAGE_SIZE, 17 * VM_PAGE_SIZE, VM_PROT_READ, VM_PROT_READ, 0);
	vm_map_unlock(map);
}

static void
look_unlocked(void)
{
	guarded += map->nentries;
}

static const struct mode {
	const char *name;
	void (*first)(void), (*second)(void);
} modes[] = {
	{ "clean", write_locked, write_locked },
	{ "no-lock", write_locked, write_unlocked },
	{ "read-lock", write_read_locked, write_read_locked },
	{ "wrong-thread", lock_and_keep, unlock_foreign },
	{ "engine", engine_insert, look_unlocked },
	{ "lost-release", write_late, write_locked },
};

static void *
first_main(void *arg)
{
	const struct mode *mode = arg;
	struct vm_thread td;

	vm_native_thread_init(&td, 1);
	mode->first();
	tell_second();
	return NULL;
}

static void *
second_main(void *arg)
{
	const struct mode *mode = arg;
	struct vm_thread td;

	vm_native_thread_init(&td, 2);
	await_first();
	mode->second();
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct vm_config config = { .env = &vm_env_native, .min = 16 * VM_PAGE_SIZE, .max = 80 * VM_PAGE_SIZE };
	pthread_t first, second;
	struct mode mode;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (argc != 2 || strcmp(argv[1], modes[i].name) != 0)
			continue;
		mode = modes[i];
		vm_rwlock_init(&lock, 1);
		map = vm_map_create(&config);
		if (map == NULL)
			err(2, "cannot make a map");
		if (pthread_create(&first, NULL, first_main, &mode) != 0 ||
		    pthread_create(&second, NULL, second_main, &mode) != 0)
			errx(2, "cannot start a thread");
		(void)pthread_join(first, NULL);
		(void)pthread_join(second, NULL);
		vm_map_destroy(map);
		printf("%s: %u writes\n", mode.name, guarded);
		return 0;
	}
	errx(2, "usage: tsan-negative clean|no-lock|read-lock|wrong-thread|engine|lost-release");
}
