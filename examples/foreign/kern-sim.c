/* SPDX-License-Identifier: BSD-2-Clause */
/* kern-sim.c - see kern-sim.h. For an engine of your own, add what it needs of its kernel. */
#include "examples/foreign/kern-sim.h"

#include <string.h>

#define ARENA_FREED 0xdf /* each byte of freed memory */

/* Where the engine's global variables are: the build renames its sections. */
extern char __start_fmap_data[], __stop_fmap_data[];

/* What is before each block of memory. Sizes are multiples of 16. */
struct block {
	size_t size;
	struct block *next; /* among the freed ones */
};

/* Copies between variables of the engine, with what a sanitizer puts between them. */
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__)
#define NOT_SANITIZED __attribute__((no_sanitize("address")))
#else
#define NOT_SANITIZED
#endif

/* --- whose turn it is --- */

struct thread *kern_curthread;
static struct kern *current; /* whose variables are in the global ones of the engine */

static size_t
globals_size(void)
{
	return (size_t)(__stop_fmap_data - __start_fmap_data);
}

NOT_SANITIZED static void
globals_copy(char *to, const char *from)
{
	for (size_t i = 0; i < globals_size(); i++)
		((volatile char *)to)[i] = from[i];
}

void
kern_enter(struct kern *k)
{
	if (current == k)
		return;
	if (current != NULL)
		globals_copy(current->now.globals, __start_fmap_data);
	current = k;
	if (k != NULL)
		globals_copy(__start_fmap_data, k->now.globals);
}

void
kern_resume(struct kern *k, unsigned self)
{
	kern_enter(k);
	kern_curthread = &k->threads[self];
	sim_stack_wipe(); /* what is left over there would be in the key */
}

bool
kern_init(struct kern *k, struct sim *sim)
{
	if (globals_size() > sizeof(k->now.globals))
		return false;
	k->sim = sim;
	for (unsigned i = 0; i < SIM_FIBERS_MAX; i++)
		k->threads[i].id = i;
	kern_enter(k);
	return true;
}

void
kern_fini(struct kern *k)
{
	if (current == k)
		current = NULL;
}

/* --- what the target asks --- */

void
kern_save(struct kern *k)
{
	kern_enter(NULL); /* so that the globals are in k->now */
	k->saved = k->now;
}

void
kern_restore(struct kern *k)
{
	size_t used = k->now.used > k->saved.used ? k->now.used : k->saved.used;

	if (current == k)
		current = NULL;
	memcpy(k->now.arena, k->saved.arena, used);
	memcpy(&k->now.used, &k->saved.used, sizeof(k->now) - offsetof(struct memory, used));
	memset(k->tops, 0, sizeof(k->tops));
}

/* quote key */
void
kern_key(struct kern *k, unsigned nr_threads, struct keybuf *out)
{
	kern_enter(NULL);
	keybuf_num(out, k->now.used);
	for (size_t i = 0; i < k->now.used; i++)
		keybuf_u8(out, (uint8_t)k->now.arena[i]);
	keybuf_num(out, (uint64_t)(uintptr_t)k->now.freed);
	for (size_t i = 0; i < globals_size(); i++)
		keybuf_u8(out, (uint8_t)k->now.globals[i]);
	for (unsigned i = 0; i < nr_threads; i++) {
		keybuf_u8(out, k->tops[i] != NULL);
		if (k->tops[i] != NULL)
			sim_stack_key(k->sim, i, k->tops[i], out);
	}
}
/* end */

bool
kern_freed_is_intact(const struct kern *k)
{
	for (const struct block *b = k->now.freed; b != NULL; b = b->next)
		for (size_t i = 0; i < b->size; i++)
			if (((const unsigned char *)(b + 1))[i] != ARENA_FREED)
				return false;
	return true;
}

/* --- the kernel: malloc and free --- */

void *
kern_malloc(size_t size)
{
	struct memory *m = &current->now;
	struct block *b;

	size = (size + 15) / 16 * 16;
	for (struct block **at = &m->freed; (b = *at) != NULL; at = &b->next) {
		if (b->size != size)
			continue;
		*at = b->next;
		return b + 1;
	}
	if (ARENA_SIZE - m->used < size + sizeof(*b))
		return NULL;
	b = (struct block *)(void *)&m->arena[m->used];
	m->used += size + sizeof(*b);
	b->size = size;
	return b + 1;
}

void
kern_free(void *p)
{
	struct block *b = (struct block *)p - 1;

	memset(p, ARENA_FREED, b->size);
	b->next = current->now.freed;
	current->now.freed = b;
}

/* --- the kernel: locks and sleeping --- */

/* A channel is a place in the arena: its distance from the start is the same in each process. */
static unsigned
channel_of(const void *chan)
{
	return (unsigned)((const char *)chan - current->now.arena) + 1;
}

void
sx_init(struct sx *sx)
{
	sx->owner = NULL;
}

void
sx_xlock(struct sx *sx)
{
	struct kern *k = current;
	unsigned self = sim_self(k->sim);

	sim_point(k->sim);
	kern_resume(k, self);
	while (sx->owner != NULL) {
		sim_block(k->sim, channel_of(sx));
		kern_resume(k, self);
	}
	sx->owner = kern_curthread;
}

void
sx_xunlock(struct sx *sx)
{
	if (sx->owner != kern_curthread)
		sim_panic(current->sim, "a thread unlocks a lock that it does not hold");
	sx->owner = NULL;
	sim_wakeup(current->sim, channel_of(sx));
}

void
sx_sleep(const void *chan, struct sx *sx)
{
	struct kern *k = current;
	unsigned self = sim_self(k->sim);

	sx_xunlock(sx);
	sim_sleep(k->sim, channel_of(chan));
	kern_resume(k, self);
	sx_xlock(sx);
}

void
wakeup(const void *chan)
{
	sim_wakeup(current->sim, channel_of(chan));
}

/* The lock is free meanwhile: taking it again is the scheduling point. */
void
fault_page(unsigned long page)
{
	(void)page;
}
