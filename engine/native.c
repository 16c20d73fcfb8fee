/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * native.c - see native.h. It calls ck, as sync.c does, so it is built without ThreadSanitizer. It announces one order:
 * a thread returns from a sleep after the wakeup that changed the count.
 */
#include "engine/native.h"

#include "engine/park.h"
#include "engine/sync.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
#define TSAN(call) call
#else
#define TSAN(call) ((void)0)
#endif

#define PANIC_TEXT_MAX 512

static void (*panic_hook)(struct vm_thread *td, const char *what, const char *file, int line);

/* --- system functions for ck_ec --- */

static int
ec_gettime(const struct ck_ec_ops *ops, struct timespec *out)
{
	(void)ops;
	return clock_gettime(CLOCK_MONOTONIC, out);
}

/* ck reads the count again, so the reason for the return does not matter. */
static void
ec_wait32(
    const struct ck_ec_wait_state *state, const uint32_t *word, uint32_t expected, const struct timespec *deadline)
{
	(void)state;
	vm_park_wait(word, expected, deadline);
}

static void
ec_wake32(const struct ck_ec_ops *ops, const uint32_t *word)
{
	(void)ops;
	vm_park_wake(word);
}

/* 64-bit counts are not used. */
static const struct ck_ec_ops ec_ops = { .gettime = ec_gettime, .wait32 = ec_wait32, .wake32 = ec_wake32 };
/* Any thread may wake any queue. */
static const struct ck_ec_mode ec_mode = { .ops = &ec_ops, .single_producer = false };

/* --- the world --- */

static void
native_point(struct vm_thread *td)
{
	(void)td; /* the hardware decides which thread runs */
}

static void
native_sleep(struct vm_thread *td, struct vm_waitq *q, uint32_t seen)
{
	(void)td;
	(void)ck_ec32_wait(&q->count, &ec_mode, seen, NULL);
	TSAN(__tsan_acquire(q));
}

static void
native_wakeup(struct vm_waitq *q)
{
	TSAN(__tsan_release(q));
	ck_ec32_inc(&q->count, &ec_mode);
}

/* Writes @number in decimal at the end of @buf of @size bytes; returns its first digit. */
static const char *
decimal(char *buf, size_t size, unsigned number)
{
	char *p = buf + size - 1;

	*p = '\0';
	do
		*--p = (char)('0' + number % 10);
	while ((number /= 10) != 0 && p > buf);
	return p;
}

static VM_NORETURN void
native_panic(struct vm_thread *td, const char *what, const char *file, int line)
{
	char text[PANIC_TEXT_MAX], id_text[16], line_text[16];
	const char *parts[] = { "panic: ", what, " (thread ",
		td == NULL ? "unknown" : decimal(id_text, sizeof(id_text), td->id), ", ", file, ":",
		decimal(line_text, sizeof(line_text), (unsigned)line), ")" };

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		(void)strlcat(text, parts[i], sizeof(text) - 1); /* leaves room for the newline */
	(void)strlcat(text, "\n", sizeof(text));
	if (write(STDERR_FILENO, text, strlen(text)) < 0) {
		/* A failed write cannot be reported. */
	}
	if (panic_hook != NULL)
		panic_hook(td, what, file, line);
	abort();
}

const struct vm_env vm_env_native = {
	.name = "native",
	.point = native_point,
	.sleep = native_sleep,
	.wakeup = native_wakeup,
	.panic = native_panic,
};

void
vm_native_thread_init(struct vm_thread *td, unsigned id)
{
	*td = (struct vm_thread){ .id = id, .env = &vm_env_native };
	vm_curthread = td;
}

void
vm_native_set_panic_hook(void (*hook)(struct vm_thread *td, const char *what, const char *file, int line))
{
	panic_hook = hook;
}
