/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show-why.c - evidence: the fact about the map that explains a result or a sleep, and the step that made it true. See
 * show-map.h.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/edge.h"
#include "engine/thread.h"
#include "engine/vm.h"
#include "harness/program/program.h"
#include "harness/show/show-map.h"

bool
show_is_hole(const struct show_map *m, uint64_t page)
{
	return show_map_at(m, page) == NULL;
}

bool
show_is_marked(const struct show_map *m, uint64_t page)
{
	const struct vm_run *run = show_map_at(m, page);

	return run != NULL && run->transition;
}

bool
show_is_system_wired(const struct show_map *m, uint64_t page)
{
	const struct vm_run *run = show_map_at(m, page);

	return run != NULL && run->wired_count - run->user_wired > 0;
}

/* Does the page allow neither read nor execute? */
bool
show_is_closed(const struct show_map *m, uint64_t page)
{
	const struct vm_run *run = show_map_at(m, page);

	return run != NULL && (run->prot & (VM_PROT_READ | VM_PROT_EXECUTE)) == 0;
}

bool
show_is_read_only(const struct show_map *m, uint64_t page)
{
	const struct vm_run *run = show_map_at(m, page);

	return run != NULL && (run->prot & VM_PROT_WRITE) == 0;
}

bool
show_is_busy(const struct show_map *m, uint64_t page)
{
	(void)page;
	return m->state.busy;
}

const struct show_row *
show_since(const struct show *s, size_t last, show_fact *fact, uint64_t page)
{
	for (size_t i = last + 1; i-- > 0;)
		if (!fact(&s->maps[i > 0 ? s->rows[i - 1].map : 0], page))
			return &s->rows[i];
	return NULL;
}

bool
show_page_in(const char *text, uint64_t *page)
{
	const char *at = strstr(text, "page ");
	char *end;

	if (at == NULL)
		return false;
	at += strlen("page ");
	*page = strtoull(at, &end, 10);
	return end != at;
}

static const struct vm_op *
why_op_of(const struct show *s, const struct show_row *row)
{
	if (row->part == NULL)
		return &row->what;
	return strcmp(row->part, "init") == 0 ? &s->program->init[row->op].op : &s->program->final[row->op].op;
}

void
show_name_row(const struct show *s, const struct show_row *row, struct strbuf *out)
{
	if (row == NULL) {
		strbuf_add(out, "the start");
		return;
	}
	if (row->part != NULL)
		strbuf_printf(out, "%s ", row->part);
	else
		strbuf_printf(out, "step %zu: T%u ", row->step, row->thread);
	vmt_print_op(why_op_of(s, row), out);
}

/* --- results --- */

/* The range of @op, clamped to the map. False: it has no range, or no state of its pages makes it fail. */
static bool
why_range_of(const struct show *s, const struct vm_op *op, uint64_t *start, uint64_t *end)
{
	const struct program_config *cfg = &s->program->config;

	switch (op->code) {
	case VM_OP_wire:
	case VM_OP_unwire:
		if ((op->flags & VM_OPF_HOLESOK) != 0)
			return false;
		*end = op->end;
		break;
	case VM_OP_sync:
		*end = op->end;
		break;
	case VM_OP_fault:
	case VM_OP_read:
	case VM_OP_write:
		*end = op->start + 1;
		break;
	default:
		return false;
	}
	*start = op->start < cfg->min ? cfg->min : op->start;
	*end = *end > cfg->max ? cfg->max : *end;
	if (*start >= *end) /* clamping moved the start to the end, and the start is what is looked up */
		*start = *end < cfg->max ? *end : cfg->max - 1, *end = *start + 1;
	assert(*start < *end);
	return true;
}

/* The access that a wire lacks at @page; NULL: none. */
static show_fact *
why_lacks(const struct show_map *m, const struct vm_op *op, uint64_t page)
{
	if (op->code != VM_OP_wire)
		return NULL;
	if (show_is_closed(m, page))
		return show_is_closed;
	return (op->flags & VM_OPF_WRITE) != 0 && show_is_read_only(m, page) ? show_is_read_only : NULL;
}

static void
why_explain_access(
    const struct show *s, size_t at, const struct vm_op *op, uint64_t start, uint64_t end, struct show_row *row)
{
	const struct show_map *m = &s->maps[at > 0 ? s->rows[at - 1].map : 0];
	struct strbuf since = { 0 };

	for (size_t i = 0; i < m->state.nr_runs; i++) {
		const struct vm_run *run = &m->state.runs[i];
		show_fact *fact = why_lacks(m, op, run->start);

		if (run->end <= start || run->start >= end || fact == NULL)
			continue;
		show_name_row(s, show_since(s, at - 1, fact, run->start), &since);
		show_event(row, SHOW_WHY, "no access: %" PRIu64 "-%" PRIu64 " %s, since %s", run->start, run->end,
		    run->guard               ? "is a guard"
		    : fact == show_is_closed ? "has neither r nor x"
		                             : "cannot be written",
		    strbuf_text(&since));
		break;
	}
	strbuf_free(&since);
}

/* Skips the part that a sync has done already: its pages may be unmapped by now. */
static void
why_skip_done(const struct vm_op *op, const struct show_row *row, uint64_t *start, uint64_t end)
{
	uint64_t page;

	for (size_t i = 0; op->code == VM_OP_sync && i < row->nr_events; i++)
		if (row->events[i].kind == SHOW_DO && show_page_in(row->events[i].text, &page) && page > *start &&
		    page < end)
			*start = page;
}

static void
why_explain_hole(const struct show *s, size_t at, uint64_t start, uint64_t end, struct show_row *row)
{
	const struct show_row *made = at > 0 ? show_since(s, at - 1, show_is_hole, start) : NULL;
	struct strbuf since = { 0 };

	if (made == NULL) {
		show_event(row, SHOW_WHY, "hole %" PRIu64 "-%" PRIu64 ", never mapped", start, end);
		return;
	}
	show_name_row(s, made, &since);
	show_event(row, SHOW_WHY, "hole %" PRIu64 "-%" PRIu64 ", since %s", start, end, strbuf_text(&since));
	strbuf_free(&since);
}

/* If the result has edges, the explanation is theirs. A target may have no edges. */
void
show_explain(
    const struct show *s, size_t at, const struct vm_op *op, const struct vm_result *result, struct show_row *row)
{
	const struct show_map *m = &s->maps[at > 0 ? s->rows[at - 1].map : 0];
	bool by_access = (result->edges & VM_EDGE_BIT(wire_no_access)) != 0;
	uint64_t start, end, hole_start, hole_end;

	assert(at < s->nr_rows);
	if (result->code != KERN_INVALID_ADDRESS || vm_op_table[op->code].result == VM_RESULT_BOOL ||
	    (result->edges & (VM_EDGE_BIT(wire_fault) | VM_EDGE_BIT(fault_pager))) != 0 ||
	    !why_range_of(s, op, &start, &end))
		return;
	why_skip_done(op, row, &start, end);
	hole_start = start;
	hole_end = end;
	if (!by_access && show_map_hole(m, &hole_start, &hole_end))
		why_explain_hole(s, at, hole_start, hole_end, row);
	else
		why_explain_access(s, at, op, start, end, row);
}

/* --- sleeping --- */

void
show_explain_sleep(const struct show *s, size_t last, const char *where, unsigned channel, struct strbuf *out)
{
	static const struct {
		show_fact *fact;
		const char *did;
	} reasons[] = { { show_is_marked, "marked it" }, { show_is_system_wired, "wired it" } };
	const struct show_map *m = &s->maps[s->rows[last].map];
	const struct show_row *since;
	uint64_t page;

	assert(last < s->nr_rows);
	if (!show_page_in(where, &page)) {
		/* Only a target that is judged has the channels of channels.def. */
		since = s->target->judged && channel == VM_CHANNEL_BUSY && m->state.busy
		            ? show_since(s, last, show_is_busy, 0)
		            : NULL;
		if (since != NULL && since->part == NULL)
			strbuf_printf(out, "; T%u made it so in step %zu", since->thread, since->step);
		return;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (!reasons[i].fact(m, page))
			continue;
		since = show_since(s, last, reasons[i].fact, page);
		if (since != NULL && since->part == NULL)
			strbuf_printf(out, "; T%u %s in step %zu", since->thread, reasons[i].did, since->step);
		else if (since != NULL)
			strbuf_printf(out, "; %s %s", since->part, reasons[i].did);
		return;
	}
}
