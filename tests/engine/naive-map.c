/* SPDX-License-Identifier: BSD-2-Clause */
/* naive-map.c - see naive-map.h. */
#include "tests/engine/naive-map.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "engine/map.h"

void
naive_init(struct naive_map *m, uint64_t min, uint64_t max)
{
	*m = (struct naive_map){ .min = min, .max = max, .nr_objects = 1 };
}

void
naive_free(struct naive_map *m)
{
	free(m->entries);
	free(m->object_charged);
	*m = (struct naive_map){ 0 };
}

static void
add_at(struct naive_map *m, size_t i, struct naive_entry e)
{
	if (m->nr == m->cap) {
		m->cap = m->cap == 0 ? 64 : m->cap * 2;
		m->entries = reallocarray(m->entries, m->cap, sizeof(*m->entries));
		if (m->entries == NULL)
			err(1, "no memory");
	}
	memmove(&m->entries[i + 1], &m->entries[i], (m->nr - i) * sizeof(*m->entries));
	m->entries[i] = e;
	m->nr++;
}

static void
drop_at(struct naive_map *m, size_t i)
{
	m->nr--;
	memmove(&m->entries[i], &m->entries[i + 1], (m->nr - i) * sizeof(*m->entries));
}

static unsigned
new_object(struct naive_map *m, bool charged)
{
	if (m->nr_objects >= m->cap_objects) {
		m->cap_objects = m->cap_objects == 0 ? 1024 : m->cap_objects * 2;
		m->object_charged = reallocarray(m->object_charged, m->cap_objects, sizeof(bool));
		if (m->object_charged == NULL)
			err(1, "no memory");
	}
	m->object_charged[m->nr_objects] = charged;
	return (unsigned)m->nr_objects++;
}

size_t
naive_above(const struct naive_map *m, uint64_t page)
{
	size_t low = 0, high = m->nr;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (m->entries[mid].start <= page)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
naive_lookup(const struct naive_map *m, uint64_t page, size_t *ret)
{
	size_t above = naive_above(m, page);

	*ret = above == 0 ? SIZE_MAX : above - 1;
	return above > 0 && page < m->entries[above - 1].end;
}

static bool
joins(const struct naive_entry *a, const struct naive_entry *b)
{
	if (a->end != b->start || a->object != b->object)
		return false;
	if (a->object != 0 && a->offset + (a->end - a->start) != b->offset)
		return false;
	return a->eflags == b->eflags && a->wired_count == b->wired_count && a->prot == b->prot && a->max == b->max &&
	       a->inherit == b->inherit && a->charged == b->charged;
}

size_t
naive_simplify(struct naive_map *m, size_t i)
{
	if ((m->entries[i].eflags & MAP_ENTRY_IN_TRANSITION) != 0)
		return i;
	if (i > 0 && joins(&m->entries[i - 1], &m->entries[i])) {
		m->entries[i].start = m->entries[i - 1].start;
		m->entries[i].offset = m->entries[i - 1].offset;
		drop_at(m, --i);
	}
	if (i + 1 < m->nr && joins(&m->entries[i], &m->entries[i + 1])) {
		m->entries[i].end = m->entries[i + 1].end;
		drop_at(m, i + 1);
	}
	return i;
}

static void
object_for_split(struct naive_map *m, struct naive_entry *e)
{
	if ((e->eflags & MAP_ENTRY_GUARD) != 0)
		return;
	if (e->object == 0) {
		e->object = new_object(m, e->charged);
		e->offset = 0;
	} else if (e->charged) {
		m->object_charged[e->object] = true;
	}
	e->charged = false;
}

/* Cuts entry @i in two at @page. */
static void
split(struct naive_map *m, size_t i, uint64_t page)
{
	struct naive_entry right;

	object_for_split(m, &m->entries[i]);
	right = m->entries[i];
	right.start = page;
	if (right.object != 0)
		right.offset += page - m->entries[i].start;
	m->entries[i].end = page;
	add_at(m, i + 1, right);
}

size_t
naive_clip_start(struct naive_map *m, size_t i, uint64_t page)
{
	if (page <= m->entries[i].start)
		return i;
	i = naive_simplify(m, i);
	split(m, i, page);
	return i + 1;
}

void
naive_clip_end(struct naive_map *m, size_t i, uint64_t page)
{
	if (page < m->entries[i].end)
		split(m, i, page);
}

static bool
continues(const struct naive_map *m, const struct naive_entry *p, const struct naive_entry *n)
{
	if ((p->eflags & ~(uint32_t)MAP_ENTRY_USER_WIRED) != n->eflags || p->end != n->start)
		return false;
	return p->charged == n->charged || (p->object != 0 && m->object_charged[p->object] == n->charged);
}

int
naive_insert(struct naive_map *m, uint64_t start, uint64_t end, uint8_t prot, uint8_t max, bool guard)
{
	struct naive_entry n = { .start = start,
		.end = end,
		.prot = prot,
		.max = max,
		.inherit = VM_INHERIT_COPY,
		.eflags = guard ? MAP_ENTRY_GUARD : 0,
		.charged = !guard && (prot & VM_PROT_WRITE) != 0 };
	size_t i;

	if (start < m->min || end > m->max || start >= end)
		return KERN_INVALID_ADDRESS;
	if (naive_lookup(m, start, &i))
		return KERN_NO_SPACE;
	i++; /* where the new one goes */
	if (i < m->nr && m->entries[i].start < end)
		return KERN_NO_SPACE;
	if (i > 0 && continues(m, &m->entries[i - 1], &n)) {
		struct naive_entry *p = &m->entries[i - 1];

		if (p->inherit == VM_INHERIT_COPY && p->prot == prot && p->max == max && p->wired_count == 0) {
			p->end = end;
			(void)naive_simplify(m, i - 1);
			return KERN_SUCCESS;
		}
		if (p->object != 0) {
			n.object = p->object;
			n.offset = p->offset + (p->end - p->start);
			n.charged = n.charged && !m->object_charged[p->object];
		}
	}
	add_at(m, i, n);
	(void)naive_simplify(m, i);
	return KERN_SUCCESS;
}

int
naive_delete(struct naive_map *m, uint64_t start, uint64_t end)
{
	size_t i;

	if (start == end)
		return KERN_SUCCESS;
	if (naive_lookup(m, start, &i))
		i = naive_clip_start(m, i, start);
	else
		i++;
	while (i < m->nr && m->entries[i].start < end) {
		naive_clip_end(m, i, end);
		drop_at(m, i);
	}
	return KERN_SUCCESS;
}

uint64_t
naive_findspace(const struct naive_map *m, uint64_t start, uint64_t length, bool quirk_q4)
{
	bool in_entry;
	size_t i;

	if (start < m->min)
		start = m->min;
	if (start > m->max || m->max - start < length)
		return UINT64_MAX;
	in_entry = naive_lookup(m, start, &i);
	if (in_entry)
		start = m->entries[i].end;
	for (i++;; i++) {
		uint64_t gap_end = i < m->nr ? m->entries[i].start : m->max;

		if (gap_end - start >= length)
			return start;
		if (i >= m->nr || (quirk_q4 && !in_entry && i + 1 == m->nr))
			return UINT64_MAX;
		in_entry = true; /* only the gap that the search began in has the quirk */
		start = m->entries[i].end;
	}
}
