/* SPDX-License-Identifier: BSD-2-Clause */
/* show-map.c - see show-map.h. */
#include "harness/show/show-map.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"

void
show_map_free(struct show_map *m)
{
	state_free(&m->state);
	free(m->starts);
}

static bool
map_same(const struct show_map *a, const struct show_map *b)
{
	return a->nr_starts == b->nr_starts && state_equal(&a->state, &b->state) &&
	       (a->nr_starts == 0 || memcmp(a->starts, b->starts, a->nr_starts * sizeof(*a->starts)) == 0);
}

size_t
show_map_take(struct show *s, struct run *r)
{
	struct show_map m = { 0 };

	r->target->dump(r->self, &m.state);
	if (r->target->entries != NULL) {
		m.nr_starts = r->target->entries(r->self, NULL, 0);
		m.starts = memory_new(m.nr_starts + 1, sizeof(*m.starts), "a picture");
		(void)r->target->entries(r->self, m.starts, m.nr_starts);
	}
	if (s->nr_maps > 0 && map_same(&s->maps[s->nr_maps - 1], &m)) {
		show_map_free(&m);
		return s->nr_maps - 1;
	}
	s->maps = memory_resize(s->maps, s->nr_maps + 1, sizeof(*s->maps), "a picture");
	s->maps[s->nr_maps] = m;
	return s->nr_maps++;
}

const struct vm_run *
show_map_at(const struct show_map *m, uint64_t page)
{
	for (size_t i = 0; i < m->state.nr_runs; i++)
		if (page >= m->state.runs[i].start && page < m->state.runs[i].end)
			return &m->state.runs[i];
	return NULL;
}

bool
show_map_hole(const struct show_map *m, uint64_t *start, uint64_t *end)
{
	for (size_t i = 0; i < m->state.nr_runs && *start < *end; i++) {
		const struct vm_run *run = &m->state.runs[i];

		if (run->start > *start) {
			*end = run->start < *end ? run->start : *end;
			return true;
		}
		if (run->end > *start)
			*start = run->end;
	}
	return *start < *end;
}

void
show_event(struct show_row *row, enum show_kind kind, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = memory_vprintf("a picture", format, ap);
	va_end(ap);
	row->events = memory_resize(row->events, row->nr_events + 1, sizeof(*row->events), "a picture");
	row->events[row->nr_events++] = (struct show_event){ kind, text };
}

/* --- differences between maps --- */

/* A change of one stretch of pages. Its text is a verb, the pages and the rest: "wire 20-22, w0 -> w1". */
struct change {
	uint64_t start, end;
	struct strbuf verb, rest;
};

static void
map_add_wirings(const char *before, const struct vm_run *run, struct strbuf *out)
{
	strbuf_printf(out, "%sw%" PRId32 "%s", before, run->wired_count, run->user_wired ? "u" : "");
}

static void
map_add_protection(const struct vm_run *run, struct strbuf *out)
{
	if (run->guard) {
		strbuf_add(out, "guard");
		return;
	}
	optext_print_prot_mask(run->prot, out);
	strbuf_addc(out, '/');
	optext_print_prot_mask(run->max, out);
}

static void
map_add_inheritance(const char *before, const struct vm_run *run, struct strbuf *out)
{
	const char *name = optext_inherit(run->inherit);

	strbuf_printf(out, "%s%s", before, name != NULL ? name : "?");
}

/* What a change concerns. Each aspect has its own verbs, the same in events, notes and legends. */
enum aspect { ASPECT_PAGES, ASPECT_WIRINGS, ASPECT_TRANSITION, ASPECT_COUNT };

static bool
map_wirings_differ(const struct vm_run *a, const struct vm_run *b)
{
	return a->wired_count != b->wired_count || a->user_wired != b->user_wired;
}

static void
map_compare_wirings(const struct vm_run *a, const struct vm_run *b, bool failed, struct change *c)
{
	bool more = b->wired_count > a->wired_count || (b->wired_count == a->wired_count && b->user_wired);

	if (!map_wirings_differ(a, b))
		return;
	strbuf_add(&c->verb, failed && a->transition ? "roll back" : more ? "wire" : "unwire");
	map_add_wirings(", ", a, &c->rest);
	map_add_wirings(" -> ", b, &c->rest);
}

static void
map_compare_transition(const struct vm_run *a, const struct vm_run *b, struct change *c)
{
	if (a->transition == b->transition)
		return;
	strbuf_add(&c->verb, b->transition ? "mark" : "unmark");
	if (b->transition)
		strbuf_add(&c->rest, " in transition");
}

static void
map_compare_pages(const struct vm_run *a, const struct vm_run *b, struct change *c)
{
	bool protection = a->prot != b->prot || a->max != b->max || a->guard != b->guard;

	if (protection || a->inherit != b->inherit)
		strbuf_add(&c->verb, protection ? "protect" : "inherit");
	if (protection) {
		strbuf_add(&c->rest, ", ");
		map_add_protection(a, &c->rest);
		strbuf_add(&c->rest, " -> ");
		map_add_protection(b, &c->rest);
	}
	if (a->inherit != b->inherit) {
		map_add_inheritance(", ", a, &c->rest);
		map_add_inheritance(" -> ", b, &c->rest);
	}
}

/* Compares a page that is mapped either before or after. */
static void
map_compare_mapping(const struct vm_run *a, const struct vm_run *b, struct change *c)
{
	strbuf_add(&c->verb, a == NULL ? "map" : "unmap");
	if (a == NULL) {
		strbuf_add(&c->rest, ", ");
		map_add_protection(b, &c->rest);
	} else if (a->wired_count != 0) {
		map_add_wirings(", ", a, &c->rest);
	}
}

/* Compares pages that "fixed" replaces: one change for all differences. */
static void
map_compare_anew(const struct vm_run *a, const struct vm_run *b, struct change *c)
{
	map_compare_pages(a, b, c);
	if (map_wirings_differ(a, b)) {
		map_add_wirings(", ", a, &c->rest);
		map_add_wirings(" -> ", b, &c->rest);
	}
	if (c->verb.len == 0 && c->rest.len == 0 && a->transition == b->transition)
		return;
	strbuf_clear(&c->verb);
	strbuf_add(&c->verb, "map anew");
}

static void
map_compare(const struct vm_run *a, const struct vm_run *b, const struct vm_op *op, bool failed, enum aspect aspect,
    struct change *c)
{
	if (a == NULL && b == NULL)
		return;
	if (a == NULL || b == NULL) {
		if (aspect == ASPECT_PAGES)
			map_compare_mapping(a, b, c);
	} else if (op->code == VM_OP_fixed) {
		if (aspect == ASPECT_PAGES)
			map_compare_anew(a, b, c);
	} else if (aspect == ASPECT_PAGES) {
		map_compare_pages(a, b, c);
	} else if (aspect == ASPECT_WIRINGS) {
		map_compare_wirings(a, b, failed, c);
	} else {
		map_compare_transition(a, b, c);
	}
}

static void
map_say(struct show_row *row, struct change *c)
{
	if (c->verb.len > 0)
		show_event(row, SHOW_CHANGE, "%s %" PRIu64 "-%" PRIu64 "%s", strbuf_text(&c->verb), c->start, c->end,
		    strbuf_text(&c->rest));
	strbuf_clear(&c->verb);
	strbuf_clear(&c->rest);
}

/* The lowest start or end of a run above @page; UINT64_MAX: none. */
static uint64_t
map_bound_above(const struct vm_state *s, uint64_t page)
{
	for (size_t i = 0; i < s->nr_runs; i++) {
		if (s->runs[i].start > page)
			return s->runs[i].start;
		if (s->runs[i].end > page)
			return s->runs[i].end;
	}
	return UINT64_MAX;
}

static void
map_page_changes(const struct show_map *a, const struct show_map *b, const struct vm_op *op, bool failed,
    enum aspect aspect, struct show_row *row)
{
	struct change last = { 0 }, c = { 0 };

	while (c.start != UINT64_MAX) {
		uint64_t in_a = map_bound_above(&a->state, c.start), in_b = map_bound_above(&b->state, c.start);

		c.end = in_a < in_b ? in_a : in_b;
		map_compare(show_map_at(a, c.start), show_map_at(b, c.start), op, failed, aspect, &c);
		if (last.end == c.start && strcmp(strbuf_text(&last.verb), strbuf_text(&c.verb)) == 0 &&
		    strcmp(strbuf_text(&last.rest), strbuf_text(&c.rest)) == 0) {
			last.end = c.end;
			strbuf_clear(&c.verb);
			strbuf_clear(&c.rest);
		} else {
			struct change old = last;

			map_say(row, &old);
			last = c;
			c = old;
		}
		c.start = last.end;
	}
	map_say(row, &last);
	strbuf_free(&last.verb);
	strbuf_free(&last.rest);
	strbuf_free(&c.verb);
	strbuf_free(&c.rest);
}

static bool
map_has_start(const struct show_map *m, uint64_t page)
{
	for (size_t i = 0; i < m->nr_starts; i++)
		if (m->starts[i] == page)
			return true;
	return false;
}

/*
 * Adds new entry boundaries: in @b but not in @a, where the pages on both sides were mapped before and are still
 * mapped.
 */
static void
map_boundaries(const struct show_map *a, const struct show_map *b, const char *what, struct show_row *row)
{
	struct strbuf pages = { 0 };

	for (size_t i = 0; i < b->nr_starts; i++) {
		uint64_t page = b->starts[i];

		if (map_has_start(a, page) || page == 0 || show_map_at(a, page) == NULL ||
		    show_map_at(b, page) == NULL || show_map_at(a, page - 1) == NULL ||
		    show_map_at(b, page - 1) == NULL)
			continue;
		strbuf_printf(&pages, "%s%" PRIu64, pages.len > 0 ? ", " : "", page);
	}
	if (pages.len > 0)
		show_event(row, SHOW_CHANGE, "%s at %s", what, strbuf_text(&pages));
	strbuf_free(&pages);
}

void
show_map_changes(
    const struct show *s, size_t from, size_t to, const struct vm_op *op, bool failed, struct show_row *row)
{
	const struct show_map *a = &s->maps[from], *b = &s->maps[to];

	map_boundaries(a, b, "clip", row);
	for (unsigned aspect = 0; aspect < ASPECT_COUNT; aspect++)
		map_page_changes(a, b, op, failed, (enum aspect)aspect, row);
	map_boundaries(b, a, "merge", row);
	if (a->state.user_wired != b->state.user_wired)
		show_event(row, SHOW_CHANGE, "user-wire count %" PRId64 " -> %" PRId64, a->state.user_wired,
		    b->state.user_wired);
	if (a->state.busy != b->state.busy)
		show_event(row, SHOW_CHANGE, b->state.busy ? "map busy" : "map no longer busy");
}
