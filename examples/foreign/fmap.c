/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fmap.c - a VM map as a kernel would have it: a sorted list of entries from malloc, under a sleepable lock. It is
 * compiled unchanged; nothing in it knows that its threads are fibers. With FMAP_WAITS_ONCE it has a bug: a thread that
 * has waited for a busy entry does not look again.
 */
#include <errno.h>

#include "examples/foreign/fmap.h"

static struct fentry *spare; /* the entry that was freed last: a global variable, as kernels have them */

static struct fentry *
entry_alloc(void)
{
	struct fentry *e = spare;

	spare = NULL;
	return e != NULL ? e : malloc(sizeof(*e));
}

static void
entry_free(struct fentry *e)
{
	if (spare != NULL)
		free(spare);
	spare = e;
}

struct fmap *
fmap_create(unsigned long start, unsigned long end)
{
	struct fmap *map = malloc(sizeof(*map));

	if (map == NULL)
		return NULL;
	*map = (struct fmap){ .start = start, .end = end };
	sx_init(&map->lock);
	return map;
}

/* The first entry that ends above @page. */
static struct fentry **
lookup(struct fmap *map, unsigned long page)
{
	struct fentry **at = &map->first;

	while (*at != NULL && (*at)->end <= page)
		at = &(*at)->next;
	return at;
}

/* Splits the entry that @page is in the middle of. */
static int
clip(struct fmap *map, unsigned long page)
{
	struct fentry *e = *lookup(map, page), *behind;

	if (e == NULL || e->start >= page)
		return 0;
	behind = entry_alloc();
	if (behind == NULL)
		return ENOMEM;
	*behind = *e;
	behind->start = e->end = page;
	e->next = behind;
	return 0;
}

static int
clip_both(struct fmap *map, unsigned long start, unsigned long end)
{
	int error = clip(map, start);

	return error != 0 ? error : clip(map, end);
}

static int
is_covered(struct fmap *map, unsigned long start, unsigned long end)
{
	for (struct fentry *e = *lookup(map, start); start < end; start = e->end, e = e->next)
		if (e == NULL || e->start > start)
			return 0;
	return 1;
}

static int
is_busy(struct fmap *map, unsigned long start, unsigned long end)
{
	for (struct fentry *e = *lookup(map, start); e != NULL && e->start < end; e = e->next)
		if (e->busy != NULL)
			return 1;
	return 0;
}

/* Drops the lock while it waits, so that the map may have changed. */
static void
wait_until_idle(struct fmap *map, unsigned long start, unsigned long end)
{
	while (is_busy(map, start, end)) {
		map->wanted = 1;
		sx_sleep(&map->wanted, &map->lock);
#ifdef FMAP_WAITS_ONCE
		break;
#endif
	}
}

static int
is_inside(const struct fmap *map, unsigned long start, unsigned long end)
{
	return map->start <= start && start < end && end <= map->end;
}

int
fmap_insert(struct fmap *map, unsigned long start, unsigned long end, int prot, int max)
{
	struct fentry *e = NULL, **at;
	int error = 0;

	if (!is_inside(map, start, end))
		return EFAULT;
	sx_xlock(&map->lock);
	at = lookup(map, start);
	if (*at != NULL && (*at)->start < end)
		error = EEXIST;
	else if ((e = entry_alloc()) == NULL)
		error = ENOMEM;
	if (error == 0) {
		*e = (struct fentry){ *at, start, end, prot, max, 0, NULL };
		*at = e;
	}
	sx_xunlock(&map->lock);
	return error;
}

int
fmap_remove(struct fmap *map, unsigned long start, unsigned long end)
{
	struct fentry **at, *e;
	int error;

	if (!is_inside(map, start, end))
		return EFAULT;
	sx_xlock(&map->lock);
	wait_until_idle(map, start, end);
	error = clip_both(map, start, end);
	for (at = lookup(map, start); error == 0 && (e = *at) != NULL && e->start < end;) {
		if (e->wired > 0)
			map->nr_wired -= (long)(e->end - e->start);
		*at = e->next;
		entry_free(e);
	}
	sx_xunlock(&map->lock);
	return error;
}

/* Faults the pages of the busy entries from @first on, without the lock. Nobody removes a busy entry meanwhile. */
static void
fault_entries(struct fmap *map, struct fentry *first, unsigned long end)
{
	for (struct fentry *e = first; e != NULL && e->start < end; e = e->next) {
		unsigned long page = e->start, last = e->end;

		for (; page < last; page++) {
			sx_xunlock(&map->lock);
			fault_page(page);
			sx_xlock(&map->lock);
		}
		if (e->wired++ == 0)
			map->nr_wired += (long)(e->end - e->start);
		e->busy = NULL;
	}
	if (map->wanted) {
		map->wanted = 0;
		wakeup(&map->wanted);
	}
}

int
fmap_wire(struct fmap *map, unsigned long start, unsigned long end)
{
	struct fentry *first;
	int error;

	if (!is_inside(map, start, end))
		return EFAULT;
	sx_xlock(&map->lock);
	wait_until_idle(map, start, end);
	error = is_covered(map, start, end) ? clip_both(map, start, end) : EFAULT;
	if (error == 0) {
		first = *lookup(map, start);
		for (struct fentry *e = first; e != NULL && e->start < end; e = e->next)
			e->busy = curthread;
		fault_entries(map, first, end);
	}
	sx_xunlock(&map->lock);
	return error;
}

int
fmap_unwire(struct fmap *map, unsigned long start, unsigned long end)
{
	int error;

	if (!is_inside(map, start, end))
		return EFAULT;
	sx_xlock(&map->lock);
	wait_until_idle(map, start, end);
	error = is_covered(map, start, end) ? clip_both(map, start, end) : EFAULT;
	for (struct fentry *e = *lookup(map, start); error == 0 && e != NULL && e->start < end; e = e->next)
		if (e->wired > 0 && --e->wired == 0)
			map->nr_wired -= (long)(e->end - e->start);
	sx_xunlock(&map->lock);
	return error;
}
