/* SPDX-License-Identifier: BSD-2-Clause */
/* check-content.c - checks the results of read, find, lookup and check, and the pages that a sync writes back. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/check/check-inside.h"

/* --- content of pages --- */

/* The index of the first tag whose page is at or above @page. */
static size_t
tag_at(const struct check_tags *t, uint64_t page)
{
	size_t i = 0;

	while (i < t->nr && t->tags[i].page < page)
		i++;
	return i;
}

void
check_tags_clear(struct check_tags *t, uint64_t start, uint64_t end)
{
	size_t from = tag_at(t, start), to = tag_at(t, end);

	assert(start <= end);
	if (from == to)
		return;
	memmove(&t->tags[from], &t->tags[to], (t->nr - to) * sizeof(*t->tags));
	t->nr -= to - from;
	assert(tag_at(t, start) == tag_at(t, end));
}

static void
tag_set(struct check_tags *t, uint64_t page, uint64_t tag)
{
	size_t i;

	check_tags_clear(t, page, page + 1);
	if (tag == 0)
		return;
	MEMORY_GROW(t->tags, t->cap, t->nr + 1, "the checker");
	i = tag_at(t, page);
	memmove(&t->tags[i + 1], &t->tags[i], (t->nr - i) * sizeof(*t->tags));
	t->tags[i] = (struct check_tag){ page, tag };
	t->nr++;
	assert(i == 0 || t->tags[i - 1].page < page);
}

static void
check_read(const struct check_call *call)
{
	const struct check_tags *t = &call->c->tags;
	size_t i = tag_at(t, call->range.start);
	uint64_t written = i < t->nr && t->tags[i].page == call->range.start ? t->tags[i].tag : 0;

	assert(call->result != NULL && call->range.start < call->range.end);
	if (call->result->value != written)
		check_report(call->c, call->r, CHECK_content, call, call->range.start, call->range.end,
		    "it reads %" PRIu64 ", but the last value written to page %" PRIu64 " is %" PRIu64,
		    call->result->value, call->range.start, written);
}

/* --- find --- */

/* The first gap of @len pages in the state; cfg->max if there is none. */
static uint64_t
content_first_fit(const struct program_config *cfg, const struct vm_state *s, uint64_t len)
{
	uint64_t at = cfg->min;

	assert(cfg->min < cfg->max);
	for (size_t i = 0; i < s->nr_runs; i++) {
		if (s->runs[i].start >= at && s->runs[i].start - at >= len)
			return at;
		at = s->runs[i].end;
	}
	return cfg->max - at >= len ? at : cfg->max;
}

static void
check_find_result(const struct check_call *call)
{
	const struct program_config *cfg = &call->r->program->config;
	const struct vm_op *op = call->op;
	uint64_t fit = content_first_fit(cfg, call->c->before, op->end);
	/* If the map starts at 0 and the memory is accessible, find searches after its last result first. */
	bool clusters = cfg->min == 0 && op->prot != VM_PROT_NONE;

	assert(call->op->code == VM_OP_find && call->result != NULL);
	if (op->end == 0)
		return;
	if (call->result->code == KERN_NO_SPACE && fit != cfg->max)
		check_report(call->c, call->r, CHECK_find, call, fit, fit + op->end,
		    "there is room: pages %" PRIu64 "-%" PRIu64 " are free", fit, fit + op->end);
	if (call->result->code == KERN_SUCCESS && !clusters && call->result->value != fit)
		check_report(call->c, call->r, CHECK_find, call, call->result->value, call->result->value + op->end,
		    "the first gap that is long enough is at page %" PRIu64, fit);
}

/* --- lookup and check --- */

/* Is each page in [start, end) mapped with @prot? */
static bool
content_permits(const struct vm_state *s, uint64_t start, uint64_t end, uint8_t prot)
{
	uint64_t until;

	for (uint64_t page = start; page < end; page = until) {
		const struct vm_run *run = check_run_at(s, page, end, &until);

		if (run == NULL || (prot & ~run->prot) != 0)
			return false;
	}
	return true;
}

static void
check_query(const struct check_call *call)
{
	const struct vm_state *s = call->c->before;
	const struct vm_op *op = call->op;
	uint64_t until;
	bool so = check_run_at(s, op->start, op->start + 1, &until) != NULL;

	assert(call->result != NULL && vm_op_table[call->op->code].result == VM_RESULT_BOOL);
	if (op->code == VM_OP_check)
		so = so && content_permits(s, op->start, op->end, op->prot);
	if (call->result->code != (so ? 1 : 0))
		check_report(call->c, call->r, CHECK_query, call, call->range.start, call->range.end,
		    "pages %" PRIu64 "-%" PRIu64 " are %smapped%s", call->range.start, call->range.end,
		    so ? "" : "not all ", op->code == VM_OP_check ? " with that protection" : "");
}

/* A sync that succeeds has visited its whole range, because it fails at a hole. */
static void
check_synced(const struct check_call *call)
{
	uint64_t synced = call->state->synced;

	assert(call->op->code == VM_OP_sync && call->result->code == KERN_SUCCESS);
	if (call->r->target->cleaned != NULL && synced < call->range.end)
		check_report(call->c, call->r, CHECK_sync, call, synced, call->range.end,
		    "it succeeded without writing back pages %" PRIu64 "-%" PRIu64 "", synced, call->range.end);
}

void
check_content(const struct check_call *call)
{
	const struct vm_op *op = call->op;

	assert(call->result != NULL && call->state != NULL);
	if (call->result->outcome != VM_OUTCOME_DONE)
		return;
	if (op->code == VM_OP_check || op->code == VM_OP_lookup)
		check_query(call);
	else if (op->code == VM_OP_find)
		check_find_result(call);
	else if (op->code == VM_OP_read && call->result->code == KERN_SUCCESS)
		check_read(call);
	else if (op->code == VM_OP_sync && call->result->code == KERN_SUCCESS)
		check_synced(call);
	else if (op->code == VM_OP_write && call->result->code == KERN_SUCCESS)
		tag_set(&call->c->tags, op->start, op->value);
	else if (op->code == VM_OP_fixed && call->result->code == KERN_SUCCESS)
		/* The whole range was deleted, also where the state does not show it. */
		check_tags_clear(&call->c->tags, call->range.start, call->range.end);
}

/* --- sync --- */

void
check_cleaned(const struct check_call *call)
{
	const struct vm_target *target = call->r->target;
	uint64_t start, end, until;
	bool dirty;

	if (target->cleaned == NULL || !target->cleaned(call->r->self, call->thread, &start, &end, &dirty))
		return;
	if (dirty)
		check_report(call->c, call->r, CHECK_sync, call, start, end,
		    "it has visited pages %" PRIu64 "-%" PRIu64 ", but some of them are still dirty", start, end);
	if (start <= call->state->synced && end > call->state->synced)
		call->state->synced = end;
	/* An empty range means the entry that contains it, and the state does not show the bounds of an entry. */
	if (call->range.start < call->range.end && (start < call->range.start || end > call->range.end))
		check_report(call->c, call->r, CHECK_sync, call, start, end,
		    "it writes back pages %" PRIu64 "-%" PRIu64 ", which are outside its range", start, end);
	for (uint64_t page = start; page < end; page = until)
		if (check_run_at(call->c->now, page, end, &until) == NULL) {
			check_report(call->c, call->r, CHECK_sync, call, page, until,
			    "it writes back pages %" PRIu64 "-%" PRIu64 " of an object, but nothing is mapped there",
			    page, until);
			return;
		}
}
