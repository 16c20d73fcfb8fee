/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-sync.c - the engine's locks, ranks and wait queues, in the native world, over either sleeping primitive.
 *
 * What one thread can show is shown by one: two struct vm_thread take turns at being vm_curthread. The pthread tests at
 * the end look for lost wakeups, broken exclusion and starvation; a hang is ended by watchdog.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "engine/native.h"
#include "engine/park.h"
#include "engine/sync.h"
#include "tests/engine/watchdog.h"

#define PROCESSOR_S 600        /* a test that uses so much does not end */
#define PROCESSOR_LONG_S 36000 /* with --pairs */

static unsigned nr_begun; /* tests; a pattern may match none */
static unsigned processor_s = PROCESSOR_S;
static sigjmp_buf panic_jump;
static char panic_text[256];

static struct vm_thread threads[2];
static struct vm_rwlock map_lock;
static struct vm_spinlock object_lock, other_object_lock, frames_lock;

static void
be(unsigned thread)
{
	vm_curthread = &threads[thread];
}

static void
on_panic(struct vm_thread *td, const char *what, const char *file, int line)
{
	(void)td;
	(void)file;
	(void)line;
	(void)strlcpy(panic_text, what, sizeof(panic_text));
	siglongjmp(panic_jump, 1);
}

static int
setup(void **state)
{
	(void)state;
	nr_begun++;
	watchdog_start("test-sync", processor_s);
	vm_native_thread_init(&threads[1], 1);
	vm_native_thread_init(&threads[0], 0);
	vm_native_set_panic_hook(on_panic);
	vm_sync_set_spin(0);
	vm_rwlock_init(&map_lock, 1);
	vm_spinlock_init(&object_lock, VM_RANK_OBJECT);
	vm_spinlock_init(&other_object_lock, VM_RANK_OBJECT);
	vm_spinlock_init(&frames_lock, VM_RANK_FRAMES);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	watchdog_stop();
	vm_native_set_panic_hook(NULL);
	return 0;
}

/* Runs @violation, which must panic with a text that contains every one of the two parts. */
static void
expect_panic(void (*violation)(void), const char *part, const char *other_part)
{
	panic_text[0] = '\0';
	if (sigsetjmp(panic_jump, 1) == 0) {
		violation();
		fail_msg("no panic, expected one about \"%s\"", part);
	}
	if (strstr(panic_text, part) == NULL || strstr(panic_text, other_part) == NULL)
		fail_msg("panic \"%s\", expected \"%s\" and \"%s\"", panic_text, part, other_part);
}

/* --- ranks: each of these violates the order on purpose --- */

static void
map_under_object(void) VM_NO_TSA("ends in a panic")
{
	vm_spinlock_lock(&object_lock);
	vm_rwlock_wlock(&map_lock);
}

static void
map_read_under_frames(void) VM_NO_TSA("ends in a panic")
{
	vm_spinlock_lock(&frames_lock);
	vm_rwlock_rlock(&map_lock);
}

static void
map_try_under_object(void) VM_NO_TSA("ends in a panic")
{
	vm_spinlock_lock(&object_lock);
	(void)vm_rwlock_try_wlock(&map_lock);
}

static void
object_under_frames(void) VM_NO_TSA("ends in a panic")
{
	vm_spinlock_lock(&frames_lock);
	vm_spinlock_lock(&object_lock);
}

static void
two_objects(void) VM_NO_TSA("ends in a panic")
{
	vm_spinlock_lock(&object_lock);
	vm_spinlock_lock(&other_object_lock);
}

static void
map_twice(void) VM_NO_TSA("ends in a panic")
{
	vm_rwlock_wlock(&map_lock);
	vm_rwlock_wlock(&map_lock);
}

static void
map_read_twice(void) VM_NO_TSA("ends in a panic")
{
	vm_rwlock_rlock(&map_lock);
	(void)vm_rwlock_try_rlock(&map_lock);
}

static void
test_rank_violations_name_both_locks(void **state)
{
	static const struct {
		void (*violation)(void);
		const char *takes, *holds;
	} cases[] = {
		{ map_under_object, "takes the map lock", "holding an object lock" },
		{ map_read_under_frames, "takes the map lock", "holding the frames lock" },
		{ map_try_under_object, "takes the map lock", "holding an object lock" },
		{ object_under_frames, "takes an object lock", "holding the frames lock" },
		{ two_objects, "takes an object lock", "holding an object lock" },
		{ map_twice, "takes the map lock", "holding the map lock" },
		{ map_read_twice, "takes the map lock", "holding the map lock" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)setup(state); /* the case before left its locks held */
		expect_panic(cases[i].violation, cases[i].takes, cases[i].holds);
	}
}

static void
test_rising_ranks_pass(void **state)
{
	(void)state;
	vm_rwlock_rlock(&map_lock);
	vm_spinlock_lock(&object_lock);
	vm_spinlock_lock(&frames_lock);
	vm_spinlock_unlock(&object_lock); /* the order of letting go is free */
	vm_spinlock_unlock(&frames_lock);
	vm_rwlock_runlock(&map_lock);
	assert_int_equal(vm_curthread->held, 0);
}

/* --- misuse --- */

static void
sleep_with_map(void) VM_NO_TSA("ends in a panic")
{
	vm_rwlock_rlock(&map_lock);
	vm_waitq_sleep(&map_lock.freed, vm_waitq_sample(&map_lock.freed));
}

static void
sleep_with_object(void) VM_NO_TSA("ends in a panic")
{
	vm_spinlock_lock(&object_lock);
	vm_waitq_sleep(&map_lock.freed, vm_waitq_sample(&map_lock.freed));
}

static void
wunlock_not_held(void) VM_NO_TSA("ends in a panic")
{
	vm_rwlock_wunlock(&map_lock);
}

static void
runlock_not_held(void) VM_NO_TSA("ends in a panic")
{
	vm_rwlock_runlock(&map_lock);
}

static void
wunlock_by_another(void) VM_NO_TSA("ends in a panic")
{
	vm_rwlock_wlock(&map_lock);
	be(1);
	vm_rwlock_wunlock(&map_lock);
}

static void
wunlock_of_read(void) VM_NO_TSA("ends in a panic")
{
	vm_rwlock_rlock(&map_lock);
	vm_rwlock_wunlock(&map_lock);
}

static void
runlock_of_write(void) VM_NO_TSA("ends in a panic")
{
	vm_rwlock_wlock(&map_lock);
	vm_rwlock_runlock(&map_lock);
}

static void
upgrade_not_held(void)
{
	(void)!vm_rwlock_try_upgrade(&map_lock);
}

static void
downgrade_of_read(void) VM_NO_TSA("ends in a panic")
{
	vm_rwlock_rlock(&map_lock);
	vm_rwlock_downgrade(&map_lock);
}

static void
object_unlock_not_held(void) VM_NO_TSA("ends in a panic")
{
	vm_spinlock_unlock(&object_lock);
}

static void
test_misuse_panics(void **state)
{
	static const struct {
		void (*violation)(void);
		const char *assertion;
	} cases[] = {
		{ sleep_with_map, "held == 0" },
		{ sleep_with_object, "held == 0" },
		{ wunlock_not_held, "held" },
		{ runlock_not_held, "held" },
		{ wunlock_by_another, "held" },
		{ wunlock_of_read, "map_write" },
		{ runlock_of_write, "!vm_curthread->map_write" },
		{ upgrade_not_held, "held" },
		{ downgrade_of_read, "map_write" },
		{ object_unlock_not_held, "held" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)setup(state);
		expect_panic(cases[i].violation, cases[i].assertion, "");
	}
}

/* --- the read/write lock --- */

static void
test_writer_excludes(void **state) VM_NO_TSA("two threads on one stack")
{
	(void)state;
	vm_rwlock_wlock(&map_lock);
	be(1);
	assert_false(vm_rwlock_try_wlock(&map_lock));
	assert_false(vm_rwlock_try_rlock(&map_lock));
	be(0);
	vm_rwlock_wunlock(&map_lock);
	be(1);
	assert_true(vm_rwlock_try_wlock(&map_lock));
	vm_rwlock_assert_write(&map_lock);
	vm_rwlock_wunlock(&map_lock);
}

static void
test_readers_share(void **state) VM_NO_TSA("two threads on one stack")
{
	(void)state;
	vm_rwlock_rlock(&map_lock);
	be(1);
	assert_false(vm_rwlock_try_wlock(&map_lock));
	assert_true(vm_rwlock_try_rlock(&map_lock)); /* the failed try left no claim */
	vm_rwlock_assert_held(&map_lock);
	vm_rwlock_runlock(&map_lock);
	be(0);
	vm_rwlock_runlock(&map_lock);
	assert_true(vm_rwlock_try_wlock(&map_lock));
	vm_rwlock_wunlock(&map_lock);
}

static void
test_upgrade(void **state) VM_NO_TSA("two threads on one stack")
{
	(void)state;
	vm_rwlock_rlock(&map_lock);
	be(1);
	vm_rwlock_rlock(&map_lock);
	assert_false(vm_rwlock_try_upgrade(&map_lock));
	vm_rwlock_runlock(&map_lock); /* still held by the failed upgrade */
	be(0);
	assert_true(vm_rwlock_try_upgrade(&map_lock));
	vm_rwlock_assert_write(&map_lock);
	be(1);
	assert_false(vm_rwlock_try_rlock(&map_lock));
	be(0);
	vm_rwlock_wunlock(&map_lock);
	be(1);
	assert_true(vm_rwlock_try_wlock(&map_lock));
	vm_rwlock_wunlock(&map_lock);
}

static void
test_downgrade(void **state) VM_NO_TSA("two threads on one stack")
{
	(void)state;
	vm_rwlock_wlock(&map_lock);
	vm_rwlock_downgrade(&map_lock);
	be(1);
	assert_true(vm_rwlock_try_rlock(&map_lock));
	vm_rwlock_runlock(&map_lock);
	assert_false(vm_rwlock_try_wlock(&map_lock)); /* the first still reads */
}

/* A failing try must wake the threads that saw its claim: the count changes. */
static void
test_failed_tries_wake(void **state) VM_NO_TSA("two threads on one stack")
{
	uint32_t seen;

	(void)state;
	vm_rwlock_rlock(&map_lock);
	seen = vm_waitq_sample(&map_lock.freed);
	be(1);
	assert_false(vm_rwlock_try_wlock(&map_lock));
	assert_int_not_equal(vm_waitq_sample(&map_lock.freed), seen);
	assert_true(vm_rwlock_try_rlock(&map_lock));
	seen = vm_waitq_sample(&map_lock.freed);
	assert_false(vm_rwlock_try_upgrade(&map_lock));
	assert_int_not_equal(vm_waitq_sample(&map_lock.freed), seen);
	vm_rwlock_runlock(&map_lock);
}

/* A reader that leaves and that no writer waits for costs no wakeup. */
static void
test_runlock_is_quiet(void **state)
{
	uint32_t seen = vm_waitq_sample(&map_lock.freed);

	(void)state;
	vm_rwlock_rlock(&map_lock);
	vm_rwlock_runlock(&map_lock);
	assert_int_equal(vm_waitq_sample(&map_lock.freed), seen);
}

/* --- pthreads --- */

#define CROWD 4 /* at most HERD */
#define CROWD_ROUNDS 60000
#define MEET_ROUNDS 150000
#define PAIRS_DEFAULT 200000
#define RELAY_READERS 2
#define RELAY_WRITES 300
#define HERD 8
#define HERD_OPS 2000

/* Two words that are equal whenever no writer is in. */
static uint64_t left, right;
static unsigned nr_torn[HERD];

static void
write_once(void)
{
	vm_rwlock_wlock(&map_lock);
	left++;
	right++;
	vm_rwlock_wunlock(&map_lock);
}

static void
read_once(unsigned id)
{
	vm_rwlock_rlock(&map_lock);
	if (left != right)
		nr_torn[id]++;
	vm_rwlock_runlock(&map_lock);
}

/* As the engine does it: read, and write only if it must. True: it wrote. */
static bool
upgrade_once(unsigned id) VM_NO_TSA("what is held depends on the upgrade")
{
	vm_rwlock_rlock(&map_lock);
	if (!vm_rwlock_try_upgrade(&map_lock)) {
		vm_rwlock_runlock(&map_lock);
		return false;
	}
	left++;
	right++;
	vm_rwlock_downgrade(&map_lock);
	if (left != right)
		nr_torn[id]++;
	vm_rwlock_runlock(&map_lock);
	return true;
}

/* As write_once and read_once, but for the bare tries; true: it wrote. */
static bool
try_once(unsigned id)
{
	if (vm_rwlock_try_rlock(&map_lock)) {
		if (left != right)
			nr_torn[id]++;
		vm_rwlock_runlock(&map_lock);
	}
	if (!vm_rwlock_try_wlock(&map_lock))
		return false;
	left++;
	right++;
	vm_rwlock_wunlock(&map_lock);
	return true;
}

struct crowd_member {
	pthread_t pthread;
	unsigned id;
	uint64_t nr_writes;
};

static void *
crowd_main(void *arg)
{
	struct crowd_member *me = arg;
	struct vm_thread td;

	vm_native_thread_init(&td, me->id);
	for (unsigned i = 0; i < CROWD_ROUNDS; i++) {
		switch ((i + me->id) % 4) {
		case 0:
			write_once();
			me->nr_writes++;
			break;
		case 1:
			me->nr_writes += upgrade_once(me->id);
			break;
		case 2:
			me->nr_writes += try_once(me->id);
			break;
		default:
			read_once(me->id);
		}
	}
	return NULL;
}

static void
run_crowd(unsigned spin)
{
	struct crowd_member crowd[CROWD] = { 0 };
	uint64_t nr_writes = 0;

	vm_sync_set_spin(spin);
	left = right = 0;
	memset(nr_torn, 0, sizeof(nr_torn));
	for (unsigned i = 0; i < CROWD; i++) {
		crowd[i].id = i;
		assert_int_equal(pthread_create(&crowd[i].pthread, NULL, crowd_main, &crowd[i]), 0);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		assert_int_equal(pthread_join(crowd[i].pthread, NULL), 0);
		assert_int_equal(nr_torn[i], 0);
		nr_writes += crowd[i].nr_writes;
	}
	assert_int_equal(left, nr_writes);
	assert_int_equal(right, nr_writes);
	assert_int_equal(map_lock.word.writer, 0);
	assert_int_equal(map_lock.word.n_readers, 0);
}

static void
test_threads_crowd_spinning(void **state)
{
	(void)state;
	run_crowd(64);
}

static void
test_threads_crowd_sleeping(void **state)
{
	(void)state;
	run_crowd(0);
}

static void *
meet_main(void *arg)
{
	struct vm_thread td;

	(void)arg;
	vm_native_thread_init(&td, 1);
	for (unsigned i = 0; i < MEET_ROUNDS; i++)
		read_once(1);
	return NULL;
}

/*
 * One reader, one writer, no spinning, and nobody else who could wake them: if the two see each other's passing tries
 * on a free lock and both sleep, it is for ever. With tries that do not wake, this hangs within seconds.
 */
static void
test_threads_reader_and_writer_meet(void **state)
{
	pthread_t reader;

	(void)state;
	left = right = 0;
	nr_torn[1] = 0;
	assert_int_equal(pthread_create(&reader, NULL, meet_main, NULL), 0);
	for (unsigned i = 0; i < MEET_ROUNDS; i++)
		write_once();
	assert_int_equal(pthread_join(reader, NULL), 0);
	assert_int_equal(nr_torn[1], 0);
	assert_int_equal(left, MEET_ROUNDS);
}

static struct vm_waitq ping_waitq;
static unsigned ping_turn;
static uint64_t nr_pairs = PAIRS_DEFAULT; /* pairs of a sleep and its wakeup */

/* Waits for its turn as the engine waits: sample under the lock, unlock, sleep, look again. */
static void
ping(unsigned id)
{
	for (uint64_t i = 0; i < nr_pairs / 2; i++) {
		vm_rwlock_wlock(&map_lock);
		while (ping_turn != id) {
			uint32_t seen = vm_waitq_sample(&ping_waitq);

			vm_rwlock_wunlock(&map_lock);
			vm_waitq_sleep(&ping_waitq, seen);
			vm_rwlock_wlock(&map_lock);
		}
		ping_turn = 1 - id;
		vm_rwlock_wunlock(&map_lock);
		vm_waitq_wakeup(&ping_waitq);
	}
}

static void *
ping_main(void *arg)
{
	struct vm_thread td;

	(void)arg;
	vm_native_thread_init(&td, 1);
	ping(1);
	return NULL;
}

static void
run_ping_pong(void)
{
	pthread_t other;

	vm_waitq_init(&ping_waitq, 2);
	ping_turn = 0;
	assert_int_equal(pthread_create(&other, NULL, ping_main, NULL), 0);
	ping(0);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(ping_turn, 0);
}

/* A wakeup can meet its sleeper on the way to sleep: on two processors it does so most of the time. */
static void
test_threads_ping_pong(void **state)
{
	(void)state;
	run_ping_pong();
}

/* On one processor no thread spins: each turn starts with the wakeup of a sleeping thread. */
static void
test_threads_ping_pong_asleep(void **state)
{
	struct rusage before, after;
	cpu_set_t old, one;
	long nr_sleeps;
	int cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(old), &old), 0);
	while (!CPU_ISSET(cpu, &old))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	run_ping_pong();
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(old), &old), 0);
	nr_sleeps = after.ru_nvcsw - before.ru_nvcsw;
	printf("%ju turns, %ld times a thread gave the processor away\n", (uintmax_t)nr_pairs, nr_sleeps);
	assert_true((uint64_t)nr_sleeps >= nr_pairs / 2); /* or it has shown nothing */
}

/*
 * Readers who hold the lock in turn without a gap: each releases it only when the other one is in, or was turned away
 * since it came. If new readers were let in while a writer waits, the lock would never be free.
 */
static struct {
	_Atomic bool in[RELAY_READERS];
	_Atomic unsigned refused[RELAY_READERS];
	_Atomic bool stop;
} relay;

static void *
relay_main(void *arg)
{
	unsigned me = *(unsigned *)arg, other = 1 - me;
	struct vm_thread td;

	vm_native_thread_init(&td, me + 1);
	while (!atomic_load(&relay.stop)) {
		unsigned seen = atomic_load(&relay.refused[other]);

		if (!vm_rwlock_try_rlock(&map_lock)) {
			atomic_fetch_add(&relay.refused[me], 1);
			vm_park_yield();
			continue;
		}
		atomic_store(&relay.in[me], true);
		while (!atomic_load(&relay.in[other]) && atomic_load(&relay.refused[other]) == seen &&
		       !atomic_load(&relay.stop))
			vm_park_yield();
		atomic_store(&relay.in[me], false);
		vm_rwlock_runlock(&map_lock);
	}
	return NULL;
}

static void
run_relay(unsigned spin)
{
	unsigned ids[RELAY_READERS] = { 0, 1 };
	pthread_t readers[RELAY_READERS];

	vm_sync_set_spin(spin);
	memset(&relay, 0, sizeof(relay));
	left = right = 0;
	for (unsigned i = 0; i < RELAY_READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, relay_main, &ids[i]), 0);
	for (unsigned i = 0; i < RELAY_WRITES; i++)
		write_once();
	atomic_store(&relay.stop, true);
	for (unsigned i = 0; i < RELAY_READERS; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	assert_int_equal(left, RELAY_WRITES);
}

static void
test_threads_writer_is_not_starved(void **state)
{
	(void)state;
	run_relay(0);
	run_relay(64);
}

/* Readers and writers, more than there are processors: each is done after HERD_OPS, while those before it go on. */
static struct {
	_Atomic unsigned nr_arrived;
	_Atomic uint64_t nr_ops[HERD];
} herd;

static void *
herd_main(void *arg)
{
	struct crowd_member *me = arg;
	struct vm_thread td;

	vm_native_thread_init(&td, me->id);
	for (uint64_t i = 1; atomic_load(&herd.nr_arrived) < HERD; i++) {
		if (me->id % 2 == 0)
			write_once();
		else
			read_once(me->id);
		atomic_store(&herd.nr_ops[me->id], i);
		if (i == HERD_OPS)
			atomic_fetch_add(&herd.nr_arrived, 1);
	}
	return NULL;
}

static void
run_herd(unsigned spin)
{
	struct crowd_member members[HERD] = { 0 };
	uint64_t nr_writes = 0, least = UINT64_MAX, most = 0;

	vm_sync_set_spin(spin);
	memset(&herd, 0, sizeof(herd));
	memset(nr_torn, 0, sizeof(nr_torn));
	left = right = 0;
	for (unsigned i = 0; i < HERD; i++) {
		members[i].id = i;
		assert_int_equal(pthread_create(&members[i].pthread, NULL, herd_main, &members[i]), 0);
	}
	for (unsigned i = 0; i < HERD; i++) {
		uint64_t nr_ops;

		assert_int_equal(pthread_join(members[i].pthread, NULL), 0);
		nr_ops = atomic_load(&herd.nr_ops[i]);
		assert_true(nr_ops >= HERD_OPS);
		assert_int_equal(nr_torn[i], 0);
		nr_writes += i % 2 == 0 ? nr_ops : 0;
		least = nr_ops < least ? nr_ops : least;
		most = nr_ops > most ? nr_ops : most;
	}
	assert_int_equal(left, nr_writes);
	printf("%d threads, %u tries before a sleep: the busiest did %.1f times the work of the slowest\n", HERD, spin,
	    (double)most / (double)least);
}

static void
test_threads_readers_and_writers_progress(void **state)
{
	(void)state;
	run_herd(0);
	run_herd(64);
}

/* --- the sleeping primitive itself --- */

static void
test_park_returns_at_a_changed_word(void **state)
{
	uint32_t word = 1;

	(void)state;
	vm_park_wait(&word, 0, NULL); /* for ever, if it did not look */
}

static void
test_park_keeps_a_deadline(void **state)
{
	struct timespec until, now;
	uint32_t word = 1;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &until), 0);
	until.tv_nsec += 20000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	do { /* it may come back early; one that forgets the deadline never does */
		vm_park_wait(&word, 1, &until);
		assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	} while (now.tv_sec < until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec < until.tv_nsec));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/*
 * With a pattern: the tests that match; ThreadSanitizer is only for those with threads of their own. With --pairs N: so
 * many sleeps and wakeups, of which none may be lost; 10000000 take a minute.
 */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rank_violations_name_both_locks),
		TEST(test_rising_ranks_pass),
		TEST(test_misuse_panics),
		TEST(test_writer_excludes),
		TEST(test_readers_share),
		TEST(test_upgrade),
		TEST(test_downgrade),
		TEST(test_failed_tries_wake),
		TEST(test_runlock_is_quiet),
		TEST(test_threads_crowd_spinning),
		TEST(test_threads_crowd_sleeping),
		TEST(test_threads_reader_and_writer_meet),
		TEST(test_threads_ping_pong),
		TEST(test_threads_ping_pong_asleep),
		TEST(test_threads_writer_is_not_starved),
		TEST(test_threads_readers_and_writers_progress),
		TEST(test_park_returns_at_a_changed_word),
		TEST(test_park_keeps_a_deadline),
	};
	const char *error = NULL;
	int nr_failed;

	if (argc > 2 && strcmp(argv[1], "--pairs") == 0) {
		nr_pairs = (uint64_t)strtonum(argv[2], 2, 1LL << 40, &error);
		processor_s = PROCESSOR_LONG_S;
		argc = 2;
		argv[1] = (char[]){ "test_threads_ping_pong*" };
	}
	if (error != NULL || argc > 2) {
		fputs("usage: test-sync [PATTERN | --pairs N]\n", stderr);
		return 2;
	}
	printf("native threads sleep on: %s\n", vm_park_name);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	nr_failed = cmocka_run_group_tests_name("sync", tests, NULL, NULL);
	if (nr_begun == 0)
		fputs("no test matches\n", stderr);
	return nr_failed != 0 || nr_begun == 0;
}
